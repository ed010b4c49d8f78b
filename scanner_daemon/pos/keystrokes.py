"""Text → the keys that type it on the till: a keyboard layout the other way round. Pure.

What can be typed at all is decided here by what there is: characters of the layout, on keys of the main block, with
Shift and, where the layout needs it and the lane allows it, AltGr. There is no way to ask for Ctrl, Alt, Meta, a
function key, the keypad or anything else, whatever the text.
"""

from collections.abc import Mapping
from itertools import chain
from typing import Final, TypeAlias

from scanner_daemon.decoding.key_codes import KeyCode
from scanner_daemon.decoding.layouts import Layout
from scanner_daemon.decoding.wedge import WedgeTerminator

Chord: TypeAlias = tuple[int, ...]
"""Linux key codes that go down together, Shift and AltGr first, and come up again before the next chord."""


class Keystrokes:
    """What a till whose keyboard layout is ``layout`` must be sent.

    ``alt_gr`` allows the characters that need AltGr. It is the key that is the right Alt where the till's layout is
    another than the one configured: leave it out unless products need it.
    """

    def __init__(
        self, layout: Layout, *, terminator: WedgeTerminator = WedgeTerminator.ENTER, alt_gr: bool = False
    ) -> None:
        self._chords = _chords(layout, _HELD if alt_gr else _HELD[:2])
        self._terminator = _TERMINATORS[terminator]

    @property
    def codes(self) -> frozenset[int]:
        """Every key that can ever be pressed: a keyboard needs no others."""
        return frozenset(chain(*self._chords.values(), *self._terminator))

    def untypable(self, text: str) -> str:
        """Return the characters of ``text`` that the layout cannot type, each once, in their order there."""
        return "".join(dict.fromkeys(character for character in text if character not in self._chords))

    def chords(self, text: str) -> tuple[Chord, ...]:
        """Return what types ``text`` and its terminator. All of ``text`` must be typable."""
        return (*(self._chords[character] for character in text), *self._terminator)


_HELD: Final[tuple[Chord, ...]] = (
    (),
    (KeyCode.KEY_LEFTSHIFT.value,),
    (KeyCode.KEY_RIGHTALT.value,),
    (KeyCode.KEY_LEFTSHIFT.value, KeyCode.KEY_RIGHTALT.value),
)
"""What is held down for each level of a layout (:class:`scanner_daemon.decoding.layouts.Level`), the simplest first."""

_TERMINATORS: Final[Mapping[WedgeTerminator, tuple[Chord, ...]]] = {
    WedgeTerminator.ENTER: ((KeyCode.KEY_ENTER.value,),),
    WedgeTerminator.TAB: ((KeyCode.KEY_TAB.value,),),
    WedgeTerminator.NONE: (),
}

_KEYPAD: Final = frozenset(code.value for code in KeyCode if code.name.startswith("KEY_KP"))  # it follows NumLock
_SOME_KEYBOARDS_LACK: Final = frozenset({KeyCode.KEY_102ND.value, KeyCode.KEY_RO.value, KeyCode.KEY_YEN.value})


def _chords(layout: Layout, held: tuple[Chord, ...]) -> dict[str, Chord]:
    """Return character → its keys: on a key all keyboards have where there is one, at the simplest level."""
    ways = [
        (code in _SOME_KEYBOARDS_LACK, level, code, character)
        for level, table in enumerate(layout.levels[: len(held)])
        for code, character in table.items()
        if character.isprintable() and code not in _KEYPAD
    ]
    return {character: (*held[level], code) for _, level, code, character in sorted(ways, reverse=True)}
