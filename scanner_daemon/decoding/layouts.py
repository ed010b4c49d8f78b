"""Which character a key types: the layout the *scanner* was set to, whatever the till's own layout is.

A device that is read through evdev sends key codes, which name places on a keyboard and not characters.
"""

from collections.abc import Mapping
from enum import IntFlag
from types import MappingProxyType
from typing import Final

from scanner_daemon.decoding.key_codes import KEYPAD_DIGITS, KeyCode


class Level(IntFlag):
    """What a key is shifted by: an index into ``Layout.levels``. Bit 1 is left for AltGr."""

    PLAIN = 0
    SHIFT = 1


class Layout:
    """One keyboard layout; immutable.

    ``levels`` holds one table from key code to character for each :class:`Level`. Every character is exactly one
    code point. CapsLock swaps the two levels of the keys in ``letters`` only.
    """

    __slots__ = ("letters", "levels", "name")

    def __init__(self, *, name: str, levels: tuple[Mapping[int, str], ...], letters: frozenset[int]) -> None:
        self.name: Final = name
        self.levels: Final = levels
        self.letters: Final = letters

    def character(self, code: int, level: int, *, caps_lock: bool = False) -> str | None:
        """Return the one character key ``code`` types at ``level``; ``None`` when it types none."""
        if caps_lock and code in self.letters:
            level ^= Level.SHIFT
        return self.levels[level].get(code)


_MAIN_BLOCK: Final = (
    (KeyCode.KEY_GRAVE, *range(KeyCode.KEY_1, KeyCode.KEY_EQUAL + 1)),
    tuple(range(KeyCode.KEY_Q, KeyCode.KEY_RIGHTBRACE + 1)),
    (*range(KeyCode.KEY_A, KeyCode.KEY_APOSTROPHE + 1), KeyCode.KEY_BACKSLASH),
    (KeyCode.KEY_102ND, *range(KeyCode.KEY_Z, KeyCode.KEY_SLASH + 1)),
)
"""The character keys, row by row from left to right. ISO's extra key begins the last row."""

_WHITE: Final = {
    KeyCode.KEY_SPACE: " ",
    KeyCode.KEY_TAB: "\t",
    KeyCode.KEY_ENTER: "\r",
    KeyCode.KEY_KPENTER: "\r",
}

_KEYPAD_OPERATORS: Final = {
    KeyCode.KEY_KPSLASH: "/",
    KeyCode.KEY_KPASTERISK: "*",
    KeyCode.KEY_KPMINUS: "-",
    KeyCode.KEY_KPPLUS: "+",
    KeyCode.KEY_KPEQUAL: "=",
}


def _layout(name: str, *, plain: tuple[str, ...], shift: tuple[str, ...]) -> Layout:
    """Build a layout from the characters of the main block, row by row as in ``_MAIN_BLOCK``."""
    everywhere = _WHITE | _KEYPAD_OPERATORS
    unshifted = everywhere | KEYPAD_DIGITS | {KeyCode.KEY_KPDOT: "."} | _main_block(plain)
    shifted = everywhere | _main_block(shift)
    letters = frozenset(
        int(code)
        for code, character in unshifted.items()
        if character.isalpha() and shifted.get(code) == character.upper()
    )
    return Layout(name=name, levels=(_frozen(unshifted), _frozen(shifted)), letters=letters)


def _main_block(rows: tuple[str, ...]) -> dict[int, str]:
    return {
        code: character
        for codes, characters in zip(_MAIN_BLOCK, rows, strict=True)
        for code, character in zip(codes, characters, strict=True)
    }


def _frozen(table: Mapping[int, str]) -> Mapping[int, str]:
    """Plain ``int`` keys look up faster than enum members."""
    return MappingProxyType({int(code): character for code, character in table.items()})


LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {
        "us": _layout(
            "us",
            plain=("`1234567890-=", "qwertyuiop[]", "asdfghjkl;'\\", "<zxcvbnm,./"),
            shift=("~!@#$%^&*()_+", "QWERTYUIOP{}", 'ASDFGHJKL:"|', ">ZXCVBNM<>?"),
        ),
    }
)
"""Layout name in the configuration → layout. Tables follow xkeyboard-config."""
