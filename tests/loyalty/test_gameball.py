import asyncio
import gc
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import structlog
from pydantic import SecretStr

from scanner_daemon.errors import (
    LoyaltyError,
    LoyaltyMisconfigured,
    LoyaltyProtocolError,
    LoyaltyRefused,
    LoyaltyUnavailable,
)
from scanner_daemon.loyalty.gameball import Gameball
from scanner_daemon.loyalty.sandbox import Customer, Sandbox

KNOWN = "0412345678903"
NEW = "0400000000077"

Programme = Callable[..., Gameball]


def asked(sandbox: Sandbox) -> list[tuple[str, int | None]]:
    return [(request.method, request.status) for request in sandbox.requests]


async def failure(look_up: Awaitable[object]) -> LoyaltyError:
    with pytest.raises(LoyaltyError) as caught:
        await look_up
    return caught.value


class TestGetOrCreate:
    async def test_a_known_member_is_one_request(self, sandbox: Sandbox, programme: Programme) -> None:
        before = datetime.now(UTC)
        async with programme() as gameball:
            member = await gameball.get_or_create(KNOWN)
        assert member is not None
        assert (member.customer_id, member.created, member.stale) == (KNOWN, False, False)
        assert before <= member.as_of <= datetime.now(UTC)
        assert member.balance is not None
        assert member.balance.available_points == 1200
        assert member.balance.available_value == Decimal("60.0")
        assert member.balance.next_expiring is not None
        assert member.balance.next_expiring.on == sandbox.customers[KNOWN].next_expiring_date
        assert asked(sandbox) == [("GET", 200)]

    async def test_a_new_member_is_three_requests_on_one_connection(
        self, sandbox: Sandbox, programme: Programme
    ) -> None:
        sandbox.change(welcome_bonus=50)
        async with programme() as gameball:
            member = await gameball.get_or_create(NEW)
            again = await gameball.get_or_create(NEW)
        assert member is not None
        assert member.created
        assert member.balance is not None
        assert member.balance.available_points == 50
        assert again is not None
        assert not again.created
        assert asked(sandbox) == [("GET", 404), ("POST", 200), ("GET", 200), ("GET", 200)]
        assert sandbox.connections == 1

    @pytest.mark.parametrize("spelling", ["documented", "misspelled"])
    @pytest.mark.parametrize("not_found", ["7000", "4004", "bare"])
    @pytest.mark.parametrize("create_answer", ["gameballId", "profile", "empty"])
    @pytest.mark.parametrize("version", ["v4.0", "v4.1"])
    async def test_every_way_the_servers_are_known_to_answer(
        self, *, sandbox: Sandbox, programme: Programme, spelling: str, not_found: str, create_answer: str, version: str
    ) -> None:
        sandbox.change(spelling=spelling, not_found=not_found, create_answer=create_answer, welcome_bonus=7)
        async with programme(version=version) as gameball:
            member = await gameball.get_or_create(NEW)
        assert member is not None
        assert member.created
        assert member.balance is not None
        assert member.balance.available_points == 7
        assert {request.path.split("/")[2] for request in sandbox.requests} == {version}

    async def test_nobody_is_enrolled_where_that_is_not_wanted(self, sandbox: Sandbox, programme: Programme) -> None:
        async with programme(create="never") as gameball:
            assert await gameball.get_or_create(NEW) is None
            assert await gameball.get_or_create(KNOWN) is not None
        assert NEW not in sandbox.customers
        assert asked(sandbox) == [("GET", 404), ("GET", 200)]

    async def test_a_first_balance_that_shows_late_is_asked_for_again(
        self, sandbox: Sandbox, programme: Programme
    ) -> None:
        sandbox.change(visible_after=0.1)
        async with programme() as gameball:
            member = await gameball.get_or_create(NEW)
        assert member is not None
        assert member.created
        assert member.balance is not None
        assert asked(sandbox) == [("GET", 404), ("POST", 200), ("GET", 404), ("GET", 200)]

    async def test_a_first_balance_that_does_not_show_is_unknown(self, sandbox: Sandbox, programme: Programme) -> None:
        sandbox.change(visible_after=60)
        async with programme() as gameball:
            member = await gameball.get_or_create(NEW)
        assert member is not None
        assert member.created
        assert member.balance is None
        assert NEW in sandbox.customers

    @pytest.mark.parametrize("failure", ["hang", "500"])
    async def test_a_member_just_enrolled_is_one_even_if_their_balance_cannot_be_read(
        self, sandbox: Sandbox, programme: Programme, failure: str
    ) -> None:
        sandbox.change(visible_after=60)  # so that there is a moment to break things in
        async with programme(lookup_timeout=1.0) as gameball:
            look_up = asyncio.ensure_future(gameball.get_or_create(NEW))
            await sandbox.served(3)
            sandbox.change(failure=failure, fail_rate=1)
            member = await look_up
        assert member is not None
        assert member.created
        assert member.balance is None

    async def test_an_enrolment_whose_answer_is_lost_is_applied_once(
        self, sandbox: Sandbox, programme: Programme
    ) -> None:
        sandbox.change(failure="lost-answer", fail_next=1, fail_on="create", welcome_bonus=50)
        async with programme() as gameball:
            member = await gameball.get_or_create(NEW)
        assert member is not None
        assert member.created
        assert member.balance is not None
        assert member.balance.available_points == 50
        assert asked(sandbox) == [("GET", 404), ("POST", None), ("POST", 200), ("GET", 200)]

    async def test_who_was_enrolled_elsewhere_in_this_moment_is_a_member_but_not_a_new_one(
        self, sandbox: Sandbox, programme: Programme
    ) -> None:
        sandbox.change(failure="exists", fail_next=1, fail_on="create")
        async with programme() as gameball:
            member = await gameball.get_or_create(NEW)
        assert member is not None
        assert not member.created
        assert [method for method, _ in asked(sandbox)] == ["GET", "POST", "GET", "GET", "GET"]

    @pytest.mark.parametrize("customer_id", ["a+b@c d", "é", "?x=1&y#z", "~._-", "0" * 100])
    async def test_an_id_arrives_whole(self, sandbox: Sandbox, programme: Programme, customer_id: str) -> None:
        async with programme() as gameball:
            first = await gameball.get_or_create(customer_id)
            second = await gameball.get_or_create(customer_id)
        assert first is not None
        assert first.created
        assert second is not None
        assert not second.created
        assert customer_id in sandbox.customers

    @pytest.mark.parametrize("customer_id", ["", "a/b", "..", "a%2Fb", "0" * 101])
    async def test_an_id_that_may_address_another_is_refused_unsent(
        self, sandbox: Sandbox, programme: Programme, customer_id: str
    ) -> None:
        async with programme() as gameball:
            error = await failure(gameball.get_or_create(customer_id))
        assert isinstance(error, LoyaltyRefused)
        assert asked(sandbox) == []


