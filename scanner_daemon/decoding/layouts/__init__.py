"""Which character a key types: the layout the *scanner* was set to, whatever the till's own layout is.

A device that is read through evdev sends key codes, which name places on a keyboard and not characters.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import IntFlag
from types import MappingProxyType
from typing import Final

from scanner_daemon.decoding.key_codes import KEYPAD_DIGITS, KeyCode
from scanner_daemon.decoding.layouts.tables import NONE, TABLES, WITHOUT_CAPS_LOCK


class Level(IntFlag):
    """What a key is shifted by: an index into ``Layout.levels``."""

    PLAIN = 0
    SHIFT = 1
    ALT_GR = 2
    CAPS_LOCK = 4


class Layout:
    """One keyboard layout; immutable.

    ``levels`` holds one table from key code to character for each combination of :class:`Level`. Every character is
    exactly one code point. A layout without AltGr has empty tables there.

    CapsLock swaps the two characters of a letter key. Where hosts do not agree what it does, the key types nothing:
    ``é`` alone on its key becomes ``É`` under X11 and the Shift level under Windows, digits that need Shift need it
    under X11 only, and letters with AltGr differ too. In a layout whose key of that name is no ``caps_lock`` (Japan),
    nothing is typed after it.

    ``dead_keys`` holds such tables for the accents that wait for a letter. A scanner types an accent alone as the dead
    key and then Space; only accents for which every host then types the same character are here. Any other dead key
    is a key without a character, as is a dead key before anything but Space.
    """

    __slots__ = ("dead_keys", "levels", "name")

    def __init__(
        self,
        *,
        name: str,
        levels: Sequence[Mapping[int, str]],
        dead_keys: Sequence[Mapping[int, str]] = (),
        caps_lock: bool = True,
    ) -> None:
        """Take the tables of ``CHARACTER_KEYS`` without CapsLock, in the order of :class:`Level`: two or four."""
        plain, shift, *alt_gr = levels
        whole = ({**_EVERYWHERE, **KEYPAD_DIGITS, **plain}, {**_EVERYWHERE, **shift}, *(alt_gr or ({}, {})))
        locked = (*_caps_lock(*whole[:2], swap=True), *_caps_lock(*whole[2:], swap=False)) if caps_lock else ({},) * 4
        self.name: Final = name
        self.levels: Final = tuple(MappingProxyType(table) for table in (*whole, *locked))
        self.dead_keys: Final = (*dead_keys, *[{}] * (4 - len(dead_keys))) * 2

    def character(self, code: int, level: int) -> str | None:
        """Return the one character key ``code`` types at ``level``; ``None`` when it types none."""
        return self.levels[level].get(code)


_ROWS: Final = (
    (KeyCode.KEY_GRAVE, *range(KeyCode.KEY_1, KeyCode.KEY_EQUAL + 1)),
    tuple(range(KeyCode.KEY_Q, KeyCode.KEY_RIGHTBRACE + 1)),
    (*range(KeyCode.KEY_A, KeyCode.KEY_APOSTROPHE + 1), KeyCode.KEY_BACKSLASH),
    (KeyCode.KEY_102ND, *range(KeyCode.KEY_Z, KeyCode.KEY_SLASH + 1)),
    (KeyCode.KEY_RO, KeyCode.KEY_YEN, KeyCode.KEY_SPACE),
    (*(KeyCode[f"KEY_KP{name}"] for name in ("SLASH", "ASTERISK", "MINUS", "PLUS", "EQUAL", "DOT", "COMMA")),),
)

CHARACTER_KEYS: Final = tuple(tuple(int(code) for code in row) for row in _ROWS)
"""The keys whose characters depend on the layout, row by row from left to right as in ``TABLES``.

ISO's extra key begins the fourth row; the fifth has the extra keys of Japan and Brazil and Space, the last the keypad.
"""

_EVERYWHERE: Final[Mapping[int, str]] = MappingProxyType(
    {KeyCode.KEY_TAB.value: "\t", KeyCode.KEY_ENTER.value: "\r", KeyCode.KEY_KPENTER.value: "\r"}
)


def _caps_lock(
    plain: Mapping[int, str], shift: Mapping[int, str], *, swap: bool
) -> tuple[dict[int, str], dict[int, str]]:
    """Return both tables as they are with CapsLock on; letter keys only where it may ``swap`` them."""
    locked: tuple[dict[int, str], dict[int, str]] = ({}, {})
    for code in plain.keys() | shift.keys():
        unshifted, shifted = plain.get(code, ""), shift.get(code, "")
        if swap and unshifted.islower() and shifted.isupper():
            locked[0][code], locked[1][code] = shifted, unshifted
        elif not shifted.isdecimal():
            for level, character in zip(locked, (unshifted, shifted), strict=True):
                if character and character == character.swapcase():
                    level[code] = character
    return locked


class _BuiltIn(Mapping[str, Layout]):
    """Builds a layout when it is asked for: a lane needs one or two."""

    def __getitem__(self, name: str) -> Layout:
        table = TABLES[name]
        levels = [_characters(table[level]) for level in _LEVELS if level in table]
        dead_keys: tuple[dict[int, str], ...] = ({}, {}, {}, {})
        for level, key, character in (line.split(" ") for line in table["dead"]):
            dead_keys[_LEVELS.index(level)][KeyCode[key].value] = character
        return Layout(name=name, levels=levels, dead_keys=dead_keys, caps_lock=name not in WITHOUT_CAPS_LOCK)

    def __iter__(self) -> Iterator[str]:
        return iter(TABLES)

    def __len__(self) -> int:
        return len(TABLES)


def _characters(rows: tuple[str, ...]) -> dict[int, str]:
    return {
        code: character
        for codes, characters in zip(CHARACTER_KEYS, rows, strict=True)
        for code, character in zip(codes, characters, strict=True)
        if character != NONE
    }


_LEVELS: Final = ("plain", "shift", "altgr", "altgr+shift")

LAYOUTS: Final[Mapping[str, Layout]] = _BuiltIn()
"""Layout name in the configuration → layout."""
