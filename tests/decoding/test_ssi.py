import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.ssi import Opcode, SsiPackets, host_packet
from scanner_daemon.decoding.ssi_label import read_ssi_label
from scanner_daemon.model import Discarded, DiscardReason, Scan, ScanDataType

ACK, RESEND = bytes.fromhex("04 d0 04 00 ff 28"), bytes.fromhex("05 d1 04 00 01 ff 25")
EAN13, QRCODE = b"\x0b", b"\x1c"


def packet(opcode: int, data: bytes = b"", *, status: int = 0) -> bytes:
    """A packet from the scanner."""
    head = bytes((4 + len(data), opcode, 0, status)) + data
    return head + (-sum(head) & 0xFFFF).to_bytes(2)


def decoded(data: bytes, *, status: int = 0) -> bytes:
    return packet(Opcode.DECODE_DATA, data, status=status)


def told(reports: list[Scan | Discarded]) -> list[str | DiscardReason]:
    return [found.scan_data_label if isinstance(found, Scan) else found.reason for found in reports]


def test_check_sum_is_that_of_a_packet_a_scanner_sent() -> None:
    sent = bytes.fromhex("0a c6 00 00 ff f4 f0 3e 04 ff fb 0c")  # enioka_scan, SsiParserTest, Apache-2.0
    assert packet(0xC6, bytes.fromhex("ff f4 f0 3e 04 ff")) == sent


def test_packets_of_the_host() -> None:
    assert host_packet(Opcode.CMD_ACK) == ACK
    assert host_packet(Opcode.CMD_NAK, b"\x01") == RESEND


def test_a_scan_is_acknowledged_and_told_with_its_symbology() -> None:
    line = SsiPackets(scanner="a")
    (scan,) = line.feed(decoded(EAN13 + b"4006381333931"), 3.0)
    assert isinstance(scan, Scan)
    assert (scan.scanner, scan.scan_data_label, scan.scan_data_type) == ("a", "4006381333931", ScanDataType.EAN13)
    assert (scan.symbology_identifier, scan.at) == (None, 3.0)
    assert (line.take_replies(), line.take_replies()) == (ACK, b"")
    assert line.deadline is None


def test_a_damaged_packet_is_asked_for_again_when_the_line_is_quiet() -> None:
    line = SsiPackets(scanner="a", gap=0.2)
    whole = decoded(EAN13 + b"4006381333931")
    assert told(line.feed(whole[:-1] + b"\0", 1.0)) == [DiscardReason.NOISE]
    assert line.take_replies() == b""
    assert line.feed(whole[:5], 1.1) == []  # whatever comes before the silence may be any part of a packet
    assert line.deadline == pytest.approx(1.3)
    assert line.expire(1.3) == []
    assert line.take_replies() == RESEND
    assert told(line.feed(decoded(EAN13 + b"4006381333931", status=1), 1.4)) == ["4006381333931"]
    assert line.take_replies() == ACK


def test_a_packet_cut_off_by_silence_is_asked_for_again() -> None:
    line = SsiPackets(scanner="a", gap=0.2)
    assert line.feed(decoded(EAN13 + b"4006381333931")[:9], 1.0) == []
    assert told(line.expire(1.2)) == [DiscardReason.IDLE_GAP]
    assert line.take_replies() == RESEND
    assert line.deadline is None


def test_noise_between_packets_is_told_once_and_asked_for_once() -> None:
    line = SsiPackets(scanner="a", gap=0.2)
    assert told(line.noise(1.0) + line.noise(1.1)) == [DiscardReason.NOISE]
    assert line.deadline == pytest.approx(1.3)
    line.expire(1.3)
    assert line.take_replies() == RESEND


def test_the_rest_of_a_torn_label_is_acknowledged_and_no_label() -> None:
    line = SsiPackets(scanner="a", gap=0.2)
    line.feed(decoded(QRCODE + b"1", status=2), 1.0)
    assert told(line.noise(1.1)) == [DiscardReason.NOISE]
    line.expire(1.3)
    line.take_replies()
    assert line.feed(decoded(QRCODE + b"2", status=3), 1.4) == []
    assert line.feed(decoded(QRCODE + b"3"), 1.5) == []
    assert line.take_replies() == ACK * 2
    assert told(line.feed(decoded(QRCODE + b"4"), 1.6)) == ["4"]


def test_a_scanner_that_gave_a_torn_label_up_is_read_again() -> None:
    line = SsiPackets(scanner="a", gap=0.2)
    line.feed(decoded(QRCODE + b"1", status=2), 1.0)
    line.noise(1.1)
    line.expire(1.3)
    assert line.deadline == pytest.approx(3.3)
    line.expire(3.3)
    assert told(line.feed(decoded(QRCODE + b"4"), 5.0)) == ["4"]


def test_answers_and_other_packets_of_the_scanner() -> None:
    line = SsiPackets(scanner="a")
    assert line.feed(packet(Opcode.CMD_ACK) + packet(Opcode.CMD_NAK, b"\x02"), 1.0) == []
    assert line.take_replies() == b""  # an answer to an answer would never end
    assert line.feed(packet(0xF6, b"\x01") + decoded(b""), 1.0) == []
    assert line.take_replies() == ACK * 2


