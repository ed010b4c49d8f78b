import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.input_frames import CapsLamp, Frame, InputFrames, Overflow, Run
from scanner_daemon.model import KeyStroke

EV_SYN, EV_KEY, EV_MSC, EV_LED = 0, 1, 4, 17
SYN_REPORT, SYN_DROPPED = 0, 3
MSC_SCAN = 4
LED_NUML, LED_CAPSL = 0, 1


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


def test_autorepeat_other_lamps_and_empty_frames_are_left_out() -> None:
    data = event(EV_KEY, 30, 2) + report() + event(EV_LED, LED_NUML, 1) + report() + report()
    assert InputFrames().feed(data) == []


def test_caps_lock_lamp_is_told_in_its_place() -> None:
    lamp = [event(EV_LED, LED_CAPSL, on, at=2.0) + report(at=2.0) for on in (1, 0)]
    tap = event(EV_KEY, 2, 1) + report()
    assert InputFrames().feed(lamp[0] + tap + lamp[1]) == [
        CapsLamp(on=True, at=2.0),
        (stroke(2),),
        CapsLamp(on=False, at=2.0),
    ]


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


def one_key(code: int, value: int, *, at: float = 1.0) -> bytes:
    return event(EV_MSC, MSC_SCAN, 0x70004, at=at) + event(EV_KEY, code, value, at=at) + report(at=at)


def flat(run: Run) -> list[Frame]:
    return [
        (stroke(code, pressed=value == 1, at=seconds + microseconds / 1e6),)
        for seconds, microseconds, code, value in run
    ]


def test_run_of_single_keys() -> None:
    data = one_key(30, 1, at=2.5) + one_key(30, 0, at=2.625)
    assert list(InputFrames().run(data) or ()) == [(2, 500_000, 30, 1), (2, 625_000, 30, 0)]
    assert list(InputFrames().run(data, at=7.25) or ()) == [(7.25, 0, 30, 1), (7.25, 0, 30, 0)]


@pytest.mark.parametrize(
    "data",
    [
        one_key(30, 1)[:-1],
        one_key(30, 1) + event(EV_KEY, 31, 1),
        one_key(30, 2),
        event(EV_KEY, 30, 1) + report(),
        event(EV_KEY, 42, 1) + event(EV_KEY, 30, 1) + report(),
        event(EV_MSC, MSC_SCAN, 1) + event(EV_LED, LED_CAPSL, 1) + report(),
        event(EV_MSC, MSC_SCAN, 1) + event(EV_KEY, 30, 1) + event(EV_SYN, SYN_DROPPED, 0),
        event(EV_MSC + 256, MSC_SCAN, 1) + event(EV_KEY, 30, 1) + report(),
    ],
)
def test_what_is_no_run(data: bytes) -> None:
    assert InputFrames().run(one_key(2, 1) + data) is None
    assert InputFrames().run(data) is None


@pytest.mark.parametrize(
    "before", [event(EV_KEY, 42, 1), event(EV_KEY, 42, 1) + report() + b"\0", event(EV_SYN, SYN_DROPPED, 0)]
)
def test_run_begins_between_frames_only(before: bytes) -> None:
    frames = InputFrames()
    frames.feed(before)
    assert frames.run(one_key(30, 1)) is None


RUNS = st.lists(
    st.builds(one_key, st.integers(0, 0xFFFF), st.sampled_from([0, 1]), at=st.sampled_from([0.0, 0.25, 7.5]))
).map(b"".join)


@given(RUNS | EVENTS.map(b"".join), st.none() | st.just(4.0))
def test_run_holds_the_frames_feed_returns(data: bytes, at: float | None) -> None:
    run = InputFrames().run(data, at=at)
    assert run is None or flat(run) == InputFrames().feed(data, at=at)
