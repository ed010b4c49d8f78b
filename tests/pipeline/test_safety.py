"""What may go nowhere at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.model import RejectReason, Scan, ScanDataType
from scanner_daemon.pipeline.safety import ALLOWED, MAX_LENGTH, is_payment_card, refusal


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
    "number",
    [
        "4111111111111111",  # Visa's own test number
        "5555555555554444",  # Mastercard's
        "2223003122003222",  # Mastercard's 2-series
        "378282246310005",  # American Express's
        "6011111111111117",  # Discover's
        "30569309025904",  # Diners Club's
        "3530111333300000",  # JCB's
        "6200000000000005",  # UnionPay's
        "6759649826438453",  # Maestro's
    ],
)
def test_payment_cards_are_refused(number: str) -> None:
    assert refusal(a_scan(number)) is RejectReason.PAYMENT_CARD


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("4006381333931", ScanDataType.UNKNOWN),  # a German pen
        ("4000000000006", ScanDataType.UNKNOWN),  # 13 digits, passes Luhn, begins like a Visa card
        ("4111111111111112", ScanDataType.UNKNOWN),  # wrong Luhn digit
        ("4111111111111111", ScanDataType.ITF),  # a trade item's symbol never carries a payment card
        ("36123456789062", ScanDataType.UNKNOWN),  # a right GTIN-14
        ("9876543210987658", ScanDataType.UNKNOWN),  # a prefix nobody issues
        ("４１１１１１１１１１１１１１１１", ScanDataType.UNKNOWN),  # full-width digits are no digits
        ("", ScanDataType.UNKNOWN),
    ],
)
def test_other_numbers_are_not_taken_for_payment_cards(label: str, kind: ScanDataType) -> None:
    assert not is_payment_card(label, kind)


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\r", "\n", "\t", "\x7f", "\x9b", "é", "\u202e", "٣", "\ud800"])
def test_characters_no_label_needs_are_unsafe(character: str) -> None:
    assert (
        refusal(
            Scan(
                scanner="counter",
                scan_data=b"",
                scan_data_label=f"12{character}34",
                scan_data_type=ScanDataType.UNKNOWN,
                symbology_identifier=None,
                at=0.0,
            )
        )
        is RejectReason.UNSAFE_CHARACTERS
    )


def test_the_gs1_separator_is_allowed() -> None:
    assert refusal(a_scan("0104006381333931\x1d10ABC")) is None


def test_length_is_limited() -> None:
    assert refusal(a_scan("A" * MAX_LENGTH)) is None
    assert refusal(a_scan("A" * (MAX_LENGTH + 1))) is RejectReason.TOO_LONG


@given(st.text())
def test_nothing_but_allowed_characters_ever_passes(label: str) -> None:
    if refusal(a_scan(label.encode("utf-8", "replace").decode())) is None:
        assert set(label) <= ALLOWED
