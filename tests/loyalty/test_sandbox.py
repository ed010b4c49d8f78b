import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from stdnum import ean

from scanner_daemon.loyalty.sandbox import Customer, Sandbox, SandboxOptions
from scanner_daemon.loyalty.sandbox.account import Operation
from scanner_daemon.loyalty.sandbox.troubles import RateLimits

KEYS = {"APIKey": "any", "SecretKey": "other"}
V40 = "/api/v4.0/integrations/customers"
KNOWN = f"{V40}/0412345678903/balance"


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.url, headers=KEYS, timeout=5) as client:
        yield client


def code(response: httpx.Response) -> tuple[int, Any]:
    return response.status_code, response.json().get("code") if response.content else None


class TestApi:
    async def test_a_balance_as_documented(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        response = await client.get(KNOWN)
        assert response.headers["content-type"].startswith("application/json")
        assert response.json() == {
            "totalPointsBalance": 1500,
            "totalPointsValue": 75.0,
            "availablePointsBalance": 1200,
            "availablePointsValue": 60.0,
            "pendingPoints": 300,
            "pendingPointsValue": 15.0,
            "currency": "USD",
            "pointsName": "Reward Points",
            "nextExpiringPointsAmount": 200,
            "nextExpiringPointsValue": 10.0,
            "nextExpiringPointsDate": f"{sandbox.customers['0412345678903'].next_expiring_date}T00:00:00",
            "totalEarnedPoints": 2500,
        }

    async def test_the_misspelling(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        sandbox.change(spelling="misspelled")
        body = (await client.get(KNOWN)).json()
        assert (body["avaliablePointsBalance"], body["avaliablePointsValue"]) == (1200, 60.0)
        assert not [name for name in body if name.startswith("available")]

    def test_sample_ids_are_cards_a_lane_accepts(self) -> None:
        assert all(customer.startswith("04") and ean.is_valid(customer) for customer in Sandbox().customers)

    @pytest.mark.parametrize(
        ("path", "headers", "expected"),
        [
            (KNOWN, {}, (401, 1000)),
            (KNOWN, {"SecretKey": "s"}, (401, 1000)),
            (KNOWN, {"APIKey": "wrong", "SecretKey": "s"}, (401, 1000)),
            (KNOWN, {"APIKey": "k"}, (401, 1001)),
            (KNOWN, {"APIKey": "k", "SecretKey": "wrong"}, (401, 1000)),
            (KNOWN, {"apikey": "k", "secretkey": "s"}, (200, None)),
            (KNOWN, {"Authorization": "Bearer k"}, (401, 1000)),
        ],
    )
    async def test_who_may_read_a_balance(
        self, sandbox: Sandbox, path: str, headers: dict[str, str], expected: tuple[int, int | None]
    ) -> None:
        sandbox.change(api_key="k", secret_key="s")
        async with httpx.AsyncClient(base_url=sandbox.url) as stranger:
            assert code(await stranger.get(path, headers=headers)) == expected

    @pytest.mark.parametrize(("version", "expected"), [("v4.0", (200, None)), ("v4.1", (401, 1006))])
    async def test_the_secret_is_needed_to_create_in_v41_only(
        self, sandbox: Sandbox, version: str, expected: tuple[int, int | None]
    ) -> None:
        sandbox.change(missing_secret=1006)
        async with httpx.AsyncClient(base_url=sandbox.url, headers={"APIKey": "k"}) as stranger:
            path = f"/api/{version}/integrations/customers"
            assert code(await stranger.post(path, json={"customerId": "1"})) == expected

    @pytest.mark.parametrize(
        ("option", "expected"), [("7000", (404, 7000)), ("4004", (404, 4004)), ("bare", (404, None))]
    )
    async def test_an_unknown_customer(
        self, sandbox: Sandbox, client: httpx.AsyncClient, option: str, expected: tuple[int, int | None]
    ) -> None:
        sandbox.change(not_found=option)
        assert code(await client.get(f"{V40}/nobody/balance")) == expected

    @pytest.mark.parametrize(
        ("content", "kind", "expected"),
        [
            (b'{"customerId": "1"}', "application/json; charset=utf-8", (200, None)),
            (b'{"customerId": "1"}', "text/plain", (415, 3002)),
            (b'{"customerId": "1"', "application/json", (400, 3016)),
            (b"[]", "application/json", (400, 3016)),
            (b"{}", "application/json", (400, 3000)),
            (b'{"customerId": null}', "application/json", (422, 3001)),
            (b'{"customerId": ""}', "application/json", (422, 3003)),
            (b'{"customerId": "%s"}' % (b"x" * 101), "application/json", (422, 3003)),
            (b'{"customerId": "1", "customerAttributes": 5}', "application/json", (422, 3003)),
        ],
    )
    async def test_create_is_strict_about_its_body(
        self, client: httpx.AsyncClient, content: bytes, kind: str, expected: tuple[int, int | None]
    ) -> None:
        assert code(await client.post(V40, content=content, headers={"Content-Type": kind})) == expected

    async def test_create_is_an_upsert(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        sandbox.change(create_answer="profile", welcome_bonus=50)
        await client.post(V40, json={"customerId": "1", "customerAttributes": {"displayName": "Zoë", "email": "z@x.y"}})
        answer = await client.post(
            V40, json={"customerId": "1", "mobile": "+1", "customerAttributes": {"channel": "pos"}}
        )
        profile = answer.json()
        assert profile.pop("createdAt").endswith("Z")
        assert profile == {"customerId": "1", "name": "Zoë", "email": "z@x.y", "mobile": "+1"}
        assert sandbox.customers["1"].available_points == 50

    @pytest.mark.parametrize(
        "path", ["/api/v4.0/integrations/points", "/api/v3.0/integrations/customers/1/balance", "/", "/api"]
    )
    async def test_a_wrong_path_is_a_404_without_a_body(self, client: httpx.AsyncClient, path: str) -> None:
        response = await client.get(path)
        assert (response.status_code, response.content) == (404, b"")

    async def test_too_many_requests(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        answers = {(await client.post(V40, json={"customerId": "1"})).status_code for _ in range(361)}
        assert 429 in answers  # 30 a second, but on a slow machine 360 in half a minute
        sandbox.change(rate_limits=False)
        assert (await client.post(V40, json={"customerId": "1"})).status_code == 200


class TestRateLimits:
    @pytest.mark.parametrize(("operation", "a_second", "a_half_minute"), [("balance", 100, 1200), ("create", 30, 360)])
    def test_the_published_ones(self, operation: Operation, a_second: int, a_half_minute: int) -> None:
        limits = RateLimits()
        for second in range(a_half_minute // a_second):
            assert all(limits.allow(operation, now=float(second)) for _ in range(a_second))
            assert not limits.allow(operation, now=second + 0.99)
        assert not limits.allow(operation, now=29.9)
        assert limits.allow(operation, now=30.0)

    def test_what_was_refused_does_not_count(self) -> None:
        limits = RateLimits()
        for _ in range(1000):
            limits.allow("create", now=0.0)
        assert limits.allow("create", now=1.0)


class TestTrouble:
    async def test_the_same_seed_fails_the_same_requests(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        rows = []
        for _ in range(2):
            sandbox.change(fail_rate=0.5, seed=7)
            rows.append([(await client.get(KNOWN)).status_code for _ in range(20)])
            sandbox.change(seed=None)
            await client.get(KNOWN)
        assert rows[0] == rows[1]
        assert set(rows[0]) == {200, 500}

    @pytest.mark.parametrize(
        ("failure", "expected"),
        [
            ("500", (500, 5000)),
            ("503", (503, 5003)),
            ("429", (429, None)),
            ("401", (401, 1000)),
            ("disabled", (422, 6000)),
            ("concurrent", (422, 2001)),
            ("inactive", (422, 3009)),
            ("exists", (422, 7001)),
            ("empty", (200, None)),
        ],
    )
    async def test_failures_with_an_answer(
        self, sandbox: Sandbox, client: httpx.AsyncClient, failure: str, expected: tuple[int, int | None]
    ) -> None:
        sandbox.change(failure=failure, fail_next=1)
        assert code(await client.get(KNOWN)) == expected
        assert code(await client.get(KNOWN)) == (200, None)

    @pytest.mark.parametrize(("failure", "created"), [("close", False), ("lost-answer", True), ("half", True)])
    async def test_failures_without_one(
        self, *, sandbox: Sandbox, client: httpx.AsyncClient, failure: str, created: bool
    ) -> None:
        sandbox.change(failure=failure, fail_next=1)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(V40, json={"customerId": "1"})
        await sandbox.served(1)
        assert ("1" in sandbox.customers) is created
        assert sandbox.requests[0].status is None

    async def test_hanging_ends_when_the_client_leaves(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        sandbox.change(failure="hang", fail_next=1)
        with pytest.raises(httpx.ReadTimeout):
            await client.get(KNOWN, timeout=0.05)
        await asyncio.wait_for(sandbox.served(1), 1)

    async def test_failures_may_be_of_one_operation(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        sandbox.change(fail_rate=1, fail_on="create")
        assert code(await client.get(KNOWN)) == (200, None)
        assert code(await client.post(V40, json={"customerId": "1"})) == (500, 5000)

    async def test_latency(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        sandbox.change(latency=100)
        await client.get(KNOWN)
        (request,) = sandbox.requests
        assert 0.1 <= request.finished - request.started < 1

    async def test_down_and_up_by_an_option(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        sandbox.change(down=True)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(KNOWN)
        assert (await client.patch("/sandbox/options", json={"down": False})).status_code == 200
        assert code(await client.get(KNOWN)) == (200, None)


class TestGoingDown:
    async def test_it_comes_back_at_the_same_address(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        url = sandbox.url
        for _ in range(2):
            await client.get(KNOWN)
            await sandbox.stop()
            with pytest.raises(httpx.TransportError):
                await client.get(KNOWN)
            with pytest.raises(httpx.ConnectError):
                await client.get(KNOWN)
            await sandbox.start()
        assert sandbox.url == url
        assert code(await client.get(KNOWN)) == (200, None)

    async def test_it_breaks_what_waits(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        sandbox.change(failure="hang", fail_rate=1)
        waiting = asyncio.create_task(client.get(KNOWN))
        await asyncio.sleep(0.05)
        await asyncio.wait_for(sandbox.stop(), 1)
        with pytest.raises(httpx.TransportError):
            await waiting

    async def test_a_port_in_use_is_an_os_error(self, sandbox: Sandbox) -> None:
        with pytest.raises(OSError, match="in use"):
            await Sandbox(port=sandbox.port).start()


class TestControl:
    async def test_options(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        assert (await client.get("/sandbox/options")).json() == SandboxOptions().model_dump(mode="json")
        changed = await client.patch("/sandbox/options", json={"latency": 1, "not_found": "4004"})
        assert changed.status_code == 200
        assert changed.json()["not_found"] == "4004"
        assert sandbox.options == SandboxOptions(latency=1, not_found="4004")

    async def test_every_mistake_is_told_and_nothing_changes(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        refused = await client.patch("/sandbox/options", json={"fail_rate": 2, "latnecy": 5, "latency": 5})
        assert refused.status_code == 422
        assert [mistake["field"] for mistake in refused.json()["mistakes"]] == ["fail_rate", "latnecy"]
        assert sandbox.options == SandboxOptions()
        with pytest.raises(ValidationError):
            sandbox.change(latnecy=5)

    @pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"\xff"])
    async def test_no_json_object_is_a_mistake(self, client: httpx.AsyncClient, body: bytes) -> None:
        assert (await client.patch("/sandbox/options", content=body)).status_code == 422
        assert (await client.put("/sandbox/customers/1", content=body)).status_code == 422

    async def test_the_log(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        await client.get(f"{V40}/a%2Bb/balance")
        (entry,) = (await client.get("/sandbox/requests")).json()
        assert entry["path"] == f"{V40}/a%2Bb/balance"
        assert (entry["method"], entry["status"]) == ("GET", 404)
        assert entry["connection"] == sandbox.requests[0].connection
        assert 0 <= entry["finished"] - entry["started"] < 1
        assert sandbox.connections == 1
        assert (await client.delete("/sandbox/requests")).status_code == 204
        assert (await client.get("/sandbox/requests")).json() == []

    async def test_customers(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        assert (await client.get("/sandbox/customers/new")).status_code == 404
        put = await client.put(
            "/sandbox/customers/new", json={"availablePoints": 12.5, "nextExpiringDate": "2030-01-31"}
        )
        assert put.status_code == 200
        assert (await client.get("/sandbox/customers/new")).json() == put.json()
        assert sandbox.customers["new"].available_points == 12.5
        assert (await client.get(f"{V40}/new/balance")).json()["availablePointsBalance"] == 12.5
        refused = await client.put("/sandbox/customers/new", json={"availablePoints": "many", "points": 1})
        assert [mistake["field"] for mistake in refused.json()["mistakes"]] == ["availablePoints", "points"]

    async def test_all_but_the_id_has_a_default(self, client: httpx.AsyncClient) -> None:
        assert (await client.put("/sandbox/customers/0400000000077", json={})).status_code == 200
        assert (await client.get(f"{V40}/0400000000077/balance")).json()["availablePointsBalance"] == 0


async def test_customers_of_ones_own() -> None:
    async with Sandbox(customers=[Customer(customer_id="a", available_points=3)]) as sandbox:
        assert list(sandbox.customers) == ["a"]
