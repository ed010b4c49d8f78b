import unicodedata
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.displays.code_pages import LONGEST, CodePage, can_write, encoded, writable

PAGES: tuple[CodePage, ...] = get_args(CodePage)


@given(text=st.text(), page=st.sampled_from(PAGES))
def test_whatever_comes_is_printable_and_one_byte_a_character(text: str, page: CodePage) -> None:
    shown = writable(text, page)

    assert len(encoded(shown, page)) == len(shown)
    assert not [byte for byte in encoded(shown, page) if byte < 0x20 or byte == 0x7F]
    assert writable(shown, page)[: len(shown)] == shown[:LONGEST], "what can be written is written as it is"


@pytest.mark.parametrize(
    ("text", "page", "shown"),
    [
        ("Ménière", "cp437", "Ménière"),
        ("Ménière", "ascii", "Meniere"),
        ("Łódź", "cp852", "Łódź"),
        ("Łódź", "cp437", "Lódz"),
        ("Straße", "ascii", "Strasse"),
        ("şğıİ", "cp850", "sgıI"),
        ("10,00\N{NO-BREAK SPACE}€", "cp858", "10,00 €"),
        ("10,00\N{NARROW NO-BREAK SPACE}€", "cp437", "10,00 EUR"),
        ("Привет", "cp866", "Привет"),
        ("Привет", "cp437", "??????"),
        ("\x1b[2J\x1f\x0c\x9b\x7f", "cp1252", "[2J  "),
        ("abc\N{RIGHT-TO-LEFT OVERRIDE}def\N{ZERO WIDTH JOINER}", "cp437", "abcdef"),
        ("\N{PARTY POPPER}10\N{THUMBS UP SIGN}", "cp437", "10"),
        ("a\r\nb", "cp437", "a  b"),
        ("e\N{COMBINING ACUTE ACCENT}", "cp437", "é"),
        ("x" * 10_000, "cp437", "x" * LONGEST),
    ],
)
def test_characters_it_lacks_are_written_the_plain_way(text: str, page: CodePage, shown: str) -> None:
    assert writable(text, page) == shown


def test_it_knows_what_it_cannot_write() -> None:
    assert can_write("Où? Là!", "cp437")
    assert not can_write("نقاطك", "cp437")


def test_no_page_takes_a_control_character_for_a_sign() -> None:
    controls = "".join(map(chr, range(0x110000)))[:0xA0]
    controls = "".join(c for c in controls if unicodedata.category(c) == "Cc" and not c.isspace())
    assert [writable(controls, page) for page in PAGES] == [""] * len(PAGES)
