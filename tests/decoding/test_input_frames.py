import struct
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.input_frames import InputFrames, Overflow
from scanner_daemon.model import KeyStroke

EV_SYN, EV_KEY, EV_MSC, EV_LED = 0, 1, 4, 17
SYN_REPORT, SYN_DROPPED = 0, 3
MSC_SCAN = 4


def event(kind: int, code: int, value: int, *, at: float = 1.0) -> bytes:
    return struct.pack("@llHHi", int(at), round(at % 1 * 1_000_000), kind, code, value)


def report(*, at: float = 1.0) -> bytes:
    return event(EV_SYN, SYN_REPORT, 0, at=at)


def stroke(code: int, *, pressed: bool = True, at: float = 1.0) -> KeyStroke:
    return KeyStroke(code=code, pressed=pressed, at=at)


def test_frame_holds_the_keys_between_two_reports() -> None:
    data = (
        event(EV_MSC, MSC_SCAN, 0x70004, at=2.5)
        + event(EV_KEY, 42, 1, at=2.5)
        + event(EV_KEY, 30, 1, at=2.5)
        + report(at=2.5)
        + event(EV_KEY, 30, 0, at=2.501)
        + report(at=2.501)
    )
    assert InputFrames().feed(data) == [
        (stroke(42, at=2.5), stroke(30, at=2.5)),
        (stroke(30, pressed=False, at=2.501),),
    ]


def test_autorepeat_lamps_and_empty_frames_are_left_out() -> None:
    data = event(EV_KEY, 30, 2) + report() + event(EV_LED, 1, 1) + report() + report()
    assert InputFrames().feed(data) == []


def test_everything_up_to_the_report_after_a_drop_is_ignored() -> None:
    data = (
        event(EV_KEY, 2, 1)
        + event(EV_SYN, SYN_DROPPED, 0, at=3.0)
        + event(EV_KEY, 3, 1)
        + report()
        + event(EV_KEY, 4, 1)
        + report()
    )
    assert InputFrames().feed(data) == [Overflow(at=3.0), (stroke(4),)]


def test_time_of_arrival_goes_before_the_events_own() -> None:
    data = event(EV_KEY, 2, 1, at=9.0) + report(at=9.0) + event(EV_SYN, SYN_DROPPED, 0, at=9.0)
    assert InputFrames().feed(data, at=4.0) == [(stroke(2, at=4.0),), Overflow(at=4.0)]


EVENTS = st.lists(
    st.builds(
        event,
        st.sampled_from([EV_SYN, EV_KEY, EV_KEY, EV_MSC]),
        st.sampled_from([SYN_REPORT, SYN_REPORT, 2, SYN_DROPPED]),
        st.sampled_from([0, 1, 2]),
        at=st.sampled_from([0.0, 0.25, 7.5]),
    ),
    max_size=40,
)


@given(events=EVENTS, cuts=st.lists(st.integers(0, 40 * 24), max_size=20))
def test_any_chunking_gives_the_same_frames(events: list[bytes], cuts: list[int]) -> None:
    data = b"".join(events)
    chunked = InputFrames()
    frames = [
        frame
        for start, end in pairwise(sorted({0, *cuts, len(data)} & {*range(len(data) + 1)}))
        for frame in chunked.feed(data[start:end])
    ]
    assert frames == InputFrames().feed(data)


def test_frame_without_end_is_dropped_before_it_grows_without_end() -> None:
    frames = InputFrames()
    keys = event(EV_KEY, 2, 1) * 10_000
    assert frames.feed(keys) == [Overflow(at=1.0)]
    assert frames.feed(report() + event(EV_KEY, 3, 1) + report()) == [(stroke(3),)]
