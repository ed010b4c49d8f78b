"""A lane that takes another configuration while it runs."""

import asyncio
import tomllib
from collections.abc import Callable
from pathlib import Path

import httpx

from scanner_daemon.app import Lane
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.config import Config, parse_config
from scanner_daemon.loyalty.sandbox import Sandbox
from scanner_daemon.model import LaneEvent, ScannerOffline, ScannerOnline, as_json_object
from tests.integration.local_server import CONFIGURATION, KEYS, TOKEN

SCANNER = """
[[scanner]]
name = "{name}"
driver = "serial"
port = "{port}"
"""


class Heard:
    """What was told of scanners."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[ScannerOnline | ScannerOffline] = asyncio.Queue()

    async def tell(self, event: LaneEvent) -> None:
        if isinstance(event, ScannerOnline | ScannerOffline):
            await self.events.put(event)

    async def until(self, wanted: Callable[[ScannerOnline | ScannerOffline], bool]) -> None:
        async with asyncio.timeout(10):
            while not wanted(await self.events.get()):
                pass


def configured(folder: Path, sandbox: Sandbox, more: str, *, customer_id: str = "{label}") -> Config:
    text = CONFIGURATION.format(state=folder / "state", gameball=sandbox.url)
    text = text.replace("pattern =", f'check_digit = "ean", customer_id = "{customer_id}", pattern =')
    return parse_config(tomllib.loads(text + more), file="c.toml", environ=KEYS)


async def test_a_scanner_that_was_removed_is_gone_everywhere(scanner: VirtualScanner, tmp_path: Path) -> None:
    absent = SCANNER.format(name="absent", port=tmp_path / "nowhere")
    present = SCANNER.format(name="counter", port=scanner.port)
    async with Sandbox() as sandbox, asyncio.TaskGroup() as group:
        lane = Lane.from_config(configured(tmp_path, sandbox, absent + present), environ={})
        heard = Heard()
        lane.listen("heard", heard)
        running = group.create_task(lane.run())
        await heard.until(lambda event: isinstance(event, ScannerOnline))
        await lane.ready.wait()
        assert lane.server is not None
        async with httpx.AsyncClient(base_url=lane.server.url, params={"token": TOKEN}) as client:
            assert await pages_with(client, "counter") == ["/health", "/metrics", "/operator"]
            await lane.reload(configured(tmp_path, sandbox, ""))
            for _ in ("absent", "counter"):
                await heard.until(lambda event: as_json_object(event).get("removed") is True)
            await lane.flush()
            assert await pages_with(client, "counter") == []
            assert await pages_with(client, "absent") == []
            assert await board(client) == []
        lane.stop()
        await running


async def pages_with(client: httpx.AsyncClient, name: str) -> list[str]:
    """Return where ``name`` is told as a scanner of now; what was counted of it stays counted."""
    pages = {path: (await client.get(path)).text for path in ("/health", "/metrics", "/operator")}
    told = {"/metrics": f'scanner_daemon_scanner_up{{scanner="{name}"}}', "/operator": f"<th>{name}</th>"}
    return [path for path, text in pages.items() if told.get(path, name) in text]


async def board(client: httpx.AsyncClient) -> object:
    """Return the scanners that the cashier's page shows."""
    async with asyncio.timeout(5), client.stream("GET", "/cashier/stream") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                return httpx.Response(200, text=line.removeprefix("data: ")).json()["scanners"]
    raise AssertionError("the stream ended")


async def test_new_cards_are_numbered_as_the_new_configuration_takes_them_back(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, asyncio.TaskGroup() as group:
        lane = Lane.from_config(configured(tmp_path, sandbox, ""), environ={})
        running = group.create_task(lane.run())
        await lane.ready.wait()
        assert lane.server is not None
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(base_url=lane.server.url, headers=headers) as client:
            before = await client.post("/members", json={"email": "a@example.com"})
            await lane.reload(configured(tmp_path, sandbox, "", customer_id="M{label}"))
            after = await client.post("/members", json={"email": "b@example.com"})
        assert before.json()["customer_id"].startswith("04"), before.text
        assert after.json()["customer_id"].startswith("M04"), after.text
        lane.stop()
        await running
