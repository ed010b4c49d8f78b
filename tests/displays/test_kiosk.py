"""What the customer page's server side says, over real HTTP; the page itself is tested in a browser."""

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from pydantic import SecretStr

from scanner_daemon.displays.kiosk import Kiosk
from scanner_daemon.model import RejectReason
from scanner_daemon.server import LocalServer

if TYPE_CHECKING:
    from tests.displays.conftest import Events

TOKEN: Final = "a-token"


@pytest.fixture
def kiosk() -> Kiosk:
    return Kiosk(idle_message="Hello", show_names=False)


@pytest.fixture
async def url(kiosk: Kiosk) -> AsyncIterator[str]:
    server = LocalServer(listen="127.0.0.1:0", token=SecretStr(TOKEN))
    server.routes.extend(kiosk.routes)
    server.bind()
    serving = asyncio.create_task(server.serve())
    yield server.url
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


@asynccontextmanager
async def watching(url: str) -> AsyncIterator["Screen"]:
    async with (
        httpx.AsyncClient() as client,
        client.stream("GET", f"{url}/display/stream?token={TOKEN}") as response,
    ):
        assert response.status_code == 200
        yield Screen(response)


class Screen:
    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def message(self) -> tuple[str, dict[str, Any]]:
        """Return the next message's event and data."""
        event = ""
        async with asyncio.timeout(10):
            async for line in self._lines:
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                if line.startswith("data: "):
                    return event, json.loads(line.removeprefix("data: "))
        raise EOFError

    async def view(self) -> dict[str, Any]:
        event, view = await self.message()
        assert event == "page"
        return view


async def test_the_document_loads_nothing_and_may_run_only_its_own_script(url: str) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.get(f"{url}/display?token={TOKEN}")

    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} <= set(policy)
    for element, directive in (("script", "script-src"), ("style", "style-src")):
        inside = re.findall(f"<{element}>(.*?)</{element}>", response.text, re.DOTALL)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert not re.search(r"""(src|href)=["'](?!data:)""", response.text)


async def test_a_browser_gets_the_present_page_at_once_and_then_each_new_one(
    url: str, kiosk: Kiosk, events: "Events"
) -> None:
    async with watching(url) as screen:
        idle = await screen.view()
        await kiosk.tell(events.accepted(1))
        recognising = await screen.view()
        await kiosk.tell(events.member(1))
        welcome = await screen.view()
    async with watching(url) as screen:
        again = await screen.view()

    assert (idle["state"], idle["idle_message"], idle["hold_for"]) == ("idle", "Hello", None)
    assert recognising["state"] == "recognising"
    assert (welcome["state"], welcome["points"], welcome["value"]) == ("welcome", "1,200", "$60.00")
    assert (again["state"], again["points"]) == ("welcome", "1,200")
    assert again["hold_for"] < kiosk.hold, "a page that was away shows the rest of the time, not all of it again"


async def test_no_customer_id_ever_reaches_the_browser(url: str, kiosk: Kiosk, events: "Events") -> None:
    shown = []
    async with watching(url) as screen:
        await screen.view()
        for event in (
            events.accepted(1),
            events.member(1),
            events.failed(2),
            events.rejected(3, RejectReason.UNKNOWN_CUSTOMER, label="…8901"),
        ):
            await kiosk.tell(event)
            shown.append(json.dumps(await screen.view()))

    assert not [text for text in shown if "8901" in text or "Ada" in text]


async def test_a_slow_browser_gets_the_newest_page_only(url: str, kiosk: Kiosk, events: "Events") -> None:
    async with watching(url) as screen:
        await screen.view()
        for sequence in range(1, 100):  # all before the loop can send any
            await kiosk.tell(events.accepted(sequence))
        assert (await screen.view())["sequence"] == 99


async def test_after_its_time_the_page_is_idle_for_who_comes_later(events: "Events") -> None:
    kiosk = Kiosk(hold=0.05)
    await kiosk.tell(events.member(1))
    messages = kiosk._messages()  # what a browser that connects now would get
    assert '"state": "welcome"' in await anext(messages)

    async with asyncio.timeout(10):
        while '"state": "idle"' not in (text := await anext(kiosk._messages())):  # noqa: ASYNC110  time alone does it
            await asyncio.sleep(0.01)
    assert "1,200" not in text


async def test_the_script_hears_that_the_line_lives(url: str, kiosk: Kiosk) -> None:
    kiosk._ping_every = 0.02  # not a setting; nobody wants to wait 15 s here
    async with watching(url) as screen:
        await screen.view()
        assert [await screen.message() for _ in range(2)] == [("ping", {}), ("ping", {})]
