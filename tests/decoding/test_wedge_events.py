"""However the kernel's events are cut into reads, and whichever way each read is decoded, the scans are the same."""

import struct
from itertools import pairwise

from evdev import ecodes
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.typed_codes import ControlMap
from scanner_daemon.decoding.wedge import WedgeDecoder, WedgeTerminator
from scanner_daemon.decoding.wedge_events import WedgeEvents
from scanner_daemon.model import Discarded, DiscardReason, Scan

EVENT = struct.Struct("@llHHi")
DROPPED = (ecodes.EV_SYN, ecodes.SYN_DROPPED, 0)


def report(*events: tuple[int, int, int], milliseconds: int) -> bytes:
    """One report of the device; every change of a key comes with its scan code."""
    whole: list[tuple[int, int, int]] = []
    for event in events:
        whole += [(ecodes.EV_MSC, ecodes.MSC_SCAN, 0x70004)] * (event[0] == ecodes.EV_KEY) + [event]
    time = divmod(milliseconds * 1000, 1_000_000)
    return b"".join(EVENT.pack(*time, *event) for event in [*whole, (ecodes.EV_SYN, ecodes.SYN_REPORT, 0)])


def typed(text: str, *, start: int = 0) -> list[bytes]:
    """The reports of each key going down and up, a millisecond apart."""
    names = {"\r": "ENTER", "\t": "TAB"}
    keys = [ecodes.ecodes[f"KEY_{names.get(character, character)}"] for character in text]
    changes = [(ecodes.EV_KEY, key, value) for key in keys for value in (1, 0)]
    return [report(change, milliseconds=start + index) for index, change in enumerate(changes)]


def opened(
    terminator: WedgeTerminator = WedgeTerminator.ENTER,
    control_map: ControlMap = ControlMap.CTRL,
) -> WedgeEvents:
    decoder = WedgeDecoder(
        scanner="a", layout=LAYOUTS["us"], terminator=terminator, control_map=control_map, max_length=8
    )
    return WedgeEvents(decoder, kernel_time=True)


def told(events: WedgeEvents, reads: list[bytes]) -> list[tuple[str | DiscardReason, float]]:
    reports: list[Scan | Discarded] = [each for read in reads for each in events.feed(read, at=0.0)]
    return [(each.scan_data_label if isinstance(each, Scan) else each.reason, each.at) for each in reports]


def test_time_of_a_scan_is_its_terminators() -> None:
    assert told(opened(), typed("42\r", start=5000)) == [("42", 5.004)]
    assert told(opened(), [b"".join(typed("42\r", start=5000))]) == [("42", 5.004)]


def test_several_scans_in_one_read() -> None:
    data = b"".join(typed("42\r43\r", start=1000) + typed("4", start=1100) + typed("4\r", start=1400))
    assert told(opened(), [data]) == [("42", 1.004), ("43", 1.01), (DiscardReason.IDLE_GAP, 1.25)]


def test_lock_keys_stay_unheard_until_the_torn_scan_ended() -> None:
    """One of CapsLock's two taps is among the lost events: letters come out as before nonetheless."""
    capslock = [report((ecodes.EV_KEY, ecodes.KEY_CAPSLOCK, value), milliseconds=20) for value in (1, 0)]
    data = [report(DROPPED, milliseconds=10), *capslock, *typed("A\r", start=30), *typed("A\r", start=40)]
    assert [label for label, _ in told(opened(), data)] == [DiscardReason.OVERFLOW, "a"]


CODES = [ecodes.ecodes[f"KEY_{name}"] for name in ("1", "2", "A", "KP7", "ENTER", "TAB", "F1", "F2", "LEFTSHIFT")]
CODES += [ecodes.KEY_LEFTALT, ecodes.KEY_LEFTCTRL, ecodes.KEY_U, ecodes.KEY_CAPSLOCK, ecodes.KEY_NUMLOCK, 300]
CHANGES = st.tuples(st.just(ecodes.EV_KEY), st.sampled_from(CODES), st.sampled_from([1, 1, 0, 0, 2]))
REPORTS = st.lists(
    st.tuples(
        CHANGES.map(lambda change: (change,)) | st.lists(CHANGES, max_size=3).map(tuple) | st.just((DROPPED,)),
        st.sampled_from([1, 1, 1, 200]),
    ),
    max_size=60,
)


@given(
    REPORTS,
    st.lists(st.integers(0, 12_000), max_size=10),
    st.sampled_from(WedgeTerminator),
    st.sampled_from(ControlMap),
)
def test_any_reads_give_the_same_scans(
    steps: list[tuple[tuple[tuple[int, int, int], ...], int]],
    cuts: list[int],
    terminator: WedgeTerminator,
    control_map: ControlMap,
) -> None:
    now, reports = 1000, list[bytes]()
    for events, milliseconds in steps:
        now += milliseconds
        reports.append(report(*events, milliseconds=now))
    data = b"".join(reports)
    reads = [
        data[start:end] for start, end in pairwise(sorted({0, *(cut % (len(data) + 1) for cut in cuts), len(data)}))
    ]
    expected = told(
        opened(terminator, control_map),
        [data[start : start + EVENT.size] for start in range(0, len(data), EVENT.size)],
    )  # an event a read is never a run
    for division in (reads, reports, [data]):
        assert told(opened(terminator, control_map), division) == expected
