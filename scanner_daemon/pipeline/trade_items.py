"""The numbers of EAN/UPC symbols: one number in two lengths, and those that are never a member's by accident.

A UPC-A symbol is an EAN-13 symbol whose number begins with 0. Scanners send it as 12 or as 13 digits, as they are set.
"""

import re
from typing import Final

from scanner_daemon.model import Scan, ScanDataType
from scanner_daemon.pipeline.check_digits import gs1_mod10_holds


def gtin_13(scan: Scan) -> str | None:
    """Return the 13 digits of the EAN-13 or UPC-A symbol that ``scan`` is, or may be where nobody tells."""
    label = scan.scan_data_label
    if (
        scan.scan_data_type not in _EAN_OR_UPC
        or len(label) not in (12, 13)
        or not (label.isascii() and label.isdigit())
    ):
        return None
    if scan.scan_data_type is ScanDataType.UNKNOWN and not gs1_mod10_holds(label):
        return None
    return label.zfill(13)


def spellings(scan: Scan) -> list[tuple[ScanDataType, str]]:
    """Return the type and label of ``scan``, in each way the same symbol may be told.

    The first is the one to prefer: EAN-13 where the scanner tells the symbology, so that one card is one customer at
    every scanner, else what it sent, since 12 digits may be something else than a UPC-A symbol.
    """
    sent = (scan.scan_data_type, scan.scan_data_label)
    if len(sent[1]) == _EAN_13 and not sent[1].startswith("0"):  # as most are; nothing needs to be reckoned
        return [sent]
    number = gtin_13(scan)
    if number is None or not number.startswith("0"):
        return [sent]
    if scan.scan_data_type is ScanDataType.UNKNOWN:
        return [sent, (ScanDataType.UNKNOWN, number[1:] if number == scan.scan_data_label else number)]
    return [(ScanDataType.EAN13, number), (ScanDataType.UPCA, number[1:])]


def matches_by_accident(pattern: re.Pattern[str], label: str, scan: Scan) -> bool:
    """Tell whether ``label``, a spelling of ``scan`` that ``pattern`` matches, is of a kind that it does not ask for.

    Numbers of a shop's own (02, 04, 20 to 29: a scale's price labels among them), refund receipts and coupons (98, 99)
    are a member's only where the pattern asks for their prefix: it must not match as well when an ordinary prefix
    stands there (GS1 General Specifications 1.4.2, GS1 prefixes).
    """
    if _begins_with(pattern, label[:-11]):  # most do, and need not be tried with every prefix at every scan
        return False
    number = gtin_13(scan)
    if number is None or number[:2] not in _RESTRICTED:
        return False
    others = (prefix + number[2:] for prefix in _ORDINARY)
    return any(pattern.fullmatch(other[13 - len(label) :]) for other in others if other[: 13 - len(label)] in ("", "0"))


def _begins_with(pattern: re.Pattern[str], digits: str) -> bool:
    """Tell whether ``pattern`` plainly matches only what begins with ``digits``; ``False`` in any doubt."""
    text = pattern.pattern
    return text.startswith(digits) and text[len(digits) : len(digits) + 1] not in _QUANTIFIERS and "|" not in text


_EAN_13: Final = 13  # digits
_EAN_OR_UPC: Final = frozenset({ScanDataType.EAN13, ScanDataType.UPCA, ScanDataType.UNKNOWN})
_RESTRICTED: Final = frozenset({"02", "04", *(str(prefix) for prefix in range(20, 30)), "98", "99"})
_ORDINARY: Final = tuple(prefix for prefix in (f"{number:02}" for number in range(100)) if prefix not in _RESTRICTED)
_QUANTIFIERS: Final = frozenset("?*+{")
