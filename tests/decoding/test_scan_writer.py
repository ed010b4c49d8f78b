from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.framer import SerialTerminator
from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.playback import outcome, play
from scanner_daemon.decoding.recordings import Mark, Recording, RecordingFormat, Step
from scanner_daemon.decoding.scan_file import parse_scan_file
from scanner_daemon.decoding.scan_writer import write_scan_file
from scanner_daemon.decoding.typed_codes import ControlMap
from scanner_daemon.decoding.wedge import WedgeTerminator

US = LAYOUTS["us"]
SCANS = Path(__file__).parents[2] / "fixtures" / "scans"

KEYS = st.lists(st.tuples(st.integers(0, 0x2FF), st.booleans()), min_size=1, max_size=4).map(tuple)
SILENCES = st.integers(0, 5_000_000).map(lambda microseconds: microseconds / 1e6)


@st.composite
def steps(draw: st.DrawFn, what: "st.SearchStrategy[object]") -> tuple[Step, ...]:
    at = 0.0
    found = []
    for silence, each in draw(st.lists(st.tuples(SILENCES, what), max_size=20)):
        at += silence
        found.append(Step(at=at, what=each))  # type: ignore[arg-type]  # each strategy has its own kind
    return tuple(found)


def same(one: Recording, other: Recording) -> None:
    assert [step.what for step in one.steps] == [step.what for step in other.steps]
    assert [step.at for step in one.steps] == pytest.approx([step.at for step in other.steps], abs=1e-5)
    assert replace(one, steps=(), layout=US) == replace(other, steps=(), layout=US)
    assert one.layout.name == other.layout.name


WEDGES = st.builds(
    Recording,
    format=st.just(RecordingFormat.WEDGE),
    steps=steps(KEYS | st.sampled_from([Mark.DROPPED, Mark.DISCONNECT])),
    terminator=st.sampled_from(WedgeTerminator),
    control_map=st.sampled_from(ControlMap),
    code_id=st.sampled_from(CodeId),
    layout=st.sampled_from(sorted(LAYOUTS)).map(LAYOUTS.__getitem__),
    caps_lock=st.booleans(),
    num_lock=st.sampled_from([None, True, False]),
    gap=st.just(0.25),
)


@given(WEDGES)
def test_what_a_wedge_typed_reads_back(recording: Recording) -> None:
    same(parse_scan_file(write_scan_file(recording, scanner="counter")), recording)


@given(steps(st.binary(min_size=1, max_size=40) | st.text(min_size=1).map(str.encode) | st.just(Mark.NOISE)))
def test_what_a_serial_line_carried_reads_back(found: tuple[Step, ...]) -> None:
    recording = Recording(format=RecordingFormat.BYTES, steps=found, terminator=SerialTerminator.NONE, length=13)
    same(parse_scan_file(write_scan_file(recording, scanner="hand")), recording)


@pytest.mark.parametrize("file", sorted(SCANS.glob("*.scan")), ids=lambda file: file.stem)
def test_every_fixture_written_again_has_the_same_outcome(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    descriptor = next((line.partition(":")[2] for line in text.splitlines() if line.startswith("descriptor:")), "")
    recording = parse_scan_file(text)
    again = parse_scan_file(write_scan_file(recording, scanner="x", descriptor=bytes.fromhex(descriptor)))
    assert again.expected == recording.expected
    assert tuple(outcome(report) for report in play(again)) == recording.expected


def test_it_reads_like_one_written_by_hand() -> None:
    down, up = Step(at=0.0105, what=((42, True), (11, False))), Step(at=1.0105, what=((42, False), (0x2FE, True)))
    recording = Recording(format=RecordingFormat.WEDGE, steps=(down, up), expected=("discarded unknown_key",))
    assert write_scan_file(recording, scanner="Datalogic\nGryphon", note="on a\tMonday") == (
        "format: wedge\nscanner: Datalogic Gryphon\nnote: on a Monday\nlayout: us\n\n# expect: discarded unknown_key\n"
        "+0.0105 down KEY_LEFTSHIFT up KEY_0\n+1 up KEY_LEFTSHIFT down 766\n"
    )
