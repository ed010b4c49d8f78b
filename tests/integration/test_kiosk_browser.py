"""The customer page in a real Chromium, fed by the real server.

Screenshots of every state are left in pytest's temporary folder, for people to look at.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypedDict

import pytest
from playwright.async_api import Page, expect
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from scanner_daemon.displays.kiosk import Kiosk
from scanner_daemon.model import (
    Balance,
    DiscardReason,
    ExpiringPoints,
    LaneEvent,
    LookupFailed,
    LookupFailedReason,
    Member,
    MemberIdentified,
    RejectReason,
    ScanAccepted,
    ScanDiscarded,
    ScanRejected,
)
from tests.integration.browser import CHROMIUM, TOKEN, WHY_NOT, empty_page, serving

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)

SCREENS: Final = {"800x480": (800, 480), "1280x800": (1280, 800), "1920x1080": (1920, 1080), "768x1366": (768, 1366)}
WHEN: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class Head(TypedDict):
    id: str
    lane: str
    scanner: str
    at: datetime


HEAD: Final = Head(id="01J", lane="lane-1", scanner="counter", at=WHEN)


def balance(**fields: Any) -> Balance:
    """The balance of Gameball's own example (REST API v4.0, customer balance)."""
    values: dict[str, Any] = {
        "available_points": Decimal(1200),
        "available_value": Decimal(60),
        "pending_points": Decimal(300),
        "pending_value": Decimal(15),
        "total_points": Decimal(1500),
        "total_value": Decimal(75),
        "currency": "USD",
        "points_name": "Reward Points",
        "next_expiring": ExpiringPoints(points=Decimal(200), value=Decimal(10), on=date(2024, 12, 1)),
    }
    return Balance(**values | fields)


def member(sequence: int, **fields: Any) -> MemberIdentified:
    values: dict[str, Any] = {"customer_id": "0412345678901", "created": False, "as_of": WHEN, "balance": balance()}
    return MemberIdentified(sequence=sequence, member=Member(**values | fields), **HEAD)


def rejected(reason: RejectReason) -> Callable[[int], LaneEvent]:
    return lambda sequence: ScanRejected(sequence=sequence, reason=reason, label=None, **HEAD)


HUGE: Final = balance(
    available_points=Decimal("1234567.25"),
    available_value=Decimal("61728.125"),
    pending_points=Decimal(123456),
    pending_value=Decimal("15000.5"),
    currency="KWD",
    points_name="Points of a quite extraordinarily long name",
    next_expiring=ExpiringPoints(points=Decimal(200000), value=Decimal(10000), on=date(2026, 9, 30)),
)

STATES: Final[dict[str, tuple[Callable[[int], LaneEvent], str]]] = {
    "recognising": (lambda n: ScanAccepted(sequence=n, card="plastic", **HEAD), "One moment"),
    "welcome": (member, "Welcome back"),
    "welcome_huge": (
        lambda n: member(n, balance=HUGE, stale=True, display_name="Maximiliane " * 5),
        "Last known balance",
    ),
    "welcome_unknown": (lambda n: member(n, balance=None), "–"),
    "welcome_new": (lambda n: member(n, created=True), "You collect points from now on."),
    "unknown": (rejected(RejectReason.UNKNOWN_CUSTOMER), "We do not know this card yet"),
    "try_again": (rejected(RejectReason.CHECK_DIGIT), "Please scan again"),
    "torn": (lambda n: ScanDiscarded(sequence=n, reason=DiscardReason.OVERFLOW, **HEAD), "Please scan again"),
    "refused": (rejected(RejectReason.NOT_A_MEMBER_LABEL), "This is not a member card"),
    "payment_card": (rejected(RejectReason.PAYMENT_CARD), "This looks like a payment card"),
    "offline_lookup": (
        lambda n: LookupFailed(
            sequence=n, reason=LookupFailedReason.UNAVAILABLE, detail="-", customer_id="0412345678901", **HEAD
        ),
        "We cannot show your points right now",
    ),
}


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with empty_page(expected=["status of 401"]) as page:
        await page.set_viewport_size({"width": 1280, "height": 800})
        yield page


