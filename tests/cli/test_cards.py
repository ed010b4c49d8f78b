"""The commands as a user runs them: processes, their output and their status."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cards import interpreters
from tests.cards.numbers import checked

NUMBER = "0412345678903"
RUN = (sys.executable, "-m", "scanner_daemon", "cards")


def ran(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run((*RUN, *map(str, arguments)), capture_output=True, check=False, timeout=60)


def read_back(file: Path) -> list[dict[str, str | int]]:
    done = ran("verify", file)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("command", [(), ("render",), ("batch",), ("verify",)])
def test_every_command_has_help(command: tuple[str, ...]) -> None:
    shown = ran(*command, "--help")
    assert shown.returncode == 0
    assert b"Usage: scanner-daemon cards" in shown.stdout


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


def test_a_batch_that_is_killed_is_taken_up_again(tmp_path: Path) -> None:
    numbers = [checked(f"04{number:010}") for number in range(1, 41)]
    (tmp_path / "list.csv").write_text("customer_id\n" + "\n".join(numbers))
    arguments = (*RUN, "batch", tmp_path / "list.csv", "--symbology", "ean13", "--format", "png", "-o")
    whole = subprocess.run((*arguments, tmp_path / "whole"), capture_output=True, check=True, timeout=60)
    assert b"40 of 40 cards" in whole.stderr

    killed = subprocess.Popen((*arguments, tmp_path / "broken"), stderr=subprocess.DEVNULL)
    third = tmp_path / "broken" / "cards-000003.png"
    while not third.exists():
        assert killed.poll() is None, "ended before it could be killed"
    killed.kill()
    killed.wait()
    made = set((tmp_path / "broken").glob("cards-*"))
    assert 3 <= len(made) < 40
    before = {file: file.stat().st_mtime_ns for file in made}
    again = subprocess.run((*arguments, tmp_path / "broken"), capture_output=True, check=True, timeout=60)
    assert b"40 of 40 cards" in again.stderr
    assert {file: file.stat().st_mtime_ns for file in made} == before
    for file in (tmp_path / "whole").glob("cards-*"):
        assert (tmp_path / "broken" / file.name).read_bytes() == file.read_bytes()


def test_a_batch_with_bad_rows_makes_nothing_unless_asked(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(f"{NUMBER}\n0412345678904\n")
    arguments = ("batch", tmp_path / "list.csv", "--symbology", "ean13", "--format", "zpl", "-o", tmp_path / "out")
    refused = ran(*arguments)
    assert refused.returncode == 2
    assert refused.stderr.decode().splitlines() == [
        "  line 2: expected the check digit 3, got 4",
        "scanner-daemon: made nothing, as 1 row is bad; --skip-bad leaves them out",
    ]
    assert not (tmp_path / "out").exists()
    skipped = ran(*arguments, "--skip-bad")
    assert skipped.returncode == 1
    assert b"1 of 2 cards" in skipped.stderr
    assert (tmp_path / "out" / "cards-000001.zpl").read_bytes().startswith(b"^XA")


@pytest.mark.parametrize("options", [("--format", "png", "--sheet", "l7160"), ("--format", "pdf", "--sheet", "x")])
def test_a_sheet_is_for_pdf(options: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(NUMBER)
    done = ran("batch", tmp_path / "list.csv", "--symbology", "qr", "-o", tmp_path / "out", *options)
    assert done.returncode == 2
    assert b"--sheet is one of l7160, a4-cards, for pdf" in done.stderr


def test_cards_of_two_sides_one_and_many(tmp_path: Path) -> None:
    options = ("--two-sided", "--symbology", "ean13", "--format", "pdf")
    one, listed, folder = tmp_path / "one.pdf", tmp_path / "list.csv", tmp_path / "cards"
    done = ran("render", "0412345678903", *options, "--name", "Zoë", "-o", one)
    assert done.returncode == 0, done.stderr
    listed.write_text("customer_id,display_name\n0412345678903,Zoë\n0412345678910,محمد\n")
    done = ran("batch", listed, *options, "-o", folder)
    assert done.returncode == 0, done.stderr
    assert [(found["label"], found["page"]) for found in read_back(one)] == [("0412345678903", 2)]
    pages = [(found["label"], found["page"]) for found in read_back(folder / "cards-000001.pdf")]
    assert pages == [("0412345678903", 2), ("0412345678910", 4)]


@pytest.mark.parametrize("options", [("--format", "zpl"), ("--format", "pdf", "--title", "Corner Bakery")])
def test_two_sides_are_for_pictures_of_bank_cards(options: tuple[str, ...]) -> None:
    done = ran("render", "0412345678903", "--two-sided", "--symbology", "ean13", *options)
    assert done.returncode == 2
    assert b"--two-sided makes bank cards as pdf or png" in done.stderr
