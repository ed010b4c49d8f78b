"""Types text as a keyboard-mode scanner set to some layout does. What each key types it has from libxkbcommon."""

from collections.abc import Iterator

from scanner_daemon.decoding.input_frames import Frame
from scanner_daemon.decoding.key_codes import KEYPAD_DIGITS, KeyCode
from scanner_daemon.decoding.layouts import CHARACTER_KEYS
from scanner_daemon.model import KeyStroke
from tests.decoding.libxkbcommon import LEFT_SHIFT, RIGHT_ALT, Keyboard

REPORT_TIME = 0.001
Keys = tuple[int, ...]
Typing = tuple[Keys, Keys]
"""Modifiers held down, and the keys tapped meanwhile."""

DEAD_KEYS = {"dead_grave": "`", "dead_circumflex": "^", "dead_tilde": "~"}
CTRL = {chr(ord(letter) - 0x40): KeyCode[f"KEY_{letter}"].value for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
CTRL |= {"\x1b": KeyCode.KEY_LEFTBRACE, "\x1c": KeyCode.KEY_BACKSLASH, "\x1d": KeyCode.KEY_RIGHTBRACE}
CTRL |= {"\x1e": KeyCode.KEY_6, "\x1f": KeyCode.KEY_MINUS}
KEYPAD = {digit: code for code, digit in KEYPAD_DIGITS.items()}


class Typist:
    """One scanner. A character without a key is typed as an ALT code, else as Ctrl+Shift+U and its code point."""

    def __init__(self, keyboard: Keyboard) -> None:
        self._keys: dict[str, Typing] = {}
        self._dead: dict[str, Typing] = {}
        for held in ((), (LEFT_SHIFT,), (RIGHT_ALT,), (RIGHT_ALT, LEFT_SHIFT)):
            if RIGHT_ALT in held and not keyboard.has_alt_gr:
                continue
            for code in (code for row in CHARACTER_KEYS for code in row):
                symbol, character = keyboard.key(code, held=held)
                self._keys.setdefault(character, (held, (code,)))
                self._dead.setdefault(DEAD_KEYS.get(symbol, ""), (held, (code,)))

    def type(self, text: str, end: KeyCode) -> list[Frame]:
        """Return the reports of ``text`` and the key that ends it, a millisecond apart."""
        changes = [change for character in text for typing in self._typings(character) for change in _changes(typing)]
        changes += _changes(((), (end,)))
        return [(KeyStroke(code, pressed, at * REPORT_TIME),) for at, (code, pressed) in enumerate(changes)]

    def _typings(self, character: str) -> Iterator[Typing]:
        if character in CTRL:
            yield (KeyCode.KEY_LEFTCTRL,), (CTRL[character],)
        elif character in self._keys:
            yield self._keys[character]
        elif character in self._dead:
            yield self._dead[character]
            yield (), (KeyCode.KEY_SPACE,)
        elif code := character.encode("cp1252", errors="ignore"):
            yield (KeyCode.KEY_LEFTALT,), tuple(KEYPAD[digit] for digit in f"{code[0]:04}")
        else:
            yield (KeyCode.KEY_LEFTCTRL, KeyCode.KEY_LEFTSHIFT), (KeyCode.KEY_U,)
            for digit in f"{ord(character):x}":
                yield self._keys[digit]
            yield (), (KeyCode.KEY_ENTER,)


def _changes(typing: Typing) -> list[tuple[int, bool]]:
    held, keys = typing
    taps = [(key, pressed) for key in keys for pressed in (True, False)]
    return [*((key, True) for key in held), *taps, *((key, False) for key in reversed(held))]
