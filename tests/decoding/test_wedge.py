from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import pytest
from evdev import ecodes
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.input_frames import Frame
from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.wedge import WedgeDecoder, WedgeTerminator
from scanner_daemon.model import Discarded, DiscardReason, KeyStroke, Scan

REPORT_TIME = 0.001


def key(name: str) -> int:
    return int(ecodes.ecodes[f"KEY_{name}"])


NAMES = {"\r": "ENTER", "\t": "TAB", "-": "MINUS"}


def frame(*codes: int, pressed: bool = True, at: float = 0.0) -> Frame:
    return tuple(KeyStroke(code=code, pressed=pressed, at=at) for code in codes)


def typed(text: str, *, start: float = 0.0) -> list[Frame]:
    """What a scanner sends for ``text``, one report each millisecond, Shift in reports of its own."""
    changes: list[tuple[int, bool]] = []
    for character in text:
        code = key(NAMES.get(character, character.upper()))
        tap = [(code, True), (code, False)]
        shift = key("LEFTSHIFT")
        changes += [(shift, True), *tap, (shift, False)] if character.isupper() else tap
    return [
        frame(code, pressed=pressed, at=start + index * REPORT_TIME) for index, (code, pressed) in enumerate(changes)
    ]


def decoder(
    terminator: WedgeTerminator = WedgeTerminator.ENTER, *, scanner: str = "a", max_length: int = 4096
) -> WedgeDecoder:
    return WedgeDecoder(scanner=scanner, layout=LAYOUTS["us"], terminator=terminator, max_length=max_length)


def feed(wedge: WedgeDecoder, frames: Iterable[Frame]) -> list[str | DiscardReason]:
    return told(report for each in frames for report in wedge.feed(each))


def told(reports: Iterable[Scan | Discarded]) -> list[str | DiscardReason]:
    return [report.scan_data_label if isinstance(report, Scan) else report.reason for report in reports]


def test_scan_is_delivered_as_its_terminator_goes_down() -> None:
    *before, enter_down, _ = typed("M42\r", start=5.0)
    wedge = decoder()
    assert feed(wedge, before) == []
    (scan,) = wedge.feed(enter_down)
    assert isinstance(scan, Scan)
    assert (scan.scanner, scan.scan_data, scan.at) == ("a", b"M42", enter_down[0].at)


def test_no_deadline_between_scans() -> None:
    wedge = decoder()
    assert wedge.deadline is None
    feed(wedge, typed("1\r"))
    assert wedge.deadline is None


def test_modifiers_alone_begin_no_scan() -> None:
    wedge = decoder()
    for name in ("LEFTSHIFT", "CAPSLOCK", "LEFTCTRL", "NUMLOCK"):
        feed(wedge, [frame(key(name)), frame(key(name), pressed=False)])
    assert wedge.deadline is None


def test_silence_is_told_at_its_deadline_and_the_tail_thrown_away() -> None:
    wedge = decoder()
    feed(wedge, typed("400", start=1.0))
    deadline = wedge.deadline
    assert deadline == pytest.approx(1.004 + 0.15)
    assert deadline is not None
    assert wedge.expire(deadline - 0.001) == []
    assert wedge.expire(deadline) == [Discarded(scanner="a", reason=DiscardReason.IDLE_GAP, at=deadline)]
    assert wedge.deadline is None
    assert feed(wedge, typed("638\r", start=1.5)) == []
    assert feed(wedge, typed("42\r", start=2.0)) == ["42"]


def test_silence_counts_though_nobody_looked_in_time() -> None:
    wedge = decoder()
    frames = typed("40", start=1.0) + typed("63\r", start=1.4) + typed("42\r", start=2.0)
    assert feed(wedge, frames) == [DiscardReason.IDLE_GAP, "42"]


def test_terminator_after_a_silence_does_not_save_the_scan() -> None:
    wedge = decoder()
    assert feed(wedge, typed("40", start=1.0) + typed("\r", start=1.4)) == [DiscardReason.IDLE_GAP]
    assert feed(wedge, typed("42\r", start=2.0)) == ["42"]


