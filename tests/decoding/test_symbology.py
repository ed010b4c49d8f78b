import pytest

from scanner_daemon.decoding.symbology import scan_data_type, split_identifier
from scanner_daemon.model import ScanDataType, SymbologyIdentifier


@pytest.mark.parametrize(
    ("scan_data", "identifier", "label"),
    [
        ("]E04006381333931", "]E0", "4006381333931"),
        ("]C1]E0x", "]C1", "]E0x"),
        ("]zC7", "]zC", "7"),
        ("]d2\x1d01", "]d2", "\x1d01"),
        ("4006381333931", None, "4006381333931"),
        ("]", None, "]"),
        ("]E", None, "]E"),
        ("]E0", None, "]E0"),
        ("]?0x", None, "]?0x"),
        ("]٣0x", None, "]٣0x"),
        ("x]E0y", None, "x]E0y"),
        ("", None, ""),
    ],
)
def test_split(scan_data: str, identifier: str | None, label: str) -> None:
    found, rest = split_identifier(scan_data)
    assert (str(found) if found else None, rest) == (identifier, label)


@pytest.mark.parametrize(
    ("identifier", "label", "expected"),
    [
        ("E0", "4006381333931", ScanDataType.EAN13),
        ("E0", "036000291452", ScanDataType.UPCA),
        ("E0", "04252614", ScanDataType.UPCE),
        ("E0", "123", ScanDataType.OTHER),
        ("E1", "12", ScanDataType.OTHER),
        ("E3", "400638133393112", ScanDataType.EAN13_S),
        ("E4", "96385074", ScanDataType.EAN8),
        ("A0", "x", ScanDataType.CODE39),
        ("A7", "x", ScanDataType.CODE39),
        ("C0", "x", ScanDataType.CODE128),
        ("C1", "x", ScanDataType.EAN128),
        ("I1", "x", ScanDataType.ITF),
        ("F0", "x", ScanDataType.CODABAR),
        ("G0", "x", ScanDataType.CODE93),
        ("S0", "x", ScanDataType.TF),
        ("e0", "x", ScanDataType.GS1DATABAR),
        ("L2", "x", ScanDataType.PDF417),
        ("U0", "x", ScanDataType.MAXICODE),
        ("d1", "x", ScanDataType.DATAMATRIX),
        ("d2", "x", ScanDataType.GS1DATAMATRIX),
        ("d5", "x", ScanDataType.GS1DATAMATRIX),
        ("Q1", "x", ScanDataType.QRCODE),
        ("Q3", "x", ScanDataType.GS1QRCODE),
        ("Q4", "x", ScanDataType.GS1QRCODE),
        ("z0", "x", ScanDataType.AZTEC),
        ("X0", "x", ScanDataType.OTHER),
        ("Z6", "x", ScanDataType.OTHER),
        ("c1", "x", ScanDataType.OTHER),
    ],
)
def test_scan_data_type(identifier: str, label: str, expected: ScanDataType) -> None:
    told = SymbologyIdentifier(code=identifier[0], modifier=identifier[1])
    assert scan_data_type(told, label) is expected


def test_scanner_that_does_not_tell() -> None:
    assert scan_data_type(None, "4006381333931") is ScanDataType.UNKNOWN
