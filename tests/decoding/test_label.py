import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.label import read_label
from scanner_daemon.model import Discarded, DiscardReason, Scan, ScanDataType, SymbologyIdentifier


def test_identifier_is_taken_off_the_label_and_kept() -> None:
    assert read_label(scanner="a", scan_data=b"]C18018\x1d1", at=2.0) == Scan(
        scanner="a",
        scan_data=b"]C18018\x1d1",
        scan_data_label="8018\x1d1",
        scan_data_type=ScanDataType.EAN128,
        symbology_identifier=SymbologyIdentifier(code="C", modifier="1"),
        at=2.0,
    )


@pytest.mark.parametrize("scan_data", [b"\xe9", b"]C0\x82", b"\xed\xa0\x80", b"12\xff"])
def test_bytes_that_are_no_utf_8_are_not_guessed_at(scan_data: bytes) -> None:
    expected = Discarded(scanner="a", reason=DiscardReason.NOISE, at=2.0)
    assert read_label(scanner="a", scan_data=scan_data, at=2.0) == expected


@given(st.binary(min_size=1, max_size=30))
def test_a_label_is_never_anything_but_what_was_sent(scan_data: bytes) -> None:
    scan = read_label(scanner="a", scan_data=scan_data, at=0.0)
    if isinstance(scan, Scan):
        identifier = str(scan.symbology_identifier or "")
        assert (identifier + scan.scan_data_label).encode() == scan.scan_data == scan_data
        assert scan.scan_data_label
