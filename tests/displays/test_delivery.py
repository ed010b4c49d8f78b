"""What waits to be delivered is bounded, the first time and again."""

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from scanner_daemon.displays.delivery import CAPACITY, FRESH_AT_ONCE, Delivery, Outcome
from scanner_daemon.model import LaneEvent

if TYPE_CHECKING:
    from tests.displays.conftest import Events


async def refused() -> str:
    return "expected a receiver, got none"


@pytest.mark.parametrize("all_at_once", [True, False])
async def test_beyond_its_capacity_the_oldest_is_given_up(events: "Events", *, all_at_once: bool) -> None:
    told = [events.online() for _ in range(CAPACITY + 2)]

    def send(_: LaneEvent) -> Outcome:
        return refused

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


async def test_each_is_sent_at_once_but_no_more_than_may_be_on_their_way(events: "Events") -> None:
    sent: list[str] = []
    taken = asyncio.Event()

    def send(event: LaneEvent) -> Outcome:
        sent.append(event.id)
        return outcome

    async def outcome() -> None:
        await taken.wait()

    told = [events.online() for _ in range(FRESH_AT_ONCE + 5)]
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        delivery = Delivery(send, group, to="somebody", attempts=1, given_up=lambda *_: None)
        for event in told:
            delivery.begin(event)
        assert sent == [event.id for event in told[:FRESH_AT_ONCE]]
        taken.set()
        await delivery.finish(within=5)
    assert sent == [event.id for event in told]
