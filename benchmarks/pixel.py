"""How soon a scan is to be seen on the customer page, in a real Chromium.

A lane as a user configures it, a
scanner on a real pseudo terminal, the sandbox as a process of its own. Each time begins with the event's own time, the
moment the lane decides or knows the member, or just before the scanner's bytes. It ends in the page, after the browser
has made the first frame with the change: ``requestAnimationFrame`` runs before a frame is made, and a message posted
from there comes after it. The screen shows that frame with its next refresh, which nothing here can see.

In turns, in the same browser: a bare page, fed by a bare event stream, that sets one attribute. That is the floor: what
the browser takes, waiting for its next frame included.

Page and lane are on one clock, the system's; how far the page's is off is measured before and after.
"""

import asyncio
import contextlib
import tempfile
import time
import tomllib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
from playwright.async_api import Browser, Page, async_playwright

from benchmarks import report
from benchmarks.report import FLOOR, OURS, Findings, Row
from benchmarks.rig import ENVIRON, KEYS, card, configuration, sandbox
from scanner_daemon.app import Lane
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.config import parse_config
from scanner_daemon.model import LaneEvent, MemberIdentified, ScanAccepted
from tests.integration.browser import CHROMIUM, FLAGS, WHY_NOT

PAUSE: Final = 0.217  # seconds between two scans: not in step with frames
BARE: Final = "bare"
EVENT: Final = "event → frame"
FIRST_PAINT: Final = "page opened anew → first paint"

WATCH: Final = """
    const now = () => performance.timeOrigin + performance.now();
    window.seen = [];
    document.addEventListener("DOMContentLoaded", () => {
        const after = new MessageChannel();
        let waiting = [];
        after.port1.onmessage = () => { for (const one of waiting.splice(0)) one.made = now(); };
        new MutationObserver(() => {
            const one = { state: document.body.dataset.state };
            window.seen.push(one);
            requestAnimationFrame(() => { waiting.push(one); after.port2.postMessage(0); });
        }).observe(document.body, { attributeFilter: ["data-state"] });
    });
"""
"""Notes each state of a page, and when its frame was made, in milliseconds since 1970."""

BARE_PAGE: Final = b"""<!doctype html><title>bare</title><h1>0</h1><script>
    new EventSource("/events").onmessage = ({ data }) => {
        document.querySelector("h1").textContent = document.body.dataset.state = data;
    };
</script>"""


def measure(short: bool) -> Findings:
    """Return what a scan, a member and a bare event take to the page. Nothing without a Chromium."""
    findings = Findings(title="To the frame of the customer page, in Chromium")
    if CHROMIUM is None:
        findings.leave_out(f"Chromium: {WHY_NOT}")
    else:
        measured = asyncio.run(frames_of(20 if short else 200))
        findings.rows = [
            Row.of_times(EVENT if what == BARE else what, times, of=FLOOR if what == BARE else OURS)
            for what, times in measured.items()
        ]
    return findings


async def frames_of(rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of every round, the floor first."""
    with sandbox() as gameball, VirtualScanner() as scanner:
        async with browser() as chromium, bare_stream() as bare, running_lane(gameball, scanner) as (lane, url):
            watched = Watched()
            lane.listen("benchmark", watched)
            floor_page, page = await opened(chromium, bare.url), await opened(chromium, url)
            off = [await clock_error(page)]
            await enrolled(gameball, rounds)
            for number in range(rounds):
                await asyncio.sleep(PAUSE)
                bare.tell(number)
                await asyncio.sleep(PAUSE)
                watched.scanned.append(1000 * time.time())
                scanner.scan(card(number))
                await watched.members.get()
            await asyncio.sleep(PAUSE)
            off.append(await clock_error(page))
            print(f"The page's clock is less than {max(off):.1f} ms off.")
            made, floor_made = await frames(page), await frames(floor_page)
            first = [await first_paint(chromium, url) for _ in range(rounds // 4)]
    recognising, welcome = ([at for state, at in made if state == name] for name in ("recognising", "welcome"))
    return {
        BARE: differences(bare.told, [at for _, at in floor_made]),
        EVENT: differences(watched.known, welcome),
        "a card is recognised → frame": differences(watched.accepted, recognising),
        "a scanner's first byte → frame": differences(watched.scanned, recognising),
        FIRST_PAINT: first,
    }


async def enrolled(gameball: str, count: int) -> None:
    """Make members of the first cards, before anything is measured."""
    async with httpx.AsyncClient(base_url=gameball, headers=KEYS) as client:
        for number in range(count):
            await client.put(f"/sandbox/customers/{card(number)}", json={})


@dataclass
class Watched:
    """A listener that notes the events' own times, in milliseconds since 1970."""

    scanned: list[float] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)
    known: list[float] = field(default_factory=list)
    members: asyncio.Queue[LaneEvent] = field(default_factory=asyncio.Queue)

    async def tell(self, event: LaneEvent) -> None:  # noqa: D102  see the port
        at = 1000 * event.at.timestamp()
        if isinstance(event, ScanAccepted):
            self.accepted.append(at)
        elif isinstance(event, MemberIdentified):
            self.known.append(at)
            self.members.put_nowait(event)


