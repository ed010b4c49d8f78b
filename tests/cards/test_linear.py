"""python-barcode's wrong numbers, each shown, and ours that are right.

A test that shows a bug of python-barcode fails once the library is mended: then our mend may go.
"""

import io
from itertools import groupby

import pytest
from barcode.codex import Code39, Code128, Gs1_128
from barcode.ean import EuropeanArticleNumber13
from barcode.itf import ITF
from barcode.writer import ImageWriter
from hypothesis import given, settings
from PIL import Image

from scanner_daemon.cards import linear
from scanner_daemon.cards.proof import read
from scanner_daemon.cards.symbol import Symbol
from tests.cards.numbers import checked, digits


def scan(bits: str, *, module: int = 3) -> list[bytes]:
    """Return what a picture of ``bits`` reads as."""
    image = Image.new("L", ((len(bits) + 30) * module, 120), 255)
    for place, bit in enumerate(bits):
        if bit == "1":
            image.paste(0, ((place + 15) * module, 20, (place + 16) * module, 100))
    return [found.data for found in read(image)]


def bars(symbol: Symbol) -> str:
    (row,) = [row for row in symbol.rows if row.height is None]
    return row.modules


def test_code_128_of_python_barcode_loses_a_leading_99() -> None:
    assert scan(Code128("998047850277").build()[0]) == [b"8047850277"]


@pytest.mark.parametrize("number", ["998047850277", "99", "999999", "99CbZ8J", "9", "9A", "0099", "A9999"])
def test_code_128_keeps_a_leading_99(number: str) -> None:
    assert scan(bars(linear.code128(number))) == [number.encode()]


def test_code_39_of_python_barcode_appends_a_character_and_changes_letters() -> None:
    assert scan(Code39("ABC1").build()[0]) == [b"ABC1Y"]
    assert scan(Code39("abc1", add_checksum=False).build()[0]) == [b"ABC1"]


def test_code_39_is_the_text_and_nothing_else() -> None:
    assert scan(bars(linear.code39("ABC1"))) == [b"ABC1"]
    with pytest.raises(ValueError, match=r"expected capital letters, digits, blanks, - and \., got 'a' 'b' 'c'"):
        linear.code39("abc1")


@pytest.mark.parametrize("number", ["AB+C1234", "AB$C1234", "AB/C1234", "AB%C1234"])
def test_code_39_refuses_what_full_ascii_scanners_read_as_another_text(number: str) -> None:
    assert scan(Code39(number, add_checksum=False).build()[0]) != [number.encode()]
    with pytest.raises(ValueError, match=r"got '[$/+%]'"):
        linear.code39(number)


def test_ean_13_of_python_barcode_replaces_completes_and_cuts() -> None:
    assert EuropeanArticleNumber13("4006381333930").ean == "4006381333931"
    assert EuropeanArticleNumber13("400638133393").ean == "4006381333931"
    assert EuropeanArticleNumber13("40063813339319").ean == "4006381333931"


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("4006381333930", "expected the check digit 1, got 0"),
        ("400638133393", "expected 13 digits, the last the check digit, got 12 digits"),
        ("40063813339319", "expected 13 digits, the last the check digit, got 14 digits"),
        ("400638133393X", "got 13 characters that are not all digits"),
        ("４００６３８１３３３９３１", "got 13 characters that are not all digits"),
    ],
)
def test_ean_13_refuses_instead(number: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        linear.ean13(number)


@settings(max_examples=50, deadline=None)
@given(body=digits(12, 12))
def test_ean_13_is_the_number(body: str) -> None:
    number = checked(body)
    assert scan(bars(linear.ean13(number))) == [number.encode()]


def test_ean_13_has_long_guard_bars() -> None:
    symbol = linear.ean13("4006381333931")
    _, guards = symbol.rows
    assert [place for place, module in enumerate(guards.modules) if module == "1"] == [0, 2, 46, 48, 92, 94]
    assert "".join(caption.text for caption in symbol.captions) == "4006381333931"


def test_itf_of_python_barcode_puts_a_zero_before_odd_numbers() -> None:
    assert scan(ITF("1234567", narrow=1, wide=3).build()[0]) == [b"01234567"]


def test_itf_refuses_odd_numbers_and_has_bearer_bars() -> None:
    with pytest.raises(ValueError, match="expected an even number of digits, six at least, got 7 digits"):
        linear.itf("1234567")
    with pytest.raises(ValueError, match="got 4 digits"):
        linear.itf("1234")
    symbol = linear.itf("12345678")
    assert scan(bars(symbol)) == [b"12345678"]
    above, _, below = symbol.rows
    assert set(above.modules) == set(below.modules) == {"1"}
    assert above.height is not None
    assert above.height >= 2, "GS1 General Specifications 5.3.2.4"


def test_gs1_128_of_python_barcode_encodes_parentheses() -> None:
    assert scan(Gs1_128("(8018)401234567890123450").build()[0]) == [b"(8018)401234567890123450"]


@pytest.mark.parametrize(
    ("text", "data", "shown"),
    [
        ("401234567890123450", b"8018401234567890123450", "(8018)401234567890123450"),
        ("(8018)401234567890123450", b"8018401234567890123450", "(8018)401234567890123450"),
        ("(8018)401234567890123450(8019)7", b"8018401234567890123450\x1d80197", "(8018)401234567890123450(8019)7"),
    ],
)
def test_gs1_128_is_an_element_string(text: str, data: bytes, shown: str) -> None:
    assert checked("40123456789012345") == "401234567890123450"
    symbol = linear.gs1_128(text)
    assert scan(bars(symbol)) == [symbol.data] == [data]
    assert symbol.text == shown


@pytest.mark.parametrize(
    "text", ["401234567890123455", "40123456789012345", "(8017)401234567890123450", "8018401234567890123450"]
)
def test_gs1_128_refuses_what_is_no_gsrn(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected .*, got "):
        linear.gs1_128(text)


def test_python_barcode_draws_uneven_modules() -> None:
    picture = io.BytesIO()
    options = {"module_width": 0.33, "quiet_zone": 4.0, "write_text": False, "dpi": 300}
    EuropeanArticleNumber13("4006381333931", writer=ImageWriter()).write(picture, options)
    image = Image.open(picture).convert("1")
    line = image.crop((0, 20, image.width, 21)).convert("L").tobytes()
    widths = {len(list(run)) for _, run in groupby(line.strip(b"\xff"))}
    assert len(widths) > 4, "one to four modules, but more widths than four"
