"""What a lane shows while Gameball is away: a real programme, a real server, a real disk."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from scanner_daemon.errors import LoyaltyRefused, LoyaltyUnavailable
from scanner_daemon.loyalty.balance_cache import FILE_NAME, KEY_NAME, BalanceCache
from scanner_daemon.loyalty.gameball import Gameball
from scanner_daemon.loyalty.last_known import LastKnown
from scanner_daemon.loyalty.sandbox import Sandbox
from scanner_daemon.model import Member

KNOWN = "0412345678903"
STRANGER = "0400000000077"

Programme = Callable[..., Gameball]
Open = Callable[..., "asyncio.Future[LastKnown]"]


@pytest.fixture
async def opened(programme: Programme, tmp_path: Path) -> AsyncIterator[Callable[..., object]]:
    """Open a programme with a memory, as a lane does; twice is a lane that was started twice."""
    async with AsyncExitStack() as stack:

        async def open_one(**settings: object) -> LastKnown:
            gameball = await stack.enter_async_context(programme(**settings))
            cache = BalanceCache(state_dir=tmp_path / "state", max_customers=100, max_age=timedelta(days=30))
            return await stack.enter_async_context(LastKnown(programme=gameball, cache=cache))

        yield open_one


async def written(known: LastKnown) -> None:
    assert known._writing is not None  # the only way to know that the disk has it
    await known._writing


async def seen(known: LastKnown, customer_id: str = KNOWN) -> Member:
    member = await known.get_or_create(customer_id)
    assert member is not None
    await written(known)
    return member


async def test_the_last_known_balance_and_its_age(sandbox: Sandbox, opened: Open) -> None:
    known = await opened()
    before = await seen(known)
    await sandbox.stop()
    member = await known.get_or_create(KNOWN)
    assert member is not None
    assert (member.balance, member.as_of, member.stale, member.created) == (before.balance, before.as_of, True, False)
    assert not before.stale


async def test_it_outlives_the_daemon(sandbox: Sandbox, opened: Open) -> None:
    await seen(await opened())
    await sandbox.stop()
    member = await (await opened()).get_or_create(KNOWN)
    assert member is not None
    assert member.stale


async def test_it_is_there_before_the_disk_has_it(sandbox: Sandbox, opened: Open) -> None:
    known = await opened()
    await known.get_or_create(KNOWN)
    await sandbox.stop()
    member = await known.get_or_create(KNOWN)
    assert member is not None
    assert member.stale


@pytest.mark.parametrize("trouble", ["500", "hang", "html", "empty", "half", "close", "401", "disabled"])
async def test_whatever_is_wrong_with_gameball(sandbox: Sandbox, opened: Open, trouble: str) -> None:
    known = await opened(lookup_timeout=1.5)
    await seen(known)
    sandbox.change(failure=trouble, fail_rate=1)
    member = await known.get_or_create(KNOWN)
    assert member is not None
    assert member.stale


async def test_who_is_not_known_here_is_not_made_up(sandbox: Sandbox, opened: Open) -> None:
    known = await opened()
    await seen(known)
    await sandbox.stop()
    with pytest.raises(LoyaltyUnavailable):
        await known.get_or_create(STRANGER)


async def test_a_no_is_a_no(sandbox: Sandbox, opened: Open) -> None:
    known = await opened()
    await seen(known)
    sandbox.change(failure="inactive", fail_rate=1)
    with pytest.raises(LoyaltyRefused):
        await known.get_or_create(KNOWN)


async def test_the_present_balance_is_shown_as_soon_as_there_is_one(sandbox: Sandbox, opened: Open) -> None:
    known = await opened()
    await seen(known)
    sandbox.change(failure="close", fail_next=3)
    stale, fresh = await known.get_or_create(KNOWN), await known.get_or_create(KNOWN)
    assert stale is not None
    assert stale.stale
    assert fresh is not None
    assert not fresh.stale


async def test_the_disk_gets_many_at_once(opened: Open) -> None:
    known = await opened(create="never")
    customers = ["0412345678903", "0455555555551", "0499999999990"]
    members = [member for member in await asyncio.gather(*map(known.get_or_create, customers)) if member]
    await written(known)
    for member in members:
        assert known.cache.last(member.customer_id, now=datetime.now(UTC)) is not None


async def test_forgetting_is_for_good(sandbox: Sandbox, opened: Open) -> None:
    known = await opened()
    await seen(known)
    assert await known.forget(KNOWN) == 1
    await sandbox.stop()
    with pytest.raises(LoyaltyUnavailable):
        await known.get_or_create(KNOWN)


async def test_a_disk_that_does_not_do_its_work_is_told_once_and_costs_nothing(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no directory")
    with structlog.testing.capture_logs() as logged:
        known = await opened()
        for _ in range(3):
            assert not (await seen(known)).stale
        (tmp_path / "state").unlink()
        await seen(known)
    assert [entry["event"] for entry in logged] == ["balances_not_kept", "balances_kept_again"]
    assert KNOWN not in str(logged)


async def test_a_disk_that_hangs_delays_no_answer_for_long(sandbox: Sandbox, opened: Open, tmp_path: Path) -> None:
    known = await opened()
    await seen(known)
    await sandbox.stop()
    key = tmp_path / "state" / KEY_NAME
    key.unlink()
    os.mkfifo(key)  # whoever reads it waits for a writer
    try:
        async with asyncio.timeout(5):
            with pytest.raises(LoyaltyUnavailable):
                await known.get_or_create(KNOWN)
    finally:
        os.close(os.open(key, os.O_WRONLY))


async def test_damage_in_the_file_is_set_aside(sandbox: Sandbox, opened: Open, tmp_path: Path) -> None:
    known = await opened()
    await seen(known)
    known.cache.close()
    (tmp_path / "state" / FILE_NAME).write_bytes(b"\0" * 4096)
    with structlog.testing.capture_logs() as logged:
        await seen(known)
    assert [entry["event"] for entry in logged] == ["database_set_aside"]
    await sandbox.stop()
    member = await known.get_or_create(KNOWN)
    assert member is not None
    assert member.stale


async def test_no_secret_and_no_id_is_on_the_disk_or_in_the_log(sandbox: Sandbox, opened: Open, tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logged:
        known = await opened(api_key=SecretStr("s3cret-api"))
        await seen(known)
        sandbox.change(failure="close", fail_rate=1)
        await known.get_or_create(KNOWN)
    told = str(logged) + repr(known)
    stored = b"".join(file.read_bytes() for file in (tmp_path / "state").iterdir())
    assert "last_known_balance_shown" in told
    for secret in (KNOWN, "s3cret"):
        assert secret not in told
        assert secret.encode() not in stored
