import string

import pytest

from scanner_daemon.decoding.key_codes import KeyCode
from scanner_daemon.decoding.layouts import LAYOUTS, Layout, Level

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


def test_us_types_all_of_ascii() -> None:
    typed = {character for level in US.levels for character in level.values()}
    assert typed >= set(string.ascii_letters + string.digits + string.punctuation + " \t\r")


def test_caps_lock_swaps_letters_only() -> None:
    assert US.character(KeyCode.KEY_A, Level.PLAIN, caps_lock=True) == "A"
    assert US.character(KeyCode.KEY_A, Level.SHIFT, caps_lock=True) == "a"
    assert US.character(KeyCode.KEY_1, Level.PLAIN, caps_lock=True) == "1"
    assert US.character(KeyCode.KEY_MINUS, Level.SHIFT, caps_lock=True) == "_"


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_character_is_one_code_point(layout: Layout) -> None:
    assert all(len(character) == 1 for level in layout.levels for character in level.values())
