from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.hid_pos import COMMON_LAYOUT, ByteField, HidPosReports, NotHidPosError, parse_descriptor
from scanner_daemon.model import Discarded, DiscardReason, Scan, ScanDataType

# Written after the report table of the Access-IS ATR110 manual and the HID POS usages: report 2 with byte count
# (01:3B), symbology identifier 1 to 3, 56 bytes of decoded data, two of the maker's own, "continued" and seven bits.
COMMON_DESCRIPTOR = bytes.fromhex("""
05 8c 09 02 a1 01 85 02 09 12 a1 02 15 00 26 ff 00 75 08 95 01 05 01 09 3b 81 02
05 8c 95 03 09 fb 09 fc 09 fd 81 02 95 38 09 fe 82 02 01 06 00 ff 95 02 09 01 81 02
05 8c 25 01 75 01 95 01 09 ff 81 02 95 07 81 03 c0
09 14 a1 02 85 04 75 01 95 08 09 00 91 02 c0 c0
""")


def report(data: bytes, identifier: bytes = b"]C0", *, continued: bool = False, count: int | None = None) -> bytes:
    number = len(data) if count is None else count
    return bytes((2, number)) + identifier.ljust(3, b"\0") + data.ljust(56, b"\0") + bytes((0, 0, continued))


def told(reports: list[Scan | Discarded]) -> list[str | DiscardReason]:
    return [found.scan_data_label if isinstance(found, Scan) else found.reason for found in reports]


def test_common_layout_is_what_such_a_descriptor_says() -> None:
    assert parse_descriptor(COMMON_DESCRIPTOR) == COMMON_LAYOUT


def test_padding_between_count_and_identifier_moves_the_fields() -> None:
    """As Zebra's 05e0:2100 has it; its report is in fixtures/scans/real-hid-pos-zebra.scan."""
    padded = COMMON_DESCRIPTOR.replace(bytes.fromhex("09 3b 81 02"), bytes.fromhex("09 3b 81 02 81 03"))
    layout = parse_descriptor(padded)
    assert layout.length == COMMON_LAYOUT.length + 1
    assert [part.offset for part in layout.symbology_identifier] == [3, 4, 5]
    assert (layout.data, layout.continued) == (ByteField(offset=6, length=56), 64 * 8)


def test_layout_without_count_identifier_and_report_id() -> None:
    layout = parse_descriptor(bytes.fromhex("05 8c 09 02 a1 01 75 08 95 08 09 fe 81 02 c0"))
    assert (layout.report_id, layout.length, layout.data) == (None, 8, ByteField(offset=0, length=8))
    scanner = HidPosReports(scanner="a", layout=layout)
    assert told(scanner.feed(b"4006\0\0\0\0", 0.0) + scanner.feed(b"12345678", 0.0)) == ["4006", "12345678"]


@pytest.mark.parametrize(
    ("descriptor", "message"),
    [
        ("05 01 09 06 a1 01 75 08 95 08 81 02 c0", "without it; set the scanner to HID POS mode"),
        ("", "without it"),
        ("05 8c 75 04 95 08 09 fe 81 02", "expected usage 8C:FE in whole bytes, got 4 bits from bit 0"),
        ("05 8c 75 04 95 01 81 01 75 08 09 fe 81 02", "expected usage 8C:FE in whole bytes, got 8 bits from bit 4"),
        ("05 8c 26 ff", "cannot read the report descriptor: expected 2 more bytes"),
    ],
)
def test_descriptor_we_cannot_read(descriptor: str, message: str) -> None:
    with pytest.raises(NotHidPosError, match=message):
        parse_descriptor(bytes.fromhex(descriptor))


def test_scan_of_one_report() -> None:
    (scan,) = HidPosReports(scanner="a").feed(report(b"4006381333931", b"]E0"), 3.0)
    assert isinstance(scan, Scan)
    assert (scan.scanner, scan.scan_data, scan.scan_data_label) == ("a", b"]E04006381333931", "4006381333931")
    assert (scan.scan_data_type, str(scan.symbology_identifier), scan.at) == (ScanDataType.EAN13, "]E0", 3.0)


def test_data_that_looks_like_an_identifier_is_data() -> None:
    (scan,) = HidPosReports(scanner="a").feed(report(b"]E04006381333931", b"]Q1"), 3.0)
    assert isinstance(scan, Scan)
    assert (scan.scan_data_label, scan.scan_data_type) == ("]E04006381333931", ScanDataType.QRCODE)


