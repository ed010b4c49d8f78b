"""A layout by its name: built in, or any of xkeyboard-config through the optional package ``xkbcommon``."""

import re
from typing import TYPE_CHECKING, Final

from scanner_daemon.decoding.key_codes import KeyCode
from scanner_daemon.decoding.layouts import CHARACTER_KEYS, LAYOUTS, Layout

if TYPE_CHECKING:
    from xkbcommon import xkb

PREFIX: Final = "xkb:"
"""What the name of such a layout begins with: ``xkb:gr``, ``xkb:de(nodeadkeys)``."""


def find_layout(name: str) -> Layout:
    """Return the layout a configuration calls ``name``; raises ``ValueError`` as :func:`xkb_layout` does."""
    if name in LAYOUTS:
        return LAYOUTS[name]
    if not name.startswith(PREFIX):
        known = " ".join(sorted(LAYOUTS))
        raise ValueError(f"layout: expected one of {known}, or {PREFIX}LAYOUT(VARIANT), got {name!r}")
    return xkb_layout(name)


def xkb_layout(name: str) -> Layout:
    """Compile the layout called ``name``, :data:`PREFIX` included.

    Raises ``ValueError`` for what is no such name, for a layout that xkeyboard-config does not have, and where the
    package or its C library is missing.
    """
    match = _NAME.fullmatch(name)
    if not match:
        raise ValueError(f"layout: expected {PREFIX}LAYOUT or {PREFIX}LAYOUT(VARIANT), got {name!r}")
    layout, variant = match["layout"], match["variant"] or ""
    keymap = _keymap(layout, variant)
    held = _SHIFT_LEVELS if _symbol(keymap.state_new(), KeyCode.KEY_RIGHTALT) == _ALT_GR else _SHIFT_LEVELS[:2]
    states = [_holding(keymap, keys) for keys in held]
    spacing = _SPACING | (_SPACING_IN_US if layout == "us" else {})
    return Layout(
        name=name,
        levels=[_characters(state) for state in states],
        dead_keys=[_spacing_accents(state, spacing) for state in states],
        caps_lock=_symbol(states[0], KeyCode.KEY_CAPSLOCK) == "Caps_Lock",
    )


def _keymap(layout: str, variant: str) -> "xkb.Keymap":
    try:
        from xkbcommon import xkb
    except (ImportError, OSError) as error:
        raise ValueError(
            f"layout: expected the Python package xkbcommon for a layout that begins with {PREFIX}, got {error}; "
            "install scanner-daemon[xkb], on Debian after: apt-get install gcc libxkbcommon-dev pkg-config xkb-data"
        ) from error
    context = xkb.Context()
    context.set_log_fn(_say_nothing)
    try:
        return context.keymap_new_from_names(rules="evdev", model="pc105", layout=layout, variant=variant)
    except xkb.XKBError as error:
        raise ValueError(
            "layout: expected a layout and variant listed in xkeyboard-config's /usr/share/X11/xkb/rules/base.lst, "
            f"got {layout}({variant})"
        ) from error


def _holding(keymap: "xkb.Keymap", keys: tuple[KeyCode, ...]) -> "xkb.KeyboardState":
    """Return a keyboard with NumLock on and ``keys`` held down."""
    from xkbcommon import xkb

    state = keymap.state_new()
    state.update_key(KeyCode.KEY_NUMLOCK + _OFFSET, xkb.XKB_KEY_DOWN)
    state.update_key(KeyCode.KEY_NUMLOCK + _OFFSET, xkb.XKB_KEY_UP)
    for key in keys:
        state.update_key(key + _OFFSET, xkb.XKB_KEY_DOWN)
    return state


def _characters(state: "xkb.KeyboardState") -> dict[int, str]:
    typed = {code: state.key_get_string(code + _OFFSET) for code in _CODES}
    return {code: text for code, text in typed.items() if len(text) == 1 and text >= " " and text != _DELETE}


def _spacing_accents(state: "xkb.KeyboardState", spacing: dict[str, str]) -> dict[int, str]:
    symbols = {code: _symbol(state, code) for code in _CODES}
    return {code: spacing[symbol] for code, symbol in symbols.items() if symbol in spacing}


def _symbol(state: "xkb.KeyboardState", code: int) -> str:
    from xkbcommon import xkb

    return str(xkb.keysym_get_name(state.key_get_one_sym(code + _OFFSET)))


def _say_nothing(*_: object) -> None:
    """Stand in for libxkbcommon's own handler, which writes to standard error: what failed is in the exception."""


_NAME: Final = re.compile(rf"{PREFIX}(?P<layout>[a-z0-9_]+)(\((?P<variant>[A-Za-z0-9_-]+)\))?")
_OFFSET: Final = 8
"""XKB's key codes are the kernel's plus this."""

_CODES: Final = tuple(code for row in CHARACTER_KEYS for code in row)
_DELETE: Final = "\x7f"
_ALT_GR: Final = "ISO_Level3_Shift"
_SHIFT_LEVELS: Final[tuple[tuple[KeyCode, ...], ...]] = (
    (),
    (KeyCode.KEY_LEFTSHIFT,),
    (KeyCode.KEY_RIGHTALT,),
    (KeyCode.KEY_RIGHTALT, KeyCode.KEY_LEFTSHIFT),
)

_SPACING: Final = {"dead_grave": "`", "dead_circumflex": "^", "dead_tilde": "~"}
"""Accent → what it and Space type under both X11 and Windows. They differ about the others, as ´ and ' for acute."""

_SPACING_IN_US: Final = {"dead_acute": "'", "dead_diaeresis": '"'}
"""US-International, where both systems type the quotation marks of the US layout."""
