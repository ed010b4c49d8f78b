"""Numbers that each symbology can carry, for hypothesis."""

from hypothesis import strategies as st

from scanner_daemon.cards.encoding import PRINTABLE
from scanner_daemon.cards.symbol import SPECIFICATIONS, Symbology
from scanner_daemon.pipeline.safety import is_payment_card

DIGITS = "0123456789"


def checked(body: str) -> str:
    """Return ``body`` with the GS1 check digit, worked out as the General Specifications 7.9.1 say."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return body + str(-total % 10)


def digits(shortest: int, longest: int) -> st.SearchStrategy[str]:
    return st.text(DIGITS, min_size=shortest, max_size=longest)


def numbers(symbology: Symbology) -> st.SearchStrategy[str]:
    """Return numbers that fit a card at every resolution and that no lane refuses."""
    match symbology:
        case Symbology.EAN13:
            some = digits(12, 12).map(checked)
        case Symbology.GS1_128:
            some = digits(17, 17).map(checked)
        case Symbology.ITF:
            some = digits(6, 20).filter(lambda number: len(number) % 2 == 0)
        case Symbology.CODE39:  # six characters may be a Code 32 as well, which is refused
            some = st.text(DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ-. ", min_size=7, max_size=12)
        case Symbology.MICRO_QR:
            some = digits(1, 18)
        case _:
            some = st.one_of(
                digits(1, 20),
                digits(1, 14).map("99".__add__),
                st.text(sorted(PRINTABLE), min_size=1, max_size=16),
            )
    scan_data_type = SPECIFICATIONS[symbology].scan_data_type
    return some.filter(lambda number: number.strip("0") != "" and not is_payment_card(number, scan_data_type))


def scanned(symbology: Symbology, number: str) -> bytes:
    """Return what a scanner must send for a card with ``number``."""
    return (f"8018{number}" if symbology is Symbology.GS1_128 else number).encode()
