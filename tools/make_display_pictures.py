"""Write the pictures of the customer page in ``docs/images``.

``display-*.png`` are sheets of every state, one for each language and screen; ``welcome*.png`` are single ones.

Run from the repository's root, with Chromium there::

    python -m tools.make_display_pictures
"""

import asyncio
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image
from playwright.async_api import Page, expect

from scanner_daemon.cli.rehearsal import every_state
from scanner_daemon.displays.kiosk import Kiosk
from scanner_daemon.displays.theme import Theme
from tests.integration.browser import TOKEN, empty_page, serving

IMAGES = Path(__file__).parents[1] / "docs" / "images"
LANGUAGES = ("en", "ar", "de")
GAP = 8  # pixels between two pictures
HOLD = 3600.0  # seconds: however slow the machine, no page goes back to idle
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 140 40"><g fill="#{colour}"><circle cx="20" cy="20" r="18"/>'
    '<rect x="48" y="6" width="90" height="12" rx="6"/><rect x="48" y="24" width="60" height="10" rx="5"/></g></svg>'
)


class Screen(NamedTuple):
    """A screen, and how its pictures are put together; ``shown`` is a picture's width on the sheet."""

    width: int
    height: int
    scheme: Literal["light", "dark"]
    columns: int
    shown: int


SCREENS = (
    Screen(800, 480, "light", columns=3, shown=400),
    Screen(1920, 1080, "dark", columns=3, shown=400),
    Screen(768, 1366, "light", columns=6, shown=200),
)


class Single(NamedTuple):
    """One picture of a balance."""

    name: str
    language: str
    scheme: Literal["light", "dark"] = "light"
    size: tuple[int, int] = (800, 480)
    logo: bool = False


SINGLES = (
    Single("welcome", "en", size=(1280, 800)),
    Single("welcome-en", "en", logo=True),
    Single("welcome-ar", "ar"),
    Single("welcome-de", "de", scheme="dark", logo=True),
)


async def main() -> None:
    """Write them all."""
    for single in SINGLES:
        await write(single)
    for language in LANGUAGES:
        pictures = await taken(Kiosk(language=language, hold=HOLD, idle="clock"))
        for screen, of_screen in zip(SCREENS, pictures, strict=True):
            name = f"display-{language}-{screen.width}x{screen.height}.png"
            sheet(of_screen, screen).quantize(128).save(IMAGES / name, optimize=True)


async def write(single: Single) -> None:
    """Write one picture of the balance of a member."""
    with tempfile.TemporaryDirectory() as folder:
        kiosk = Kiosk(language=single.language, hold=HOLD, theme=branded(Path(folder)) if single.logo else Theme())
        await kiosk.tell(dict(every_state("lane-1"))["welcome"])
        async with empty_page() as page, serving(kiosk.routes) as url:
            width, height = single.size
            await page.set_viewport_size({"width": width, "height": height})
            await page.emulate_media(color_scheme=single.scheme)
            await page.goto(f"{url}/display?token={TOKEN}")
            await expect(page.locator("body")).to_have_attribute("data-state", "welcome")
            Image.open(BytesIO(await page.screenshot())).quantize(128).save(
                IMAGES / f"{single.name}.png", optimize=True
            )


def branded(folder: Path) -> Theme:
    """Return a theme with a logo, whose files are in ``folder``."""
    light, dark = folder / "light.svg", folder / "dark.svg"
    for file, colour in ((light, "0a6b4e"), (dark, "74d9b1")):
        file.write_text(LOGO.replace("{colour}", colour), encoding="utf-8")
    return Theme(logo=light, logo_dark=dark)


async def taken(kiosk: Kiosk) -> list[list[Image.Image]]:
    """Return a picture of each state, by screen: idle first, and last the server gone."""
    pictures: list[list[Image.Image]] = [[] for _ in SCREENS]

    async def take(page: Page) -> None:
        for screen, of_screen in zip(SCREENS, pictures, strict=True):
            await page.set_viewport_size({"width": screen.width, "height": screen.height})
            await page.emulate_media(color_scheme=screen.scheme)
            of_screen.append(Image.open(BytesIO(await page.screenshot())))

    async with empty_page() as page:
        async with serving(kiosk.routes) as url:
            await page.goto(f"{url}/display?token={TOKEN}")
            await expect(page.locator("body")).to_have_attribute("data-state", "idle")
            await take(page)
            for _, event in every_state("lane-1"):
                await kiosk.tell(event)
                title = str(kiosk._current()["title"])  # noqa: SLF001  what the page is to show
                await expect(page.locator("h1").filter(has_text=title, visible=True)).to_be_visible()
                await take(page)
        await expect(page.locator("body")).to_have_attribute("data-state", "offline")
        await take(page)
    return pictures


def sheet(pictures: Sequence[Image.Image], screen: Screen) -> Image.Image:
    """Return ``pictures`` beside and below one another."""
    width, height = screen.shown, screen.shown * screen.height // screen.width
    rows = -(-len(pictures) // screen.columns)
    whole = Image.new("RGB", (screen.columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), "#888888")
    for number, picture in enumerate(pictures):
        row, column = divmod(number, screen.columns)
        small = picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        whole.paste(small, (column * (width + GAP), row * (height + GAP)))
    return whole


if __name__ == "__main__":
    asyncio.run(main())
