"""Each example as a process of its own, beside a whole lane: a scan goes in, and the example hears of the member."""

import asyncio
import json
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.async_api import expect

from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.loyalty.sandbox import Sandbox
from tests.displays.broker import Broker
from tests.integration.browser import CHROMIUM, WHY_NOT, empty_page

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
KNOWN: Final = "0412345678903"
DAEMON: Final = (sys.executable, "-m", "scanner_daemon", "run", "--config")
CONFIGURATION: Final = """
lane = {{ name = "lane-1", state_dir = "{folder}" }}
gameball = {{ base_url = "{gameball}" }}
scanner = [{{ name = "counter", driver = "serial", port = "{scanner}" }}]
card = [{{ name = "plastic", pattern = '04\\d{{11}}', check_digit = "ean" }}]
server = {{ listen = "127.0.0.1:{port}" }}
display = [{display}]
"""
ENVIRON: Final = {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s", "SCANNER_DAEMON_TOKEN": "a-token"}


@dataclass
class Stage:
    """All that a lane needs, and its configuration."""

    config: Path
    scanner: VirtualScanner
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def is_ready(self) -> None:
        """Wait until a lane serves here, and has its scanner."""
        async with httpx.AsyncClient() as client, asyncio.timeout(60):
            while True:
                try:
                    if (await client.get(f"{self.url}/health")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)


@asynccontextmanager
async def a_stage(folder: Path, scanner: VirtualScanner, *, display: str = "") -> AsyncIterator[Stage]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with Sandbox() as sandbox:
        config = folder / "config.toml"
        config.write_text(
            CONFIGURATION.format(
                folder=folder, gameball=sandbox.url, scanner=scanner.port, port=port, display=display
            )
        )  # fmt: skip
        yield Stage(config=config, scanner=scanner, port=port)


@asynccontextmanager
async def running(*command: object) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``command``; at its end, end it and all that it started."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, env=os.environ | ENVIRON, start_new_session=True
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, 9)
        await process.wait()


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        return (await process.stdout.readline()).decode().strip()


async def test_python_is_called_with_each_member(tmp_path: Path, scanner: VirtualScanner) -> None:
    async with (
        a_stage(tmp_path, scanner) as stage,
        running(sys.executable, EXAMPLES / "on_member.py", stage.config) as example,
    ):
        await stage.is_ready()
        scanner.scan(KNOWN)
        while not (line := await line_of(example)).endswith(" 1200"):
            assert line, "it has ended"  # else a line of the log, which goes where a program's own goes


async def test_curl_hears_the_event_stream(tmp_path: Path, scanner: VirtualScanner) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl here: install the package curl")
    async with a_stage(tmp_path, scanner) as stage, running(*DAEMON, stage.config):
        await stage.is_ready()
        async with running("sh", EXAMPLES / "events.sh", stage.url) as example:
            line = asyncio.create_task(line_of(example))
            while not line.done():  # nothing tells when it has begun to listen
                scanner.scan(KNOWN)
                await asyncio.wait([line], timeout=2.5)  # longer than a card is debounced
            event = json.loads(await line)
    assert event["member"]["balance"]["available_points"] == 1200


@pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)
async def test_a_page_of_ones_own_hears_the_event_stream(tmp_path: Path, scanner: VirtualScanner) -> None:
    async with (
        a_stage(tmp_path, scanner) as stage,
        running(sys.executable, EXAMPLES / "browser.py", stage.config),
        empty_page() as page,
    ):
        await stage.is_ready()
        async with page.expect_response(lambda response: "/events" in response.url):
            await page.goto(f"{stage.url}/points?token=a-token")
        scanner.scan(KNOWN)
        await expect(page.locator("h1")).to_have_text("1200 points")


async def test_mqtt_and_the_last_will_of_a_daemon_that_is_killed(tmp_path: Path, scanner: VirtualScanner) -> None:
    broker = Broker(tmp_path)
    display = f'{{ driver = "mqtt", url = "{broker.url}" }}'
    async with broker.running(), a_stage(tmp_path, scanner, display=display) as stage:
        subscriber = (
            sys.executable,
            EXAMPLES / "mqtt_subscriber.py",
            "127.0.0.1",
            broker.port,
            "scanner-daemon/main/+",
        )
        async with running(*subscriber) as example:
            assert await line_of(example) == "listening"
            async with running(*DAEMON, stage.config):
                await stage.is_ready()
                scanner.scan(KNOWN)
                assert (await line_of(example)).endswith(" 1200")
            async with broker.heard("scanner-daemon/main/lane-1/status") as later:
                assert (await later.next()).payload == b"offline"