def test_silence_before_lost_events_ends_no_scan() -> None:
    wedge = decoder(WedgeTerminator.NONE)
    feed(wedge, typed("400", start=1.0))
    assert told(wedge.overflow(2.0)) == [DiscardReason.OVERFLOW]
    assert feed(wedge, typed("42", start=3.0)) == []
    assert told(wedge.expire(4.0)) == ["42"]


def test_each_overflow_up_to_a_terminator_is_one_lost_scan() -> None:
    wedge = decoder()
    feed(wedge, typed("400"))
    assert told(wedge.overflow(0.01)) == [DiscardReason.OVERFLOW]
    assert told(wedge.overflow(0.02)) == []
    assert feed(wedge, typed("6\r", start=0.03)) == []
    assert told(wedge.overflow(0.04)) == [DiscardReason.OVERFLOW]


def test_shift_held_during_an_overflow_is_let_go() -> None:
    wedge = decoder()
    feed(wedge, [frame(key("LEFTSHIFT"))])
    wedge.overflow(0.01)
    assert feed(wedge, typed("\r42\r", start=0.02)) == ["42"]


def test_state_told_by_the_device_is_taken() -> None:
    wedge = decoder()
    wedge.resynchronise([key("LEFTSHIFT"), key("ENTER")], caps_lock=False)
    assert feed(wedge, typed("a")) == []
    assert feed(wedge, [frame(key("LEFTSHIFT"), pressed=False), *typed("a\r")]) == ["Aa"]
    wedge.resynchronise([], caps_lock=True, num_lock=True)
    assert feed(wedge, [*typed("aA"), frame(key("KP7")), *typed("\r")]) == ["Aa7"]
    wedge.resynchronise([], caps_lock=False, num_lock=False)
    assert feed(wedge, [*typed("a"), frame(key("KP7")), *typed("\r")]) == [DiscardReason.UNKNOWN_KEY]


def test_alt_held_since_before_we_looked_makes_no_character() -> None:
    wedge = decoder()
    wedge.resynchronise([key("LEFTALT")], caps_lock=False)
    digits = [frame(key(f"KP{digit}")) for digit in "052"]
    frames = [*digits, frame(key("LEFTALT"), pressed=False), *typed("1\r")]
    assert feed(wedge, frames) == [DiscardReason.UNKNOWN_KEY]


def test_second_down_without_up_is_another_press() -> None:
    assert feed(decoder(), [frame(key("4")), frame(key("4")), frame(key("ENTER"))]) == ["44"]


def test_longest_label_and_one_longer() -> None:
    wedge = decoder(max_length=5)
    assert feed(wedge, typed("12345\r123456789\r42\r")) == ["12345", DiscardReason.TOO_LONG, "42"]


@pytest.mark.parametrize("terminator", WedgeTerminator)
def test_no_input_grows_a_buffer_past_its_cap(terminator: WedgeTerminator) -> None:
    wedge = decoder(terminator, max_length=64)
    for index in range(10_000):
        wedge.feed(frame(key("7"), at=index * REPORT_TIME))
    wedge.feed(frame(key("LEFTALT"), at=10.0))
    for index in range(10_000):
        wedge.feed(frame(key("KP7"), at=10 + index * REPORT_TIME))
    assert len(wedge._scan._buffer) <= 64  # nothing public tells how much is held
    assert len(wedge._keys._alt_digits or "") <= 4


def test_unplugged_scanner() -> None:
    wedge = decoder()
    assert wedge.lost(1.0) == []
    feed(wedge, [*typed("12", start=1.0), frame(key("LEFTSHIFT"), at=1.1)])
    assert wedge.lost(1.2) == [Discarded(scanner="a", reason=DiscardReason.DEVICE_LOST, at=1.2)]
    assert wedge.deadline is None
    assert feed(wedge, typed("a\r", start=3.0)) == ["a"]


def test_torn_scan_is_not_told_again_when_unplugged() -> None:
    wedge = decoder()
    assert feed(wedge, [*typed("12"), frame(key("F1"))]) == [DiscardReason.UNKNOWN_KEY]
    assert wedge.lost(1.2) == []


