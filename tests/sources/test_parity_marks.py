from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanner_daemon.sources.parity_marks import ParityMarks


def marked_by_the_kernel(line: list[int | None]) -> bytes:
    """What ``PARMRK`` makes of good bytes and noise (POSIX.1-2017, 11.2.2): ``None`` is a byte with a parity error."""
    marks = {None: b"\xff\x00\x41", 0xFF: b"\xff\xff"}
    return b"".join(marks.get(byte) or bytes([byte or 0]) for byte in line)


def unmarked(chunks: list[bytes]) -> list[int | None]:
    marks = ParityMarks()
    line: list[int | None] = []
    for chunk in chunks:
        for run in marks.feed(chunk):
            line += [None] if run is None else list(run)
    return line


@given(st.lists(st.none() | st.sampled_from([0, 13, 65, 255])), st.lists(st.integers(0, 600)))
@example(line=[None, 65], cuts=[1])
@example(line=[None, 65], cuts=[2])
@example(line=[255, 65], cuts=[1])
def test_good_bytes_and_noise_come_back_whatever_the_chunks(line: list[int | None], cuts: list[int]) -> None:
    marked = marked_by_the_kernel(line)
    edges = [0, *sorted(min(cut, len(marked)) for cut in cuts), len(marked)]

    assert unmarked([marked[start:end] for start, end in pairwise(edges)]) == line


@given(st.binary())
def test_takes_any_bytes_and_keeps_at_most_a_cut_mark(marked: bytes) -> None:
    marks = ParityMarks()
    marks.feed(marked)

    assert len(marks._cut) < 3  # no input grows what is kept


@pytest.mark.parametrize("marked", [b"\xff\x00\x00", b"\xff\x00\xff", b"\xff\x00\n", b"\xff\x41"])
def test_a_break_a_damaged_byte_and_a_mark_no_kernel_makes_are_noise(marked: bytes) -> None:
    assert unmarked([b"1" + marked + b"2"]) == [0x31, None, 0x32]
