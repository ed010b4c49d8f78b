"""Every recording in fixtures/scans decodes to its own ``# expect:`` lines."""

from pathlib import Path

import pytest

from scanner_daemon.decoding.playback import outcome, play
from scanner_daemon.decoding.recordings import Mark, Recording, RecordingFormat, Step, parse_evtest, parse_reports
from scanner_daemon.decoding.scan_file import parse_scan_file
from scanner_daemon.model import Discarded

SCANS = Path(__file__).parents[2] / "fixtures" / "scans"
OTHERS = SCANS.parent / "recordings"


@pytest.mark.parametrize("file", sorted(SCANS.glob("*.scan")), ids=lambda file: file.stem)
def test_recording_decodes_to_what_it_expects(file: Path) -> None:
    recording = parse_scan_file(file.read_text(encoding="utf-8"))
    assert tuple(outcome(report) for report in play(recording)) == recording.expected


def test_there_are_recordings() -> None:
    assert len(list(SCANS.glob("*.scan"))) > 50


def test_recordings_of_others_state_source_and_licence() -> None:
    real = [file.read_text(encoding="utf-8") for file in SCANS.glob("real-*.scan")]
    assert real
    assert all("\nsource: " in text and "\nlicence: " in text for text in real)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wedge-datalogic-gfs4400-alt", "discarded unknown_key"),
        ("wedge-ibus-2008", "discarded idle_gap"),
    ],
)
def test_original_evtest_recording(name: str, expected: str) -> None:
    text = (OTHERS / f"{name}.evtest").read_text()
    assert [outcome(report) for report in play(parse_evtest(text))] == [expected]


@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [
        ("hid-crlf-nodehid-323", RecordingFormat.HID_KEYBOARD, ['"6957842208856"']),
        ("hid-shift-own-report-ee-55457", RecordingFormat.HID_KEYBOARD, ['"2M12264185"']),
        (
            "hidpos-access-is-example",
            RecordingFormat.HID_POS,
            ['"M1GATHERGOOD/MICHAEL  YABCDEF LHRDURAK 3542 052Y003D23   100" ]Q0'],
        ),
        ("hid-vendor-microscan-example", RecordingFormat.HID_POS, []),
    ],
)
def test_original_report_recording(name: str, form: RecordingFormat, expected: list[str]) -> None:
    text = (OTHERS / f"{name}.hex").read_text()
    assert [outcome(report) for report in play(parse_reports(text, form))] == expected


def test_reports_carry_the_scanner_and_the_recordings_own_time() -> None:
    steps = (Step(at=1.5, what=b"12"), Step(at=1.6, what=b"3\r"), Step(at=4.0, what=b"4"))
    scan, torn = play(Recording(format=RecordingFormat.BYTES, steps=steps), scanner="hand")
    assert (scan.scanner, scan.at) == ("hand", 1.6)
    assert isinstance(torn, Discarded)
    assert torn.at == pytest.approx(4.2)


def test_recording_that_cannot_be_is_refused() -> None:
    steps = (Step(at=0.0, what=Mark.DROPPED),)
    with pytest.raises(ValueError, match="Framer cannot take"):
        list(play(Recording(format=RecordingFormat.BYTES, steps=steps)))