async def open_display(page: Page, url: str, *, state: str = "idle") -> None:
    await page.goto(f"{url}/display?token={TOKEN}")
    await shows(page, state)


async def shows(page: Page, state: str) -> None:
    await expect(page.locator("body")).to_have_attribute("data-state", state)


def visible(page: Page, text: str) -> Any:
    return page.locator(":visible", has_text=text).last


async def test_each_state_is_shown_and_fits_each_screen(page: Page, tmp_path: Path) -> None:
    kiosk = Kiosk(idle_message="Scan your card to see your points", show_names=True)
    async with serving(kiosk.routes) as url:
        await open_display(page, url)
        await expect(visible(page, "Scan your card to see your points")).to_be_visible()
        await fits_each_screen(page, tmp_path / "idle")

        for sequence, (name, (event, sentence)) in enumerate(STATES.items(), 1):
            await kiosk.tell(event(sequence))
            await expect(visible(page, sentence)).to_be_visible()
            await fits_each_screen(page, tmp_path / name)

    await expect(visible(page, "This display is reconnecting")).to_be_visible()
    await fits_each_screen(page, tmp_path / "offline")


async def fits_each_screen(page: Page, picture: Path) -> None:
    for name, (width, height) in SCREENS.items():
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate(_WHAT_DOES_NOT_FIT) == [], f"{picture.name} on {name}"
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            await page.screenshot(path=f"{picture}-{name}-{scheme}.png")


_WHAT_DOES_NOT_FIT: Final = """() => [...document.querySelectorAll("h1, p, dt, dd, svg")]
    .filter((element) => getComputedStyle(element).visibility === "visible" && element.getClientRects().length)
    .filter((element) => {
        const box = element.getBoundingClientRect();
        const outside = box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight;
        const cut = element.matches("p, dd, #idle h1, #notice h1") && element.scrollWidth > element.clientWidth;
        return outside || cut;
    })
    .map((element) => element.outerHTML)"""


async def test_the_figures_of_a_member(page: Page) -> None:
    kiosk = Kiosk()
    async with serving(kiosk.routes) as url:
        await open_display(page, url)
        await kiosk.tell(member(1))
        await shows(page, "welcome")

        assert await page.locator("#balance").inner_text() == (
            "Welcome back\n\nReward Points\n1,200\nWorth\n$60.00\n"
            "Pending\n300 · $15.00\nExpire Dec 1, 2024\n200 · $10.00"
        )
        assert "8901" not in await page.content()


async def test_what_the_programme_says_is_text_and_never_markup(page: Page) -> None:
    kiosk = Kiosk(show_names=True)
    hostile = "<img src=x onerror=\"document.title='owned'\">"
    async with serving(kiosk.routes) as url:
        await open_display(page, url)
        await kiosk.tell(member(1, display_name=hostile, balance=balance(points_name=hostile, currency="<b>")))

        await expect(page.locator("[data-field=points_name]")).to_have_text(hostile)
        await expect(page.locator("#balance h1")).to_have_text(f"Welcome back, {hostile}")
        assert await page.title() == "Customer display"


async def test_an_older_member_never_shows_after_a_newer_scan(page: Page) -> None:
    kiosk = Kiosk()
    async with serving(kiosk.routes) as url:
        await open_display(page, url)
        await kiosk.tell(ScanAccepted(sequence=1, card="plastic", **HEAD))
        await kiosk.tell(ScanAccepted(sequence=2, card="plastic", **HEAD))
        await kiosk.tell(member(2, balance=balance(available_points=Decimal(222))))
        await kiosk.tell(member(1, balance=balance(available_points=Decimal(111))))
        await shows(page, "welcome")
        await expect(page.locator(".points")).to_have_text("222")

    await page.add_init_script(_REMEMBER_POINTS)
    async with serving([kiosk.routes[0], Route("/display/stream", _out_of_order)]) as url:
        await open_display(page, url, state="welcome")
        await expect(page.locator(".points")).to_have_text("333")
        assert await page.evaluate("pointsSeen") == ["", "222", "333"]


