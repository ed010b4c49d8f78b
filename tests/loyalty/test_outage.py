"""Gameball goes and comes back, and a lane that does not make it worse."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest
import structlog

from scanner_daemon.errors import LoyaltyUnavailable
from scanner_daemon.loyalty.breaker import FAILURES, PAUSE, BreakerState
from scanner_daemon.loyalty.gameball import Gameball
from scanner_daemon.loyalty.sandbox import Sandbox

KNOWN = "0412345678903"

Programme = Callable[..., Gameball]


async def fails(gameball: Gameball, customer_id: str = KNOWN) -> str:
    with pytest.raises(LoyaltyUnavailable) as caught:
        await gameball.get_or_create(customer_id)
    return str(caught.value)


async def test_a_server_that_hangs_is_waited_for_a_few_times_only(sandbox: Sandbox, programme: Programme) -> None:
    sandbox.change(failure="hang", fail_rate=1)
    now = asyncio.get_running_loop().time
    async with programme(lookup_timeout=0.1) as gameball:
        for _ in range(FAILURES):
            assert "expected an answer within 0.1 s" in await fails(gameball)
        assert gameball.breaker_state is BreakerState.OPEN
        before = now()
        for _ in range(100):
            assert "not asked again for 2 s" in await fails(gameball)
        assert now() - before < 0.5
        assert len(sandbox.requests) == FAILURES


async def test_it_is_asked_again_within_seconds_by_one(sandbox: Sandbox, programme: Programme) -> None:
    sandbox.change(failure="hang", fail_rate=1)
    async with programme(lookup_timeout=0.1) as gameball:
        for _ in range(FAILURES):
            await fails(gameball)
        await sandbox.served(FAILURES)
        await asyncio.sleep(PAUSE)
        await asyncio.gather(*(fails(gameball, f"card-{n}") for n in range(20)))
        await sandbox.served(FAILURES + 1)
        assert len(sandbox.requests) == FAILURES + 1
        sandbox.change(fail_rate=0)
        await asyncio.sleep(PAUSE)
        assert await gameball.get_or_create(KNOWN) is not None
        assert gameball.breaker_state is BreakerState.CLOSED


async def test_an_outage_is_logged_when_it_begins_and_when_it_ends(sandbox: Sandbox, programme: Programme) -> None:
    sandbox.change(failure="503", fail_rate=1)
    with structlog.testing.capture_logs() as logged:
        async with programme() as gameball:
            for _ in range(FAILURES + 5):
                await fails(gameball)
            sandbox.change(fail_rate=0)
            await asyncio.sleep(PAUSE)
            for _ in range(2):
                await gameball.get_or_create(KNOWN)
    told = [entry["event"] for entry in logged if entry["event"].startswith("gameball")]
    assert told == ["gameball_unavailable", "gameball_asked_again"]
    assert KNOWN not in str(logged)


async def test_what_the_server_asks_for_is_kept_by_all(sandbox: Sandbox, programme: Programme) -> None:
    sandbox.change(failure="503", fail_rate=1, retry_after=60)
    async with programme() as gameball:
        assert "in 60 s" in await fails(gameball)
        assert "not asked again for 60 s" in await fails(gameball, "0400000000077")
    assert len(sandbox.requests) == 1


async def test_cards_that_are_refused_are_no_outage(sandbox: Sandbox, programme: Programme) -> None:
    sandbox.change(failure="inactive", fail_rate=1)
    async with programme() as gameball:
        for _ in range(2 * FAILURES):
            with pytest.raises(Exception, match="code 3009"):
                await gameball.get_or_create(KNOWN)
        assert gameball.breaker_state is BreakerState.CLOSED


async def test_a_burst_earns_no_429(sandbox: Sandbox, programme: Programme) -> None:
    async with programme(lookup_timeout=20, create="never") as gameball:
        members = await asyncio.gather(*(gameball.get_or_create(f"card-{n}") for n in range(220)))
    assert members == [None] * 220
    assert Counter(request.status for request in sandbox.requests) == {404: 220}


async def test_to_have_no_room_is_no_outage(sandbox: Sandbox, programme: Programme) -> None:
    async with programme(lookup_timeout=0.5) as gameball:
        while not gameball._limits["GET"].wait(asyncio.get_running_loop().time()):
            pass  # as a hundred look-ups in this moment would
        for _ in range(2 * FAILURES):
            assert "expected room in the published limits within 0.5 s, got some in" in await fails(gameball)
        assert gameball.breaker_state is BreakerState.CLOSED
    assert len(sandbox.requests) == 0
