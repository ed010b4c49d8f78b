"""The receivers that the documentation shows, as processes of their own, behind a whole lane."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from scanner_daemon.app import Lane
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.config import parse_config
from scanner_daemon.loyalty.sandbox import Sandbox

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
NODE: Final = shutil.which("node")
RECEIVERS: Final = [
    pytest.param((sys.executable, "webhook_receiver.py"), id="python"),
    pytest.param(
        (NODE or "node", "webhook_receiver.mjs"),
        id="node",
        marks=pytest.mark.skipif(NODE is None, reason="no Node here: install the package nodejs"),
    ),
]
SECRET: Final = "whsec_bGFuZS1sYW5lLWxhbmUtbGFuZS1sYW5lLWxhbmU="
CONFIGURATION: Final = """
lane = {{ name = "lane-1" }}
balance_cache = {{ max_customers = 0 }}
gameball = {{ base_url = "{gameball}" }}
scanner = [{{ name = "counter", driver = "serial", port = "{port}" }}]
card = [{{ name = "plastic", pattern = '04\\d{{11}}', check_digit = "ean" }}]
display = [{{ driver = "webhook", url = "http://127.0.0.1:{receiver}/" }}]
"""
ENVIRON: Final = {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s", "WEBHOOK_SECRET": SECRET}


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(params=RECEIVERS)
def receiver(port: int, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    environ = os.environ | {"WEBHOOK_SECRET": SECRET}
    program, example = request.param
    command = (program, str(EXAMPLES / example), str(port))
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


async def test_the_example_hears_of_a_member(
    port: int, receiver: subprocess.Popen[str], scanner: VirtualScanner
) -> None:
    async with Sandbox() as sandbox, asyncio.TaskGroup() as group:
        await until_it_listens(port)
        text = CONFIGURATION.format(gameball=sandbox.url, port=scanner.port, receiver=port)
        lane = Lane.from_config(parse_config(tomllib.loads(text), file="c.toml", environ=ENVIRON), environ={})
        group.create_task(lane.run())
        await lane.ready.wait()
        scanner.scan("0412345678903")
        assert receiver.stdout is not None
        async with asyncio.timeout(20):
            line = await asyncio.to_thread(receiver.stdout.readline)
        lane.stop()
    assert line.endswith(" 1200\n")


@pytest.mark.parametrize("signature", ["v1,aHVzaA==", "v1", "", "v2,aHVzaA=="])
async def test_the_example_believes_no_other_signature(
    port: int, receiver: subprocess.Popen[str], signature: str
) -> None:
    await until_it_listens(port)
    headers = {"webhook-id": "1", "webhook-timestamp": str(int(time.time())), "webhook-signature": signature}
    async with httpx.AsyncClient() as client:
        assert (await client.post(f"http://127.0.0.1:{port}/", json={}, headers=headers)).status_code == 401
    assert receiver.poll() is None


async def until_it_listens(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
