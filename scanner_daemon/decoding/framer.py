"""Bytes of a serial line → scans."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

from scanner_daemon.decoding.assembly import Assembly
from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.model import Discarded, DiscardReason, Scan

DEFAULT_GAP: Final = 0.2
"""Seconds. A byte takes 1 ms at 9600 baud; USB bridges hold bytes back for up to 16 ms, radio links longer."""


class SerialTerminator(Enum):
    """What ends a scan on the line.

    ``LINE`` is CR, LF or CR LF. ``ETX`` frames each scan between STX and ETX, and a scan without its STX is ``NOISE``.
    With ``NONE`` it is a silence longer than the gap. But for ``ETX``, one STX before the label is optional.
    """

    LINE = "line"
    CR = "cr"
    LF = "lf"
    ETX = "stx-etx"
    NONE = "none"


class Framer:
    """Cuts what one serial line carries into scans, however the reads are cut.

    ``gap`` is the longest silence inside a scan in seconds; ``max_length`` the longest scan in bytes, STX included. A
    scan that is not ``length`` bytes long, where that is given, is ``NOISE``. A length alone ends no scan: the first 13
    of 14 bytes would be a wrong label.
    Torn scans are thrown away up to their terminator and told once, at the moment of the cause: see
    :mod:`scanner_daemon.decoding.assembly`.
    """

    __slots__ = ("_scan", "_terminator")

    def __init__(
        self,
        *,
        scanner: str,
        terminator: SerialTerminator = SerialTerminator.LINE,
        gap: float = DEFAULT_GAP,
        max_length: int = 4096,
        length: int | None = None,
        code_id: CodeId = CodeId.AIM,
    ) -> None:
        self._terminator = _TERMINATORS.get(terminator)
        self._scan = Assembly(
            scanner=scanner,
            gap=gap,
            max_length=max_length,
            gap_ends_scan=terminator is SerialTerminator.NONE,
            prefix=_STX,
            prefix_required=terminator is SerialTerminator.ETX,
            length=length,
            code_id=code_id,
        )

    @property
    def deadline(self) -> float | None:
        """When :meth:`expire` must be called; ``None`` while nothing waits for an end."""
        return self._scan.deadline

    def feed(self, data: bytes, at: float) -> list[Scan | Discarded]:
        """Take the bytes that arrived at ``at``; return the scans they ended.

        The LF of a CR LF ends an empty scan, which is nothing, whether or not it comes in the same read.
        """
        start = 0
        if self._terminator:
            for end in self._terminator.finditer(data):
                if end.start() > start:
                    self._scan.add(data[start : end.start()], at)
                self._scan.end(at)
                start = end.end()
        if start < len(data):
            self._scan.add(data[start:], at)
        return self._scan.take()

    def noise(self, at: float) -> list[Scan | Discarded]:
        """Discard the scan: the line reported a parity, framing or overrun error, so a byte is wrong or missing."""
        self._scan.poison(DiscardReason.NOISE, at)
        return self._scan.take()

    def expire(self, now: float) -> list[Scan | Discarded]:
        """Act on a silence up to ``now``. Feed everything readable first: unread bytes are no silence."""
        self._scan.expire(now)
        return self._scan.take()

    def lost(self, at: float) -> list[Scan | Discarded]:
        """Discard a scan in progress, as the line is gone."""
        self._scan.lost(at)
        return self._scan.take()


_STX: Final = b"\x02"

_TERMINATORS: Final[Mapping[SerialTerminator, re.Pattern[bytes]]] = {
    SerialTerminator.LINE: re.compile(rb"[\r\n]"),
    SerialTerminator.CR: re.compile(rb"\r"),
    SerialTerminator.LF: re.compile(rb"\n"),
    SerialTerminator.ETX: re.compile(rb"\x03"),
}