def test_two_scanners_interleaved_key_by_key_never_mix() -> None:
    scanners = [decoder(scanner=name) for name in "ab"]
    found: dict[str, list[str]] = {"a": [], "b": []}
    sent: dict[str, list[str]] = {"a": [], "b": []}
    for number in range(5_000):
        labels = [f"{number:013}", f"{10**12 - number:013}"]
        frames = [typed(f"{label}\r", start=float(number)) for label in labels]
        for name, label in zip("ab", labels, strict=True):
            sent[name].append(label)
        for pair in zip(*frames, strict=True):
            for wedge, each in zip(scanners, pair, strict=True):
                for report in wedge.feed(each):
                    assert isinstance(report, Scan)
                    found[report.scanner].append(report.scan_data_label)
    assert found == sent


@dataclass(frozen=True)
class Harm:
    """How a scan is torn: ``where`` in its frames, of which the next ``lost`` never arrive."""

    kind: Literal["overflow", "gap", "unknown", "order", "unplugged"]
    where: float
    lost: int

    def cut(self, frames: list[Frame]) -> int:
        """The number of frames before the harm: a Shift, at least one key, and none of the terminator's."""
        return 2 + int((len(frames) - 4) * self.where)


HARMS = st.builds(
    Harm,
    kind=st.sampled_from(["overflow", "gap", "unknown", "order", "unplugged"]),
    where=st.floats(0, 1, exclude_max=True),
    lost=st.integers(0, 40),
)


def send(wedge: WedgeDecoder, frames: list[Frame], harm: Harm | None) -> Iterator[Scan | Discarded]:
    cut = harm.cut(frames) if harm else len(frames)
    rest = frames[cut:]
    for each in frames[:cut]:
        yield from wedge.feed(each)
    if harm is None:
        return
    at = rest[0][0].at
    match harm.kind:
        case "overflow":
            yield from wedge.overflow(at)
            rest = rest[harm.lost :]
        case "gap":
            rest = [tuple(stroke._replace(at=stroke.at + 0.2) for stroke in each) for each in rest]
        case "unknown":
            yield from wedge.feed(frame(key("PAGEUP"), at=at))
        case "order":
            yield from wedge.feed(frame(key("1"), key("2"), at=at))
        case "unplugged":
            yield from wedge.lost(at)
            rest = []
    for each in rest:
        yield from wedge.feed(each)


@given(st.lists(st.none() | HARMS, max_size=12), st.sampled_from("\r\t"))
def test_only_labels_typed_whole_are_delivered_and_each_torn_one_is_told_once(
    harms: list[Harm | None], end: str
) -> None:
    wedge = decoder(WedgeTerminator.ENTER if end == "\r" else WedgeTerminator.TAB)
    poisoned = False
    for number, harm in enumerate(harms, start=1):
        label = f"M{7_000_000_000_000 + number * 111_111_111}"
        frames = typed(label + end, start=float(number))
        reports = list(send(wedge, frames, harm))
        if poisoned:
            assert reports == []
        elif harm is None:
            assert told(reports) == [label]
        else:
            assert [type(report) for report in reports] == [Discarded]
        ended = harm is None or harm.kind != "overflow" or harm.cut(frames) + harm.lost <= len(frames) - 2
        poisoned = not ended


STROKES = st.builds(
    KeyStroke,
    code=st.integers(0, 255) | st.sampled_from([key(n) for n in ("LEFTALT", "KP0", "KP5", "LEFTSHIFT", "ENTER")]),
    pressed=st.booleans(),
    at=st.floats(0, 100),
)


@given(st.lists(st.lists(STROKES, min_size=1, max_size=4).map(tuple), max_size=60), st.sampled_from(WedgeTerminator))
def test_arbitrary_strokes_never_crash_nor_last_past_a_replug(frames: list[Frame], terminator: WedgeTerminator) -> None:
    wedge = decoder(terminator, max_length=16)
    for each in frames:
        for report in wedge.feed(each):
            assert isinstance(report, Discarded) or 0 < len(report.scan_data) <= 16
    wedge.lost(100.0)
    wedge.resynchronise([], caps_lock=False)
    feed(wedge, typed("M42\r" if terminator is WedgeTerminator.ENTER else "M42\t", start=101.0))
