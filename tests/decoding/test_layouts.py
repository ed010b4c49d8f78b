import string
from functools import cache

import pytest

from scanner_daemon.decoding.key_codes import KEYPAD_DIGITS, KeyCode
from scanner_daemon.decoding.layouts import CHARACTER_KEYS, LAYOUTS, Layout, Level
from scanner_daemon.decoding.layouts.tables import VERSION
from scanner_daemon.decoding.wedge import WedgeDecoder
from scanner_daemon.model import KeyStroke, Scan
from tests.decoding.libxkbcommon import CURE, LEFT_SHIFT, RIGHT_ALT, Key, Keyboard, library, xkeyboard_config_version

US = LAYOUTS["us"]


@pytest.mark.parametrize(
    ("key", "plain", "shift"),
    [
        ("KEY_GRAVE", "`", "~"),
        ("KEY_1", "1", "!"),
        ("KEY_2", "2", "@"),
        ("KEY_0", "0", ")"),
        ("KEY_EQUAL", "=", "+"),
        ("KEY_Q", "q", "Q"),
        ("KEY_RIGHTBRACE", "]", "}"),
        ("KEY_SEMICOLON", ";", ":"),
        ("KEY_APOSTROPHE", "'", '"'),
        ("KEY_BACKSLASH", "\\", "|"),
        ("KEY_102ND", "<", ">"),
        ("KEY_Z", "z", "Z"),
        ("KEY_SLASH", "/", "?"),
        ("KEY_SPACE", " ", " "),
        ("KEY_TAB", "\t", "\t"),
        ("KEY_KPENTER", "\r", "\r"),
        ("KEY_KPASTERISK", "*", "*"),
        ("KEY_KP7", "7", None),
        ("KEY_F8", None, None),
        ("KEY_LEFTSHIFT", None, None),
    ],
)
def test_us_key(key: str, plain: str | None, shift: str | None) -> None:
    code = KeyCode[key]
    assert (US.character(code, Level.PLAIN), US.character(code, Level.SHIFT)) == (plain, shift)


def test_us_has_no_alt_gr() -> None:
    assert not US.levels[Level.ALT_GR]
    assert not US.levels[Level.ALT_GR | Level.SHIFT | Level.CAPS_LOCK]


def test_caps_lock_swaps_letters_only() -> None:
    assert US.character(KeyCode.KEY_A, Level.CAPS_LOCK) == "A"
    assert US.character(KeyCode.KEY_A, Level.SHIFT | Level.CAPS_LOCK) == "a"
    assert US.character(KeyCode.KEY_1, Level.CAPS_LOCK) == "1"
    assert US.character(KeyCode.KEY_MINUS, Level.SHIFT | Level.CAPS_LOCK) == "_"
    assert LAYOUTS["de"].character(KeyCode.KEY_SEMICOLON, Level.CAPS_LOCK) == "Ö"
    assert LAYOUTS["tr"].character(KeyCode.KEY_APOSTROPHE, Level.CAPS_LOCK) == "İ"


def test_caps_lock_where_hosts_disagree_types_nothing() -> None:
    assert LAYOUTS["fr"].character(KeyCode.KEY_1, Level.CAPS_LOCK) is None
    assert LAYOUTS["fr"].character(KeyCode.KEY_1, Level.SHIFT | Level.CAPS_LOCK) is None
    assert LAYOUTS["de"].character(KeyCode.KEY_MINUS, Level.CAPS_LOCK) is None


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_character_is_one_code_point(layout: Layout) -> None:
    assert all(len(character) == 1 for level in layout.levels for character in level.values())


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_digits_letters_and_keys_that_end_a_scan_are_everywhere(layout: Layout) -> None:
    typed = {character for level in layout.levels[:2] for character in level.values()}
    assert typed >= set(string.ascii_letters + string.digits + "\t\r -")


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_all_of_ascii_can_be_typed(layout: Layout) -> None:
    """With AltGr, and with Space after a dead key."""
    typed = {character for table in (*layout.levels, *layout.dead_keys) for character in table.values()}
    assert typed >= {*map(chr, range(0x20, 0x7F))}


MODIFIERS = {
    Level.PLAIN: (),
    Level.SHIFT: (LEFT_SHIFT,),
    Level.ALT_GR: (RIGHT_ALT,),
    Level.ALT_GR | Level.SHIFT: (RIGHT_ALT, LEFT_SHIFT),
}
NAMES = {"us-intl": ("us", "intl")}
CODES = [code for row in CHARACTER_KEYS for code in row]


@cache
def judge(name: str) -> Keyboard:
    try:
        library()
    except OSError:
        pytest.skip(f"libxkbcommon is not installed: {CURE}")
    if xkeyboard_config_version() != VERSION:
        pytest.skip(f"the layouts are from xkeyboard-config {VERSION}, as in Debian 12; not installed is this: {CURE}")
    return Keyboard(*NAMES.get(name, (name, "")))


