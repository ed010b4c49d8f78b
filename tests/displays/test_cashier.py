"""What the cashier's page is served with, over real HTTP; the page itself is tested in a browser."""

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from scanner_daemon.displays.cashier import Cashier
from tests.serving import new_server, running

if TYPE_CHECKING:
    from tests.displays.conftest import Events


@pytest.fixture
def cashier() -> Cashier:
    return Cashier(lane="lane-1")


@pytest.fixture
async def client(cashier: Cashier) -> AsyncIterator[httpx.AsyncClient]:
    server = new_server()
    server.routes.extend(cashier.routes)
    async with running(server) as client:
        yield client


class Stream:
    """What the page hears."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def next(self) -> tuple[str, Any]:
        event = ""
        async with asyncio.timeout(10):
            async for line in self._lines:
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                if line.startswith("data: "):
                    return event, json.loads(line.removeprefix("data: "))
        raise AssertionError("the stream ended")

    async def state(self) -> Any:
        event, state = await self.next()
        assert event == "state"
        return state


@asynccontextmanager
async def watching(client: httpx.AsyncClient) -> AsyncIterator[Stream]:
    async with client.stream("GET", "/cashier/stream") as response:
        assert response.status_code == 200
        yield Stream(response)


async def test_the_page_loads_nothing_and_runs_nothing_else(client: httpx.AsyncClient) -> None:
    response = await client.get("/cashier")

    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    (script,) = re.findall(r"<script>(.*?)</script>", response.text, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", response.text, re.DOTALL)
    for name, text in (("script", script), ("style", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"(?:src|href)=\"(?!data:,)", response.text)


@pytest.mark.parametrize("path", ["/cashier", "/cashier/stream"])
async def test_nobody_sees_it_without_the_token(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path, headers={"Authorization": ""})).status_code == 401


async def test_a_page_that_comes_late_gets_all_of_the_present(
    client: httpx.AsyncClient, cashier: Cashier, events: "Events"
) -> None:
    await cashier.tell(events.online())
    await cashier.tell(events.member(1))
    async with watching(client) as stream:
        state = await stream.state()
        assert (state["lane"], state["customer"]["title"]) == ("lane-1", "Ada")
        await cashier.tell(events.discarded(2))
        assert [row["title"] for row in (await stream.state())["refusals"]] == ["Scan torn"]


async def test_a_customer_is_forgotten_when_they_have_left(
    client: httpx.AsyncClient, cashier: Cashier, events: "Events"
) -> None:
    cashier._forget_after = 0.1  # not a setting; nobody wants to wait three minutes here
    async with watching(client) as stream:
        await stream.state()
        await cashier.tell(events.member(1))
        assert (await stream.state())["customer"] is not None
        assert (await stream.state())["customer"] is None


async def test_the_script_hears_that_the_line_lives(client: httpx.AsyncClient, cashier: Cashier) -> None:
    cashier._ping_every = 0.02  # not a setting; nobody wants to wait 15 s here
    async with watching(client) as stream:
        await stream.state()
        assert [await stream.next() for _ in range(2)] == [("ping", {}), ("ping", {})]
