"""New cards at the counter in a real Chromium: *Print again* for the cashier, the QR code for the customer's telephone.

Screenshots are left in pytest's temporary folder, for people to look at.
"""

from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import expect

from scanner_daemon.cards.proof import read
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.loyalty.sandbox import Sandbox
from tests.cards.printers import VirtualPrinter
from tests.integration.browser import CHROMIUM, WHY_NOT, empty_page
from tests.integration.scheduler import free_port
from tests.integration.test_counter import KIOSK, PRINTER, labels
from tests.integration.test_enrolment import ENVIRON, a_lane

TOKEN = ENVIRON["SCANNER_DAEMON_TOKEN"]
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)


async def test_a_card_is_printed_again_once_the_printer_is_on(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    port = free_port()
    more = "[cards]\n" + PRINTER.format(address=f"tcp://127.0.0.1:{port}", form="zpl")
    async with a_lane(scanner, sandbox, tmp_path, more=more) as stage, empty_page() as page:
        await page.goto(f"{stage.client.base_url}/cashier?token={TOKEN}")
        await expect(page.locator("#line")).to_have_text("Live")
        await page.keyboard.press("F2")
        await page.locator("#email").press_sequentially("zoe@doe.com", delay=60)
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#printing")).to_contain_text("nobody answers there", timeout=60_000)
        await page.screenshot(path=tmp_path / "waits.png")

        with VirtualPrinter(port=port) as printer:
            await page.get_by_role("button", name="Print again").click()
            await expect(page.locator("#printing")).to_be_hidden(timeout=60_000)
            await page.screenshot(path=tmp_path / "printed.png")
    (label,) = labels(printer.printed)
    assert sandbox.customers[label].email == "zoe@doe.com"


async def test_a_telephone_reads_the_card_from_the_display(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with a_lane(scanner, sandbox, tmp_path, more=KIOSK) as stage, empty_page() as page:
        await page.goto(f"{stage.client.base_url}/display?token={TOKEN}")
        await expect(page.locator("body")).to_have_attribute("data-state", "idle")
        customer_id = (await stage.enrol(email="zoe@doe.com")).json()["customer_id"]
        await expect(page.locator("#card img")).to_be_visible(timeout=60_000)
        for width, height in ((800, 480), (1280, 800), (1920, 1080), (768, 1366)):
            await page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                picture = tmp_path / f"phone-{width}x{height}-{scheme}.png"
                await page.screenshot(path=picture)
                with Image.open(picture) as seen:
                    (found,) = read(seen.convert("L"))
                assert (found.symbology, found.data.decode()) == ("QR Code", customer_id), picture.name