def typed_by(key: Key) -> str | None:
    """The character itself; the keypad's Delete is a key and no character."""
    return key.character if key.character not in ("", "\x7f") else None


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("level", MODIFIERS, ids=["plain", "shift", "altgr", "altgr+shift"])
def test_every_key_types_what_libxkbcommon_says(name: str, level: Level) -> None:
    keyboard, layout = judge(name), LAYOUTS[name]
    if level & Level.ALT_GR and not keyboard.has_alt_gr:
        assert not layout.levels[level]
        return
    expected = {code: typed_by(keyboard.key(code, held=MODIFIERS[level])) for code in CODES}
    assert {code: layout.character(code, level) for code in CODES} == expected


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_printable_character_typed_comes_back(name: str) -> None:
    """Typed as libxkbcommon says it is typed, key stroke by key stroke; what several keys type is typed by each."""
    keyboard = judge(name)
    decoder = WedgeDecoder(scanner="a", layout=LAYOUTS[name])
    for level, held in MODIFIERS.items():
        if level & Level.ALT_GR and not keyboard.has_alt_gr:
            continue
        for code in [*CODES, *KEYPAD_DIGITS] if level is Level.PLAIN else CODES:
            text = typed_by(keyboard.key(code, held=held))
            if text is not None:
                assert scanned(decoder, held, code) == text


def scanned(decoder: WedgeDecoder, held: tuple[int, ...], code: int) -> str:
    """What is scanned when ``code`` is typed with the keys ``held``, then a digit and Enter, each in its own report."""
    down = [(key, True) for key in held]
    up = [(key, False) for key in reversed(held)]
    strokes = [*down, (code, True), (code, False), *up]
    strokes += [(key, pressed) for key in (KeyCode.KEY_KP0, KeyCode.KEY_ENTER) for pressed in (True, False)]
    (scan,) = (report for key, pressed in strokes for report in decoder.feed((KeyStroke(key, pressed, 0.0),)))
    assert isinstance(scan, Scan)
    return scan.scan_data_label[:-1]


@pytest.mark.parametrize("name", LAYOUTS)
def test_keypad_digits_are_digits_with_num_lock(name: str) -> None:
    keyboard, layout = judge(name), LAYOUTS[name]
    keys = {code: layout.character(code, Level.PLAIN) for code in KEYPAD_DIGITS}
    assert keys == {code: keyboard.key(code).character for code in KEYPAD_DIGITS}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("level", MODIFIERS, ids=["plain", "shift", "altgr", "altgr+shift"])
def test_caps_lock_as_libxkbcommon_or_nothing(name: str, level: Level) -> None:
    keyboard, layout = judge(name), LAYOUTS[name]
    ours = {code: layout.character(code, level | Level.CAPS_LOCK) for code in CODES}
    for code, character in ours.items():
        if character is not None:
            assert character == keyboard.key(code, held=MODIFIERS[level], caps_lock=True).character


@pytest.mark.parametrize("name", sorted(set(LAYOUTS) - {"jp"}))
def test_caps_lock_swaps_all_of_the_alphabet(name: str) -> None:
    plain, shift = (set(LAYOUTS[name].levels[Level.CAPS_LOCK | level].values()) for level in (0, Level.SHIFT))
    assert plain >= set(string.ascii_uppercase) - {"I"}  # Turkish has two
    assert shift >= set(string.ascii_lowercase)
    assert not plain & set(string.ascii_lowercase)


def test_caps_lock_is_another_key_in_japan() -> None:
    assert not LAYOUTS["jp"].levels[Level.CAPS_LOCK]


@pytest.mark.parametrize("name", LAYOUTS)
def test_keys_that_type_nothing_anywhere_are_not_in_a_layout(name: str) -> None:
    codes = {code for level in LAYOUTS[name].levels for code in level}
    assert codes <= {*CODES, *KEYPAD_DIGITS, KeyCode.KEY_TAB, KeyCode.KEY_ENTER, KeyCode.KEY_KPENTER}


SPACING = {"dead_grave": "`", "dead_circumflex": "^", "dead_tilde": "~"}
SPACING_US_INTL = SPACING | {"dead_acute": "'", "dead_diaeresis": '"'}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("level", MODIFIERS, ids=["plain", "shift", "altgr", "altgr+shift"])
def test_dead_keys_are_those_of_libxkbcommon(name: str, level: Level) -> None:
    keyboard, layout = judge(name), LAYOUTS[name]
    spacing = SPACING_US_INTL if name == "us-intl" else SPACING
    symbols = {code: keyboard.key(code, held=MODIFIERS[level]).symbol for code in CODES}
    known = {code: spacing[symbol] for code, symbol in symbols.items() if symbol in spacing}
    assert layout.dead_keys[level] == (known if layout.levels[level] else {})
    assert layout.dead_keys[level | Level.CAPS_LOCK] == layout.dead_keys[level]
    dead = {code for code, symbol in symbols.items() if symbol.startswith("dead_")}
    assert not [code for code in dead if layout.character(code, level)]
