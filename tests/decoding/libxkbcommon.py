"""What libxkbcommon says a key types: the judge of our layouts, asked directly and not through any of our code.

Needs Debian's ``libxkbcommon0`` and ``xkb-data`` and nothing to compile.
"""

import ctypes
import re
from ctypes import c_char_p, c_int, c_size_t, c_uint32, c_void_p
from ctypes.util import find_library
from pathlib import Path
from typing import NamedTuple

CURE = "apt-get install libxkbcommon0 xkb-data"

LEFT_SHIFT, RIGHT_ALT, CAPS_LOCK, NUM_LOCK = 42, 100, 58, 69  # Linux key codes
_OFFSET = 8


class Key(NamedTuple):
    """``symbol`` as X11 names it; ``character`` empty where it types none."""

    symbol: str
    character: str


class _Names(ctypes.Structure):
    _fields_ = tuple((name, c_char_p) for name in ("rules", "model", "layout", "variant", "options"))


class Keyboard:
    """One compiled layout with NumLock on; raises ``OSError`` where the library or the layout is missing."""

    def __init__(self, layout: str, variant: str = "") -> None:
        self._library = library()
        context = self._library.xkb_context_new(0)
        names = _Names(b"evdev", b"pc105", layout.encode(), variant.encode(), b"")
        self._keymap = self._library.xkb_keymap_new_from_names(context, ctypes.byref(names), 0)
        if not self._keymap:
            raise OSError(f"no layout {layout}({variant})")

    @property
    def has_alt_gr(self) -> bool:
        return self.key(RIGHT_ALT).symbol == "ISO_Level3_Shift"

    def key(self, code: int, *, held: tuple[int, ...] = (), caps_lock: bool = False) -> Key:
        """Return what key ``code`` types while the keys ``held`` are down."""
        state = c_void_p(self._library.xkb_state_new(self._keymap))
        for lock in (NUM_LOCK, CAPS_LOCK) if caps_lock else (NUM_LOCK,):
            self._library.xkb_state_update_key(state, lock + _OFFSET, 1)
            self._library.xkb_state_update_key(state, lock + _OFFSET, 0)
        for key in held:
            self._library.xkb_state_update_key(state, key + _OFFSET, 1)
        symbol = self._library.xkb_state_key_get_one_sym(state, code + _OFFSET)
        name = ctypes.create_string_buffer(64)
        self._library.xkb_keysym_get_name(symbol, name, 64)
        text = ctypes.create_string_buffer(64)
        self._library.xkb_state_key_get_utf8(state, code + _OFFSET, text, 64)
        self._library.xkb_state_unref(state)
        return Key(symbol=name.value.decode(), character=text.value.decode())


def library() -> ctypes.CDLL:
    """Return the library, its functions declared; raises ``OSError`` where it is missing."""
    loaded = ctypes.CDLL(find_library("xkbcommon") or "libxkbcommon.so.0")
    pointer, code = c_void_p, c_uint32
    signatures: dict[str, tuple[type | None, tuple[type, ...]]] = {
        "xkb_context_new": (pointer, (c_int,)),
        "xkb_keymap_new_from_names": (pointer, (pointer, ctypes.POINTER(_Names), c_int)),
        "xkb_state_new": (pointer, (pointer,)),
        "xkb_state_unref": (None, (pointer,)),
        "xkb_state_update_key": (c_int, (pointer, code, c_int)),
        "xkb_state_key_get_one_sym": (code, (pointer, code)),
        "xkb_state_key_get_utf8": (c_int, (pointer, code, c_char_p, c_size_t)),
        "xkb_keysym_get_name": (c_int, (code, c_char_p, c_size_t)),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


def xkeyboard_config_version() -> str:
    """Return the version of the installed layouts, empty where nobody says."""
    file = Path("/usr/share/pkgconfig/xkeyboard-config.pc")
    found = re.search(r"^Version: (\S+)", file.read_text() if file.exists() else "", re.MULTILINE)
    return found[1] if found else ""
