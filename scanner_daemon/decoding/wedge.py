"""Frames of key strokes → scans, for a scanner that types like a keyboard."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

from scanner_daemon.decoding.assembly import Assembly
from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.input_frames import MICROSECONDS, Frame, Run
from scanner_daemon.decoding.keyboard import LEFT_ALT, LOCKS, MODIFIERS, Keyboard
from scanner_daemon.decoding.layouts import Layout
from scanner_daemon.decoding.typed_codes import ControlMap
from scanner_daemon.model import Discarded, DiscardReason, KeyStroke, Scan

DEFAULT_GAP: Final = 0.15
"""Seconds. The slowest scanners seen type a character in 100 ms; low-speed USB needs 20 ms."""


class WedgeTerminator(Enum):
    """The key that ends a scan; with ``NONE`` it is a silence longer than the gap."""

    ENTER = "enter"
    TAB = "tab"
    NONE = "none"


class WedgeDecoder:
    """Decodes one open device. All state is bounded and belongs to that device alone.

    ``gap`` is the longest silence inside a scan in seconds, judged by the strokes' own time stamps; ``max_length`` the
    longest label in bytes of UTF-8. A terminator may also be typed as a control character: CR or LF (Ctrl+M, Ctrl+J,
    Alt 013) for ``ENTER``, HT (Ctrl+I) for ``TAB``. A second one right after the first is no empty scan.

    Whatever may have torn a scan (see :class:`~scanner_daemon.model.DiscardReason`) throws it away up to its
    terminator. It is told once, at the moment of the cause: see :mod:`scanner_daemon.decoding.assembly`.
    """

    __slots__ = ("_keys", "_locks_found", "_locks_unsure", "_scan", "_terminators")

    def __init__(
        self,
        *,
        scanner: str,
        layout: Layout,
        terminator: WedgeTerminator = WedgeTerminator.ENTER,
        control_map: ControlMap = ControlMap.CTRL,
        gap: float = DEFAULT_GAP,
        max_length: int = 4096,
        code_id: CodeId = CodeId.AIM,
    ) -> None:
        self._scan = Assembly(
            scanner=scanner,
            gap=gap,
            max_length=max_length,
            gap_ends_scan=terminator is WedgeTerminator.NONE,
            code_id=code_id,
        )
        self._keys = Keyboard(layout, control_map)
        self._terminators = _TERMINATORS[terminator]
        self._locks_found = self._keys.locks
        self._locks_unsure = False

    @property
    def deadline(self) -> float | None:
        """When :meth:`expire` must be called, in the strokes' clock; ``None`` while nothing waits for an end."""
        return self._scan.deadline

    def feed(self, frame: Frame) -> list[Scan | Discarded]:
        """Take one frame; return what it ended.

        A report holds its keys without their order. So its modifiers count first, and of two other keys pressed in
        one frame nobody knows which came first.
        """
        keys, held = self._keys, self._keys.held
        pressed = code = 0
        at = 0.0
        for stroke in frame:
            at = stroke.at
            bit = MODIFIERS.get(stroke.code)
            if bit is not None:
                held = held | bit if stroke.pressed else held & ~bit
            elif stroke.pressed:
                pressed += 1
                code = stroke.code
        if self._locks_unsure:
            self._trust_locks_again(at)
        if pressed > 1 or (pressed and keys.held & ~held & LEFT_ALT):
            keys.hold(held)
            keys.void()
            self._poison(DiscardReason.KEY_ORDER, at)
        else:
            if held != keys.held:
                self._hold(held, at)
            if pressed:
                self._press(code, at)
            self._scan.unfinished = keys.unfinished
        return self._scan.take()

    def feed_run(self, run: Run) -> list[Scan | Discarded]:
        """Take frames of one key each, as if one by one; return what they ended."""
        scan, single = self._scan, self._keys.single
        ended: list[Scan | Discarded] = []
        for seconds, microseconds, code, pressed in run:
            character = single.get(code)
            if character is None or self._locks_unsure:
                ended += self.feed((KeyStroke(code, pressed == 1, seconds + microseconds / MICROSECONDS),))
                single = self._keys.single
            elif not pressed:
                continue
            elif character in self._terminators:
                scan.end(seconds + microseconds / MICROSECONDS)
            else:
                scan.add(character.encode(), seconds + microseconds / MICROSECONDS)
        return ended + scan.take()

    def overflow(self, at: float) -> list[Scan | Discarded]:
        """Discard the scan, as events before ``at`` were lost; call :meth:`resynchronise` next if the device tells.

        Until the torn scan's terminator the lock keys are not listened to, as one of their two taps may be among the
        lost: afterwards the locks are as the scanner found them, which is how scanners leave them.
        """
        self._keys.release_all()
        self._locks_unsure = True
        self._scan.poison(DiscardReason.OVERFLOW, at)
        return self._scan.take()

    def resynchronise(self, held: Iterable[int], *, caps_lock: bool, num_lock: bool | None = False) -> None:
        """Take the keys held down and the locks as the device tells them (``EVIOCGKEY``, ``EVIOCGLED``).

        ``num_lock`` is ``None`` where the device cannot tell, as before the first call: keypad digits then always are
        digits. ``EVIOCGKEY`` empties the kernel's queue of key events: unless the scanner is known to be still, call
        :meth:`overflow` after it.
        """
        self._keys.release_all(held)
        self._keys.locks = self._locks_found = (caps_lock, num_lock)

    def caps_lamp(self, on: bool, at: float) -> list[Scan | Discarded]:  # noqa: FBT001  the lamp's state
        """Take the state of the lamp that a scanner which compensates for CapsLock looks at.

        A change tears a scan in progress: nobody knows for which lamp its letters were typed.
        """
        caps_lock, num_lock = self._locks_found
        if on != caps_lock:
            self._locks_found = (on, num_lock)
            if self._scan.deadline is None:
                self._keys.locks = self._locks_found
            else:
                self._locks_unsure = True
                self._poison(DiscardReason.UNKNOWN_KEY, at)
        return self._scan.take()

    def expire(self, now: float) -> list[Scan | Discarded]:
        """Act on a silence up to ``now``. Feed everything readable first: unread keys are no silence."""
        self._scan.expire(now)
        return self._scan.take()

    def lost(self, at: float) -> list[Scan | Discarded]:
        """Discard a scan in progress and let go of all keys, as the device is gone."""
        self._keys.release_all()
        self._scan.lost(at)
        return self._scan.take()

    def _hold(self, held: int, at: float) -> None:
        """Take the modifiers held down now. They alone begin no scan."""
        character = self._keys.hold(held)
        if character != "":
            self._type(character, at)

    def _press(self, code: int, at: float) -> None:
        if code in LOCKS:
            if not self._locks_unsure and self._keys.lock(code) is None:
                self._poison(DiscardReason.UNKNOWN_KEY, at)
            return
        if self._keys.breaks_off(code):
            self._poison(DiscardReason.UNKNOWN_KEY, at)
        self._type(self._keys.press(code), at)

    def _type(self, character: str | None, at: float) -> None:
        if character is None:
            self._poison(DiscardReason.UNKNOWN_KEY, at)
        elif character in self._terminators:
            self._scan.end(at)
        elif character:
            self._scan.add(character.encode(), at)
        else:
            self._scan.touch(at)

    def _trust_locks_again(self, at: float) -> None:
        self._scan.expire(at)
        if not self._scan.poisoned:
            self._keys.locks = self._locks_found
            self._locks_unsure = False

    def _poison(self, reason: DiscardReason, at: float) -> None:
        self._scan.touch(at)
        self._scan.poison(reason, at)


_TERMINATORS: Final[Mapping[WedgeTerminator, frozenset[str]]] = {
    WedgeTerminator.ENTER: frozenset("\r\n"),
    WedgeTerminator.TAB: frozenset("\t"),
    WedgeTerminator.NONE: frozenset(),
}
