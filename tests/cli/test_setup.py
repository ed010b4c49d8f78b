"""The command as it is started, answered by a scripted scanner on a real pseudo terminal."""

import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.decoding.calibration.labels import CONTROL_LABEL, LAYOUT_LABEL

RUN = (sys.executable, "-m", "scanner_daemon")
PRODUCT = "4006381333931"


class Setup:
    """A running ``setup``, what it says read line by line."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            (*RUN, "setup", "--yes", "--timeout", "20", *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self.said: list[str] = []

    def until(self, beginning: str) -> None:
        """Read until a line begins so."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line.rstrip())
            if line.startswith(beginning):
                return
        pytest.fail("\n".join([*self.said, self._process.communicate()[1]]))

    def ended(self) -> tuple[int, str]:
        """Return the status and what was said, standard error last."""
        out, err = self._process.communicate(timeout=30)
        assert "Traceback" not in err
        return self._process.returncode, "\n".join([*self.said, out, err])

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


Started = Callable[..., Setup]


@pytest.fixture
def started() -> Iterator[Started]:
    running: list[Setup] = []

    def start(*arguments: object) -> Setup:
        running.append(Setup(*map(str, arguments)))
        return running[-1]

    yield start
    for each in running:
        each.kill()


@pytest.fixture
def scanner() -> Iterator[VirtualScanner]:
    with VirtualScanner() as virtual:
        yield virtual


def ran(*arguments: object) -> tuple[int, str]:
    run = subprocess.run((*RUN, *map(str, arguments)), capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in run.stderr
    return run.returncode, run.stdout + run.stderr


class Scanner(NamedTuple):
    """How the scripted scanner is set: what it sends before labels 1 and 2 and a product, and after each."""

    before: tuple[str, str, str]
    after: str


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Scanner(("", "", ""), "\r\n"), {"terminator": "line", "code_id": "aim"}),
        (Scanner(("]C0", "]C1", "]E0"), ""), {"terminator": "none", "code_id": "aim"}),
        (Scanner(("j", "I", "d"), "\r"), {"terminator": "line", "code_id": "honeywell"}),
    ],
    ids=["plain", "AIM, no terminator", "Honeywell"],
)
def test_a_scripted_scanner_is_driven_to_a_working_configuration(
    started: Started, scanner: VirtualScanner, tmp_path: Path, settings: Scanner, expected: dict[str, str]
) -> None:
    file = tmp_path / "config.toml"
    setup = started("--device", scanner.port, "-o", file)
    for before, label in zip(settings.before, (LAYOUT_LABEL, CONTROL_LABEL, PRODUCT), strict=True):
        setup.until("Scan ")
        scanner.scan(before + label, terminator=settings.after)
    status, said = setup.ended()
    assert status == 0, said
    assert f"  {PRODUCT} (" in said
    format_ = {"baudrate": 9600, "bytesize": 8, "parity": "none"}
    (table,) = tomllib.loads(file.read_text())["scanner"]
    assert table == {"name": "counter", "driver": "serial", "port": str(scanner.port), **format_, **expected}
    assert ran("check-config", file)[0] == 0


def test_a_wrong_suffix_is_told_and_waited_for(started: Started, scanner: VirtualScanner, tmp_path: Path) -> None:
    setup = started("--device", scanner.port, "-o", tmp_path / "config.toml")
    setup.until("Scan label 1")
    scanner.scan(LAYOUT_LABEL, terminator="\t")
    setup.until("  Not yet: it sends '\\t' after the label: set its suffix to CR (Enter).")
    for label in (LAYOUT_LABEL, CONTROL_LABEL, PRODUCT):
        setup.until("Scan ")
        scanner.scan(label)
    assert setup.ended()[0] == 0


