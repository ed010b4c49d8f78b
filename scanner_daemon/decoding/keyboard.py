"""What the keys of one scanner type: its layout, modifiers and locks, and characters of several keys."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from scanner_daemon.decoding.key_codes import KEYPAD_DIGITS, KeyCode
from scanner_daemon.decoding.layouts import Layout, Level
from scanner_daemon.decoding.typed_codes import (
    ALT_CODE_LENGTH,
    FUNCTION_KEYS,
    UNICODE_LENGTH,
    ControlMap,
    alt_code,
    control_character,
    unicode_character,
)

LOCKS: Final = frozenset({KeyCode.KEY_CAPSLOCK.value, KeyCode.KEY_NUMLOCK.value})

MODIFIERS: Final[Mapping[int, int]] = MappingProxyType(
    {
        code.value: 1 << position
        for position, code in enumerate(
            (
                KeyCode.KEY_LEFTSHIFT,
                KeyCode.KEY_RIGHTSHIFT,
                KeyCode.KEY_LEFTCTRL,
                KeyCode.KEY_RIGHTCTRL,
                KeyCode.KEY_LEFTALT,
                KeyCode.KEY_RIGHTALT,
                KeyCode.KEY_LEFTMETA,
                KeyCode.KEY_RIGHTMETA,
            )
        )
    }
)
"""Key code → its bit among the modifiers held down."""

LEFT_ALT: Final = MODIFIERS[KeyCode.KEY_LEFTALT]


class Keyboard:
    """Turns key presses into characters.

    What it answers is the character typed, ``""`` for a key that is part of one, or ``None`` for a key that types
    nothing known: the scan is then torn.

    ``single`` holds what a key types by itself as things stand: a short cut past :meth:`press` and all other rules. It
    is empty while anything but Shift is held or part of a character waits for its rest.
    """

    __slots__ = (
        "_accent",
        "_alt_digits",
        "_caps_lock",
        "_control_map",
        "_layout",
        "_levels",
        "_num_lock",
        "_unicode_digits",
        "_untouched",
        "held",
        "single",
    )

    def __init__(self, layout: Layout, control_map: ControlMap) -> None:
        self._layout = layout
        self._control_map = control_map
        self._levels = [dict(level) for level in layout.levels]  # a lookup in a proxy takes twice as long
        if control_map is ControlMap.FUNCTION_KEYS:
            for level in (Level.PLAIN, Level.CAPS_LOCK):
                self._levels[level] |= FUNCTION_KEYS
        self._caps_lock = False
        self._num_lock: bool | None = None
        self.single: Mapping[int, str] = _NOTHING
        self.release_all()

    @property
    def unfinished(self) -> bool:
        """Whether part of a character waits for its rest."""
        return not (self._alt_digits is self._accent is self._unicode_digits is None)

    @property
    def locks(self) -> tuple[bool, bool | None]:
        """CapsLock and NumLock; ``None`` where nobody knows, and keypad digits always are digits."""
        return self._caps_lock, self._num_lock

    @locks.setter
    def locks(self, locks: tuple[bool, bool | None]) -> None:
        self._caps_lock, self._num_lock = locks
        self._settle()

    def release_all(self, held: Iterable[int] = ()) -> None:
        """Forget all keys but those of the modifiers among ``held``, and what was typed of a character."""
        self.held = 0
        for code in held:
            self.held |= MODIFIERS.get(code, 0)
        self._untouched = 0
        self._alt_digits: str | None = None
        self._unicode_digits: str | None = None
        self._accent: str | None = None
        self._settle()

    def hold(self, held: int) -> str | None:
        """Take the modifiers now held down. Left Alt coming up ends its code.

        Any other modifier but Shift that went down and up for no key stood for something else, as control characters
        do with function keys.
        """
        before, self.held = self.held, held
        went_up = before & ~held
        idle = went_up & self._untouched & ~LEFT_ALT
        self._untouched = (self._untouched | held & ~before) & held
        character: str | None = ""
        if went_up & LEFT_ALT:
            character, self._alt_digits = alt_code(self._alt_digits or ""), None
        elif held & ~before & LEFT_ALT:
            self._alt_digits = ""
        self._settle()
        return None if idle & self._never_alone else character

    def lock(self, code: int) -> str | None:
        """Take a press of a key in ``LOCKS``."""
        self._untouched = 0
        if self._control_map is ControlMap.FUNCTION_KEYS:
            return None
        if code == KeyCode.KEY_CAPSLOCK:
            self._caps_lock = not self._caps_lock
        elif self._num_lock is not None:
            self._num_lock = not self._num_lock
        self._settle()
        return ""

    def press(self, code: int) -> str | None:
        """Take a press of any key but a modifier or lock."""
        self._untouched = 0
        if self._unicode_digits is not None:
            character = self._unicode_digit(code)
        elif self.held == LEFT_ALT:
            character = self._alt_digit(code)
        elif self._accent is not None:
            character, self._accent = self._accent, None
        else:
            character = self._character(code)
        self._settle()
        return character

    def breaks_off(self, code: int) -> bool:
        """Whether a press of ``code`` leaves a dead key without its Space; that dead key is then forgotten."""
        if self._accent is None or self._layout_character(code) == " ":
            return False
        self.void()
        return True

    def void(self) -> None:
        """Make nothing of the part of a character typed so far, as the order of some keys is lost."""
        self._alt_digits = self._accent = None
        if self._unicode_digits is not None:
            self._unicode_digits = _NO_CODE_POINT
        self._settle()

    def _character(self, code: int) -> str | None:
        held = self.held
        if not held & ~(_SHIFT | _ALT_GR):
            character = self._layout_character(code)
            if character is None:
                self._accent = self._layout.dead_keys[self._level].get(code)
                return None if self._accent is None else ""
            return character
        if held & ~(_SHIFT | _CTRL):
            return None
        if held & _SHIFT and code == KeyCode.KEY_U:
            # Unicode entry (ISO/IEC 14755 as GTK and IBus do it) ends with Space or Enter: not the scan's terminator.
            self._unicode_digits = ""
            return "" if self._control_map is ControlMap.UNICODE else None
        return control_character(code)

    def _layout_character(self, code: int) -> str | None:
        if self._num_lock is False and code in _NEEDS_NUM_LOCK:
            return None
        return None if self.held & ~(_SHIFT | _ALT_GR) else self._levels[self._level].get(code)

    def _alt_digit(self, code: int) -> str | None:
        digit = KEYPAD_DIGITS.get(code)
        if digit is None or self._alt_digits is None or len(self._alt_digits) == ALT_CODE_LENGTH:
            self._alt_digits = None
            return None
        self._alt_digits += digit
        return ""

    def _unicode_digit(self, code: int) -> str | None:
        digits = self._unicode_digits or ""
        if code in _ENDS_OF_UNICODE_ENTRY:
            self._unicode_digits = None
            return unicode_character(digits) if self._control_map is ControlMap.UNICODE else None
        digit = self._layout_character(code)
        if digit is None or len(digits) > UNICODE_LENGTH:
            self._unicode_digits = _NO_CODE_POINT
            return None
        self._unicode_digits = digits + digit
        return ""

    @property
    def _level(self) -> int:
        shift, alt_gr = bool(self.held & _SHIFT), bool(self.held & _ALT_GR)
        return shift * _SHIFT_LEVEL + alt_gr * _ALT_GR_LEVEL + self._caps_lock * _CAPS_LOCK_LEVEL

    @property
    def _never_alone(self) -> int:
        return _ANY if self._control_map is ControlMap.FUNCTION_KEYS else _ANY & ~_SHIFT

    def _settle(self) -> None:
        special = self.unfinished or self._untouched or self.held & ~_SHIFT or self._num_lock is False
        self.single = _NOTHING if special else self._levels[self._level]


_NOTHING: Final[Mapping[int, str]] = {}
_NO_CODE_POINT: Final = "?"
_ANY: Final = 0b1111_1111
_SHIFT: Final = 0b0000_0011
_CTRL: Final = 0b0000_1100
_ALT_GR: Final = MODIFIERS[KeyCode.KEY_RIGHTALT]
_SHIFT_LEVEL: Final = Level.SHIFT.value
_ALT_GR_LEVEL: Final = Level.ALT_GR.value
_CAPS_LOCK_LEVEL: Final = Level.CAPS_LOCK.value
_NEEDS_NUM_LOCK: Final = frozenset({*KEYPAD_DIGITS, KeyCode.KEY_KPDOT.value})
_ENDS_OF_UNICODE_ENTRY: Final = frozenset({KeyCode.KEY_SPACE.value, KeyCode.KEY_ENTER.value, KeyCode.KEY_KPENTER.value})