class TestTrouble:
    @pytest.mark.parametrize("trouble", ["500", "503", "429", "concurrent", "close", "half"])
    async def test_what_passes_is_tried_again(self, sandbox: Sandbox, programme: Programme, trouble: str) -> None:
        sandbox.change(failure=trouble, fail_next=2)
        async with programme() as gameball:
            member = await gameball.get_or_create(KNOWN)
        assert member is not None
        assert member.balance is not None
        assert len(sandbox.requests) == 3

    @pytest.mark.parametrize(
        ("trouble", "kind", "requests"),
        [
            ("500", LoyaltyUnavailable, 3),
            ("close", LoyaltyUnavailable, 3),
            ("html", LoyaltyProtocolError, 1),
            ("empty", LoyaltyProtocolError, 1),
            ("disabled", LoyaltyMisconfigured, 1),
            ("inactive", LoyaltyRefused, 1),
        ],
    )
    async def test_what_stays_is_told_by_its_kind(
        self, sandbox: Sandbox, programme: Programme, trouble: str, kind: type[LoyaltyError], requests: int
    ) -> None:
        sandbox.change(failure=trouble, fail_rate=1)
        async with programme() as gameball:
            error = await failure(gameball.get_or_create(KNOWN))
        assert type(error) is kind
        assert len(sandbox.requests) == requests

    async def test_a_page_in_place_of_a_create_answer_is_not_tried_again(
        self, sandbox: Sandbox, programme: Programme
    ) -> None:
        sandbox.change(failure="html", fail_on="create", fail_rate=1)
        async with programme() as gameball:
            error = await failure(gameball.get_or_create(NEW))
        assert str(error).startswith("POST /api/v4.0/integrations/customers for …0077: expected JSON, got")
        assert isinstance(error, LoyaltyProtocolError)
        assert [method for method, _ in asked(sandbox)] == ["GET", "POST"]

    async def test_everything_refused_ends_in_a_second(self, sandbox: Sandbox, programme: Programme) -> None:
        await sandbox.stop()
        start = asyncio.get_running_loop().time()
        async with programme() as gameball:
            error = await failure(gameball.get_or_create(KNOWN))
            assert isinstance(error, LoyaltyUnavailable)
            assert asyncio.get_running_loop().time() - start < 1.5
            await sandbox.start()
            assert await gameball.get_or_create(KNOWN) is not None

    async def test_the_time_budget_is_kept_for_the_whole(self, sandbox: Sandbox, programme: Programme) -> None:
        sandbox.change(latency=200)  # each request alone is well inside
        start = asyncio.get_running_loop().time()
        async with programme(lookup_timeout=0.3) as gameball:
            error = await failure(gameball.get_or_create(NEW))
        assert isinstance(error, LoyaltyUnavailable)
        assert 0.3 <= asyncio.get_running_loop().time() - start < 2.0
        assert str(error) == (
            "look-up of …0077: expected an answer within 0.3 s, got none; check the network and lookup_timeout"
        )

    async def test_retry_after_is_kept_where_it_fits(self, sandbox: Sandbox, programme: Programme) -> None:
        sandbox.change(failure="429", fail_next=1, retry_after=1)
        async with programme() as gameball:
            assert await gameball.get_or_create(KNOWN) is not None
        first, second = sandbox.requests
        assert second.started - first.finished >= 1.0

    async def test_retry_after_beyond_the_budget_is_not_waited_for(
        self, sandbox: Sandbox, programme: Programme
    ) -> None:
        sandbox.change(failure="503", fail_rate=1, retry_after=30)
        start = asyncio.get_running_loop().time()
        async with programme() as gameball:
            error = await failure(gameball.get_or_create(KNOWN))
        assert isinstance(error, LoyaltyUnavailable)
        assert "in 30 s" in str(error)
        assert asyncio.get_running_loop().time() - start < 2.0
        assert len(sandbox.requests) == 1

    async def test_after_too_many_requests_the_limits_second_is_waited_out(
        self, sandbox: Sandbox, programme: Programme
    ) -> None:
        sandbox.change(failure="429", fail_next=1)
        async with programme() as gameball:
            assert await gameball.get_or_create(KNOWN) is not None
        first, second = sandbox.requests
        assert second.started - first.finished >= 1.0