@pytest.mark.parametrize("status", [0, 2], ids=["whole", "continued"])
def test_too_long(status: int) -> None:
    line = SsiPackets(scanner="a", max_length=10)
    assert told(line.feed(decoded(QRCODE + b"1" * 11, status=status), 1.0)) == [DiscardReason.TOO_LONG]
    assert told(line.feed(decoded(QRCODE + b"2"), 1.1)) == ([] if status else ["2"])
    assert told(line.feed(decoded(QRCODE + b"3"), 1.2)) == ["3"]


def segment(index: int, data: bytes) -> bytes:
    head = bytes((5 + len(data), Opcode.MULTIPACKET_SEGMENT, 0)) + index.to_bytes(2) + data
    return head + (-sum(head) & 0xFFFF).to_bytes(2)


def first_segment(total: int, data: bytes) -> bytes:
    return segment(0, b"\xf3\0\0\0\0" + QRCODE + b"\x01" + total.to_bytes(2) + data)


@pytest.mark.parametrize(
    ("packets", "outcome"),
    [
        ([first_segment(6, b"123"), segment(1, b"456")], ["123456"]),
        ([first_segment(6, b"123"), segment(1, b"45"), segment(1, b"45"), segment(2, b"6")], ["123456"]),  # sent again
        ([first_segment(6, b"123"), segment(2, b"456")], [DiscardReason.NOISE]),
        ([first_segment(6, b"123"), segment(1, b"4567")], [DiscardReason.NOISE]),
        ([segment(1, b"456")], []),
        ([first_segment(6, b"123"), first_segment(2, b"12")], [DiscardReason.NOISE, "12"]),
        ([first_segment(6, b"123")[:3]], []),
        ([segment(0, b"\xf3\0")], []),
        ([first_segment(101, b"123"), segment(1, b"4" * 98)], [DiscardReason.TOO_LONG]),
    ],
)
def test_segments(packets: list[bytes], outcome: list[str | DiscardReason]) -> None:
    line = SsiPackets(scanner="a", max_length=100)
    assert told([report for each in packets for report in line.feed(each, 1.0)]) == outcome


def test_unplugged() -> None:
    line = SsiPackets(scanner="a")
    assert line.lost(0.5) == []
    line.feed(b"\x11", 1.0)
    assert told(line.lost(1.1)) == [DiscardReason.DEVICE_LOST]
    assert line.deadline is None
    assert told(line.feed(decoded(QRCODE + b"4"), 1.2)) == ["4"]


@pytest.mark.parametrize(
    ("kind", "scan_data", "label", "scan_data_type", "identifier"),
    [
        (0x08, b"036000291452", "036000291452", ScanDataType.UPCA, None),
        (0x4B, b"400638133393105", "400638133393105", ScanDataType.EAN13_S, None),
        (0x0F, b"]C18018", "8018", ScanDataType.EAN128, "]C1"),
        (0x0F, b"8018", "8018", ScanDataType.EAN128, None),
        (0x1B, b"]d28018", "8018", ScanDataType.GS1DATAMATRIX, "]d2"),
        (0x1C, b"]E04006381333931", "]E04006381333931", ScanDataType.QRCODE, None),
        (0x99, b"]X0x", "]X0x", ScanDataType.OTHER, None),
    ],
)
def test_symbology(
    kind: int, scan_data: bytes, label: str, scan_data_type: ScanDataType, identifier: str | None
) -> None:
    scan = read_ssi_label(scanner="a", kind=kind, scan_data=scan_data, at=1.0)
    assert isinstance(scan, Scan)
    assert (scan.scan_data_label, scan.scan_data_type) == (label, scan_data_type)
    assert scan.symbology_identifier is None if identifier is None else str(scan.symbology_identifier) == identifier


def test_bytes_that_are_no_text_are_no_label() -> None:
    assert isinstance(read_ssi_label(scanner="a", kind=0x1C, scan_data=b"\xff", at=1.0), Discarded)


labels = st.lists(
    st.binary(min_size=1, max_size=200).map(lambda text: bytes(32 + byte % 90 for byte in text)), max_size=5
)


@given(labels, st.data())
def test_any_cut_of_the_line_gives_the_same_scans(sent: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(decoded(QRCODE + label) for label in sent)
    line = SsiPackets(scanner="a")
    found: list[Scan | Discarded] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += line.feed(stream[:size], 1.0)
        stream = stream[size:]
    assert [scan.scan_data for scan in found if isinstance(scan, Scan)] == sent
    assert line.take_replies() == ACK * len(sent)


@given(labels.filter(bool), st.data())
def test_one_damaged_byte_is_never_a_wrong_label(sent: list[bytes], data: st.DataObject) -> None:
    stream = bytearray(b"".join(decoded(QRCODE + label) for label in sent))
    stream[data.draw(st.integers(0, len(stream) - 1))] ^= data.draw(st.integers(1, 255))
    for report in SsiPackets(scanner="a").feed(bytes(stream), 1.0):
        assert isinstance(report, Discarded) or report.scan_data in sent


@given(st.lists(st.tuples(st.binary(max_size=300), st.floats(0, 3), st.booleans()), max_size=30))
def test_any_bytes_at_any_time(events: list[tuple[bytes, float, bool]]) -> None:
    line, at = SsiPackets(scanner="a", max_length=100), 0.0
    for data, silence, noisy in events:
        at += silence
        reports = line.noise(at) if noisy else line.feed(data, at)
        assert all(isinstance(report, Discarded) or len(report.scan_data) <= 100 for report in reports)
        line.take_replies()
        if line.deadline is not None:
            line.expire(line.deadline)
            line.take_replies()
    assert len(line._buffer) < 300  # nothing public tells how much is held
