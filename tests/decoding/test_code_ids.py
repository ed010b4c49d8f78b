import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.code_ids import CodeId, identify
from scanner_daemon.model import ScanDataType

MAKERS = (CodeId.HONEYWELL, CodeId.SYMBOL, CodeId.DATALOGIC)


@pytest.mark.parametrize(
    ("scheme", "scan_data", "label", "kind", "identifier"),
    [
        (CodeId.HONEYWELL, "d4006381333931", "4006381333931", ScanDataType.EAN13, "]E0"),
        (CodeId.HONEYWELL, "D96385074", "96385074", ScanDataType.EAN8, "]E4"),
        (CodeId.HONEYWELL, "d400638133393105", "400638133393105", ScanDataType.EAN13_S, None),
        (CodeId.HONEYWELL, "c03600029145", "03600029145", ScanDataType.UPCA, None),  # sent without its check digit
        (CodeId.HONEYWELL, "E01234565", "01234565", ScanDataType.UPCE, None),
        (CodeId.HONEYWELL, "bA1", "A1", ScanDataType.CODE39, None),
        (CodeId.HONEYWELL, "sx", "x", ScanDataType.QRCODE, None),
        (CodeId.HONEYWELL, "wx", "x", ScanDataType.DATAMATRIX, None),
        (CodeId.HONEYWELL, "Hx", "x", ScanDataType.OTHER, None),
        (CodeId.SYMBOL, "A4006381333931", "4006381333931", ScanDataType.EAN13, "]E0"),
        (CodeId.SYMBOL, "A036000291452", "036000291452", ScanDataType.UPCA, "]E0"),
        (CodeId.SYMBOL, "A96385074", "96385074", ScanDataType.UNKNOWN, None),  # EAN-8 or UPC-E
        (CodeId.SYMBOL, "A400638133393105", "400638133393105", ScanDataType.EAN13_S, None),
        (CodeId.SYMBOL, "Dx", "x", ScanDataType.CODE128, None),  # may be ISBT 128
        (CodeId.SYMBOL, "P01P02", "P02", ScanDataType.QRCODE, None),
        (CodeId.SYMBOL, "P0Qx", "x", ScanDataType.GS1QRCODE, "]Q3"),
        (CodeId.DATALOGIC, "B4006381333931", "4006381333931", ScanDataType.EAN13, "]E0"),
        (CodeId.DATALOGIC, "L400638133393105", "400638133393105", ScanDataType.EAN13_S, None),
        (CodeId.DATALOGIC, "T]E0", "]E0", ScanDataType.CODE128, "]C0"),
        (CodeId.NONE, "j42", "j42", ScanDataType.UNKNOWN, None),
        (CodeId.AIM, "j42", "j42", ScanDataType.UNKNOWN, None),
    ],
)
def test_label_and_symbology(
    scheme: CodeId, scan_data: str, label: str, kind: ScanDataType, identifier: str | None
) -> None:
    identified = identify(scan_data, scheme)
    assert identified is not None
    found, told, aim = identified
    assert (found, told) == (label, kind)
    assert aim is None if identifier is None else str(aim) == identifier


@pytest.mark.parametrize(
    ("scheme", "scan_data"),
    [
        *((scheme, "4006381333931") for scheme in MAKERS),
        *((scheme, "]E04006381333931") for scheme in MAKERS),
        (CodeId.HONEYWELL, "dM1"),
        (CodeId.HONEYWELL, "d４００６"),
        (CodeId.HONEYWELL, "e12A4"),
        (CodeId.HONEYWELL, "j"),
        (CodeId.SYMBOL, "AB1"),
        (CodeId.SYMBOL, "A"),
        (CodeId.SYMBOL, "P9"),
        (CodeId.SYMBOL, "P01"),
        (CodeId.DATALOGIC, "s1"),
    ],
)
def test_a_makers_scheme_guesses_nothing(scheme: CodeId, scan_data: str) -> None:
    assert identify(scan_data, scheme) is None


@given(st.text(max_size=20), st.sampled_from(CodeId))
def test_a_label_is_the_end_of_what_was_sent(scan_data: str, scheme: CodeId) -> None:
    identified = identify(scan_data, scheme)
    if identified is not None:
        label = identified[0]
        assert scan_data.endswith(label)
        assert len(scan_data) - len(label) in {CodeId.NONE: {0}, CodeId.AIM: {0, 3}}.get(scheme, {1, 3})
