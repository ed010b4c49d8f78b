"""The cashier's page in a real Chromium, fed by the real server.

Screenshots of every state are left in pytest's temporary folder, for people to look at.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page, expect

from scanner_daemon.displays.cashier import Cashier
from scanner_daemon.model import EnrolmentOpened, LaneEvent, RejectReason
from tests.displays.conftest import Events
from tests.integration.browser import CHROMIUM, TOKEN, WHY_NOT, empty_page, serving

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)

SCREENS: Final = {"800x480": (800, 480), "1024x768": (1024, 768), "1920x1080": (1920, 1080)}
HOSTILE: Final = "<img src=x onerror=\"document.title='owned'\">\u202e"


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with empty_page(expected=["status of 404"]) as page:  # registration is not set up in this file
        yield page


@pytest.fixture
def events() -> Events:
    count = iter(range(1, 1_000_000))
    return Events(next_id=lambda: f"01J{next(count):023}")


@pytest.fixture
def cashier() -> Cashier:
    return Cashier(lane="lane-1")


async def open_page(page: Page, url: str) -> None:
    await page.goto(f"{url}/cashier?token={TOKEN}")
    await expect(page.locator("#line")).to_have_text("Live")


def a_morning(events: Events) -> list[LaneEvent]:
    return [
        events.online(),
        *(events.passed_through(n) for n in range(1, 9)),
        events.rejected(9, RejectReason.UNSAFE_CHARACTERS, label=None),
        events.rejected(10, RejectReason.TOO_FAST),
        events.discarded(11),
        events.accepted(12),
        events.member(12, display_name="Maximiliane " * 8),
        events.passed_through(13),
    ]


async def test_each_state_fits_each_screen(page: Page, cashier: Cashier, events: Events, tmp_path: Path) -> None:
    async with serving(cashier.routes) as url:
        await open_page(page, url)
        await fits_each_screen(page, tmp_path / "empty")
        for event in a_morning(events):
            await cashier.tell(event)
        await expect(page.locator("#customer .title")).to_contain_text("Maximiliane")
        await fits_each_screen(page, tmp_path / "member")
        await cashier.tell(events.offline())
        await cashier.tell(events.failed(14))
        await expect(page.locator("#troubles li")).to_have_count(2)
        await fits_each_screen(page, tmp_path / "trouble")
    await expect(page.locator("#line")).to_have_text("Reconnecting…")
    await fits_each_screen(page, tmp_path / "lost")


async def fits_each_screen(page: Page, picture: Path) -> None:
    for name, (width, height) in SCREENS.items():
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate(_WHAT_DOES_NOT_FIT) == [], f"{picture.name} on {name}"
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            await page.screenshot(path=f"{picture}-{name}-{scheme}.png")


_WHAT_DOES_NOT_FIT: Final = """() => [...document.querySelectorAll("header *, h2, #customer *, label, input, button")]
    .filter((element) => element.getClientRects().length)
    .filter((element) => {
        const box = element.getBoundingClientRect();
        return box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight;
    })
    .map((element) => element.outerHTML)"""


async def test_what_is_read_is_text_and_never_markup(page: Page, cashier: Cashier, events: Events) -> None:
    async with serving(cashier.routes) as url:
        await open_page(page, url)
        await cashier.tell(events.offline(HOSTILE))
        await cashier.tell(events.rejected(1, RejectReason.TOO_LONG, label=HOSTILE))
        await cashier.tell(events.member(2, display_name=HOSTILE, balance=events.balance(currency="<b>")))

        await expect(page.locator("#customer .title")).to_have_text(HOSTILE)
        await expect(page.locator("#refusals li").first).to_contain_text("<img src=x")
        assert await page.title() == "Cashier"


async def test_refusals_and_members_are_announced(page: Page, cashier: Cashier, events: Events) -> None:
    spoken = page.get_by_role("status").first
    async with serving(cashier.routes) as url:
        await open_page(page, url)
        await cashier.tell(events.rejected(1, RejectReason.UNSAFE_CHARACTERS, label=None))
        await expect(spoken).to_contain_text("Code kept from the till")
        await expect(spoken).to_contain_text("Enter the article by hand.")
        await cashier.tell(events.member(2))
        await expect(spoken).to_contain_text("Ada")


async def test_it_comes_back_after_a_restart(page: Page, cashier: Cashier, events: Events) -> None:
    async with serving(cashier.routes) as url:
        await open_page(page, url)
        await cashier.tell(events.member(7))
        await expect(page.locator("#customer .title")).to_have_text("Ada")
    await expect(page.locator("#line")).to_have_text("Reconnecting…")

    restarted = Cashier(lane="lane-1")
    async with serving(restarted.routes, listen=url.removeprefix("http://")):
        await expect(page.locator("#line")).to_have_text("Live")
        await expect(page.locator("#customer .title")).to_have_text("–")
        await restarted.tell(events.member(1))
        await expect(page.locator("#customer .title")).to_have_text("Ada")


async def test_a_line_that_went_silent_is_noticed(page: Page, cashier: Cashier) -> None:
    await page.clock.install()
    async with serving(cashier.routes) as url:
        await open_page(page, url)
        for _ in range(80):  # the clock goes on by itself, too: look before the page has its line again
            await page.clock.run_for(500)
            if await page.locator("#line").text_content() == "Reconnecting…":
                break
        else:
            pytest.fail("expected the page to notice the silence within 40 s")
        await page.clock.run_for(600)
        await expect(page.locator("#line")).to_have_text("Live")


async def test_without_enrolment_there_is_no_form(page: Page, cashier: Cashier) -> None:
    async with serving(cashier.routes) as url:
        await open_page(page, url)
        await expect(page.locator("#registration")).to_be_hidden()


async def test_an_open_enrolment_shows_its_card(page: Page, cashier: Cashier, events: Events) -> None:
    async with serving(cashier.routes) as url:
        await open_page(page, url)
        opened = EnrolmentOpened(sequence=1, enrolment="E1", label="…0077", **events.head())
        await cashier.tell(opened)
        await expect(page.locator("#card output")).to_have_text("…0077")
        await expect(page.locator("#customer_id")).to_be_disabled()
