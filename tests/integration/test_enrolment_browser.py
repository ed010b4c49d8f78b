"""Enrolment at the counter, by keyboard alone: a real Chromium, the real daemon, a scanner on a real pseudo terminal.

Screenshots of the form's states are left in pytest's temporary folder, for people to look at.
"""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.async_api import Page, expect
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.loyalty.sandbox import Sandbox
from tests.integration.browser import CHROMIUM, TOKEN, WHY_NOT, empty_page, serving

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)

KNOWN: Final = "0412345678903"
CARD, OTHER_CARD, THIRD_CARD = "0400000000077", "0400000000015", "0400000000022"
FINGERS: Final = 60  # milliseconds from key to key
SCANNER: Final = 0.005  # seconds from key to key
SCREENS: Final = {"800x480": (800, 480), "1024x768": (1024, 768), "1920x1080": (1920, 1080)}
CONFIGURATION: Final = """
lane = {{ name = "lane-1", state_dir = "{folder}/state" }}
gameball = {{ base_url = "{gameball}", create = "with-contact" }}
enrolment = {{ default_region = "EG" }}
scanner = [{{ name = "counter", driver = "serial", port = "{scanner}" }}]
card = [{{ name = "plastic", pattern = '04\\d{{11}}', check_digit = "ean" }}]
server = {{ listen = "127.0.0.1:{port}" }}
debounce = {{ same_symbol_timeout = 0.1 }}
"""


@dataclass
class Counter:
    """A lane with its cashier's page open."""

    page: Page
    scanner: VirtualScanner
    sandbox: Sandbox
    daemon: "Daemon"

    def said(self) -> "Said":
        return Said(self.page)

    async def type(self, text: str) -> None:
        """Type as fingers do."""
        await self.page.keyboard.type(text, delay=FINGERS)

    async def type_as_scanner(self, text: str) -> None:
        """Type faster than fingers do, by the times that keys carry; the page comes to know of most a moment later."""
        devtools = await self.page.context.new_cdp_session(self.page)
        begun = time.time()
        for number, character in enumerate(text):
            enter = {"code": "Enter", "windowsVirtualKeyCode": 13} if character == "\r" else {}
            key = {"key": "Enter" if enter else character, "timestamp": begun + number * SCANNER, **enter}
            await devtools.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": character, **key})
            await devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
            if number == 1:
                await asyncio.sleep(0.1)  # as on a busy machine, longer than fingers pause
        await devtools.detach()

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.wait_for_timeout(200)
            await self.page.keyboard.press(key)

    async def focused(self) -> str:
        return str(await self.page.evaluate("document.activeElement.id || document.activeElement.type"))

    async def values(self) -> list[str]:
        return list(await self.page.evaluate("[...document.querySelectorAll('input')].map((field) => field.value)"))

    def card(self) -> "Said":
        return Said(self.page, "#card output")

    def members(self) -> set[str]:
        return set(self.sandbox.customers)


@dataclass
class Said:
    """What a part of the page comes to say."""

    page: Page
    where: str = "#said"

    async def __call__(self, text: str) -> None:
        await expect(self.page.locator(self.where)).to_contain_text(text)


