"""The label of an SSI scan, whose symbology the scanner tells in a byte of its own."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.label import read_label
from scanner_daemon.decoding.symbology import scan_data_type, split_identifier
from scanner_daemon.model import Discarded, Scan, ScanDataType


def read_ssi_label(*, scanner: str, kind: int, scan_data: bytes, at: float) -> Scan | Discarded:
    """Return the scan that ``scan_data`` is; ``kind`` is SSI's number of its symbology.

    An AIM identifier is taken off the label where it is one of that symbology. Any other is the label's own text: a
    QR code may hold what looks like the identifier of something else.
    """
    scan = read_label(scanner=scanner, scan_data=scan_data, at=at, code_id=CodeId.NONE)
    if isinstance(scan, Discarded):
        return scan
    told, code = _SYMBOLOGIES.get(kind, (ScanDataType.OTHER, ""))
    identifier, label = split_identifier(scan.scan_data_label)
    if identifier is None or identifier.code != code:
        return replace(scan, scan_data_type=told)
    kind_of_label = scan_data_type(identifier, label)
    return replace(scan, scan_data_label=label, scan_data_type=kind_of_label, symbology_identifier=identifier)


_SYMBOLOGIES: Final[Mapping[int, tuple[ScanDataType, str]]] = MappingProxyType(
    {
        0x01: (ScanDataType.CODE39, "A"),
        0x02: (ScanDataType.CODABAR, "F"),
        0x03: (ScanDataType.CODE128, "C"),
        0x04: (ScanDataType.TF, "S"),
        0x05: (ScanDataType.TF, "S"),
        0x06: (ScanDataType.ITF, "I"),
        0x07: (ScanDataType.CODE93, "G"),
        0x08: (ScanDataType.UPCA, "E"),
        0x09: (ScanDataType.UPCE, "E"),
        0x0A: (ScanDataType.EAN8, "E"),
        0x0B: (ScanDataType.EAN13, "E"),
        0x0F: (ScanDataType.EAN128, "C"),
        0x10: (ScanDataType.UPCE, "E"),
        0x11: (ScanDataType.PDF417, "L"),
        0x13: (ScanDataType.CODE39, "A"),
        0x1A: (ScanDataType.UPDF417, "L"),
        0x1B: (ScanDataType.DATAMATRIX, "d"),
        0x1C: (ScanDataType.QRCODE, "Q"),
        0x25: (ScanDataType.MAXICODE, "U"),
        0x2C: (ScanDataType.UQRCODE, "Q"),
        0x2D: (ScanDataType.AZTEC, "z"),
        0x2E: (ScanDataType.AZTEC, "z"),
        0x30: (ScanDataType.GS1DATABAR, "e"),
        0x31: (ScanDataType.GS1DATABAR, "e"),
        0x32: (ScanDataType.GS1DATABAR_E, "e"),
        **{kind | add_on: (ScanDataType.UPCA_S, "E") for kind, add_on in ((0x08, 0x40), (0x08, 0x80))},
        **{kind | add_on: (ScanDataType.UPCE_S, "E") for kind in (0x09, 0x10) for add_on in (0x40, 0x80)},
        **{kind | add_on: (ScanDataType.EAN8_S, "E") for kind, add_on in ((0x0A, 0x40), (0x0A, 0x80))},
        **{kind | add_on: (ScanDataType.EAN13_S, "E") for kind, add_on in ((0x0B, 0x40), (0x0B, 0x80))},
        0xC1: (ScanDataType.GS1DATAMATRIX, "d"),
        0xC2: (ScanDataType.GS1QRCODE, "Q"),
    }
)
"""SSI's number → type and AIM code character (SSI Programmer's Guide, ``DECODE_DATA``, "Code Types"; the ``ST_``
constants of Zebra's Scanner SDK are the same numbers).
"""
