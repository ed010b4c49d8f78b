"""What waits to be delivered is bounded, the first time and again."""

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from scanner_daemon.displays.delivery import CAPACITY, Delivery
from scanner_daemon.model import LaneEvent

if TYPE_CHECKING:
    from tests.displays.conftest import Events


@pytest.mark.parametrize("all_at_once", [True, False])
async def test_beyond_its_capacity_the_oldest_is_given_up(events: "Events", *, all_at_once: bool) -> None:
    told = [events.online() for _ in range(CAPACITY + 2)]

    async def send(_: LaneEvent) -> str:
        return "expected a receiver, got none"

    named: list[str] = []
    with capture_logs() as logs:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            delivery = Delivery(
                send, group, to="nobody", attempts=2, given_up=lambda event, _: named.append(event.id), first_retry=60.0
            )
            for event in told:
                delivery.begin(event)
                if not all_at_once:
                    await delivery.finish(within=5)
            await delivery.finish(within=5)
            await asyncio.sleep(0)  # a task hears of its end in the next round
            given_up = [log["id"] for log in logs if log["event"] == "event_given_up"]
            for task in asyncio.all_tasks():
                if task.get_name().startswith("event "):
                    task.cancel()

    assert given_up == [event.id for event in told[:2]]
    assert len([log for log in logs if log["event"] == "event_given_up"]) == len(told), "at the end all are named"
    assert sorted(named) == [event.id for event in told]
