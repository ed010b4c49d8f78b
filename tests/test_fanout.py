"""One slow or broken listener hurts only itself."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from scanner_daemon.fanout import Fanout
from scanner_daemon.model import LaneEvent, ScannerOffline, ScannerOnline


def an_event(number: int) -> LaneEvent:
    return ScannerOnline(id=str(number), lane="lane", scanner="counter", at=datetime.now(UTC), device="/dev/null")


LOST = ScannerOffline(id="0", lane="lane", scanner="counter", at=datetime.now(UTC), detail="gone")


class Listener:
    """Keeps what it is told; raises or waits where told so."""

    def __init__(self, *, breaks: bool = False, gate: asyncio.Event | None = None) -> None:
        self.told: list[int] = []
        self._breaks = breaks
        self._gate = gate

    async def tell(self, event: LaneEvent) -> None:
        if self._gate:
            await self._gate.wait()
        self.told.append(int(event.id))
        if self._breaks:
            raise ValueError("a listener's bug")


@asynccontextmanager
async def running(fanout: Fanout) -> AsyncIterator[None]:
    task = asyncio.create_task(fanout.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_all_hear_everything_in_order() -> None:
    one, other = Listener(), Listener()
    fanout = Fanout({"one": one, "other": other})
    async with running(fanout):
        for number in range(100):
            fanout.publish(an_event(number))
        await fanout.flush()
    assert one.told == other.told == list(range(100))


async def test_a_listener_that_raises_hears_the_next_event_and_hurts_nobody() -> None:
    broken, sound = Listener(breaks=True), Listener()
    fanout = Fanout({"broken": broken, "sound": sound})
    async with running(fanout):
        fanout.publish(an_event(1))
        fanout.publish(an_event(2))
        await fanout.flush()
    assert broken.told == sound.told == [1, 2]


async def test_a_listener_that_hangs_keeps_the_newest_and_hurts_nobody() -> None:
    gate = asyncio.Event()
    hanging, sound = Listener(gate=gate), Listener()
    fanout = Fanout({"hanging": hanging, "sound": sound}, capacity=10)
    async with running(fanout):
        fanout.publish(an_event(0))
        await asyncio.sleep(0)  # it takes the first event and hangs with it
        await asyncio.sleep(0)
        for number in range(1, 101):
            fanout.publish(an_event(number))
            await asyncio.sleep(0)
        assert sound.told[-1] >= 99
        gate.set()
        await fanout.flush()
    assert hanging.told == [0, *range(91, 101)]


async def test_what_a_listener_must_not_miss_is_never_dropped() -> None:
    class Careful(Listener):
        never_dropped = (ScannerOffline,)

    gate = asyncio.Event()
    careful = Careful(gate=gate)
    fanout = Fanout({"careful": careful}, capacity=10)
    async with running(fanout):
        for number in range(0, 200, 2):
            fanout.publish(an_event(number))
            fanout.publish(dataclasses.replace(LOST, id=str(number + 1)))
        gate.set()
        await fanout.flush()
    missed = set(range(1, 200, 2)) - set(careful.told)
    assert missed == set()
    assert careful.told == sorted(careful.told)
    assert len(careful.told) <= 110, "what may be dropped is"


async def test_a_listener_added_later_hears_what_comes_then() -> None:
    fanout, late = Fanout({}), Listener()
    async with running(fanout):
        await asyncio.sleep(0)
        fanout.publish(an_event(1))
        fanout.add("late", late)
        fanout.publish(an_event(2))
        await fanout.flush()
    assert late.told == [2]


async def test_what_a_listener_says_when_it_is_told_is_told_before_the_flush_ends() -> None:
    told: list[str] = []

    class Slow:
        async def tell(self, event: LaneEvent) -> None:
            await asyncio.sleep(0.02)
            told.append(event.id)

    class Late:
        async def tell(self, event: LaneEvent) -> None:
            if event.id == "1":
                await asyncio.sleep(0.1)  # the slow one has been told everything by now
                fanout.publish(an_event(2))

    fanout = Fanout({"slow": Slow(), "late": Late()})
    async with running(fanout):
        fanout.publish(an_event(1))
        await fanout.flush()
        assert told == ["1", "2"]
