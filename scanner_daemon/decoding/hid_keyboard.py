"""HID boot keyboard reports → frames of key strokes, as the kernel would make them.

A report is eight bytes: modifier bits, a reserved byte, and the usages of up to six keys held down (HID 1.11,
appendix B.1). It tells a state; the key strokes are what differs from the report before.
"""

from typing import Final

from scanner_daemon.decoding.input_frames import Frame
from scanner_daemon.decoding.key_codes import KeyCode
from scanner_daemon.model import KeyStroke

REPORT_LENGTH: Final = 8


class HidKeyboardReports:
    """Turns the reports of one keyboard into frames."""

    __slots__ = ("_keys", "_modifiers")

    def __init__(self) -> None:
        self._modifiers = 0
        self._keys = b""

    def feed(self, report: bytes, at: float) -> Frame:
        """Return what changed since the report before; nothing for ``ErrorRollOver``, which tells no state.

        A key listed twice in a report gives two strokes: it was pressed twice and the times between are lost.

        Raises ``ValueError`` for a report that is not eight bytes long.
        """
        if len(report) != REPORT_LENGTH:
            raise ValueError(f"expected a boot keyboard report of {REPORT_LENGTH} bytes, got {len(report)}")
        modifiers, keys = report[0], report[2:].replace(b"\0", b"")
        if _ERROR_ROLL_OVER in keys:
            return ()
        changed = self._modifiers ^ modifiers
        codes = [(int(code), bool(modifiers & 1 << bit)) for bit, code in enumerate(_MODIFIERS) if changed & 1 << bit]
        codes += [(_key_code(usage), False) for usage in _without(self._keys, keys)]
        codes += [(_key_code(usage), True) for usage in _without(keys, self._keys)]
        self._modifiers, self._keys = modifiers, keys
        return tuple(KeyStroke(code=code, pressed=pressed, at=at) for code, pressed in codes)


def _without(usages: bytes, others: bytes) -> list[int]:
    """Return ``usages`` less one for each of ``others``, in their order: how often a usage is listed counts."""
    rest = list(usages)
    for usage in others:
        if usage in rest:
            rest.remove(usage)
    return rest


def _key_code(usage: int) -> int:
    position = usage - _FIRST_USAGE
    return _KEYS[position] if 0 <= position < len(_KEYS) else KeyCode.KEY_UNKNOWN


_ERROR_ROLL_OVER: Final = 1

_MODIFIERS: Final = (
    KeyCode.KEY_LEFTCTRL,
    KeyCode.KEY_LEFTSHIFT,
    KeyCode.KEY_LEFTALT,
    KeyCode.KEY_LEFTMETA,
    KeyCode.KEY_RIGHTCTRL,
    KeyCode.KEY_RIGHTSHIFT,
    KeyCode.KEY_RIGHTALT,
    KeyCode.KEY_RIGHTMETA,
)
"""The modifier byte's bits from the lowest, usages E0 to E7."""

_FIRST_USAGE: Final = 0x04
_KEYS: Final = (
    *(KeyCode[f"KEY_{letter}"] for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890"),
    *(KeyCode.KEY_ENTER, KeyCode.KEY_ESC, KeyCode.KEY_BACKSPACE, KeyCode.KEY_TAB, KeyCode.KEY_SPACE),
    *(KeyCode.KEY_MINUS, KeyCode.KEY_EQUAL, KeyCode.KEY_LEFTBRACE, KeyCode.KEY_RIGHTBRACE),
    *(KeyCode.KEY_BACKSLASH, KeyCode.KEY_BACKSLASH),  # 31 beside Enter in the US, 32 beside Enter elsewhere
    *(KeyCode.KEY_SEMICOLON, KeyCode.KEY_APOSTROPHE, KeyCode.KEY_GRAVE),
    *(KeyCode.KEY_COMMA, KeyCode.KEY_DOT, KeyCode.KEY_SLASH, KeyCode.KEY_CAPSLOCK),
    *(KeyCode[f"KEY_F{number}"] for number in range(1, 13)),
    *(KeyCode.KEY_SYSRQ, KeyCode.KEY_SCROLLLOCK, KeyCode.KEY_PAUSE),
    *(KeyCode.KEY_INSERT, KeyCode.KEY_HOME, KeyCode.KEY_PAGEUP),
    *(KeyCode.KEY_DELETE, KeyCode.KEY_END, KeyCode.KEY_PAGEDOWN),
    *(KeyCode.KEY_RIGHT, KeyCode.KEY_LEFT, KeyCode.KEY_DOWN, KeyCode.KEY_UP),
    *(KeyCode.KEY_NUMLOCK, KeyCode.KEY_KPSLASH, KeyCode.KEY_KPASTERISK, KeyCode.KEY_KPMINUS, KeyCode.KEY_KPPLUS),
    KeyCode.KEY_KPENTER,
    *(KeyCode[f"KEY_KP{digit}"] for digit in "1234567890"),
    *(KeyCode.KEY_KPDOT, KeyCode.KEY_102ND, KeyCode.KEY_COMPOSE, KeyCode.KEY_POWER, KeyCode.KEY_KPEQUAL),
    *(KeyCode[f"KEY_F{number}"] for number in range(13, 25)),
)
"""Linux key codes of the usages from 04 on (HID Usage Tables, page 07), as in the kernel's ``hid-input.c``."""
