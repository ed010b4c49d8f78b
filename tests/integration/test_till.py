"""A whole lane with a till: a scanner on a real pseudo terminal, a real look-up, and the process that types."""

import asyncio
import dataclasses
import os
import tomllib
from collections import Counter
from collections.abc import Iterator

import pytest

from scanner_daemon.app import Lane
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.config import parse_config
from scanner_daemon.drivers import Part
from scanner_daemon.loyalty.sandbox import Sandbox
from scanner_daemon.model import LaneEvent, RejectReason, ScanPassedThrough, ScanRejected
from tests.pos.recorded import RecordedKeyboard, Till

CARD = "0412345678903"
CONFIGURATION = """
lane = {{ name = "lane-1" }}
balance_cache = {{ max_customers = 0 }}
gameball = {{ base_url = "{gameball}" }}
card = [{{ name = "plastic", pattern = '04\\d{{11}}', check_digit = "ean" }}]

[[scanner]]
name = "counter"
driver = "serial"
port = "{port}"
gap = 2.0
pass_through = {{ max_rate = 1000, max_length = 20 }}
"""
ENVIRON = {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s"}


class Audience:
    """Hears everything."""

    def __init__(self) -> None:
        self.heard: list[LaneEvent] = []

    async def tell(self, event: LaneEvent) -> None:
        self.heard.append(event)


@pytest.fixture
def till() -> Iterator[Till]:
    receiver, keyboard = os.pipe()
    yield Till(receiver=receiver, keyboard=keyboard)
    os.close(receiver)


async def test_products_are_typed_in_order_cards_never_and_the_rest_is_told(
    scanner: VirtualScanner, till: Till
) -> None:
    audience = Audience()
    products = [f"4006381{number:06}" for number in range(40)]
    async with Sandbox() as sandbox, asyncio.TaskGroup() as group:
        text = CONFIGURATION.format(gameball=sandbox.url, port=scanner.port)
        config = parse_config(tomllib.loads(text), file="c.toml", environ=ENVIRON)
        lane = Lane.from_config(
            dataclasses.replace(config, till=Part(driver=RecordedKeyboard, settings={"till": till})), environ={}
        )
        lane.listen("audience", audience)
        running = group.create_task(lane.run())
        await lane.ready.wait()
        await _typing(lane, scanner, audience)
        for number, product in enumerate(products):
            scanner.scan(product)
            if number % 4 == 0:
                scanner.scan(CARD)
                scanner.scan("4" * 21)
                scanner.scan("\x1b[2J")
        assert await till.codes(len(products) + 1) == ["0", *products]
        lane.stop()
        await running
    assert await till.everything() == []
    assert [event.label for event in audience.heard if isinstance(event, ScanPassedThrough)] == ["0", *products]
    reasons = Counter(event.reason for event in audience.heard if isinstance(event, ScanRejected))
    assert (reasons[RejectReason.TOO_LONG], reasons[RejectReason.UNSAFE_CHARACTERS]) == (10, 10)
    assert lane.health()["rejected"] == {reason.value: count for reason, count in reasons.items()}


async def _typing(lane: Lane, scanner: VirtualScanner, audience: Audience) -> None:
    """Scan until the keyboard is plugged in: what comes before is refused, and told."""
    async with asyncio.timeout(10):
        while not [event for event in audience.heard if isinstance(event, ScanPassedThrough)]:
            scanner.scan("0")
            await asyncio.sleep(0.2)
            await lane.flush()
