import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.key_codes import KeyCode
from scanner_daemon.decoding.typed_codes import alt_code, control_character


@pytest.mark.parametrize(
    ("digits", "character"),
    [
        ("052", "4"),
        ("0052", "4"),
        ("029", "\x1d"),
        ("013", "\r"),
        ("0128", "€"),
        ("0233", "é"),
        ("130", "é"),
        ("225", "ß"),
        ("255", "\xa0"),
    ],
)
def test_alt_code(digits: str, character: str) -> None:
    assert alt_code(digits) == character


@pytest.mark.parametrize("digits", ["", "0", "52", "05", "000", "0000", "256", "0256", "1052", "0129", "00052"])
def test_what_is_no_alt_code(digits: str) -> None:
    assert alt_code(digits) is None


@given(st.text("0123456789", max_size=8))
def test_alt_code_is_one_character_or_none(digits: str) -> None:
    character = alt_code(digits)
    assert character is None or len(character) == 1


@pytest.mark.parametrize(
    ("key", "character"),
    [
        ("KEY_A", "\x01"),
        ("KEY_I", "\t"),
        ("KEY_J", "\n"),
        ("KEY_M", "\r"),
        ("KEY_Z", "\x1a"),
        ("KEY_LEFTBRACE", "\x1b"),
        ("KEY_BACKSLASH", "\x1c"),
        ("KEY_RIGHTBRACE", "\x1d"),
        ("KEY_6", "\x1e"),
        ("KEY_MINUS", "\x1f"),
        ("KEY_1", None),
        ("KEY_SPACE", None),
        ("KEY_ENTER", None),
    ],
)
def test_control_character(key: str, character: str | None) -> None:
    assert control_character(KeyCode[key]) == character
