"""The customer page in three languages: fits, reads the right way, and is accessible (axe-core) in every state.

Screenshots are left in pytest's temporary folder, for people to look at.
"""

from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Page, expect

from scanner_daemon.displays.kiosk import Kiosk
from scanner_daemon.displays.theme import Theme
from tests.integration.browser import CHROMIUM, TOKEN, WHY_NOT, empty_page, serving
from tests.integration.test_kiosk_browser import SCREENS, STATES, fits_each_screen

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)

LOGO: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 140 40">'
    '<circle cx="20" cy="20" r="18" fill="#0a6b4e"/><rect x="48" y="10" width="90" height="20" fill="#0a6b4e"/></svg>'
)


FONTS: Final = pytest.mark.parametrize("font", ["system-ui", "monospace", "DejaVu Sans Condensed, Nimbus Sans Narrow"])
"""What a screen has is not known: wide, wider and narrow ones."""


async def open_in(font: str, page: Page, url: str) -> None:
    """Open the page in a browser whose fonts are other ones."""
    await page.add_init_script(f"""document.addEventListener("readystatechange", () =>
        document.documentElement.style.setProperty("font-family", "{font}"))""")
    await page.goto(url)


async def has_no_violation(page: Page, where: str) -> None:
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        found = await Axe().run(page)
        assert found.violations_count == 0, f"{where}, {scheme}: {found.generate_report()}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["en", "de", "ar"])
async def test_each_state_fits_and_is_accessible(tmp_path: Path, language: str) -> None:
    (tmp_path / "logo.svg").write_text(LOGO)
    theme = Theme(logo=tmp_path / "logo.svg" if language != "en" else None)
    kiosk = Kiosk(language=language, theme=theme, show_names=True, idle="clock" if language == "de" else "message")
    async with empty_page() as page:
        async with serving(kiosk.routes) as url:
            await page.goto(f"{url}/display?token={TOKEN}")
            await expect(page.locator("body")).to_have_attribute("data-state", "idle")
            await has_no_violation(page, "idle")
            for sequence, (name, (event, _)) in enumerate(STATES.items(), 1):
                if name == "welcome_huge":
                    continue  # a name is cut there, on purpose
                await kiosk.tell(event(sequence))
                state = str(kiosk._current()["state"])
                await expect(page.locator("body")).to_have_attribute("data-state", state)
                await fits_each_screen(page, tmp_path / name)
                await has_no_violation(page, name)
        await expect(page.locator("body")).to_have_attribute("data-state", "offline")
        await has_no_violation(page, "offline")


@FONTS
@pytest.mark.parametrize("language", ["en", "de", "ar"])
async def test_each_balance_fits_in_each_font(tmp_path: Path, language: str, font: str) -> None:
    kiosk = Kiosk(language=language, show_names=True)
    async with empty_page() as page, serving(kiosk.routes) as url:
        await open_in(font, page, f"{url}/display?token={TOKEN}")
        for sequence, state in enumerate(("welcome", "welcome_unknown", "welcome_new"), 1):
            await kiosk.tell(STATES[state][0](sequence))
            await expect(page.locator("body")).to_have_attribute("data-state", state.removesuffix("_unknown"))
            await fits_each_screen(page, tmp_path / state)


@pytest.mark.parametrize("language", ["en", "de", "ar"])
async def test_no_letter_is_cut_and_lines_keep_apart(language: str) -> None:
    kiosk = Kiosk(language=language)
    async with empty_page() as page, serving(kiosk.routes) as url:
        await page.set_viewport_size({"width": 800, "height": 480})
        await page.goto(f"{url}/display?token={TOKEN}")
        for sequence, state in enumerate(("welcome", "welcome_new"), 1):
            await kiosk.tell(STATES[state][0](sequence))
            await expect(page.locator("body")).to_have_attribute("data-state", state)
            as_it_is = await page.screenshot()
            await page.evaluate(
                "for (const line of document.querySelectorAll('h1, p')) line.style.overflow = 'visible'"
            )
            assert await page.screenshot() == as_it_is, f"the page cuts letters of {state}"
            await page.evaluate("for (const line of document.querySelectorAll('h1, p')) line.style.overflow = ''")
        message, label = page.locator("#balance p").bounding_box(), page.locator("#balance dt").first.bounding_box()
        above, below = await message, await label
        assert above
        assert below
        assert below["y"] - (above["y"] + above["height"]) >= 8, "pixels between the message and what stands under it"


