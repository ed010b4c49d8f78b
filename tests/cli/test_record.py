"""The command as it is started, with a scanner made of software on a real pseudo terminal."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanner_daemon.cli.virtual_scanner import VirtualScanner

RUN = (sys.executable, "-m", "scanner_daemon")
CARD = "0412345678903"


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[VirtualScanner]:
    with VirtualScanner() as virtual:
        (tmp_path / "c.toml").write_text(
            f"lane = {{ name = 'l' }}\n[[scanner]]\nname = 'counter'\ndriver = 'serial'\nport = '{virtual.port}'\n"
            "[[scanner]]\nname = 'old'\ndriver = 'replay'\nfile = 'x.scan'\n"
        )
        yield virtual


Record = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def recording(scanner: VirtualScanner, tmp_path: Path) -> Iterator[Record]:
    """Start recording and wait until the scanner is claimed."""
    assert scanner.port.exists()
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = (*RUN, "record", "--scanner", "counter", "--config", str(tmp_path / "c.toml"), *arguments)
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("Recording counter")
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def refused(tmp_path: Path, *arguments: str) -> tuple[int, str]:
    command = (*RUN, "record", "--config", str(tmp_path / "c.toml"), *arguments)
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert "Traceback" not in run.stderr
    return run.returncode, run.stderr


def decoded(file: Path) -> list[dict[str, str]]:
    command = (*RUN, "decode", "--format", "scan", str(file))
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_what_was_scanned_decodes_again(scanner: VirtualScanner, recording: Record, tmp_path: Path) -> None:
    file = tmp_path / "x.scan"
    process = recording("--scans", "2", str(file))
    scanner.scan(f"]E0{CARD}")
    scanner.scan("é")
    assert process.wait(20) == 0
    assert decoded(file) == [
        {"label": CARD, "symbology_identifier": "]E0"},
        {"label": "é", "symbology_identifier": None},
    ]
    text = file.read_text()
    assert f'# expect: "{CARD}" ]E0' in text
    assert file.stat().st_mode & 0o777 == 0o600


def test_ctrl_c_ends_it_and_keeps_what_came(scanner: VirtualScanner, recording: Record, tmp_path: Path) -> None:
    file = tmp_path / "x.scan"
    process = recording(str(file))
    scanner.scan(CARD)
    assert process.stderr is not None
    assert process.stderr.readline() == "1: scan\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert decoded(file) == [{"label": CARD, "symbology_identifier": None}]


def test_a_scanner_unplugged_in_the_middle_is_recorded_as_such(
    scanner: VirtualScanner, recording: Record, tmp_path: Path
) -> None:
    file = tmp_path / "x.scan"
    process = recording(str(file))
    scanner.scan(CARD)
    assert process.stderr is not None
    process.stderr.readline()
    scanner.unplug()
    assert process.wait(20) == 0
    assert file.read_text().rstrip().endswith("disconnect")


def test_a_redacted_recording_holds_another_card_that_checks(
    scanner: VirtualScanner, recording: Record, tmp_path: Path
) -> None:
    file = tmp_path / "x.scan"
    process = recording("--redact", "--scans", "1", str(file))
    scanner.scan(CARD)
    assert process.wait(20) == 0
    label = decoded(file)[0]["label"]
    assert label != CARD
    assert label[:4] == CARD[:4]
    weights = [1, 3] * 7
    assert sum(int(digit) * weight for digit, weight in zip(label, weights, strict=False)) % 10 == 0
    assert CARD not in file.read_text()


def test_nothing_is_overwritten(scanner: VirtualScanner, tmp_path: Path) -> None:
    (tmp_path / "x.scan").write_text("mine")
    status, said = refused(tmp_path, "--scanner", "counter", str(tmp_path / "x.scan"))
    assert (status, (tmp_path / "x.scan").read_text()) == (2, "mine")
    assert "is there already" in said
    assert scanner.port.exists()


@pytest.mark.usefixtures("scanner")
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("hand", "the configuration has no scanner 'hand'; it has counter, old"),
        ("old", "is no device: there is nothing to record"),
    ],
)
def test_what_is_no_scanner_is_a_sentence(tmp_path: Path, name: str, sentence: str) -> None:
    status, said = refused(tmp_path, "--scanner", name, str(tmp_path / "x.scan"))
    assert status == 2
    assert sentence in said


def test_a_scanner_that_is_not_there_is_a_sentence(scanner: VirtualScanner, tmp_path: Path) -> None:
    scanner.unplug()
    status, said = refused(tmp_path, "--scanner", "counter", str(tmp_path / "x.scan"))
    assert status == 1
    assert os.strerror(2) in said
    assert not (tmp_path / "x.scan").exists()
