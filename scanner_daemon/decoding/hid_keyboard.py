"""HID keyboard reports → frames of key strokes, as the kernel would make them.

A report tells a state: modifier bits, and the usages of the keys held down. The key strokes are what differs from the
report before.
"""

from dataclasses import dataclass
from typing import Final

from scanner_daemon.decoding.hid_descriptor import input_reports
from scanner_daemon.decoding.input_frames import Frame
from scanner_daemon.decoding.key_codes import KEYPAD_DIGITS, KeyCode
from scanner_daemon.errors import ScannerDaemonError
from scanner_daemon.model import KeyStroke


class NotHidKeyboardError(ScannerDaemonError, ValueError):
    """A report descriptor without a keyboard in it that we can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HidKeyboardLayout:
    """Where a keyboard's report holds what, in bytes, the report id counted where there is one."""

    report_id: int | None
    length: int
    modifiers: int
    keys: int
    most_keys: int


BOOT_LAYOUT: Final = HidKeyboardLayout(report_id=None, length=8, modifiers=0, keys=2, most_keys=6)
"""Modifiers, a reserved byte, and up to six keys held down (HID 1.11, appendix B.1)."""


def parse_keyboard_descriptor(descriptor: bytes) -> HidKeyboardLayout:
    """Return where the keyboard with this report descriptor puts modifiers and keys.

    Raises :class:`NotHidKeyboardError` when it has none, or has a bit for each key, as gaming keyboards do.
    """
    try:
        reports = input_reports(descriptor)
    except ValueError as error:
        raise NotHidKeyboardError(f"cannot read the report descriptor: {error}") from error
    modifiers = {
        found.report_id: found.bit_offset
        for found in reports.fields
        if found.usage == _FIRST_MODIFIER and found.element_bits == 1 and found.bit_offset % 8 == 0
    }
    for keys in reports.arrays:
        in_bytes = keys.element_bits == 8 and keys.bit_offset % 8 == 0  # noqa: PLR2004
        if keys.page != _KEYBOARD_PAGE or not in_bytes or keys.report_id not in modifiers:
            continue
        return HidKeyboardLayout(
            report_id=keys.report_id,
            length=reports.lengths[keys.report_id],
            modifiers=modifiers[keys.report_id] // 8,
            keys=keys.bit_offset // 8,
            most_keys=keys.count,
        )
    raise NotHidKeyboardError(
        "expected a keyboard that lists its keys (page 07, in an input report with modifier bits), got a report "
        "descriptor without it; use another driver"
    )


class HidKeyboardReports:
    """Turns the reports of one keyboard into frames."""

    __slots__ = ("_keys", "_layout", "_modifiers")

    def __init__(self, layout: HidKeyboardLayout = BOOT_LAYOUT) -> None:
        self._layout = layout
        self._modifiers = 0
        self._keys = b""

    def frames(self, report: bytes, at: float) -> list[Frame]:
        """Return what changed since the report before, as one frame but for the digits of an ALT code.

        Some scanners put all its digits into one report. They are listed in their order and go into frames of their
        own, so that none is lost and no order either; evdev has neither, as the kernel drops a digit's second mention.

        Raises ``ValueError`` as :meth:`feed` does.
        """
        frame = self.feed(report, at)
        pressed = [stroke for stroke in frame if stroke.pressed and stroke.code not in _MODIFIERS]
        if len(pressed) < 2 or self._modifiers != _LEFT_ALT or not all(key.code in KEYPAD_DIGITS for key in pressed):  # noqa: PLR2004  alone, or several
            return [frame] if frame else []
        before = tuple(stroke for stroke in frame if stroke not in pressed)
        return [*([before] if before else []), *((stroke,) for stroke in pressed)]

    def feed(self, report: bytes, at: float) -> Frame:
        """Return what changed since the report before; nothing for ``ErrorRollOver``, which tells no state.

        Reports with another id are no keyboard's. A key listed twice in a report gives two strokes: it was pressed
        twice and the times between are lost.

        Raises ``ValueError`` for a report of another length than the layout's.
        """
        layout = self._layout
        if layout.report_id is not None and report[:1] != bytes((layout.report_id,)):
            return ()
        if len(report) != layout.length:
            raise ValueError(f"expected a keyboard report of {layout.length} bytes, got {len(report)}")
        modifiers = report[layout.modifiers]
        keys = report[layout.keys : layout.keys + layout.most_keys].replace(b"\0", b"")
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


_KEYBOARD_PAGE: Final = 0x07
_FIRST_MODIFIER: Final = 0x07_00E0
_LEFT_ALT: Final = 1 << 2
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