def differences(begun: Sequence[float], ended: Sequence[float]) -> list[float]:
    """Return what each round took; each was seen, or nothing can be said."""
    if len(begun) != len(ended):
        raise SystemExit(f"expected every change in a frame of its own, got {len(ended)} of {len(begun)}")
    return [end - begin for begin, end in zip(begun, ended, strict=True)]


@contextlib.asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield chromium
        await chromium.close()


async def opened(chromium: Browser, url: str) -> Page:
    """Open a page that is watched, and wait until its stream has begun."""
    page = await chromium.new_page(viewport={"width": 1024, "height": 768})
    await page.add_init_script(WATCH)
    async with page.expect_response(lambda response: "event-stream" in response.headers.get("content-type", "")):
        await page.goto(url)
    return page


async def frames(page: Page) -> list[tuple[str, float]]:
    """Return each state the page has had, and when its frame was made."""
    seen = await page.evaluate("window.seen")
    return [(one["state"], one["made"]) for one in seen]


async def clock_error(page: Page) -> float:
    """Return by how many milliseconds, at most, the page's clock is off ours: the best of some questions."""
    worst = []
    for _ in range(50):
        before = 1000 * time.time()
        there: float = await page.evaluate("performance.timeOrigin + performance.now()")
        after = 1000 * time.time()
        worst.append(max(after - there, there - before))
    return min(worst)


async def first_paint(chromium: Browser, url: str) -> float:
    """Return the milliseconds from asking for the page to its first paint with something in it."""
    page = await chromium.new_page(viewport={"width": 1024, "height": 768})
    await page.goto(url)
    painted = await page.evaluate("""new Promise((resolve) => new PerformanceObserver((list) => {
        for (const { name, startTime } of list.getEntries()) if (name === "first-contentful-paint") resolve(startTime);
    }).observe({ type: "paint", buffered: true }))""")
    await page.close()
    return float(painted)


@contextlib.asynccontextmanager
async def running_lane(gameball: str, scanner: VirtualScanner) -> AsyncIterator[tuple[Lane, str]]:
    """Run a lane in this process; yield it, and the address of its customer page."""
    with tempfile.TemporaryDirectory() as folder:
        text = configuration(scanner, gameball, displays='{ driver = "kiosk" }', state=Path(folder))
        lane = Lane.from_config(parse_config(tomllib.loads(text), file="(benchmark)", environ=ENVIRON), environ={})
        assert lane.server is not None  # noqa: S101  it is configured
        lane.server.bind()
        running = asyncio.create_task(lane.run())
        await lane.ready.wait()
        yield lane, f"{lane.server.url}/display?token=bench"
        lane.stop()
        await running


class BareStream:
    """The least that feeds a page: a socket that is written to. ``told`` are the times, in ms since 1970."""

    def __init__(self) -> None:
        self.url = ""
        self.told: list[float] = []
        self._streams: list[asyncio.StreamWriter] = []

    def tell(self, number: int) -> None:
        """Send one message."""
        self.told.append(1000 * time.time())
        for stream in self._streams:
            stream.write(b"data: %d\n\n" % (number + 1))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests: with the page, or with a stream that never ends."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while not (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /events"):
                head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(BARE_PAGE)
                writer.write(head + BARE_PAGE)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: begun\n\n")
            self._streams.append(writer)


@contextlib.asynccontextmanager
async def bare_stream() -> AsyncIterator[BareStream]:
    stream = BareStream()
    server = await asyncio.start_server(stream.answer, "127.0.0.1")
    stream.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    yield stream
    server.close()


if __name__ == "__main__":
    report.alone(measure)
