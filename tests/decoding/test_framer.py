from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.framer import Framer, SerialTerminator
from scanner_daemon.model import Discarded, DiscardReason, Scan


def framer(terminator: SerialTerminator = SerialTerminator.LINE, *, max_length: int = 4096) -> Framer:
    return Framer(scanner="a", terminator=terminator, max_length=max_length)


def told(reports: list[Scan | Discarded]) -> list[str | DiscardReason]:
    return [report.scan_data_label if isinstance(report, Scan) else report.reason for report in reports]


def test_line_ends_with_cr_lf_or_both() -> None:
    assert told(framer().feed(b"1\r2\n3\r\n\r\n4\r", 0.0)) == ["1", "2", "3", "4"]


def test_lf_of_a_cr_lf_in_the_next_read_is_no_scan() -> None:
    line = framer()
    assert told(line.feed(b"1\r", 0.0)) == ["1"]
    assert told(line.feed(b"\n", 0.1)) == []
    assert line.deadline is None
    assert told(line.feed(b"2\r", 5.0)) == ["2"]


def test_scan_carries_the_time_of_its_terminator() -> None:
    line = framer()
    line.feed(b"]E04006381333931", 1.0)
    (scan,) = line.feed(b"\r", 1.1)
    assert isinstance(scan, Scan)
    assert (scan.scanner, scan.scan_data, scan.at) == ("a", b"]E04006381333931", 1.1)


def test_optional_stx_is_no_part_of_the_label() -> None:
    assert told(framer().feed(b"\x021\r\x02\r\x02\x021\r", 0.0)) == ["1", "\x021"]


def test_stx_etx_frame_without_its_beginning_is_torn() -> None:
    line = framer(SerialTerminator.ETX)
    expected = ["1", DiscardReason.NOISE, DiscardReason.NOISE, "2\r"]
    assert told(line.feed(b"\x021\x0323\x03\x024\x025\x03\x022\r\x03", 0.0)) == expected


def test_silence_is_told_at_its_deadline_and_the_tail_thrown_away() -> None:
    line = framer()
    line.feed(b"400", 1.0)
    assert line.deadline == pytest.approx(1.2)
    assert line.expire(1.1) == []
    assert told(line.expire(1.3)) == [DiscardReason.IDLE_GAP]
    assert line.deadline is None
    assert told(line.feed(b"638\r42\r", 1.4)) == ["42"]


def test_silence_counts_though_nobody_looked_in_time() -> None:
    line = framer()
    assert told(line.feed(b"400", 1.0) + line.feed(b"638\r42\r", 1.4)) == [DiscardReason.IDLE_GAP, "42"]


def test_without_terminator_silence_ends_the_scan() -> None:
    line = framer(SerialTerminator.NONE)
    line.feed(b"40", 1.0)
    assert told(line.feed(b"06\r", 1.1)) == []
    assert told(line.expire(1.3)) == ["4006\r"]
    assert told(line.feed(b"1", 2.0) + line.feed(b"2", 3.0)) == ["1"]


def test_noise_tears_the_scan_in_progress() -> None:
    line = framer()
    assert told(line.feed(b"40", 1.0) + line.noise(1.0) + line.noise(1.0)) == [DiscardReason.NOISE]
    assert told(line.feed(b"06\r42\r", 1.0)) == ["42"]


def test_noise_between_scans_tears_the_next_one() -> None:
    line = framer()
    assert told(line.feed(b"1\r", 1.0) + line.noise(1.0)) == ["1", DiscardReason.NOISE]
    assert told(line.feed(b"06\r42\r", 1.0)) == ["42"]


def test_silence_before_noise_ends_no_scan() -> None:
    line = framer(SerialTerminator.NONE)
    assert told(line.feed(b"400", 1.0) + line.noise(2.0)) == [DiscardReason.NOISE]
    assert told(line.expire(3.0)) == []
    assert told(line.feed(b"42", 4.0) + line.expire(5.0)) == ["42"]


def test_each_try_that_a_missing_terminator_loses_is_told() -> None:
    line = framer()
    reports = []
    for start in (10.0, 20.0, 30.0):
        reports += line.feed(b"4006", start) + line.feed(b"381", start + 0.01) + line.expire(start + 1)
    assert told(reports) == [DiscardReason.IDLE_GAP] * 3


def test_unplugged_line() -> None:
    line = framer()
    assert line.lost(1.0) == []
    line.feed(b"12", 1.0)
    assert line.lost(1.1) == [Discarded(scanner="a", reason=DiscardReason.DEVICE_LOST, at=1.1)]
    assert told(line.feed(b"42\r", 1.1)) == ["42"]


STREAMS = st.lists(
    st.sampled_from([b"1", b"23", b"\r", b"\n", b"\r\n", b"\x02", b"\x03", b"]E0", b"\xc3", b"\xa9", b"4" * 9]),
    max_size=40,
).map(b"".join)


@given(STREAMS, st.lists(st.integers(0, 200), max_size=30), st.sampled_from(SerialTerminator))
def test_any_chunking_gives_the_same_scans(data: bytes, cuts: list[int], terminator: SerialTerminator) -> None:
    whole, chunked = framer(terminator, max_length=8), framer(terminator, max_length=8)
    at_once = whole.feed(data, 1.0) + whole.expire(2.0)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    in_parts = [report for start, end in pairwise(edges) for report in chunked.feed(data[start:end], 1.0)]
    assert in_parts + chunked.expire(2.0) == at_once


@given(STREAMS)
def test_scans_are_the_lines_that_were_sent(data: bytes) -> None:
    lines = data.replace(b"\r", b"\n").split(b"\n")[:-1]
    whole = [line.removeprefix(b"\x02") for line in lines if line.removeprefix(b"\x02")]
    reports = framer().feed(data, 1.0)
    assert len(reports) == len(whole)
    for report, line in zip(reports, whole, strict=True):
        assert report.scan_data == line if isinstance(report, Scan) else not _is_utf_8(line)


@pytest.mark.parametrize("terminator", SerialTerminator)
def test_no_input_grows_the_buffer_past_its_cap(terminator: SerialTerminator) -> None:
    line = framer(terminator, max_length=64)
    reports = [report for _ in range(1_000) for report in line.feed(b"7" * 50, 1.0)]
    assert told(reports) == [DiscardReason.TOO_LONG]
    assert len(line._scan._buffer) == 0  # nothing public tells how much is held


def test_longest_scan_and_one_longer() -> None:
    assert told(framer(max_length=3).feed(b"123\r1234\r42\r", 0.0)) == ["123", DiscardReason.TOO_LONG, "42"]


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
