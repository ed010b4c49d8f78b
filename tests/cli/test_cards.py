"""The commands as a user runs them: processes, their output and their status."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cards import interpreters

NUMBER = "0412345678903"
RUN = (sys.executable, "-m", "scanner_daemon", "cards")


def ran(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run((*RUN, *map(str, arguments)), capture_output=True, check=False, timeout=60)


def read_back(file: Path) -> list[dict[str, str | int]]:
    done = ran("verify", file)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_what_render_writes_verify_reads(form: str, tmp_path: Path) -> None:
    if form == "pdf" and shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is not installed: apt-get install poppler-utils")
    file = tmp_path / f"card.{form}"
    done = ran("render", NUMBER, "--symbology", "ean13", "--format", form, "--title", "Corner Bakery", "-o", file)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert read_back(file) == [{"label": NUMBER, "symbology_identifier": "]E0", "symbology": "EAN-13", "page": 1}]


@pytest.mark.parametrize("form", ["zpl", "escpos"])
def test_a_printers_language_goes_to_standard_output(form: str, tmp_path: Path) -> None:
    done = ran("render", "998047850277", "--symbology", "code128", "--format", form, "-o", "-", "--dpi", "300")
    assert (done.returncode, done.stderr) == (0, b"")
    printed = interpreters.zpl(done.stdout) if form == "zpl" else interpreters.escpos(done.stdout)
    printed.save(tmp_path / "printed.png")
    assert [found["label"] for found in read_back(tmp_path / "printed.png")] == ["998047850277"]


def test_symbol_only_is_smaller_than_a_card() -> None:
    arguments = ("render", NUMBER, "--symbology", "qr", "--format", "svg")
    card, symbol = ran(*arguments).stdout, ran(*arguments, "--symbol-only").stdout
    assert interpreters.svg(card).size == (1011, 638)
    assert max(interpreters.svg(symbol).size) < 400


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("0412345678904", "--symbology", "ean13"), 2, "cannot make the card: expected the check digit 3, got 4"),
        (("A" * 40, "--symbology", "code128"), 2, "cannot make the card: expected room for"),
        (("MFC9JY", "--symbology", "code39"), 1, "The card was not made, for it does not read back"),
        ((NUMBER, "--symbology", "qr", "--width", "15"), 2, "cannot make the card: expected room for"),
        ((NUMBER, "--symbology", "qr", "--symbol-only", "--title", "x"), 2, "--title is for cards"),
        ((NUMBER, "--symbology", "code93"), 2, "code93"),
    ],
)
def test_a_card_that_cannot_be_made_is_not_written(
    arguments: tuple[str, ...], status: int, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "card.png"
    file.write_bytes(b"what was there")
    done = ran("render", *arguments, "--format", "png", "-o", file)
    assert done.returncode == status
    assert sentence in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert file.read_bytes() == b"what was there"


def test_a_file_that_cannot_be_written_is_told() -> None:
    done = ran("render", NUMBER, "--symbology", "qr", "--format", "png", "-o", "/no/such/folder/card.png")
    assert done.returncode == 2
    assert done.stderr == b"scanner-daemon: cannot use /no/such/folder/card.png: No such file or directory\n"


def test_verify_of_nothing(tmp_path: Path) -> None:
    missing = ran("verify", tmp_path / "no.png")
    assert missing.returncode == 2
    assert b"No such file" in missing.stderr
    (tmp_path / "text.png").write_bytes(b"no picture")
    wrong = ran("verify", tmp_path / "text.png")
    assert wrong.returncode == 1
    assert b"expected a PNG, another raster picture or a PDF" in wrong.stderr


@pytest.mark.parametrize("module", ["PIL", "reportlab", "segno", "zxingcpp"])
def test_a_missing_extra_is_one_sentence(module: str, tmp_path: Path) -> None:
    program = f"import sys; sys.modules[{module!r}] = None; from scanner_daemon.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "cards", "render", NUMBER, "--symbology", "qr", "--format", "png"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert done.stderr.decode() == (
        f"scanner-daemon: making cards needs {module}: install the extra with pip install 'scanner-daemon[cards]'\n"
    )


def test_other_commands_load_nothing_of_it() -> None:
    program = (
        "import sys, scanner_daemon.app, scanner_daemon.cli.run, scanner_daemon.cli\n"
        "print(sorted({'PIL', 'barcode', 'reportlab', 'segno', 'zxingcpp'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"[]\n"