def test_garbage_makes_it_try_another_speed(started: Started, scanner: VirtualScanner, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    setup = started("--device", scanner.port, "-o", file)
    setup.until("Scan label 1")
    scanner.send(b"\xf8\x80\xfe\x00\x1e")
    setup.until("  Not readable: no text came")
    for label in (LAYOUT_LABEL, CONTROL_LABEL, PRODUCT):
        setup.until("Scan ")
        scanner.scan(label)
    assert setup.ended()[0] == 0
    assert tomllib.loads(file.read_text())["scanner"][0]["baudrate"] == 115200


def test_a_file_with_comments_keeps_them_and_is_saved(
    started: Started, scanner: VirtualScanner, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    old = "# our lane\n[lane]\nname = 'l' # the first\n\n[[scanner]]\nname = 'counter'\ndriver = 'replay'\nfile = 'x'\n"
    file.write_text(old)
    file.chmod(0o640)
    setup = started("--device", scanner.port, "-o", file)
    for label in (LAYOUT_LABEL, CONTROL_LABEL, PRODUCT):
        setup.until("Scan ")
        scanner.scan(label)
    assert setup.ended()[0] == 0
    assert file.read_text().startswith(old)
    assert [scanner["name"] for scanner in tomllib.loads(file.read_text())["scanner"]] == ["counter", "counter-2"]
    assert (tmp_path / "config.toml~").read_text() == old
    assert file.stat().st_mode & 0o777 == 0o640
    status, said = ran("setup", "--yes", "--device", scanner.port, "-o", file)
    assert (status, "has this scanner as 'counter-2'" in said) == (2, True)


def test_a_scanner_without_separator_can_be_left_so(started: Started, scanner: VirtualScanner, tmp_path: Path) -> None:
    setup = started("--device", scanner.port, "-o", tmp_path / "config.toml")
    setup.until("Scan label 1")
    scanner.scan(LAYOUT_LABEL)
    setup.until("Scan label 2")
    scanner.scan(CONTROL_LABEL.replace("\x1d", ""))
    setup.until("  Not yet: it leaves GS")
    setup.until("Scan label 2")
    scanner.scan(LAYOUT_LABEL)
    setup.until("Scan a product")
    scanner.scan(PRODUCT)
    assert setup.ended()[0] == 0


def test_a_wrong_file_is_left_alone(scanner: VirtualScanner, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[lane]\nnmae = 'l'\n")
    status, said = ran("setup", "--yes", "--device", scanner.port, "-o", file)
    assert (status, file.read_text()) == (78, "[lane]\nnmae = 'l'\n")
    assert "did you mean 'name'?" in said


def test_a_scanner_that_the_daemon_reads_is_one_sentence_with_the_cure(
    started: Started, scanner: VirtualScanner, tmp_path: Path
) -> None:
    holding = started("--device", scanner.port, "-o", tmp_path / "one.toml")
    holding.until("Scan label 1")
    status, said = ran("setup", "--yes", "--device", scanner.port, "-o", tmp_path / "other.toml")
    assert status == 1
    assert "expected to be its only user" in said
    assert not (tmp_path / "other.toml").exists()


def test_nobody_scanning_ends_it_with_nothing_written(scanner: VirtualScanner, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    status, said = ran("setup", "--yes", "--timeout", "1", "--device", scanner.port, "-o", file)
    assert (status, file.exists()) == (1, False)
    assert "no scan came within 1 s" in said


def test_no_scanner_at_all_is_a_sentence(tmp_path: Path) -> None:
    status, said = ran("setup", "--yes", "--timeout", "1", "-o", tmp_path / "config.toml")
    assert status in {1, 2}
    assert "--device" in said


@pytest.mark.parametrize("form", ["pdf", "png"])
def test_the_page_is_written_and_nothing_overwritten(tmp_path: Path, form: str) -> None:
    file = tmp_path / f"page.{form}"
    assert ran("setup", "--page", file)[0] == 0
    assert file.read_bytes()[:4] in {b"%PDF", b"\x89PNG"}
    assert ran("setup", "--page", file)[0] == 2
    assert ran("setup", "--page", tmp_path / "page.doc")[0] == 2
    assert list(tmp_path.iterdir()) == [file]
