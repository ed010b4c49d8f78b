"""One number in two lengths, and numbers that are nobody's card."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from scanner_daemon.model import Accepted, PassedThrough, Rejected, RejectReason, Scan, ScanDataType
from scanner_daemon.pipeline import DuplicateFilter, Pipeline
from scanner_daemon.pipeline.cards import PatternCard
from scanner_daemon.pipeline.trade_items import gtin_13, matches_by_accident, spellings

EAN13, UPCA, UNKNOWN, CODE128 = ScanDataType.EAN13, ScanDataType.UPCA, ScanDataType.UNKNOWN, ScanDataType.CODE128
digits = st.text("0123456789", min_size=10, max_size=10)


def a_scan(label: str, kind: ScanDataType = UNKNOWN, *, at: float = 0.0) -> Scan:
    return Scan(
        scanner="counter",
        scan_data=label.encode(),
        scan_data_label=label,
        scan_data_type=kind,
        symbology_identifier=None,
        at=at,
    )


def ean13(prefix: str, rest: str = "1234567890") -> str:
    number = (prefix + rest)[:12]
    return number + str(ean.calc_check_digit(number))


@pytest.mark.parametrize(
    ("label", "kind", "number"),
    [
        ("4006381333931", EAN13, "4006381333931"),
        ("412345678903", UPCA, "0412345678903"),
        ("0412345678903", UPCA, "0412345678903"),
        ("412345678903", UNKNOWN, "0412345678903"),
        ("412345678904", UNKNOWN, None),  # no right check digit: something else
        ("412345678904", UPCA, "0412345678904"),  # the scanner says so
        ("412345678903", CODE128, None),
        ("96385074", ScanDataType.EAN8, None),
        ("４１２３４５６７８９０３", UPCA, None),
        ("", UNKNOWN, None),
    ],
)
def test_which_number_it_is(label: str, kind: ScanDataType, number: str | None) -> None:
    assert gtin_13(a_scan(label, kind)) == number


@pytest.mark.parametrize(
    ("label", "kind", "labels"),
    [
        ("412345678903", UPCA, ["0412345678903", "412345678903"]),
        ("0412345678903", EAN13, ["0412345678903", "412345678903"]),
        ("412345678903", UNKNOWN, ["412345678903", "0412345678903"]),
        ("0412345678903", UNKNOWN, ["0412345678903", "412345678903"]),
        ("4006381333931", EAN13, ["4006381333931"]),
        ("412345678903", CODE128, ["412345678903"]),
    ],
)
def test_how_its_label_may_be_written(label: str, kind: ScanDataType, labels: list[str]) -> None:
    assert [spelling for _, spelling in spellings(a_scan(label, kind))] == labels


@pytest.mark.parametrize("pattern", [r"04\d{11}", r"4\d{11}", r"0?4\d{11}"])
def test_a_card_is_one_customer_however_the_scanner_sends_it(pattern: str) -> None:
    card = PatternCard(name="c", pattern=pattern)
    both = [card.recognise(a_scan("412345678903", UPCA)), card.recognise(a_scan("0412345678903", EAN13))]
    assert both[0] == both[1] is not None


def test_the_two_lengths_of_one_card_are_one_sighting_and_a_product_stays_as_it_was_sent() -> None:
    lane = Pipeline(cards=[PatternCard(name="plastic", pattern=r"04\d{11}")], duplicates=DuplicateFilter(2.0))
    first, again = lane.process(a_scan("412345678903")), lane.process(a_scan("0412345678903", at=1.0))
    product = lane.process(a_scan("036000291452"))

    assert isinstance(first, Accepted)
    assert first.customer_id == "0412345678903"
    assert isinstance(again, Rejected)
    assert again.reason is RejectReason.DUPLICATE
    assert isinstance(product, PassedThrough)
    assert product.scan.scan_data_label == "036000291452"


def test_symbologies_of_a_card_hold_for_both_lengths() -> None:
    card = PatternCard(name="c", pattern=r"04\d{11}", symbologies=("EAN13",))
    assert card.recognise(a_scan("412345678903", UPCA)) == "0412345678903"
    card = PatternCard(name="c", pattern=r"4\d{11}", symbologies=("UPCA",))
    assert card.recognise(a_scan("0412345678903", EAN13)) == "412345678903"


RESTRICTED = ["02", "04", *map(str, range(20, 30)), "980", "981", "984", "99", "990"]


@pytest.mark.parametrize("prefix", RESTRICTED)
@pytest.mark.parametrize("loose", [r"\d{13}", r"\d+", r".+", r"(?P<number>\d{12,13})", r"[02-9]\d{12}"])
@pytest.mark.parametrize("kind", [EAN13, UNKNOWN])
def test_a_loose_pattern_takes_no_restricted_number(prefix: str, loose: str, kind: ScanDataType) -> None:
    card = PatternCard(name="c", pattern=loose)
    assert card.recognise(a_scan(ean13(prefix), kind)) is None


@pytest.mark.parametrize("prefix", RESTRICTED)
def test_a_pattern_that_asks_for_the_prefix_does(prefix: str) -> None:
    card = PatternCard(name="c", pattern=rf"{prefix}\d{{{13 - len(prefix)}}}")
    assert card.recognise(a_scan(ean13(prefix), EAN13)) == ean13(prefix)


@pytest.mark.parametrize("plain", [r"04?\d{12}", r"04{1,2}\d{10,11}", r"04\d{11}|\d{13}", r"0\d{12}"])
def test_a_pattern_that_begins_with_the_prefix_may_still_be_loose(plain: str) -> None:
    digits = ean13("04")
    loose = re.fullmatch(plain, "05" + digits[2:]) is not None
    assert PatternCard(name="c", pattern=plain).recognise(a_scan(digits, EAN13)) == (None if loose else digits)


def test_several_prefixes_may_be_asked_for() -> None:
    card = PatternCard(name="c", pattern=r"(04|2[0-9])\d{11}")
    assert card.recognise(a_scan(ean13("04"))) == ean13("04")
    assert card.recognise(a_scan(ean13("27"))) == ean13("27")


@pytest.mark.parametrize("prefix", ["02", "04"])
def test_twelve_digits_are_restricted_as_well(prefix: str) -> None:
    label = ean13(prefix)[1:]
    assert PatternCard(name="loose", pattern=r"\d{12}").recognise(a_scan(label, UPCA)) is None
    assert PatternCard(name="asks", pattern=rf"{prefix[1]}\d{{11}}").recognise(a_scan(label, UPCA)) == label


def test_what_is_no_trade_item_is_not_restricted() -> None:
    card = PatternCard(name="c", pattern=r"\d{13}")
    assert card.recognise(a_scan(ean13("29"), CODE128)) == ean13("29")
    wrong = ean13("29")[:-1] + str((int(ean13("29")[-1]) + 1) % 10)
    assert card.recognise(a_scan(wrong)) == wrong


@given(st.text(max_size=14), st.sampled_from(list(ScanDataType)))
def test_any_label_has_its_own_spelling_among_its_spellings(label: str, kind: ScanDataType) -> None:
    scan = a_scan(label, kind)
    assert label in [spelling for _, spelling in spellings(scan)]
    matches_by_accident(re.compile(".*"), label, scan)


@given(digits, st.booleans())
def test_twelve_and_thirteen_digits_are_one_customer(rest: str, told: bool) -> None:  # noqa: FBT001  hypothesis
    number = ean13("03", rest)
    card = PatternCard(name="c", pattern=r"03\d{11}")
    short, long = (UPCA, EAN13) if told else (UNKNOWN, UNKNOWN)
    assert card.recognise(a_scan(number[1:], short)) == card.recognise(a_scan(number, long)) == number
