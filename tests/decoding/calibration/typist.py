"""Scanners made of software that type: a label in, the key strokes of one scanner's settings out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from scanner_daemon.decoding.input_frames import Frame
from scanner_daemon.decoding.key_codes import KEYPAD_DIGITS, KeyCode
from scanner_daemon.decoding.layouts import LAYOUTS, Level
from scanner_daemon.model import KeyStroke

SHIFT: Final = KeyCode.KEY_LEFTSHIFT.value
ALT_GR: Final = KeyCode.KEY_RIGHTALT.value
CTRL: Final = KeyCode.KEY_LEFTCTRL.value
ALT: Final = KeyCode.KEY_LEFTALT.value
HELD: Final = {
    Level.PLAIN: (),
    Level.SHIFT: (SHIFT,),
    Level.ALT_GR: (ALT_GR,),
    Level.SHIFT | Level.ALT_GR: (SHIFT, ALT_GR),
}
TERMINATORS: Final = {"enter": (28,), "keypad-enter": (96,), "tab": (15,), "none": ()}
PAD: Final = {digit: code for code, digit in KEYPAD_DIGITS.items()}
KEYPAD: Final = {
    *KEYPAD_DIGITS,
    *(KeyCode[f"KEY_KP{n}"].value for n in ["DOT", "SLASH", "ASTERISK", "MINUS", "PLUS", "EQUAL", "COMMA"]),
}


@dataclass(frozen=True, kw_only=True)
class Typist:
    """``controls`` is one of ctrl, function-keys, unicode, alt; ``everything_alt`` types no key by itself."""

    layout: str = "us"
    terminator: str = "enter"
    controls: str = "ctrl"
    prefix: str = ""
    everything_alt: bool = False
    caps_inverted: bool = False
    pace: float = 0.002

    def frames(self, label: str) -> list[Frame]:
        frames: list[Frame] = []
        at = 100.0
        for code, pressed in self._changes(self.prefix + label):
            frames.append((KeyStroke(code=code, pressed=pressed, at=at),))
            at += self.pace
        return frames

    def _changes(self, text: str) -> Iterator[tuple[int, bool]]:
        for character in text.swapcase() if self.caps_inverted else text:
            yield from self._character(character)
        for code in TERMINATORS[self.terminator]:
            yield from tapped(code)

    def _character(self, character: str) -> Iterator[tuple[int, bool]]:
        if self.everything_alt or (character < " " and self.controls == "alt"):
            yield (ALT, True)
            for digit in f"{ord(character):04}" if character < " " else f"{ord(character):03}":
                yield from tapped(PAD[digit])
            yield (ALT, False)
        elif character >= " ":
            yield from self._key(character)
        elif self.controls == "ctrl":
            yield from tapped({"\x1d": KeyCode.KEY_RIGHTBRACE.value}[character], CTRL)
        elif self.controls == "function-keys":
            yield from tapped({"\x1d": KeyCode.KEY_DOWN.value}[character])
        else:
            yield from tapped(KeyCode.KEY_U.value, CTRL, SHIFT)
            for digit in f"{ord(character):x} ":
                yield from self._key(digit)

    def _key(self, character: str) -> Iterator[tuple[int, bool]]:
        layout = LAYOUTS[self.layout]
        for level, held in HELD.items():
            for code, typed in layout.levels[level].items():
                if typed == character and code not in KEYPAD:
                    yield from tapped(code, *held)
                    return
        for level, held in HELD.items():
            for code, typed in layout.dead_keys[level].items():
                if typed == character:
                    yield from tapped(code, *held)
                    yield from tapped(KeyCode.KEY_SPACE.value)
                    return
        raise ValueError(f"{self.layout} has no {character!r}")


def tapped(code: int, *held: int) -> Iterator[tuple[int, bool]]:
    yield from ((modifier, True) for modifier in held)
    yield from ((code, True), (code, False))
    yield from ((modifier, False) for modifier in reversed(held))