class TestMisconfigured:
    async def test_wrong_keys_stop_the_asking(self, sandbox: Sandbox, programme: Programme) -> None:
        sandbox.change(api_key="rotated")
        async with programme(api_key=SecretStr("old-key-1234")) as gameball:
            first = await failure(gameball.get_or_create(KNOWN))
            later = await failure(gameball.get_or_create(NEW))
        assert isinstance(first, LoyaltyMisconfigured)
        assert isinstance(later, LoyaltyMisconfigured)
        assert str(first) == (
            "GET /api/v4.0/integrations/customers/…8903/balance: expected 200, got 401, code 1000; "
            "check api_key: test and live keys differ, and a key that was replaced stops at once"
        )
        assert "not asked again for 300 s" in str(later)
        assert asked(sandbox) == [("GET", 401)]

    @pytest.mark.parametrize("code", [1001, 1006])
    async def test_a_missing_secret_is_told_by_either_code(self, sandbox: Sandbox, code: int) -> None:
        sandbox.change(missing_secret=code)
        async with Gameball(base_url=sandbox.url, api_key=SecretStr("a"), secret_key=SecretStr("unused")) as gameball:
            gameball._transport._headers.pop("SecretKey")  # no settings leave it out, but a proxy on the way may
            error = await failure(gameball.get_or_create(KNOWN))
        assert isinstance(error, LoyaltyMisconfigured)
        assert f"401, code {code}, request sandbox-000001; check secret_key" in str(error)

    async def test_keys_mended_elsewhere_heal_after_the_pause(self, sandbox: Sandbox, programme: Programme) -> None:
        sandbox.change(failure="401", fail_next=2)
        async with programme(misconfigured_pause=0.2) as gameball:
            for _ in range(2):  # the second is the one try after the pause, and in vain
                assert isinstance(await failure(gameball.get_or_create(KNOWN)), LoyaltyMisconfigured)
                assert isinstance(await failure(gameball.get_or_create(KNOWN)), LoyaltyMisconfigured)
                await asyncio.sleep(0.2)
            assert await gameball.get_or_create(KNOWN) is not None
            assert await gameball.get_or_create(NEW) is not None
        assert [status for _, status in asked(sandbox)[:3]] == [401, 401, 200]

    async def test_it_is_logged_on_change_only(self, sandbox: Sandbox, programme: Programme) -> None:
        sandbox.change(failure="401", fail_next=2)
        with structlog.testing.capture_logs() as logged:
            async with programme(misconfigured_pause=0.1) as gameball:
                for _ in range(2):
                    await failure(gameball.get_or_create(KNOWN))
                    await failure(gameball.get_or_create(KNOWN))
                    await asyncio.sleep(0.1)
                await gameball.get_or_create(KNOWN)
                await gameball.get_or_create(NEW)
        assert [entry["event"] for entry in logged] == ["gameball_misconfigured", "gameball_asked_again"]
        assert KNOWN not in str(logged)

    async def test_one_look_up_tries_for_all_after_the_pause(self, sandbox: Sandbox, programme: Programme) -> None:
        sandbox.change(failure="401", fail_rate=1, latency=50)
        async with programme(misconfigured_pause=0.1) as gameball:
            await failure(gameball.get_or_create(KNOWN))
            await asyncio.sleep(0.1)
            await asyncio.gather(*(failure(gameball.get_or_create(f"card-{number}")) for number in range(5)))
        assert len(sandbox.requests) == 2

    async def test_a_wrong_address_is_found_by_its_create(self, sandbox: Sandbox, programme: Programme) -> None:
        sandbox.change(not_found="bare")
        async with programme() as gameball:
            gameball.version = "v4.9"  # type: ignore[assignment]  # a path this server does not have
            error = await failure(gameball.get_or_create(KNOWN))
            await failure(gameball.get_or_create(NEW))
        assert isinstance(error, LoyaltyMisconfigured)
        assert str(error).endswith(
            "POST /api/v4.9/integrations/customers for …8903: expected 200, got 404; check base_url and version"
        )
        assert asked(sandbox) == [("GET", 404), ("POST", 404)]

    async def test_an_outage_does_not_stop_the_asking(self, sandbox: Sandbox, programme: Programme) -> None:
        sandbox.change(failure="close", fail_rate=1)
        async with programme() as gameball:
            await failure(gameball.get_or_create(KNOWN))
            sandbox.change(fail_rate=0)
            assert await gameball.get_or_create(KNOWN) is not None


