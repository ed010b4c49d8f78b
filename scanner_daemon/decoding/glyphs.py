"""Where in a recording each character of a label is, so that another one can be put there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from scanner_daemon.decoding.key_codes import KEYPAD_DIGITS, KeyCode
from scanner_daemon.decoding.keyboard import LEFT_ALT, LOCKS, MODIFIERS, Keyboard
from scanner_daemon.decoding.recordings import Recording, Step

Place: TypeAlias = tuple[int, int]
"""The number of a step, and of a byte or key change in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyph:
    """One character, and what it consists of: places that hold the same value are one part.

    ``instead`` gives the values of the parts for another character, a digit or a letter of the same case.
    """

    character: str
    parts: Sequence[list[Place]]
    instead: Callable[[str], Sequence[int]]


def byte_glyphs(data: bytes, *, step: int, first: int = 0) -> Iterator[Glyph | None]:
    """Yield the characters of ``data``, which begins at byte ``first`` of a step; ``None`` between two labels."""
    for index, byte in enumerate(data, start=first):
        if byte in _BREAKS:
            yield None
        else:
            yield Glyph(character=chr(byte), parts=[[(step, index)]], instead=lambda other: [ord(other)])


def typed_glyphs(recording: Recording) -> Iterator[Glyph | None]:
    """Yield what keys typed, ``None`` between two labels. A glyph gets the place of a key's release after its press.

    Raises ``ValueError`` for letters and digits that were typed as code points (Ctrl+Shift+U).
    """
    typing = _Typing(recording)
    for number, step in enumerate(recording.steps):
        yield from typing.glyphs(step, number)


class _Typing:
    def __init__(self, recording: Recording) -> None:
        self._keys = Keyboard(recording.layout, recording.control_map)
        self._keys.locks = recording.caps_lock, recording.num_lock
        self._down: dict[int, list[Place]] = {}
        self._alt_code: list[list[Place]] = []

    def glyphs(self, step: Step, number: int) -> Iterator[Glyph | None]:
        if not isinstance(step.what, tuple):
            self._keys.release_all()
            yield None
            return
        yield from self._hold(step.what)
        for index, (code, pressed) in enumerate(step.what):
            if not pressed:
                self._down.pop(code, []).append((number, index))
            elif code in LOCKS:
                self._keys.lock(code)
            elif code not in MODIFIERS:
                self._down[code] = [(number, index)]
                yield from self._press(code)

    def _hold(self, changes: Sequence[tuple[int, bool]]) -> Iterator[Glyph | None]:
        held = self._keys.held
        for code, pressed in changes:
            bit = MODIFIERS.get(code, 0)
            held = held | bit if pressed else held & ~bit
        character = self._keys.hold(held)
        if self._alt_code and not held & LEFT_ALT:
            yield self._alt_glyph(character)

    def _press(self, code: int) -> Iterator[Glyph | None]:
        keys, parts, began = self._keys, [self._down[code]], self._keys.unfinished
        table, shifted_at_most = keys.single, not keys.held & ~_SHIFT and not began
        character = keys.press(code)
        if keys.held == LEFT_ALT and code in KEYPAD_DIGITS:
            self._alt_code += parts
        elif shifted_at_most and code in _DIGIT_ROW:
            yield Glyph(character=_DIGIT_ROW[code], parts=parts, instead=lambda other: [_KEYS_OF_ROW[other]])
        elif code in KEYPAD_DIGITS and not began:
            yield Glyph(character=KEYPAD_DIGITS[code], parts=parts, instead=lambda other: [_KEYS_OF_PAD[other]])
        elif character is None or character in _TERMINATORS:
            yield None
        elif began and character.isascii() and character.isalnum():
            raise ValueError("expected labels typed key by key or as ALT codes, got code points (Ctrl+Shift+U)")
        elif character:
            codes = {typed: key for key, typed in table.items()}
            yield Glyph(character=character, parts=parts, instead=lambda other: [codes.get(other, code)])

    def _alt_glyph(self, character: str | None) -> Glyph:
        """Return an ALT code as one glyph; one that is none, as part of it is missing, becomes zeros."""
        parts, self._alt_code = self._alt_code, []
        if not character:
            return Glyph(character="0", parts=parts, instead=lambda _: [KeyCode.KEY_KP0.value] * len(parts))
        return Glyph(
            character=character,
            parts=parts,
            instead=lambda other: [_KEYS_OF_PAD[digit] for digit in str(ord(other)).zfill(len(parts))],
        )


_SHIFT: Final = MODIFIERS[KeyCode.KEY_LEFTSHIFT] | MODIFIERS[KeyCode.KEY_RIGHTSHIFT]
_DIGIT_ROW: Final[Mapping[int, str]] = {KeyCode[f"KEY_{digit}"].value: digit for digit in "0123456789"}
_KEYS_OF_ROW: Final = {digit: code for code, digit in _DIGIT_ROW.items()}
_KEYS_OF_PAD: Final = {digit: code for code, digit in KEYPAD_DIGITS.items()}
_TERMINATORS: Final = frozenset("\t\r\n")
_BREAKS: Final = b"\0\x02\x03\t\r\n"
