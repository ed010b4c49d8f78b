"""``cards issue`` as a process, against a real server on loopback."""

import asyncio
import io
import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from scanner_daemon.cards.proof import read
from scanner_daemon.loyalty.sandbox import Customer, Sandbox
from tests.cards import interpreters
from tests.cards.certificates import make_service_account
from tests.cards.numbers import checked
from tests.cards.printers import VirtualPrinter
from tests.cli.test_commands import ran

CONFIG = """
[lane]
name = "lane-1"
state_dir = "state"

[gameball]
base_url = "{url}"

[[card]]
name = "plastic"
pattern = '04\\d{{11}}'
check_digit = "ean"
"""


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


async def issued(sandbox: Sandbox, folder: Path, table: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return await told(sandbox, folder, table, "issue", *arguments)


async def told(sandbox: Sandbox, folder: Path, table: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    config = CONFIG.format(url=sandbox.url).replace('"state"', f'"{folder}/state"')
    (folder / "c.toml").write_text(config + table, encoding="utf-8")
    environ = {"GAMEBALL_API_KEY": sandbox.api_key, "GAMEBALL_SECRET_KEY": sandbox.secret_key}
    command, *rest = arguments
    done = ("cards", command, "--config", f"{folder}/c.toml", *rest)
    return await asyncio.to_thread(ran, *done, environ=environ)


def numbers(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [json.loads(line)["number"] for line in done.stdout.splitlines()]


def labels(printed: list[bytes]) -> list[str]:
    """Return what the printed cards scan as."""
    return [reading.data.decode() for card in printed for reading in read(interpreters.zpl(card))]


async def test_numbers_nobody_has(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.customers.put(Customer(customer_id="0400000000015"))
    table = '[cards]\norder = "sequence"\n'
    done = await issued(sandbox, tmp_path, table, "--count", "2")
    again = await issued(sandbox, tmp_path, table)
    assert (done.returncode, done.stderr) == (0, "")
    cards = [json.loads(line) for line in (done.stdout + again.stdout).splitlines()]
    assert [card["customer_id"] for card in cards] == ["0400000000022", "0400000000039", "0400000000046"]
    assert {request.method for request in sandbox.requests} == {"GET"}


async def test_without_a_table_nothing_is_issued(sandbox: Sandbox, tmp_path: Path) -> None:
    done = await issued(sandbox, tmp_path, "")
    assert (done.returncode, done.stdout) == (2, "")
    assert "a table [cards] says how numbers are made" in done.stderr


async def test_numbers_the_lane_would_not_take_back_are_a_mistake(sandbox: Sandbox, tmp_path: Path) -> None:
    done = await issued(sandbox, tmp_path, '[cards]\nprefix = "29"\n')
    assert done.returncode == 78
    assert "cards: expected numbers that a [[card]] of this lane takes back" in done.stderr
    assert "got 2900000000018 as ean13" in done.stderr


async def test_gameball_down_issues_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.change(fail_next=100)
    done = await issued(sandbox, tmp_path, "[cards]\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("scanner-daemon: ")
    assert "Traceback" not in done.stderr


def printing(printer: VirtualPrinter, more: str = "") -> str:
    return f"""
[cards]
order = "sequence"
[cards.printer]
address = "{printer.address}"
form = "zpl"
timeout = 1
{more}
"""


async def test_cards_are_printed_as_they_are_issued(sandbox: Sandbox, tmp_path: Path) -> None:
    with VirtualPrinter() as printer:
        done = await issued(sandbox, tmp_path, printing(printer), "--count", "3", "--print")
    assert (done.returncode, done.stderr) == (0, "")
    assert labels(printer.printed) == numbers(done) == ["0400000000015", "0400000000022", "0400000000039"]


async def test_a_printer_that_fails_loses_no_card_and_repeats_none(sandbox: Sandbox, tmp_path: Path) -> None:
    with VirtualPrinter(None, "half", "reset") as printer:
        table = printing(printer, "dpi = 600")
        first = await issued(sandbox, tmp_path, table, "--count", "3", "--print")
        assert first.returncode == 1
        assert "expected the printer to take a whole card" in first.stderr
        assert numbers(first) == ["0400000000015", "0400000000022"], "no number is issued for a card nobody prints"
        refused = await issued(sandbox, tmp_path, table, "--print")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "print them first, with cards print --waiting" in refused.stderr

        again = await told(sandbox, tmp_path, table, "print", "--waiting")
        assert again.returncode == 1
        assert "the card …0022 is printed again: destroy what came out of it before" in again.stderr
        last = await told(sandbox, tmp_path, table, "print", "--waiting")
        assert last.returncode == 0, last.stderr
        after = await told(sandbox, tmp_path, table, "print", "--waiting")
        assert (after.returncode, after.stderr) == (0, "")
    assert labels(printer.printed) == ["0400000000015", "0400000000022"]


async def test_a_card_is_printed_once_more(sandbox: Sandbox, tmp_path: Path) -> None:
    with VirtualPrinter() as printer:
        done = await told(sandbox, tmp_path, printing(printer), "print", "0412345678903")
    assert (done.returncode, done.stderr) == (0, "")
    assert labels(printer.printed) == ["0412345678903"]


async def test_no_card_is_printed_that_the_lane_would_not_take(sandbox: Sandbox, tmp_path: Path) -> None:
    with VirtualPrinter() as printer:
        done = await told(sandbox, tmp_path, printing(printer), "print", "2912345678907")
    assert done.returncode == 1
    assert "but its [[card]] tables take it for nobody's" in done.stderr
    assert printer.printed == []


async def test_a_preview_is_the_card(sandbox: Sandbox, tmp_path: Path) -> None:
    table = '[cards]\n[cards.printer]\naddress = "tcp://127.0.0.1:1"\nform = "zpl"\n'
    done = await told(sandbox, tmp_path, table, "preview", "0412345678903", "-o", f"{tmp_path}/card.png")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}/card.png\n")
    picture = Image.open(io.BytesIO((tmp_path / "card.png").read_bytes()))
    assert [reading.data for reading in read(picture)] == [b"0412345678903"]


async def test_a_wrong_printer_is_a_mistake(sandbox: Sandbox, tmp_path: Path) -> None:
    done = await issued(sandbox, tmp_path, '[cards]\n[cards.printer]\naddress = "lp0"\nform = "zlp"\n')
    assert done.returncode == 78
    assert "cards.printer.form: expected png | svg | pdf | zpl | escpos, got 'zlp'" in done.stderr


async def test_a_batch_of_new_numbers_goes_on_where_it_was(sandbox: Sandbox, tmp_path: Path) -> None:
    file, folder = tmp_path / "new.csv", tmp_path / "cards"
    table = '[cards]\norder = "sequence"\n'
    how = ("--symbology", "ean13", "--format", "zpl", "-o", str(folder))
    file.write_text("customer_id\n0412345678903\n")
    done = await told(sandbox, tmp_path, table, "batch", str(file), "--count", "3", *how)
    assert done.returncode == 0, done.stderr
    expected = ["0412345678903", "0400000000015", "0400000000022"]
    assert file.read_text().splitlines() == ["customer_id", *expected]
    again = await told(sandbox, tmp_path, table, "batch", str(file), "--count", "3", *how)
    assert again.returncode == 0, again.stderr
    assert file.read_text().splitlines() == ["customer_id", *expected]
    (made,) = folder.glob("cards-*.zpl")
    assert labels([label + b"^XZ\n" for label in made.read_bytes().split(b"^XZ\n")[:-1]]) == expected


async def test_new_numbers_never_go_into_a_foreign_list(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text("name\nA\n")
    how = ("--symbology", "ean13", "--format", "zpl", "-o", str(tmp_path / "cards"))
    done = await told(sandbox, tmp_path, "[cards]\n", "batch", str(file), "--count", "3", *how)
    assert done.returncode == 2
    assert "expected a new list, or one that --count began" in done.stderr
    assert file.read_text() == "name\nA\n"


async def test_a_number_is_never_added_to_a_line_that_does_not_end(sandbox: Sandbox, tmp_path: Path) -> None:
    """Else two numbers become one, and Code 128 carries that one too."""
    file, out = tmp_path / "new.csv", tmp_path / "cards"
    file.write_text("customer_id\n0412345678903")
    how = ("--symbology", "code128", "--format", "zpl", "-o", str(out))
    done = await told(sandbox, tmp_path, "[cards]\n", "batch", str(file), "--count", "2", *how)
    assert done.returncode == 2
    assert "whose last line does not end; complete that number or remove it" in done.stderr
    assert file.read_text() == "customer_id\n0412345678903"
    assert not out.exists()


async def test_a_full_disk_tears_no_number(sandbox: Sandbox, tmp_path: Path) -> None:
    with a_disk(tmp_path / "disk", kibibytes=4) as disk:
        file = disk / "new.csv"
        before = "customer_id\n" + "".join(f"{checked(f'04{place:010}')}\n" for place in range(1, 292))
        file.write_text(before)
        assert 0 < 4096 - len(before) < 14, "a part of a line has room"
        table = '[cards]\norder = "sequence"\nfirst = 1000\n'
        how = ("--symbology", "ean13", "--format", "zpl", "-o", str(tmp_path / "cards"))
        done = await told(sandbox, tmp_path, table, "batch", str(file), "--count", "293", *how)
        assert done.returncode == 2
        assert "No space left on device" in done.stderr
        assert file.read_text() == before

        make_room(disk)
        done = await told(sandbox, tmp_path, table, "batch", str(file), "--count", "293", *how)
        assert done.returncode == 0, done.stderr
        assert file.read_text().startswith(before)
        assert [len(line) for line in file.read_text().splitlines()[292:]] == [13, 13]


def make_room(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64k", str(disk)], check=True)


@contextmanager
def a_disk(folder: Path, *, kibibytes: int) -> Iterator[Path]:
    """Give a disk that small."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs a small disk: run as root, where mount is allowed")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


async def test_a_template_makes_cards_of_two_sides(sandbox: Sandbox, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    printer = f'[cards.printer]\naddress = "folder:{out}"\nform = "pdf"\n'
    table = f'[cards]\n{printer}[cards.template]\nshop = "Corner Bakery"\n'
    done = await told(sandbox, tmp_path, table, "print", "0412345678903", "--name", "Zoë")
    assert done.returncode == 0, done.stderr
    (card,) = (file.read_bytes() for file in out.iterdir())
    front, back = interpreters.pdf(card, dpi=300, folder=tmp_path)
    assert read(front) == []
    assert [found.data.decode() for found in read(back)] == ["0412345678903"]
    assert b"Vera" in card, "the font of the names"

    wrong = table.replace("shop", "shopp")
    done = await told(sandbox, tmp_path, wrong, "print", "0412345678903")
    assert done.returncode == 78
    assert "cards.template.shopp: expected one of" in done.stderr


async def test_the_state_of_cards(sandbox: Sandbox, tmp_path: Path) -> None:
    with VirtualPrinter("reset") as printer:
        table = printing(printer)
        await told(sandbox, tmp_path, table, "issue")
        await told(sandbox, tmp_path, table, "issue", "--print")
    done = await told(sandbox, tmp_path, table, "state")
    states = [json.loads(line)["state"] for line in done.stdout.splitlines()]
    assert states == ["issued", "waiting"]
    done = await told(sandbox, tmp_path, table, "state", "0412345678903")
    assert (done.returncode, "issued no card to this customer" in done.stderr) == (1, True)


async def test_a_card_for_the_wallet(sandbox: Sandbox, tmp_path: Path) -> None:
    account = tmp_path / "account.json"
    make_service_account(account)
    google = f'google = {{ issuer_id = "3388", class_id = "members", service_account_file = "{account}" }}'
    table = f"[cards]\n[cards.wallet]\n{google}\n"
    done = await told(sandbox, tmp_path, table, "wallet", "0412345678903", "--for", "google")
    assert (done.returncode, done.stdout[:30]) == (0, "https://pay.google.com/gp/v/sa"), done.stderr
    done = await told(sandbox, tmp_path, table, "wallet", "4012345678901", "--for", "google")
    assert (done.returncode, "its [[card]] tables take it for nobody's" in done.stderr) == (1, True)
    done = await told(sandbox, tmp_path, table, "wallet", "0412345678903", "--for", "apple", "-o", "x.pkpass")
    assert (done.returncode, "[cards.wallet.apple] are needed" in done.stderr) == (2, True)