def test_text_like_an_identifier_is_text_where_the_scanner_tells_none() -> None:
    scanner = HidPosReports(scanner="a")
    (scan,) = scanner.feed(report(b"]E04006381333931", b""), 3.0)
    assert isinstance(scan, Scan)
    assert (scan.scan_data_label, scan.scan_data_type) == ("]E04006381333931", ScanDataType.UNKNOWN)
    (scan,) = scanner.feed(report(b"4006381333931", b"]E0"), 4.0)
    assert isinstance(scan, Scan)
    assert scan.scan_data_label == "4006381333931"


def test_label_that_goes_on() -> None:
    scanner = HidPosReports(scanner="a")
    assert scanner.feed(report(b"1" * 56, continued=True), 1.0) == []
    assert scanner.deadline == pytest.approx(1.5)
    assert scanner.feed(report(b"2" * 56, b"", continued=True), 1.1) == []
    assert told(scanner.feed(report(b"3"), 1.2)) == ["1" * 56 + "2" * 56 + "3"]
    assert scanner.deadline is None


def test_label_that_should_have_gone_on() -> None:
    scanner = HidPosReports(scanner="a")
    scanner.feed(report(b"1" * 56, continued=True), 1.0)
    assert told(scanner.expire(1.5)) == [DiscardReason.IDLE_GAP]
    assert told(scanner.feed(report(b"tail"), 2.0)) == []
    assert told(scanner.feed(report(b"42"), 3.0)) == ["42"]


def test_label_of_which_a_part_may_be_lost() -> None:
    scanner = HidPosReports(scanner="a")
    scanner.feed(report(b"1" * 56, continued=True), 1.0)
    assert told(scanner.overflow(1.1)) == [DiscardReason.OVERFLOW]
    assert told(scanner.feed(report(b"tail"), 1.2)) == []
    assert told(scanner.feed(report(b"42"), 3.0)) == ["42"]


def test_label_whose_head_may_be_lost() -> None:
    scanner = HidPosReports(scanner="a")
    assert told(scanner.overflow(1.0)) == [DiscardReason.OVERFLOW]
    assert told(scanner.feed(report(b"tail"), 1.1)) == []
    assert told(scanner.feed(report(b"42"), 3.0)) == ["42"]


@pytest.mark.parametrize("torn", [report(b"1", count=57), report(b"1", count=255), report(b"1")[:-1], b"\x02"])
def test_report_that_contradicts_its_layout(torn: bytes) -> None:
    scanner = HidPosReports(scanner="a")
    assert told(scanner.feed(torn, 1.0)) == [DiscardReason.NOISE]


def test_parts_of_different_symbologies_are_no_label() -> None:
    scanner = HidPosReports(scanner="a")
    scanner.feed(report(b"1" * 56, b"]Q1", continued=True), 1.0)
    assert told(scanner.feed(report(b"2", b"]C0"), 1.0)) == [DiscardReason.NOISE]
    assert told(scanner.feed(report(b"42"), 1.0)) == ["42"]


@pytest.mark.parametrize("other", [b"", b"\x03\x01", report(b""), report(b"REVINF", b"]Z6")])
def test_what_is_no_scan(other: bytes) -> None:
    scanner = HidPosReports(scanner="a")
    assert scanner.feed(other, 1.0) == []
    assert scanner.deadline is None


def test_unplugged_scanner() -> None:
    scanner = HidPosReports(scanner="a")
    assert scanner.lost(0.5) == []
    scanner.feed(report(b"1" * 56, b"]Q1", continued=True), 1.0)
    assert scanner.lost(1.1) == [Discarded(scanner="a", reason=DiscardReason.DEVICE_LOST, at=1.1)]
    assert told(scanner.feed(report(b"42", b"]C0"), 1.2)) == ["42"]


def test_label_without_end_is_too_long_once() -> None:
    scanner = HidPosReports(scanner="a", max_length=1000)
    reports = [found for _ in range(1_000) for found in scanner.feed(report(b"1" * 56, continued=True), 1.0)]
    assert told(reports) == [DiscardReason.TOO_LONG]
    assert len(scanner._scan._buffer) == 0  # nothing public tells how much is held


@given(st.lists(st.binary(max_size=64) | st.binary(min_size=63, max_size=63).map(b"\x02".__add__)), st.booleans())
def test_arbitrary_reports_never_crash(reports: list[bytes], counted: bool) -> None:  # noqa: FBT001  hypothesis
    layout = COMMON_LAYOUT if counted else replace(COMMON_LAYOUT, byte_count=None, continued=None)
    scanner = HidPosReports(scanner="a", layout=layout, max_length=100)
    for each in reports:
        for found in scanner.feed(each, 1.0):
            assert isinstance(found, Discarded) or 0 < len(found.scan_data) <= 100
