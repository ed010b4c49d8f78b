"""ISO/IEC 15424 symbology identifiers: the ``]cm`` a scanner may put before the data.

``c`` is the code character of the symbology, ``m`` its modifier (an option value, one character).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from scanner_daemon.model import ScanDataType, SymbologyIdentifier


def split_identifier(scan_data: str) -> tuple[SymbologyIdentifier | None, str]:
    """Split ``scan_data`` into its symbology identifier, where it begins with one, and the label.

    >>> split_identifier("]E04006381333931")
    (SymbologyIdentifier(code='E', modifier='0'), '4006381333931')
    >>> split_identifier("]?04006381333931")
    (None, ']?04006381333931')
    """
    match = _IDENTIFIED.fullmatch(scan_data)
    if not match:
        return None, scan_data
    code, modifier, label = match.groups()
    return SymbologyIdentifier(code=code, modifier=modifier), label


def scan_data_type(identifier: SymbologyIdentifier | None, label: str) -> ScanDataType:
    """Return UnifiedPOS's number for the symbology; ``UNKNOWN`` where the scanner does not tell.

    ``]E0`` is one identifier for EAN-13, UPC-A and UPC-E, each sent as 13 digits (ISO/IEC 15424, table 1), so it is
    EAN-13 here. Scanners that send fewer digits than that all the same are told apart by length.
    """
    if identifier is None:
        return ScanDataType.UNKNOWN
    if identifier.code == "E" and identifier.modifier == "0":
        return _EAN_BY_LENGTH.get(len(label), ScanDataType.OTHER)
    exact = _BY_IDENTIFIER.get(identifier.code + identifier.modifier)
    return exact or _BY_CODE.get(identifier.code, ScanDataType.OTHER)


_IDENTIFIED: Final = re.compile(r"\]([A-Za-z])([0-9A-Za-z])(.+)", re.DOTALL)
"""At least one character of data: a bare ``]E0`` can only be a label of its own."""

_EAN_BY_LENGTH: Final[Mapping[int, ScanDataType]] = MappingProxyType(
    {13: ScanDataType.EAN13, 12: ScanDataType.UPCA, 8: ScanDataType.UPCE}
)

_BY_IDENTIFIER: Final[Mapping[str, ScanDataType]] = MappingProxyType(
    {
        "E3": ScanDataType.EAN13_S,
        "E4": ScanDataType.EAN8,
        "C1": ScanDataType.EAN128,
        "d2": ScanDataType.GS1DATAMATRIX,
        "d5": ScanDataType.GS1DATAMATRIX,
        "Q3": ScanDataType.GS1QRCODE,
        "Q4": ScanDataType.GS1QRCODE,
    }
)
"""Identifiers that say more than their code character does."""

_BY_CODE: Final[Mapping[str, ScanDataType]] = MappingProxyType(
    {
        "A": ScanDataType.CODE39,
        "C": ScanDataType.CODE128,
        "F": ScanDataType.CODABAR,
        "G": ScanDataType.CODE93,
        "I": ScanDataType.ITF,
        "L": ScanDataType.PDF417,
        "Q": ScanDataType.QRCODE,
        "R": ScanDataType.TF,
        "S": ScanDataType.TF,
        "U": ScanDataType.MAXICODE,
        "d": ScanDataType.DATAMATRIX,
        "e": ScanDataType.GS1DATABAR,
        "z": ScanDataType.AZTEC,
    }
)
