"""The first look at a scan: a barcode is hostile input until it is shown to be harmless."""

import string
from collections.abc import Container, Mapping
from typing import Final

from stdnum import ean, luhn

from scanner_daemon.model import RejectReason, Scan, ScanDataType

MAX_LENGTH: Final = 1024
"""Characters. Longer than any card or product label; a QR code can hold 7,089 digits."""

ALLOWED: Final = frozenset(string.digits + string.ascii_letters + string.punctuation + " \x1d")
"""Printable ASCII, and GS: the separator inside GS1 element strings (GS1 General Specifications, 7.8.3)."""

_RETAIL = frozenset(
    {
        ScanDataType.UPCA,
        ScanDataType.UPCE,
        ScanDataType.EAN8,
        ScanDataType.EAN13,
        ScanDataType.ITF,
        ScanDataType.GS1DATABAR,
    }
)


def refusal(scan: Scan) -> RejectReason | None:
    """Return why ``scan`` may go nowhere at all, or ``None`` when it may."""
    label = scan.scan_data_label
    if len(label) > MAX_LENGTH:
        return RejectReason.TOO_LONG
    if not ALLOWED.issuperset(label):
        return RejectReason.UNSAFE_CHARACTERS
    if is_payment_card(label, scan.scan_data_type):
        return RejectReason.PAYMENT_CARD
    return None


def is_payment_card(label: str, scan_data_type: ScanDataType) -> bool:
    """Tell whether ``label`` is the number of a payment card, which must never be stored, logged or sent on.

    That is: an issuer's prefix with the length that issuer uses, and a right Luhn digit (ISO/IEC 7812-1). A trade
    item number is none, even where it looks like one: what a retail symbology carries, and 14 digits that are a
    right GTIN-14. 13 digits are always a trade item: Visa gave its 13-digit numbers up, and one German product in
    ten would be refused.
    """
    if not (label.isascii() and label.isdigit()) or scan_data_type in _RETAIL:
        return False
    if not _issued(label) or not luhn.is_valid(label):
        return False
    return not (len(label) == 14 and ean.is_valid(label))  # noqa: PLR2004  GTIN-14


def _issued(digits: str) -> bool:
    """Tell whether a payment scheme issues numbers of this length with these first four digits."""
    all_prefixes = _ISSUED.get(len(digits))
    return all_prefixes is not None and any(int(digits[:4]) in prefixes for prefixes in all_prefixes)


_SIXTEEN_AND_MORE = (
    range(4000, 5000),  # Visa
    range(5100, 5600),  # Mastercard
    range(2221, 2721),  # Mastercard
    range(3528, 3590),  # JCB
    range(6011, 6012),  # Discover
    range(6440, 6600),  # Discover
    range(6200, 6300),  # UnionPay
    frozenset({5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763}),  # Maestro
)
_ISSUED: Final[Mapping[int, tuple[Container[int], ...]]] = {
    14: (range(3000, 3060), range(3600, 3700), range(3800, 4000)),  # Diners Club
    15: (range(3400, 3500), range(3700, 3800)),  # American Express
    16: _SIXTEEN_AND_MORE,
    17: _SIXTEEN_AND_MORE,
    18: _SIXTEEN_AND_MORE,
    19: _SIXTEEN_AND_MORE,
}
"""Length → first four digits, as the issuers publish them."""
