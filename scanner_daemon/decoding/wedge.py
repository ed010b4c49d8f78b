"""Frames of key strokes → scans, for a scanner that types like a keyboard."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

from scanner_daemon.decoding.assembly import Assembly
from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.input_frames import Frame
from scanner_daemon.decoding.key_codes import KEYPAD_DIGITS, KeyCode
from scanner_daemon.decoding.layouts import Layout, Level
from scanner_daemon.decoding.typed_codes import ALT_CODE_LENGTH, alt_code, control_character
from scanner_daemon.model import Discarded, DiscardReason, Scan

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

    __slots__ = (
        "_alt_digits",
        "_caps_lock",
        "_held",
        "_layout",
        "_locks_found",
        "_locks_unsure",
        "_num_lock",
        "_scan",
        "_terminators",
        "_unicode_entry",
    )

    def __init__(
        self,
        *,
        scanner: str,
        layout: Layout,
        terminator: WedgeTerminator = WedgeTerminator.ENTER,
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
        self._layout = layout
        self._terminators = _TERMINATORS[terminator]
        self._held = 0
        self._alt_digits: str | None = None
        self._unicode_entry = False
        self._caps_lock = False
        self._num_lock: bool | None = None
        self._locks_found: tuple[bool, bool | None] = (False, None)
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
        held_before = self._held
        keys = code = 0
        at = 0.0
        for stroke in frame:
            at = stroke.at
            bit = _MODIFIERS.get(stroke.code)
            if bit is not None:
                self._held = self._held | bit if stroke.pressed else self._held & ~bit
            elif stroke.pressed:
                keys += 1
                code = stroke.code
        if self._locks_unsure:
            self._trust_locks_again(at)
        alt_changed = (held_before ^ self._held) & _LEFT_ALT
        if keys > 1 or (keys and alt_changed & held_before):
            self._alt_digits = None
            self._poison(DiscardReason.KEY_ORDER, at)
        else:
            if alt_changed:
                self._alt(at)
            if keys:
                self._press(code, at)
        return self._scan.take()

    def overflow(self, at: float) -> list[Scan | Discarded]:
        """Discard the scan, as events before ``at`` were lost; call :meth:`resynchronise` next if the device tells.

        Until the torn scan's terminator the lock keys are not listened to, as one of their two taps may be among the
        lost: afterwards the locks are as the scanner found them, which is how scanners leave them.
        """
        self._forget_keys()
        self._locks_unsure = True
        self._scan.poison(DiscardReason.OVERFLOW, at)
        return self._scan.take()

    def resynchronise(self, held: Iterable[int], *, caps_lock: bool, num_lock: bool | None = False) -> None:
        """Take the keys held down and the locks as the device tells them (``EVIOCGKEY``, ``EVIOCGLED``).

        ``num_lock`` is ``None`` where the device cannot tell, as before the first call: keypad digits then always are
        digits. ``EVIOCGKEY`` empties the kernel's queue of key events: unless the scanner is known to be still, call
        :meth:`overflow` after it.
        """
        self._forget_keys()
        for code in held:
            self._held |= _MODIFIERS.get(code, 0)
        self._caps_lock, self._num_lock = caps_lock, num_lock
        self._locks_found = (caps_lock, num_lock)

    def expire(self, now: float) -> list[Scan | Discarded]:
        """Act on a silence up to ``now``. Feed everything readable first: unread keys are no silence."""
        self._scan.expire(now)
        return self._scan.take()

    def lost(self, at: float) -> list[Scan | Discarded]:
        """Discard a scan in progress and let go of all keys, as the device is gone."""
        self._forget_keys()
        self._scan.lost(at)
        return self._scan.take()

    def _press(self, code: int, at: float) -> None:
        if code in _LOCKS:
            self._lock(code)
        elif self._held == _LEFT_ALT:
            self._alt_digit(code, at)
        elif self._unicode_entry and code in _ENDS_OF_UNICODE_ENTRY:
            self._unicode_entry = False
        else:
            self._type(self._character(code), at)

    def _type(self, character: str | None, at: float) -> None:
        if character is None:
            self._poison(DiscardReason.UNKNOWN_KEY, at)
        elif character in self._terminators:
            self._scan.end(at)
        else:
            self._scan.add(character.encode(), at)

    def _character(self, code: int) -> str | None:
        held = self._held
        if not held & ~_SHIFT:
            if self._num_lock is False and code in _NEEDS_NUM_LOCK:
                return None
            level = Level.SHIFT if held else Level.PLAIN
            return self._layout.character(code, level, caps_lock=self._caps_lock)
        if held & ~(_SHIFT | _CTRL):
            return None
        if held & _SHIFT and code == KeyCode.KEY_U:
            # Unicode entry (ISO/IEC 14755 as GTK and IBus do it) ends with Space or Enter: not the scan's terminator.
            self._unicode_entry = True
            return None
        return control_character(code)

    def _alt(self, at: float) -> None:
        """LeftAlt went down, or up and so ended its code."""
        if self._held & _LEFT_ALT:
            self._alt_digits = ""
        else:
            self._type(alt_code(self._alt_digits or ""), at)
            self._alt_digits = None

    def _alt_digit(self, code: int, at: float) -> None:
        digit = KEYPAD_DIGITS.get(code)
        if digit is None or self._alt_digits is None or len(self._alt_digits) == ALT_CODE_LENGTH:
            self._alt_digits = None
            self._poison(DiscardReason.UNKNOWN_KEY, at)
        else:
            self._alt_digits += digit
            self._scan.touch(at)

    def _lock(self, code: int) -> None:
        if self._locks_unsure:
            return
        if code == KeyCode.KEY_CAPSLOCK:
            self._caps_lock = not self._caps_lock
        elif self._num_lock is not None:
            self._num_lock = not self._num_lock

    def _trust_locks_again(self, at: float) -> None:
        self._scan.expire(at)
        if not self._scan.poisoned:
            self._caps_lock, self._num_lock = self._locks_found
            self._locks_unsure = False

    def _poison(self, reason: DiscardReason, at: float) -> None:
        self._scan.touch(at)
        self._scan.poison(reason, at)

    def _forget_keys(self) -> None:
        self._held = 0
        self._alt_digits = None
        self._unicode_entry = False


_TERMINATORS: Final[Mapping[WedgeTerminator, frozenset[str]]] = {
    WedgeTerminator.ENTER: frozenset("\r\n"),
    WedgeTerminator.TAB: frozenset("\t"),
    WedgeTerminator.NONE: frozenset(),
}

_SHIFT: Final = 0b0000_0011
_CTRL: Final = 0b0000_1100
_LEFT_ALT: Final = 0b0001_0000
_MODIFIERS: Final[Mapping[int, int]] = {
    int(code): 1 << position
    for position, code in enumerate(
        (
            KeyCode.KEY_LEFTSHIFT,
            KeyCode.KEY_RIGHTSHIFT,
            KeyCode.KEY_LEFTCTRL,
            KeyCode.KEY_RIGHTCTRL,
            KeyCode.KEY_LEFTALT,
            KeyCode.KEY_RIGHTALT,
            KeyCode.KEY_LEFTMETA,
            KeyCode.KEY_RIGHTMETA,
        )
    )
}
"""Key code → its bit in ``_held``."""

_LOCKS: Final = frozenset({int(KeyCode.KEY_CAPSLOCK), int(KeyCode.KEY_NUMLOCK)})
_NEEDS_NUM_LOCK: Final = frozenset({*KEYPAD_DIGITS, int(KeyCode.KEY_KPDOT)})
_ENDS_OF_UNICODE_ENTRY: Final = frozenset({int(KeyCode.KEY_SPACE), int(KeyCode.KEY_ENTER), int(KeyCode.KEY_KPENTER)})
