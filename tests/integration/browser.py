"""A real Chromium, and the local server for it to look at."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from playwright.async_api import Page, async_playwright
from pydantic import SecretStr
from starlette.routing import BaseRoute

from scanner_daemon.server import LocalServer

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WHY_NOT: Final = "no Chromium here: install the package chromium"

TOKEN: Final = "a-token"

FLAGS: Final = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@asynccontextmanager
async def empty_page(*, expected: Sequence[str] = ()) -> AsyncIterator[Page]:
    """Open a browser; at the end, fail if a script failed, a policy was broken or a load failed unexpectedly.

    Connections may be refused; messages of the console that hold one of ``expected`` are as they should be.
    """
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        page = await browser.new_page(viewport={"width": 1024, "height": 768}, reduced_motion="reduce")
        page.set_default_timeout(10_000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text))
        yield page
        await browser.close()
    assert [fault for fault in faults if not any(part in fault for part in ("net::ERR", *expected))] == []


@asynccontextmanager
async def serving(
    routes: Sequence[BaseRoute], *, listen: str = "127.0.0.1:0", token: str = TOKEN
) -> AsyncIterator[str]:
    """Serve ``routes``; the server's address."""
    server = LocalServer(listen=listen, token=SecretStr(token))
    server.routes.extend(routes)
    server.bind()
    task = asyncio.create_task(server.serve())
    try:
        yield server.url
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