async def _out_of_order(_: Request) -> StreamingResponse:
    """A stream that goes back from 2 to 1: what no server of ours does."""

    async def messages() -> AsyncIterator[str]:
        for sequence, points in ((2, "222"), (1, "111"), (3, "333")):
            view = {"panel": "balance", "state": "welcome", "sequence": sequence, "points": points}
            yield f"event: page\ndata: {json.dumps(view)}\n\n"
        await asyncio.Event().wait()

    return StreamingResponse(messages(), media_type="text/event-stream")


_REMEMBER_POINTS: Final = """
    window.pointsSeen = [];
    new MutationObserver(() => {
        const points = document.querySelector(".points")?.textContent;
        if (points !== undefined && points !== pointsSeen.at(-1)) pointsSeen.push(points);
    }).observe(document, { subtree: true, childList: true, characterData: true });
"""


async def test_the_page_clears_itself(page: Page) -> None:
    kiosk = Kiosk(hold=0.5, idle_message="Next, please")
    async with serving(kiosk.routes) as url:
        await open_display(page, url)
        await kiosk.tell(member(1))
        await shows(page, "welcome")
        await shows(page, "idle")
        await expect(visible(page, "Next, please")).to_be_visible()
        assert "1,200" not in await page.content()


async def test_it_says_offline_by_itself_and_comes_back_by_itself(page: Page) -> None:
    kiosk = Kiosk()
    async with serving(kiosk.routes) as url:
        await open_display(page, url)
        await kiosk.tell(member(7))
        await shows(page, "welcome")

    await shows(page, "offline")
    await expect(visible(page, "This display is reconnecting")).to_be_visible()
    assert "1,200" not in await page.content()

    listen = url.removeprefix("http://")
    async with serving(kiosk.routes, listen=listen, token="another"):  # an EventSource alone gives up here
        await page.wait_for_event("console", lambda message: "status of 401" in message.text)
        await shows(page, "offline")

    restarted = Kiosk()  # scans are counted from one again
    async with serving(restarted.routes, listen=listen):
        await shows(page, "idle")
        await restarted.tell(member(1))
        await shows(page, "welcome")


async def test_a_line_that_went_silent_is_noticed(page: Page) -> None:
    kiosk = Kiosk()
    await page.clock.install()
    async with serving(kiosk.routes) as url:
        await open_display(page, url)
        await page.clock.run_for(30_000)
        await shows(page, "idle")
        for _ in range(20):  # the clock goes on by itself, too: look before the page has its line again
            await page.clock.run_for(500)
            if await page.locator("body").get_attribute("data-state") == "offline":
                break
        else:
            pytest.fail("expected the page to notice the silence within 40 s")
        await page.clock.run_for(1_000)
        await shows(page, "idle")


async def test_pings_keep_a_quiet_page(page: Page) -> None:
    kiosk = Kiosk()
    kiosk._ping_every = 0.05  # not a setting; nobody wants to wait 15 s here
    heard: asyncio.Queue[Any] = asyncio.Queue()
    await page.clock.install()
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    devtools.on("Network.eventSourceMessageReceived", heard.put_nowait)
    async with serving(kiosk.routes) as url:
        await open_display(page, url)
        for _ in range(5):
            await page.clock.run_for(30_000)
            while not heard.empty():
                heard.get_nowait()
            assert (await heard.get())["eventName"] == "ping"
            await shows(page, "idle")


async def test_nothing_moves_where_that_is_not_wanted(page: Page) -> None:
    kiosk = Kiosk()
    async with serving(kiosk.routes) as url:
        await open_display(page, url)
        assert await page.evaluate("document.getAnimations().length") == 0
        await page.emulate_media(reduced_motion="no-preference")
        assert await page.evaluate("document.getAnimations().length") > 0
