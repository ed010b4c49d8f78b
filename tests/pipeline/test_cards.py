"""Whose card is it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.model import RejectReason, Scan, ScanDataType
from scanner_daemon.pipeline.cards import CardScheme, GameballQrCard, GsrnCard, PatternCard
from scanner_daemon.pipeline.check_digits import CheckDigit

PLASTIC = PatternCard(name="plastic", pattern=r"04\d{11}", check_digit=CheckDigit.EAN)
GSRN = GsrnCard(name="gsrn", hosts=("id.gs1.org", "shop.example"))
APP = GameballQrCard(name="app", symbologies=("QRCODE",))


def a_scan(label: str, kind: ScanDataType = ScanDataType.UNKNOWN) -> Scan:
    return Scan(
        scanner="counter",
        scan_data=label.encode(),
        scan_data_label=label,
        scan_data_type=kind,
        symbology_identifier=None,
        at=0.0,
    )


@pytest.mark.parametrize(
    ("label", "answer"),
    [
        ("0412345678903", "0412345678903"),
        ("0412345678904", RejectReason.CHECK_DIGIT),
        ("4006381333931", None),
        ("04123456789033", None),  # the whole label must match, not its beginning
        ("x0412345678903", None),
        ("04１２３４５６７８９０３", None),  # ASCII digits only
        ("0412345678903\n", None),
    ],
)
def test_a_pattern_and_its_check_digit(label: str, answer: str | RejectReason | None) -> None:
    assert PLASTIC.recognise(a_scan(label)) == answer


def test_the_check_digit_is_over_the_group_called_number() -> None:
    card = PatternCard(
        name="c", pattern=r"M-(?P<number>\d{11})-\d", check_digit=CheckDigit.LUHN, customer_id="{number}"
    )
    assert card.recognise(a_scan("M-79927398713-5")) == "79927398713"
    assert card.recognise(a_scan("M-79927398710-5")) is RejectReason.CHECK_DIGIT


def test_the_customer_id_is_made_from_a_template() -> None:
    card = PatternCard(name="c", pattern=r"T(?P<phone>\d+)", customer_id="mobile_{phone}")
    assert card.recognise(a_scan("T201234")) == "mobile_201234"


def test_symbologies_need_a_scanner_that_tells() -> None:
    card = PatternCard(name="c", pattern=r"\d+", symbologies=("EAN13", "CODE128"))
    assert card.recognise(a_scan("12", ScanDataType.CODE128)) == "12"
    assert card.recognise(a_scan("12", ScanDataType.QRCODE)) is None
    assert card.recognise(a_scan("12", ScanDataType.UNKNOWN)) is None


@pytest.mark.parametrize(
    ("label", "kind", "answer"),
    [
        ("8018806101000000000013", ScanDataType.EAN128, "806101000000000013"),
        ("8018806101000000000013", ScanDataType.GS1DATAMATRIX, "806101000000000013"),
        ("8018806101000000000013\x1d80191", ScanDataType.GS1QRCODE, "806101000000000013"),
        ("0104006381333931" + "8018806101000000000013", ScanDataType.EAN128, "806101000000000013"),
        ("21A\x1d8018806101000000000013", ScanDataType.GS1DATAMATRIX, "806101000000000013"),
        ("21A\x1d8018806101000000000013", ScanDataType.UNKNOWN, None),  # may be anything
        ("8018806101000000000013\x1d8018806101000000000020", ScanDataType.EAN128, None),  # whose?
        ("218018806101000000000013", ScanDataType.EAN128, None),  # a serial number that looks like it
        ("8018806101000000000014", ScanDataType.EAN128, RejectReason.CHECK_DIGIT),
        ("8018000000000000000000", ScanDataType.EAN128, RejectReason.CHECK_DIGIT),
        ("8018806101000000000013", ScanDataType.CODE128, None),  # plain Code 128 is no GS1 data
        ("80188061010000000000131", ScanDataType.EAN128, None),
        ("https://id.gs1.org/8018/806101000000000013", ScanDataType.QRCODE, "806101000000000013"),
        ("HTTPS://SHOP.EXAMPLE/m/8018/806101000000000013/8019/1?x=1", ScanDataType.QRCODE, "806101000000000013"),
        ("https://evil.example/8018/806101000000000013", ScanDataType.QRCODE, None),
        ("https://shop.example@evil.example/8018/806101000000000013", ScanDataType.QRCODE, None),
        ("https://shop.example.evil.example/8018/806101000000000013", ScanDataType.QRCODE, None),
        ("javascript://shop.example/8018/806101000000000013", ScanDataType.QRCODE, None),
        ("http://[::1", ScanDataType.QRCODE, None),
        ("]", ScanDataType.QRCODE, None),
    ],
)
def test_gsrn(label: str, kind: ScanDataType, answer: str | RejectReason | None) -> None:
    assert GSRN.recognise(a_scan(label, kind)) == answer


@pytest.mark.parametrize(
    ("label", "kind", "answer"),
    [
        ("mobile_966500001234123456", ScanDataType.QRCODE, "mobile_966500001234"),
        ("mobile_966500001234123456", ScanDataType.CODE128, None),
        ("mobile_96650000123412345x", ScanDataType.QRCODE, None),
        ("123456", ScanDataType.QRCODE, None),  # a hash and nobody
        ("https://shop.example/123456", ScanDataType.QRCODE, None),  # a poster's link
    ],
)
def test_gameball_qr_drops_the_one_time_hash(label: str, kind: ScanDataType, answer: str | None) -> None:
    assert APP.recognise(a_scan(label, kind)) == answer


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"pattern": "("}, "pattern: expected a regular expression, got '(' (missing ), unterminated subpattern"),
        ({"pattern": "x", "customer_id": "{lable}"}, "customer_id: expected a template of {label}, got '{lable}'"),
        ({"pattern": "x", "customer_id": "always-the-same"}, "expected a template of {label}, got 'always-the-same'"),
        ({"pattern": "x", "symbologies": ("EAN-13",)}, "got 'EAN-13'"),
    ],
)
def test_a_wrong_scheme_says_so(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        PatternCard(name="c", **settings)
    assert sentence in str(caught.value)


def test_gameball_qr_must_say_which_symbols() -> None:
    with pytest.raises(ValueError, match="symbologies: expected at least one"):
        GameballQrCard(name="app", symbologies=())


@given(st.sampled_from([PLASTIC, GSRN, APP]), st.text(), st.sampled_from(list(ScanDataType)))
def test_any_text_gets_an_answer(card: CardScheme, label: str, kind: ScanDataType) -> None:
    label = label.encode("utf-8", "replace").decode()
    answer = card.recognise(a_scan(label, kind))
    assert answer is None or isinstance(answer, str | RejectReason)
