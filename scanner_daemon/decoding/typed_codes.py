"""Characters a scanner does not type with a key of their own: control characters, and ALT and Unicode codes."""

from collections.abc import Mapping
from enum import Enum
from string import ascii_uppercase
from types import MappingProxyType
from typing import Final

from scanner_daemon.decoding.key_codes import KeyCode

ALT_CODE_LENGTH: Final = 4
"""The most digits of an ALT code."""

UNICODE_LENGTH: Final = 6
"""The most hexadecimal digits of a code point."""


class ControlMap(Enum):
    """How a scanner types control characters. Ctrl with a key, and ALT codes, are understood with each."""

    CTRL = "ctrl"
    FUNCTION_KEYS = "function-keys"
    UNICODE = "unicode"


def alt_code(digits: str) -> str | None:
    """Return the character of keypad ``digits`` typed with Alt held down, as Windows reads them.

    Three digits, or four with a leading 0. A leading 0 means Windows-1252, none the host's OEM code page: only
    characters that pages 437 and 850 agree on are known. ``None`` for anything else: a digit may be missing.

    >>> alt_code("052"), alt_code("0233"), alt_code("130"), alt_code("05")
    ('4', 'é', 'é', None)
    """
    leading_zero = digits.startswith("0")
    if len(digits) != (ALT_CODE_LENGTH if leading_zero and len(digits) > 3 else 3):  # noqa: PLR2004
        return None
    value = int(digits)
    if not 0 < value <= 0xFF:  # noqa: PLR2004  a code page is one byte
        return None
    pages = ("cp1252",) if leading_zero else ("cp437", "cp850")
    characters = {bytes((value,)).decode(page, errors="replace") for page in pages}
    character = characters.pop()
    return None if characters or character == "\N{REPLACEMENT CHARACTER}" else character


def unicode_character(digits: str) -> str | None:
    """Return the character of a code point in hexadecimal; ``None`` for what is no character.

    >>> unicode_character("20AC"), unicode_character("d800")
    ('€', None)
    """
    if not 1 <= len(digits) <= UNICODE_LENGTH or not set(digits) <= _HEXADECIMAL:
        return None
    value = int(digits, 16)
    is_character = 0 < value <= 0x10FFFF and not 0xD800 <= value <= 0xDFFF  # noqa: PLR2004  Unicode 3.9, D76
    return chr(value) if is_character else None


def control_character(code: int) -> str | None:
    """Return the control character (0x01 to 0x1F) of a key pressed with Ctrl; ``None`` when there is none.

    Scanners send these by the key's place on a US keyboard in every layout, with or without Shift.
    """
    return _CONTROL_CHARACTERS.get(code)


_HEXADECIMAL: Final = frozenset("0123456789abcdefABCDEF")

_CONTROL_CHARACTERS: Final[Mapping[int, str]] = MappingProxyType(
    {KeyCode[f"KEY_{letter}"].value: chr(ord(letter) - 0x40) for letter in ascii_uppercase}
    | {
        KeyCode.KEY_LEFTBRACE.value: "\x1b",
        KeyCode.KEY_BACKSLASH.value: "\x1c",
        KeyCode.KEY_RIGHTBRACE.value: "\x1d",
        KeyCode.KEY_6.value: "\x1e",
        KeyCode.KEY_MINUS.value: "\x1f",
    }
)

FUNCTION_KEYS: Final[Mapping[int, str]] = MappingProxyType(
    {
        KeyCode.KEY_ESC.value: "\x06",
        KeyCode.KEY_F1.value: "\x07",
        KeyCode.KEY_KPPLUS.value: "\x08",
        KeyCode.KEY_F2.value: "\x0a",
        KeyCode.KEY_F3.value: "\x0b",
        KeyCode.KEY_F4.value: "\x0c",
        KeyCode.KEY_F5.value: "\x0e",
        KeyCode.KEY_F6.value: "\x0f",
        KeyCode.KEY_F7.value: "\x10",
        KeyCode.KEY_F8.value: "\x11",
        KeyCode.KEY_F9.value: "\x12",
        KeyCode.KEY_F10.value: "\x13",
        KeyCode.KEY_INSERT.value: "\x16",
        KeyCode.KEY_DELETE.value: "\x17",
        KeyCode.KEY_HOME.value: "\x18",
        KeyCode.KEY_END.value: "\x19",
        KeyCode.KEY_PAGEUP.value: "\x1a",
        KeyCode.KEY_PAGEDOWN.value: "\x1b",
        KeyCode.KEY_UP.value: "\x1c",
        KeyCode.KEY_DOWN.value: "\x1d",
        KeyCode.KEY_LEFT.value: "\x1e",
        KeyCode.KEY_RIGHT.value: "\x1f",
    }
)
"""Key → the control character it stands for with ``ControlMap.FUNCTION_KEYS``: Hand Held Products (Honeywell),
ValueTeam 3060 manual, appendix A, "Keyboard Function Code Table".

Its modifiers and locks (01 to 05, 14, 15) are left out: a scanner presses those for other reasons too.
"""
