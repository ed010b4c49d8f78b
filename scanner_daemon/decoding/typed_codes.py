"""Characters a scanner types in more than one key: ALT codes and control characters."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from scanner_daemon.decoding.key_codes import KeyCode
from scanner_daemon.decoding.layouts import LAYOUTS, Level

ALT_CODE_LENGTH: Final = 4
"""The most digits of an ALT code."""


def alt_code(digits: str) -> str | None:
    """Return the character of keypad ``digits`` typed with Alt held down, as Windows reads them.

    Three digits, or four with a leading 0. A leading 0 means Windows-1252, none the OEM code page, here 437.
    ``None`` for anything else: a digit may be missing.

    >>> alt_code("052"), alt_code("0233"), alt_code("130"), alt_code("05")
    ('4', 'é', 'é', None)
    """
    leading_zero = digits.startswith("0")
    if len(digits) != (ALT_CODE_LENGTH if leading_zero and len(digits) > 3 else 3):  # noqa: PLR2004
        return None
    value = int(digits)
    if not 0 < value <= 0xFF:  # noqa: PLR2004  a code page is one byte
        return None
    try:
        return bytes((value,)).decode("cp1252" if leading_zero else "cp437")
    except UnicodeDecodeError:
        return None


def control_character(code: int) -> str | None:
    """Return the control character (0x01 to 0x1F) of a key pressed with Ctrl; ``None`` when there is none.

    Scanners send these by the key's place on a US keyboard in every layout, with or without Shift.
    """
    return _CONTROL_CHARACTERS.get(code)


def _control_characters() -> Mapping[int, str]:
    us = LAYOUTS["us"]
    letters = {code: us.levels[Level.SHIFT][code] for code in us.letters}
    others = {
        KeyCode.KEY_LEFTBRACE: "[",
        KeyCode.KEY_BACKSLASH: "\\",
        KeyCode.KEY_RIGHTBRACE: "]",
        KeyCode.KEY_6: "^",
        KeyCode.KEY_MINUS: "_",
    }
    return MappingProxyType({int(code): chr(ord(name) - 0x40) for code, name in (letters | others).items()})


_CONTROL_CHARACTERS: Final = _control_characters()
