"""``cards issue`` as a process, against a real server on loopback."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scanner_daemon.loyalty.sandbox import Customer, Sandbox
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
    config = CONFIG.format(url=sandbox.url).replace('"state"', f'"{folder}/state"')
    (folder / "c.toml").write_text(config + table, encoding="utf-8")
    environ = {"GAMEBALL_API_KEY": sandbox.api_key, "GAMEBALL_SECRET_KEY": sandbox.secret_key}
    command = ("cards", "issue", "--config", f"{folder}/c.toml", *arguments)
    return await asyncio.to_thread(ran, *command, environ=environ)


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
