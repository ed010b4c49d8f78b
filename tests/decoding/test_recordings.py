import pytest

from scanner_daemon.decoding.framer import SerialTerminator
from scanner_daemon.decoding.playback import outcome, play
from scanner_daemon.decoding.recordings import (
    Mark,
    RecordingError,
    RecordingFormat,
    bytes_recording,
    parse_evtest,
    parse_reports,
    terminators,
)
from scanner_daemon.decoding.wedge import WedgeTerminator

SYN = "-------------- SYN_REPORT ------------"
DROPPED = ">>>>>>>>>>>>>> SYN_DROPPED <<<<<<<<<<<<"


def key(code: int, value: int = 1) -> str:
    return f"type 1 (EV_KEY), code {code} (KEY_X), value {value}"


def evtest(*events: str) -> str:
    return "\n".join(f"Event: time 1700000000.{number:06}, {text}" for number, text in enumerate(events))


def test_evtest_frames() -> None:
    text = evtest("type 4 (EV_MSC), code 4 (MSC_SCAN), value 70025", key(42), key(9), SYN, key(9, 0), SYN)
    first, second = parse_evtest(text).steps
    assert (first.what, second.what) == (((42, True), (9, True)), ((9, False),))
    assert [first.at, second.at] == pytest.approx([3e-6, 5e-6], abs=1e-6)


def test_evtest_without_reports_has_a_frame_for_each_key() -> None:
    assert [step.what for step in parse_evtest(evtest(key(9), key(9, 0), key(5))).steps] == [
        ((9, True),),
        ((9, False),),
        ((5, True),),
    ]


def test_evtest_autorepeat_is_left_out() -> None:
    assert [step.what for step in parse_evtest(evtest(key(9), SYN, key(9, 2), SYN)).steps] == [((9, True),)]


def test_evtest_events_after_a_drop_are_ignored_up_to_the_report() -> None:
    text = evtest(key(2), DROPPED, key(3), SYN, key(4), SYN)
    assert [step.what for step in parse_evtest(text).steps] == [Mark.DROPPED, ((4, True),)]


def test_evtest_that_ends_within_a_frame_lost_something() -> None:
    recording = parse_evtest(evtest(key(2), SYN, key(3)))
    assert [step.what for step in recording.steps] == [((2, True),), Mark.DROPPED]


def test_evtest_heading_is_passed_over() -> None:
    heading = 'Input driver version is 1.0.1\nInput device name: "A Scanner"\nTesting ... (interrupt to exit)\n'
    assert [outcome(each) for each in play(parse_evtest(heading + evtest(key(2), key(28))))] == ['"1"']


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 0: expected a line that begins with 'Event: time', got the end"),
        ("no events\nhere", "line 2: expected a line that begins with 'Event: time', got the end"),
        (evtest(key(2)) + "\nvent: time 3", "line 2: expected 'Event: time S.U, …' as evtest prints it"),
        (evtest(key(2)) + "\nEvent: time 17000", "line 2: expected 'Event: time S.U, …' as evtest prints it"),
        (evtest("type 1 (EV_KEY), code 2"), r"line 1: expected 'type 1 \(EV_KEY\), code C \(NAME\), value V'"),
        (evtest(key(2, 7)), "line 1: expected 'type 1"),
    ],
)
def test_evtest_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        parse_evtest(text)


def test_reports_apart_from_each_other_are_far_apart_in_time() -> None:
    text = "# one\n00 00 1e 00 00 00 00 00\n00001f0000000000\n\n00 00 28 00 00 00 00 00\n"
    recording = parse_reports(text, RecordingFormat.HID_KEYBOARD)
    assert [outcome(each) for each in play(recording)] == ["discarded idle_gap"]
    first, second, third = recording.steps
    assert first.at == second.at < third.at - 10


@pytest.mark.parametrize(
    ("text", "form", "message"),
    [
        ("00 0g", RecordingFormat.HID_POS, "line 1: expected bytes in hex, as in '00 00 1e', got '00 0g'"),
        ("\n00 00 1e", RecordingFormat.HID_KEYBOARD, "line 2: expected 8 bytes, got 3"),
    ],
)
def test_reports_that_cannot_be_read(text: str, form: RecordingFormat, message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        parse_reports(text, form)


def test_bytes() -> None:
    assert [outcome(each) for each in play(bytes_recording(b"1\r\n\xe9\r"))] == ['"1"', "discarded noise"]


def test_terminators_of_a_format() -> None:
    assert terminators(RecordingFormat.BYTES)["none"] is SerialTerminator.NONE
    assert terminators(RecordingFormat.WEDGE)["none"] is WedgeTerminator.NONE
    assert terminators(RecordingFormat.HID_KEYBOARD)["tab"] is WedgeTerminator.TAB
    assert not terminators(RecordingFormat.HID_POS)