class TestJoining:
    async def test_look_ups_of_one_customer_are_one(self, sandbox: Sandbox, programme: Programme) -> None:
        sandbox.change(latency=50)
        async with programme() as gameball:
            members = await asyncio.gather(*(gameball.get_or_create(NEW) for _ in range(5)))
        assert len({id(member) for member in members}) == 1
        assert asked(sandbox) == [("GET", 404), ("POST", 200), ("GET", 200)]

    async def test_look_ups_of_different_customers_do_not_queue(self, sandbox: Sandbox, programme: Programme) -> None:
        sandbox.change(latency=200)
        start = asyncio.get_running_loop().time()
        async with programme() as gameball:
            await asyncio.gather(*(gameball.get_or_create(customer) for customer in list(sandbox.customers)))
        assert asyncio.get_running_loop().time() - start < 0.9  # one after the other they take a second

    async def test_one_caller_leaving_does_not_fail_the_others(self, sandbox: Sandbox, programme: Programme) -> None:
        sandbox.change(latency=100)
        async with programme() as gameball:
            leaves = asyncio.create_task(gameball.get_or_create(KNOWN))
            stays = asyncio.create_task(gameball.get_or_create(KNOWN))
            await asyncio.sleep(0.02)
            leaves.cancel()
            member = await stays
        assert leaves.cancelled()
        assert member is not None
        assert asked(sandbox) == [("GET", 200)]

    async def test_a_failure_nobody_waits_for_is_no_noise(self, sandbox: Sandbox, programme: Programme) -> None:
        complaints: list[dict[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        sandbox.change(failure="html", fail_rate=1, latency=50)
        async with programme() as gameball:
            leaves = asyncio.create_task(gameball.get_or_create(KNOWN))
            await asyncio.sleep(0.02)
            leaves.cancel()
            await sandbox.served(1)
            assert isinstance(await failure(gameball.get_or_create(NEW)), LoyaltyProtocolError)
        del leaves  # it holds the look-up, and asyncio complains only when that is forgotten
        gc.collect()
        assert complaints == []

    async def test_leaving_ends_what_is_under_way(self, sandbox: Sandbox, programme: Programme) -> None:
        sandbox.change(failure="hang", fail_rate=1)
        async with asyncio.timeout(1), programme(lookup_timeout=60) as gameball:
            look_up = asyncio.create_task(gameball.get_or_create(KNOWN))
            await asyncio.sleep(0.05)
        with pytest.raises(asyncio.CancelledError):
            await look_up


class TestSecrets:
    async def test_no_error_holds_a_key_or_a_whole_id(self, sandbox: Sandbox, programme: Programme) -> None:
        keys = {"api_key": SecretStr("s3cret-api"), "secret_key": SecretStr("s3cret-secret")}
        sandbox.change(retry_after=60)
        for trouble in ("500", "503", "401", "disabled", "html", "empty", "half", "close"):
            sandbox.change(failure=trouble, fail_rate=1)
            async with programme(**keys) as gameball:
                text = repr(await failure(gameball.get_or_create(KNOWN)))
                assert KNOWN not in text
                assert "s3cret" not in text
                assert "8903" in text
                assert "s3cret" not in repr(gameball)

    @pytest.mark.parametrize("key", ["", " s3cret", "s3\ncret", "s3crét"])
    def test_a_key_no_header_can_hold_is_a_mistake_that_is_not_repeated(self, key: str) -> None:
        with pytest.raises(ValueError, match="secret_key: expected a key of printable ASCII") as caught:
            Gameball(api_key=SecretStr("fine"), secret_key=SecretStr(key))
        assert "s3" not in str(caught.value)


async def test_as_of_is_the_moment_of_the_answer(sandbox: Sandbox, programme: Programme) -> None:
    sandbox.change(latency=100)
    before = datetime.now(UTC)
    async with programme() as gameball:
        member = await gameball.get_or_create(KNOWN)
    assert member is not None
    assert member.as_of - before >= timedelta(milliseconds=100)


async def test_fractions_of_points_are_exact(sandbox: Sandbox, programme: Programme) -> None:
    sandbox.customers.put(Customer(customer_id="fraction", available_points=0.1))
    sandbox.change(point_value=0.1)
    async with programme() as gameball:
        member = await gameball.get_or_create("fraction")
    assert member is not None
    assert member.balance is not None
    assert member.balance.available_points == Decimal("0.1")
    assert member.balance.available_value == Decimal("0.01")
