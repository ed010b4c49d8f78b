"""One scan being put together, and the law every decoder keeps: a torn scan is never delivered.

A scan is *poisoned* as soon as it may be torn. It is told at that moment, once, as a ``Discarded`` with the first
cause; everything up to and including its terminator is then thrown away. A silence does not end the poison where
scans have terminators: what comes after it may be the torn scan's tail, which looks just like a whole label.
"""

from math import inf
from typing import Final

from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.label import read_label
from scanner_daemon.model import Discarded, DiscardReason, Scan

ANOTHER_SCAN_AFTER: Final = 2.0
"""Seconds of silence after which more data of a poisoned scan is told as one more scan lost.

A person scanned again because nothing happened. Without this a scanner that never sends the configured terminator
would be reported once and then seem dead.
"""


class Assembly:
    """Collects the bytes of one scan at a time; results wait in it until :meth:`take`.

    ``gap`` is the longest silence inside a scan, in seconds. ``gap_ends_scan`` is for scanners that send no
    terminator: the silence then ends a scan, whole or poisoned. ``max_length`` is in bytes. A ``prefix`` is taken off
    the scan; where it is required, a scan that does not begin with it, or holds a second one, is ``NOISE``. So is one
    whose length is not exactly ``length`` bytes, where that is given. ``code_id`` is what tells the symbology.
    """

    __slots__ = (
        "_buffer",
        "_deadline",
        "_gap",
        "_gap_ends_scan",
        "_last",
        "_length",
        "_max_length",
        "_prefix",
        "_prefix_required",
        "_results",
        "_scanner",
        "code_id",
        "poisoned",
        "unfinished",
    )

    def __init__(
        self,
        *,
        scanner: str,
        gap: float,
        max_length: int,
        gap_ends_scan: bool = False,
        prefix: bytes = b"",
        prefix_required: bool = False,
        length: int | None = None,
        code_id: CodeId = CodeId.AIM,
    ) -> None:
        self._scanner = scanner
        self._gap = gap
        self._max_length = max_length
        self._gap_ends_scan = gap_ends_scan
        self._prefix = prefix
        self._prefix_required = prefix_required
        self._length = length
        self.code_id = code_id
        self._buffer = bytearray()
        self._deadline = inf
        self._last: float | None = None
        self._results: list[Scan | Discarded] = []
        self.poisoned = False
        self.unfinished = False

    @property
    def deadline(self) -> float | None:
        """When :meth:`expire` must be called; ``None`` when nothing waits for an end."""
        return None if self._deadline == inf else self._deadline

    def touch(self, at: float) -> None:
        """Note a sign of life: part of a scan arrived at ``at``. Enforces the gap since the one before."""
        if at > self._deadline:
            self.expire(at)
        if self.poisoned and self._last is not None and at - self._last > ANOTHER_SCAN_AFTER:
            self._discard(DiscardReason.IDLE_GAP, at)
        self._last = at
        if not self.poisoned or self._gap_ends_scan:
            self._deadline = at + self._gap

    def add(self, data: bytes, at: float) -> None:
        """Add ``data``, which arrived at ``at``, to the scan in progress, or begin one with it."""
        if at > self._deadline or self.poisoned:
            self.touch(at)
            if self.poisoned:
                return
        self._last = at  # as touch() does, without the call: this is done for each character
        self._deadline = at + self._gap
        self._buffer += data
        if len(self._buffer) > self._max_length:
            self.poison(DiscardReason.TOO_LONG, at)

    def end(self, at: float) -> None:
        """End the scan: its terminator arrived at ``at``. Whole, it becomes a result; empty, it is nothing."""
        if at > self._deadline:
            self.expire(at)
        if self._buffer:
            self._deliver(bytes(self._buffer), at)
        self.forget()

    def poison(self, reason: DiscardReason, at: float) -> None:
        """Throw the scan away up to its terminator. Also right between scans: the next one's head may be lost.

        Takes no notice of the silence before: where data was lost, nobody knows that there was one.
        """
        if not self.poisoned:
            self._discard(reason, at)
            self._buffer.clear()
            self.poisoned = True
        self.unfinished = False
        self._last = at
        self._deadline = at + self._gap if self._gap_ends_scan else inf

    def expire(self, now: float) -> None:
        """Do what a silence up to ``now`` means: the scan is torn, or, without terminators, at its end.

        Feed everything that can be read first: data still waiting in the kernel is no silence.
        """
        if now < self._deadline or self._last is None:
            return
        if self._gap_ends_scan and not self.unfinished:
            self.end(self._last)
        else:
            self.poison(DiscardReason.IDLE_GAP, self._deadline)

    def lost(self, at: float) -> None:
        """Forget all, as the device is gone; a scan in progress that was not yet told is discarded."""
        if self._last is not None and not self.poisoned:
            self._discard(DiscardReason.DEVICE_LOST, at)
        self.forget()

    def forget(self) -> None:
        """Be as new, but for the results not yet taken."""
        self._buffer.clear()
        self._deadline = inf
        self._last = None
        self.poisoned = False
        self.unfinished = False

    def take(self) -> list[Scan | Discarded]:
        """Return the results so far, oldest first, and hold them no longer."""
        results = self._results
        if results:
            self._results = []
            return results
        return []

    def _deliver(self, data: bytes, at: float) -> None:
        label = data.removeprefix(self._prefix)
        misframed = self._prefix_required and (label == data or self._prefix in label)
        if misframed or (label and len(label) != (self._length or len(label))):
            self._discard(DiscardReason.NOISE, at)
        elif label:
            self._results.append(read_label(scanner=self._scanner, scan_data=label, at=at, code_id=self.code_id))

    def _discard(self, reason: DiscardReason, at: float) -> None:
        self._results.append(Discarded(scanner=self._scanner, reason=reason, at=at))