async def test_arabic_is_read_from_the_right() -> None:
    kiosk = Kiosk(language="ar")
    async with empty_page() as page, serving(kiosk.routes) as url:
        await page.goto(f"{url}/display?token={TOKEN}")
        await expect(page.locator("html")).to_have_attribute("dir", "rtl")
        await expect(page.locator("html")).to_have_attribute("lang", "ar")
        await expect(page.locator("#idle h1")).to_have_text("امسح بطاقتك لترى نقاطك")
        await kiosk.tell(STATES["welcome"][0](1))
        points, value = page.locator(".points"), page.locator(".value")
        await expect(points).to_be_visible()
        right, left = await points.bounding_box(), await value.bounding_box()
        assert right
        assert left
        assert right["x"] > left["x"]


async def test_the_shop_s_own_words_colours_and_clock() -> None:
    kiosk = Kiosk(
        titles={"welcome": "Good to see you <3"}, idle="clock", idle_message="Hi", theme=Theme(accent="#5b1a8b")
    )
    async with empty_page() as page, serving(kiosk.routes) as url:
        await page.goto(f"{url}/display?token={TOKEN}")
        await expect(page.locator(".clock")).to_be_visible()
        assert await page.locator(".clock").inner_text() == await page.evaluate(
            'new Intl.DateTimeFormat("en", { timeStyle: "short" }).format()'
        )
        await kiosk.tell(STATES["welcome"][0](1))
        await expect(page.locator("#balance h1")).to_have_text("Good to see you <3")
        colour = await page.locator(".points").evaluate("(element) => getComputedStyle(element).color")
        assert colour == "rgb(91, 26, 139)"


@pytest.mark.parametrize("separate", [True, False])
async def test_a_dark_page_has_its_own_logo(tmp_path: Path, separate: bool) -> None:  # noqa: FBT001  a case
    (tmp_path / "logo.svg").write_text(LOGO.replace("#0a6b4e", "#ff0000"))
    (tmp_path / "dark.svg").write_text(LOGO.replace("#0a6b4e", "#0000ff"))
    theme = Theme(logo=tmp_path / "logo.svg", logo_dark=tmp_path / "dark.svg" if separate else None)
    async with empty_page() as page, serving(Kiosk(theme=theme).routes) as url:
        seen = {}
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            await page.goto(f"{url}/display?token={TOKEN}")
            picture = Image.open(BytesIO(await page.locator(".logo").screenshot())).convert("RGB")
            seen[scheme] = {colour for _, colour in picture.getcolors(1 << 24) or []}
    red, blue = (255, 0, 0), (0, 0, 255)
    assert red in seen["light"]
    assert blue not in seen["light"]
    assert (blue in seen["dark"], red in seen["dark"]) == (separate, not separate)


@FONTS
@pytest.mark.parametrize("language", ["en", "ar", "de"])
async def test_the_time_of_day_is_one_line_on_each_screen(language: str, font: str) -> None:
    async with empty_page() as page, serving(Kiosk(language=language, idle="clock").routes) as url:
        await page.clock.set_fixed_time(datetime(2026, 11, 22, 22, 58))  # noqa: DTZ001  what the wall's clock shows, with as many characters as there can be
        await open_in(font, page, f"{url}/display?token={TOKEN}")
        clock = page.locator(".clock")
        await expect(clock).to_contain_text("58")
        for name, (width, height) in SCREENS.items():
            await page.set_viewport_size({"width": width, "height": height})
            lines = await clock.evaluate("""(clock) => {
                const text = document.createRange();
                text.selectNodeContents(clock);
                const box = text.getBoundingClientRect();
                const size = parseFloat(getComputedStyle(clock).fontSize);
                return box.left >= 0 && box.right <= innerWidth ? Math.round(box.height / (1.3 * size)) : "outside";
            }""")
            assert lines == 1, name


async def test_nothing_moves_from_one_balance_to_the_next() -> None:
    kiosk = Kiosk()
    async with empty_page() as page, serving(kiosk.routes) as url:
        await page.goto(f"{url}/display?token={TOKEN}")
        places = []
        for sequence, name in enumerate(("welcome", "welcome_unknown", "welcome_huge", "welcome_new"), 1):
            event, sentence = STATES[name]
            await kiosk.tell(event(sequence))
            await expect(page.locator(":visible", has_text=sentence).last).to_be_visible()
            places.append(await page.evaluate(_TOPS))
        assert places == [pytest.approx(places[0], abs=0.1)] * 4  # pixels: less is rounding, and nobody sees it


_TOPS: Final = (
    """() => [...document.querySelectorAll("#balance :is(h1, p, dl)")].map((e) => e.getBoundingClientRect().top)"""
)