class Daemon:
    """The daemon as a process of its own, always on the same port."""

    def __init__(self, folder: Path, *, gameball: str, scanner: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        port = self.url.rpartition(":")[2]
        self._config = folder / "config.toml"
        text = CONFIGURATION.format(folder=folder, gameball=gameball, scanner=scanner, port=port)
        self._config.write_text(text)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        keys = {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s", "SCANNER_DAEMON_TOKEN": TOKEN}
        command = (sys.executable, "-m", "scanner_daemon", "run", "--config", str(self._config))
        quiet = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(*command, env=os.environ | keys, stderr=quiet)
        async with asyncio.timeout(20), httpx.AsyncClient() as client:
            while True:
                try:
                    if (await client.get(f"{self.url}/health")).json()["ready"]:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()
            self._process = None


@asynccontextmanager
async def a_counter(scanner: VirtualScanner, folder: Path) -> AsyncIterator[Counter]:
    async with Sandbox() as sandbox, empty_page(expected=["status of 4"]) as page:
        daemon = Daemon(folder, gameball=sandbox.url, scanner=scanner.port)
        await daemon.start()
        try:
            await page.goto(f"{daemon.url}/cashier?token={TOKEN}")
            await expect(page.locator("#line")).to_have_text("Live")
            yield Counter(page=page, scanner=scanner, sandbox=sandbox, daemon=daemon)
        finally:
            await daemon.stop()


@pytest.fixture
async def counter(scanner: VirtualScanner, tmp_path: Path) -> AsyncIterator[Counter]:
    async with a_counter(scanner, tmp_path) as counter:
        yield counter


async def pictures(counter: Counter, picture: Path) -> None:
    for name, (width, height) in SCREENS.items():
        await counter.page.set_viewport_size({"width": width, "height": height})
        hidden = await counter.page.evaluate(_WHAT_DOES_NOT_FIT)
        assert hidden == [], f"{picture.name} on {name}"
        for scheme in ("light", "dark"):
            await counter.page.emulate_media(color_scheme=scheme)
            await counter.page.screenshot(path=f"{picture}-{name}-{scheme}.png")


_WHAT_DOES_NOT_FIT: Final = """() => [...document.querySelectorAll("h2, label, input, button, #said")]
    .filter((element) => {
        const box = element.getBoundingClientRect();
        return box.right > innerWidth || box.bottom > innerHeight || box.top < 0 || box.left < 0;
    })
    .map((element) => element.outerHTML)"""


async def test_a_card_and_details_make_a_member(counter: Counter, tmp_path: Path) -> None:
    counter.scanner.scan(CARD)
    await counter.card()("…0077")
    await expect(counter.page.locator("#customer .title")).to_have_text("Unknown card")
    assert CARD not in counter.members()
    await pictures(counter, tmp_path / "unknown")

    await counter.press("F2")
    assert await counter.focused() == "display_name"
    await counter.type("Grace Hopper")
    await counter.press("Enter")
    await counter.type("12")
    await counter.press("Tab")
    await counter.type("grace")
    await counter.press("Control+Enter")
    await counter.said()("Not sent. Mobile: expected a mobile number")
    assert await counter.focused() == "mobile"
    assert await counter.page.locator("#email").get_attribute("aria-invalid") == "true"
    await pictures(counter, tmp_path / "mistakes")

    await counter.press("Control+a")
    await counter.type("010 0123 4567")
    await counter.press("Enter", "Control+a")
    await counter.type("grace@example.com")
    await counter.press("Tab")
    assert await counter.focused() == "submit", "a card's number cannot be typed over"
    await counter.press("Enter")
    await counter.said()("Registered: …0077")
    await expect(counter.page.locator("#customer .title")).to_have_text("New member")
    assert await counter.values() == ["", "", "", ""]
    await pictures(counter, tmp_path / "registered")

    made = counter.sandbox.customers[CARD]
    assert (made.display_name, made.mobile, made.email) == ("Grace Hopper", "+201001234567", "grace@example.com")


async def test_details_first_and_the_card_after(counter: Counter) -> None:
    await counter.press("F2")
    await counter.type("Ada")
    await counter.card()("scan it now")
    counter.scanner.scan(CARD)
    await counter.card()("…0077")
    await counter.press("Tab", "Tab")
    await counter.type("ada@example.com")
    await counter.press("Control+Enter")
    await counter.said()("Registered: …0077")
    assert counter.sandbox.customers[CARD].display_name == "Ada"


async def test_a_number_may_be_typed(counter: Counter) -> None:
    await counter.press("F2")
    await counter.press("Tab", "Tab")
    await counter.type("ada@example.com")
    await counter.press("Tab")
    await counter.type(OTHER_CARD)
    await counter.press("Control+Enter")
    await counter.said()("Registered: …0015")
    assert counter.sandbox.customers[OTHER_CARD].email == "ada@example.com"


async def test_gameball_away_stores_it_and_says_so(counter: Counter, tmp_path: Path) -> None:
    counter.scanner.scan(CARD)
    await counter.card()("…0077")
    await counter.sandbox.stop()
    await counter.press("F2", "Tab", "Tab")
    await counter.type("ada@example.com")
    await counter.press("Control+Enter")
    await counter.said()("Stored: …0077")
    await Said(counter.page, "#outbox")("1 waiting to be registered")
    await pictures(counter, tmp_path / "stored")
    await counter.sandbox.start()
    await expect(counter.page.locator("#said")).to_contain_text("Registered: …0077", timeout=60_000)
    await expect(counter.page.locator("#outbox")).to_have_text("")


async def test_details_never_end_up_with_another_card(counter: Counter, tmp_path: Path) -> None:
    counter.scanner.scan(CARD)
    await counter.card()("…0077")
    await counter.press("F2", "Tab", "Tab")
    await counter.type("ada@example.com")
    counter.scanner.scan(OTHER_CARD)
    await counter.said()("belongs to a registration that has ended")
    await pictures(counter, tmp_path / "another-card")
    await counter.press("Control+Enter")
    await counter.said()("belongs to a registration that has ended")
    assert not counter.members() & {CARD, OTHER_CARD}

    await counter.press("F2", "Control+Enter")
    await counter.said()("Registered: …0015")
    assert counter.members() & {CARD, OTHER_CARD} == {OTHER_CARD}


async def test_escape_discards(counter: Counter) -> None:
    counter.scanner.scan(CARD)
    await counter.card()("…0077")
    await counter.press("F2")
    await counter.type("Ada")
    await counter.press("Escape")
    await counter.said()("Registration cancelled. Nothing was stored.")
    await counter.card()("none scanned")
    assert await counter.values() == ["", "", "", ""]
    assert CARD not in counter.members()


async def test_a_scanner_that_types_into_the_form_does_no_harm(counter: Counter, tmp_path: Path) -> None:
    before = counter.members()
    counter.scanner.scan(CARD)
    await counter.card()("…0077")
    await counter.press("F2", "Tab", "Tab")
    await counter.type("ada@example.com")
    for _ in range(5):  # on e-mail, the button, discard, and around
        await counter.type_as_scanner(f"{THIRD_CARD}\r")
        await counter.page.wait_for_timeout(400)
        assert await counter.values() == ["", "", "ada@example.com", ""]
        await counter.press("Tab")
    assert counter.members() == before
    await counter.press("F2")
    await counter.type_as_scanner(" 12 34 ")
    await counter.said()("A scanner typed into this form")
    await pictures(counter, tmp_path / "scanned-into")

    await counter.press("Control+Enter")
    await counter.said()("Registered: …0077")
    assert counter.members() == before | {CARD}


async def test_what_is_typed_survives_a_restart(counter: Counter) -> None:
    await counter.press("F2")
    await counter.type("Ada")
    await counter.press("Tab", "Tab")
    await counter.type("ada@example.com")
    await counter.daemon.stop()
    await expect(counter.page.locator("#line")).to_have_text("Reconnecting…")
    await counter.press("Control+Enter")
    await counter.said()("No answer from the lane's program")

    await counter.daemon.start()
    await expect(counter.page.locator("#line")).to_have_text("Live")
    assert await counter.values() == ["Ada", "", "ada@example.com", ""]
    counter.scanner.scan(CARD)
    await counter.card()("…0077")
    await counter.press("F2", "Control+Enter")
    await counter.said()("Registered: …0077")


async def test_no_page_of_anybody_else_can_enrol(counter: Counter) -> None:
    """Also where it knows the token: the browser says where the request is from."""
    before = counter.members()
    evil = _EVIL.replace("MEMBERS", f"{counter.daemon.url}/members?token={TOKEN}").replace("TOKEN", TOKEN)

    async def page(_: Request) -> HTMLResponse:
        return HTMLResponse(evil, headers={"content-security-policy": "default-src * 'unsafe-inline'"})

    async with serving([Route("/evil", page)]) as url, empty_page(expected=["status of", "CORS policy"]) as other:
        await other.goto(f"{url}/evil?token={TOKEN}")
        await expect(other.locator("#done")).to_have_text("refused refused refused")
        await other.locator("button").click()
        await expect(other.locator("body")).to_contain_text("from a page of this server")
    async with httpx.AsyncClient() as client:
        opened = (await client.get(f"{counter.daemon.url}/members/open?token={TOKEN}")).json()
    assert (opened["waiting"], opened["enrolment"]) == (0, None)
    assert counter.members() == before


_EVIL: Final = """<form method="post" enctype="text/plain" action="MEMBERS">
<input name='{"customer_id": "0400000000077", "email": "a@example.com", "x": "' value='"}'>
<button>Win a car</button></form>
<p id="done"></p><script>
const body = '{"customer_id": "0400000000077", "email": "a@example.com"}';
const json = { "Content-Type": "application/json" };
const ways = [
  { mode: "no-cors", body },
  { headers: json, body },
  { headers: { ...json, Authorization: "Bearer TOKEN" }, body },
];
Promise.all(ways.map((way) => fetch("MEMBERS", { method: "POST", ...way })
  .then((answer) => (answer.type === "opaque" || !answer.ok ? "refused" : "taken"), () => "refused")))
  .then((said) => { document.querySelector("#done").textContent = said.join(" "); });
</script>"""
