import json
import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.key_codes import KeyCode
from scanner_daemon.decoding.layouts import LAYOUTS, Level
from scanner_daemon.decoding.playback import outcome, play
from scanner_daemon.decoding.recordings import Keys, Mark, Recording, RecordingFormat, Step
from scanner_daemon.decoding.redaction import redacted
from scanner_daemon.decoding.scan_file import parse_scan_file
from scanner_daemon.model import Discarded

SCANS = Path(__file__).parents[2] / "fixtures" / "scans"
FORMATS = {RecordingFormat.WEDGE, RecordingFormat.BYTES, RecordingFormat.HID_POS}


def fixtures() -> list[str]:
    forms = {file.stem: parse_scan_file(file.read_text(encoding="utf-8")).format for file in SCANS.glob("*.scan")}
    return sorted(name for name, form in forms.items() if form in FORMATS)


def fixture(name: str) -> Recording:
    return parse_scan_file((SCANS / f"{name}.scan").read_text(encoding="utf-8"))


def structure(recording: Recording) -> list[object]:
    """What each step is, but for the values of bytes and keys."""
    return [(step.at, _structure(step.what)) for step in recording.steps]


def _structure(what: Keys | bytes | Mark) -> object:
    if isinstance(what, bytes):
        return len(what)
    return [down for _, down in what] if isinstance(what, tuple) else what


def kinds(recording: Recording) -> list[str]:
    """Outcomes, each label as its shape."""
    found = []
    for report in play(recording):
        if isinstance(report, Discarded):
            found.append(outcome(report))
        else:
            shape = ("x" if each.isalnum() or each in digit_row(recording) else each for each in report.scan_data_label)
            found.append("".join(shape) + str(report.symbology_identifier))
    return found


def digit_row(recording: Recording) -> set[str | None]:
    """The keys of the row count as digits with Shift, too: ! and 1 have one shape."""
    row = [KeyCode[f"KEY_{digit}"] for digit in "0123456789"]
    return {recording.layout.character(code, level) for code in row for level in (Level.PLAIN, Level.SHIFT)}


@pytest.mark.parametrize("name", fixtures())
def test_structure_times_and_outcomes_stay(name: str) -> None:
    recording = fixture(name)
    other = redacted(recording, Random(name))
    assert structure(other) == structure(recording)
    assert kinds(other) == kinds(recording)
    assert other.expected == ()


@pytest.mark.parametrize("name", fixtures())
def test_no_number_of_a_label_is_left(name: str) -> None:
    recording = fixture(name)
    numbers = {number for line in recording.expected for number in re.findall(r"\d{8,}", line)}
    others = " ".join(outcome(report) for report in play(redacted(recording, Random(name))))
    assert not [number for number in numbers if number in others]


def test_the_same_label_again_is_the_same_disguise_again() -> None:
    data = b"0412345678903\r4006381333931\r0412345678903\r"
    recording = Recording(format=RecordingFormat.BYTES, steps=(Step(at=0.0, what=data),))
    first, second, third = (json.loads(outcome(report)) for report in play(redacted(recording, Random(5))))
    assert first == third != second


def test_a_label_in_two_reads_is_disguised_as_one() -> None:
    whole = Recording(format=RecordingFormat.BYTES, steps=(Step(at=0.0, what=b"0412345678903\r"),))
    halves = tuple(Step(at=at, what=part) for at, part in ((0.0, b"041234567"), (0.01, b"8903\r")))
    parts = Recording(format=RecordingFormat.BYTES, steps=halves)
    assert [outcome(each) for each in play(redacted(parts, Random(5)))] == [
        outcome(each) for each in play(redacted(whole, Random(5)))
    ]


@given(st.text("0123456789", min_size=8, max_size=20), st.sampled_from(sorted(LAYOUTS)), st.integers())
def test_no_digit_is_given_away_under_a_wrong_layout(number: str, configured: str, seed: int) -> None:
    """A French scanner holds Shift for digits: under another layout they would decode to signs."""
    row = {digit: KeyCode[f"KEY_{digit}"].value for digit in "0123456789"}
    shift = KeyCode.KEY_LEFTSHIFT.value
    frames: list[tuple[tuple[int, bool], ...]] = [((shift, True),)]
    for digit in number:
        frames += [((row[digit], True),), ((row[digit], False),)]
    frames += [((shift, False),), ((28, True),), ((28, False),)]
    steps = tuple(Step(at=0.001 * n, what=frame) for n, frame in enumerate(frames))
    recording = Recording(format=RecordingFormat.WEDGE, steps=steps, layout=LAYOUTS[configured])
    other = redacted(recording, Random(seed))
    french = LAYOUTS["fr"]
    typed = [
        french.character(step.what[0][0], Level.SHIFT)
        for step in other.steps
        if isinstance(step.what, tuple) and step.what[0][1] and step.what[0][0] in row.values()
    ]
    assert len(typed) == len(number)
    assert "".join(filter(None, typed))[4:] != number[4:]
    released = [step.what[0][0] for step in other.steps if isinstance(step.what, tuple) and not step.what[0][1]]
    pressed = [step.what[0][0] for step in other.steps if isinstance(step.what, tuple) and step.what[0][1]]
    assert sorted(released) == sorted(pressed)


def test_what_a_hid_pos_scanner_left_in_its_buffer_is_blanked() -> None:
    left_over = bytes((2, 3)) + b"]E0" + b"123" + b"0412345678903".ljust(53, b"\0") + bytes(3)
    recording = Recording(
        format=RecordingFormat.HID_POS, steps=(Step(at=0, what=left_over), Step(at=1, what=b"\x040412345678903"))
    )
    shown = b"".join(step.what for step in redacted(recording, Random(1)).steps if isinstance(step.what, bytes))
    assert b"56789" not in shown
    assert b"]E0" in shown


@pytest.mark.parametrize("name", ["ssi-decode-data", "hid-keyboard-key-order"])
def test_what_cannot_be_disguised_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected a recording of wedge, bytes, hid-pos to redact, got"):
        redacted(fixture(name), Random(1))


def test_letters_typed_as_code_points_are_refused() -> None:
    steps = fixture("wedge-unicode-entry").steps
    text = "format: wedge\nscanner: x\ncontrol_map: unicode\n\n+0 down KEY_LEFTCTRL KEY_LEFTSHIFT\n+0 tap KEY_U\n"
    text += "+0 up KEY_LEFTCTRL KEY_LEFTSHIFT\n+0 tap KEY_4 KEY_1 KEY_SPACE KEY_ENTER\n"
    assert steps
    assert [outcome(each) for each in play(parse_scan_file(text))] == ['"A"']
    with pytest.raises(ValueError, match="got code points"):
        redacted(parse_scan_file(text), Random(1))
