"""A scanner that types, all the way to the member: mocked kernel, real evdev, real HTTP to the sandbox."""

import asyncio
import tomllib
from collections.abc import Callable

from scanner_daemon.app import Lane
from scanner_daemon.config import parse_config
from scanner_daemon.loyalty.sandbox import Sandbox
from scanner_daemon.model import LaneEvent, MemberIdentified

CONFIGURATION = """
lane = {{ name = "lane-1" }}
balance_cache = {{ max_customers = 0 }}
gameball = {{ base_url = "{gameball}" }}
card = [{{ name = "plastic", pattern = '04\\d{{11}}', check_digit = "ean" }}]

[[scanner]]
name = "counter"
driver = "keyboard-wedge"
match = {{ vendor = "0c2e", product = "0b61", serial = "SN0042" }}

[[scanner]]
name = "hand"
driver = "keyboard-wedge"
path = "/dev/input/event8"
"""


class Audience:
    def __init__(self) -> None:
        self._events: asyncio.Queue[LaneEvent] = asyncio.Queue()

    async def tell(self, event: LaneEvent) -> None:
        self._events.put_nowait(event)

    async def until(self, kind: str) -> LaneEvent:
        async with asyncio.timeout(10):
            while (event := await self._events.get()).type != kind:
                pass
        return event


async def test_what_is_typed_becomes_a_member(plug_in: Callable[..., "Wedge"]) -> None:  # type: ignore[name-defined]  # noqa: F821
    counter = plug_in(number=7, serial="SN0042")
    hand = plug_in(number=8, serial="SN0043")
    audience = Audience()
    async with Sandbox() as sandbox, asyncio.TaskGroup() as group:
        document = tomllib.loads(CONFIGURATION.format(gameball=sandbox.url))
        keys = {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s"}
        lane = Lane.from_config(parse_config(document, file="c.toml", environ=keys), environ={})
        lane.listen("audience", audience)
        group.create_task(lane.run())
        await audience.until("scanner_online")
        await audience.until("scanner_online")

        for one, other in zip("0412345678903\n", "0400000000077\n", strict=True):  # at once, key by key
            counter.type(one)
            hand.type(other)

        met = [await audience.until("member_identified") for _ in range(2)]
        lane.stop()

    members = {event.scanner: event.member for event in met if isinstance(event, MemberIdentified)}
    assert members["counter"].customer_id == "0412345678903"
    assert members["hand"].customer_id == "0400000000077"
    assert (members["counter"].created, members["hand"].created) == (False, True)
    assert members["counter"].balance is not None
    assert members["counter"].balance.available_points == 1200
