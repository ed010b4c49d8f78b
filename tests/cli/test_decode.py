"""The command as a user runs it: a process, its output and its status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCANS = Path(__file__).parents[2] / "fixtures" / "scans"

DIGITS = "\n".join(
    f"Event: time 1.{number:06}, type 1 (EV_KEY), code {code} (KEY_X), value {value}\n"
    f"Event: time 1.{number:06}, -------------- SYN_REPORT ------------"
    for number, (code, value) in enumerate([(5, 1), (5, 0), (3, 1), (3, 0), (28, 1), (28, 0)])
)


def run(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = "from scanner_daemon.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "decode", *map(str, arguments)], input=stdin, capture_output=True, check=False
    )


def decoded(*arguments: str | Path, stdin: bytes = b"") -> list[dict[str, str | None]]:
    done = run(*arguments, stdin=stdin)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


def label(text: str, identifier: str | None = None) -> dict[str, str | None]:
    return {"label": text, "symbology_identifier": identifier}


def test_scan_file() -> None:
    assert decoded("--format", "scan", SCANS / "wedge-dropped.scan") == [
        {"discarded": "overflow"},
        label("7622210449283"),
    ]


def test_evtest_from_standard_input() -> None:
    assert decoded("--format", "evtest", "-", stdin=DIGITS.encode()) == [label("42")]


def test_terminator_gap_and_layout_overrule() -> None:
    options = ["--terminator", "tab", "--gap", "0.5", "--layout", "us"]
    assert decoded("--format", "evtest", *options, "-", stdin=DIGITS.encode()) == [{"discarded": "idle_gap"}]
    options[1] = "none"
    assert decoded("--format", "evtest", *options, "-", stdin=DIGITS.encode()) == [label("42\r")]


def test_bytes() -> None:
    data = b"]E04006381333931\r\n\xe9\r12"
    assert decoded("--format", "bytes", "-", stdin=data) == [
        label("4006381333931", "]E0"),
        {"discarded": "noise"},
        {"discarded": "idle_gap"},
    ]


def test_hid_keyboard_reports() -> None:
    reports = "00 00 21 00 00 00 00 00\n00 00 00 00 00 00 00 00\n00 00 28 00 00 00 00 00\n"
    assert decoded("--format", "hid-keyboard", "-", stdin=reports.encode()) == [label("4")]


@pytest.mark.parametrize("form", ["hex", "binary"])
def test_hid_pos_reports_by_their_descriptor(tmp_path: Path, form: str) -> None:
    text = "05 8c 09 02 a1 01\n75 08 95 04 09 fe 81 02 c0\n"
    descriptor = tmp_path / "report_descriptor"
    descriptor.write_bytes(text.encode() if form == "hex" else bytes.fromhex(text))
    reports = b"34 32 00 00\n"
    assert decoded("--format", "hid-pos", "--descriptor", descriptor, "-", stdin=reports) == [label("42")]
    assert decoded("--format", "hid-pos", "-", stdin=reports) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--format", "scan", "/no/such"], "cannot read /no/such: No such file or directory"),
        (["--format", "bytes", "."], "cannot read .: Is a directory"),
        (["--format", "evtest", "-"], "cannot decode standard input: line 1: expected a line that begins with 'Event"),
        (["--format", "hid-pos", "-"], "cannot decode standard input: line 1: expected bytes in hex, as in '00 00 1e'"),
        (
            ["--format", "bytes", "--terminator", "enter", "-"],
            "--terminator: expected one of line, cr, lf, stx-etx, none",
        ),
        (["--format", "bytes", "--layout", "xx", "-"], "--layout: expected one of us"),
        (["--format", "bytes", "--gap", "0", "-"], "--gap: expected seconds above 0, got 0"),
        (["--format", "bytes", "--descriptor", "/no/such", "-"], "cannot read /no/such: No such file or directory"),
        (["--format", "bytes", "--descriptor", "/dev/null", "-"], "expected a HID POS scanner"),
    ],
)
def test_users_mistake_is_one_sentence_and_status_2(arguments: list[str], sentence: str) -> None:
    done = run(*arguments, stdin=b"no recording")
    assert (done.returncode, done.stdout) == (2, b"")
    assert sentence in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_unknown_format_is_status_2() -> None:
    done = run("--format", "usages", "-")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"usages" in done.stderr
    assert b"Traceback" not in done.stderr
