"""A number is only good if every scanner makes the same customer of it, or none."""

from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.issuing.taken_back import taken_back
from scanner_daemon.pipeline.cards import GameballQrCard, GsrnCard, PatternCard
from scanner_daemon.pipeline.check_digits import CheckDigit

EAN = PatternCard(name="plastic", pattern=r"04\d{11}", check_digit=CheckDigit.EAN)
NUMBER = "0412345678903"


def test_a_number_of_the_lanes_own() -> None:
    assert taken_back(NUMBER, Symbology.EAN13, [EAN]) == NUMBER
    assert taken_back(NUMBER, Symbology.QR, [EAN]) == NUMBER


def test_the_customer_is_whom_the_scheme_says() -> None:
    scheme = PatternCard(name="plastic", pattern=r"04(?P<member>\d{10})\d", customer_id="shop-{member}")
    assert taken_back(NUMBER, Symbology.EAN13, [scheme]) == "shop-1234567890"


def test_a_gsrn() -> None:
    assert taken_back("950110100000001237", Symbology.GS1_128, [GsrnCard(name="gsrn")]) == "950110100000001237"


def test_what_no_scheme_takes() -> None:
    assert taken_back(NUMBER, Symbology.EAN13, []) is None
    assert taken_back("0412345678904", Symbology.CODE128, [EAN]) is None
    assert taken_back("950110100000001230", Symbology.GS1_128, [GsrnCard(name="gsrn")]) is None
    other = PatternCard(name="plastic", pattern=r"04\d{11}", symbologies=("CODE128",))
    assert taken_back(NUMBER, Symbology.EAN13, [other]) is None


def test_a_number_that_a_scanner_which_does_not_tell_makes_another_customer_of() -> None:
    other = PatternCard(name="old", pattern=r"04(?P<old>\d{10})\d", customer_id="old-{old}")
    told = PatternCard(name="plastic", pattern=r"04\d{11}", symbologies=("CODE128",))
    assert taken_back(NUMBER, Symbology.CODE128, [told]) == NUMBER
    assert taken_back(NUMBER, Symbology.CODE128, [told, other]) is None


def test_the_last_digits_of_a_card_are_not_a_hash() -> None:
    app = GameballQrCard(name="app", symbologies=("QRCODE",))
    assert taken_back(NUMBER, Symbology.QR, [app]) is None
    assert taken_back(NUMBER, Symbology.QR, [EAN, app]) == NUMBER


def test_twelve_digits_of_a_upc_a_must_not_be_somebody_else() -> None:
    shorter = PatternCard(name="old", pattern=r"4\d{11}", symbologies=("UPCA",), customer_id="old-{label}")
    told = PatternCard(name="plastic", pattern=r"04\d{11}", symbologies=("EAN13",))
    assert taken_back(NUMBER, Symbology.EAN13, [told]) == NUMBER
    assert taken_back(NUMBER, Symbology.EAN13, [shorter, told]) != NUMBER


def test_a_payment_card_is_never_a_member() -> None:
    any_digits = PatternCard(name="plastic", pattern=r"\d+")
    assert taken_back("4111111111111111", Symbology.CODE128, [any_digits]) is None
