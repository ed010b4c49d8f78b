"""A whole lane whose till is told the member: the one-time hash of a QR code reaches it, and nobody else."""

import asyncio
import dataclasses
import json
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs

from scanner_daemon.app import Lane
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.config import parse_config
from scanner_daemon.drivers import Part
from scanner_daemon.loyalty.sandbox import Sandbox
from scanner_daemon.model import LaneEvent, MemberIdentified, ScanPassedThrough, as_json_object
from tests.pos.recorded import RecordedKeyboard, Till

MEMBER: Final = "0412345678903"
HASH: Final = "731946"
PRODUCT: Final = "4006381333931"
CONFIGURATION: Final = """
lane = {{ name = "lane-1", state_dir = "{state}" }}
gameball = {{ base_url = "{gameball}" }}
card = [{{ name = "app", kind = "gameball-qr", symbologies = ["QRCODE"] }}]
server = {{ listen = "127.0.0.1:0" }}

[[scanner]]
name = "counter"
driver = "serial"
port = "{port}"
code_id = "aim"

[till]
driver = "virtual-keyboard"
member = "%L{{customer_id}};{{hash}}\\n"
"""
ENVIRON: Final = {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s"}


class Audience:
    """Hears everything."""

    def __init__(self) -> None:
        self.heard: list[LaneEvent] = []

    async def tell(self, event: LaneEvent) -> None:
        self.heard.append(event)

    async def until(self, kind: type[LaneEvent]) -> None:
        async with asyncio.timeout(10):
            while not any(isinstance(event, kind) for event in self.heard):  # noqa: ASYNC110  any of many events
                await asyncio.sleep(0.02)


@pytest.fixture
def till() -> Iterator[Till]:
    receiver, keyboard = os.pipe()
    yield Till(receiver=receiver, keyboard=keyboard)
    os.close(receiver)


async def test_the_hash_reaches_the_till_and_nobody_else(scanner: VirtualScanner, till: Till, tmp_path: Path) -> None:
    audience = Audience()
    with capture_logs() as logs:
        async with Sandbox() as sandbox, asyncio.TaskGroup() as group:
            text = CONFIGURATION.format(gameball=sandbox.url, port=scanner.port, state=tmp_path)
            config = parse_config(tomllib.loads(text), file="c.toml", environ=ENVIRON)
            recorded = Part(driver=RecordedKeyboard, settings={"till": till})
            lane = Lane.from_config(dataclasses.replace(config, till=recorded), environ={})
            lane.listen("audience", audience)
            running = group.create_task(lane.run())
            await lane.ready.wait()
            await till_hears(scanner, audience)
            scanner.scan(f"]Q0{MEMBER}{HASH}")
            await audience.until(MemberIdentified)
            assert (await till.codes(2))[1] == f"%L{MEMBER};{HASH}"
            health = lane.health()
            lane.stop()
            await running

    told = [json.dumps(as_json_object(event)) for event in audience.heard]
    for where in (*told, *map(repr, audience.heard), repr(logs), repr(health), *contents(tmp_path)):
        assert HASH not in where


def contents(folder: Path) -> list[str]:
    return [file.read_bytes().decode("latin-1") for file in folder.rglob("*") if file.is_file()]


async def till_hears(scanner: VirtualScanner, audience: Audience) -> None:
    """Scan until one product was typed: before the keyboard is plugged in, nothing is."""
    async with asyncio.timeout(10):
        while not any(isinstance(event, ScanPassedThrough) for event in audience.heard):
            scanner.scan(f"]E0{PRODUCT}")
            await asyncio.sleep(0.2)
