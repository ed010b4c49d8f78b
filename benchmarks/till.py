"""How long a product takes to the till, whatever Gameball and the displays do.

A lane as it is configured by a user, a
scanner on a real pseudo terminal, the sandbox as a process of its own, and the process that types. Only the kernel's
end of the keyboard (uinput) is a pipe: a machine to measure on seldom has uinput, and where it has, the products would
be typed into whatever window is in front. Timed is from just before the scanner's bytes to the first and to the last
key event.
"""

import asyncio
import contextlib
import dataclasses
import os
import random
import statistics
import struct
import tempfile
import threading
import time
import tomllib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from queue import Queue
from typing import Final, NamedTuple, Self

from benchmarks import report
from benchmarks.report import Findings, Goal, Row
from benchmarks.rig import ENVIRON, card, sandbox
from scanner_daemon.app import Lane
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.config import parse_config
from scanner_daemon.drivers import Part
from scanner_daemon.model import LaneEvent
from scanner_daemon.pos.virtual_keyboard import VirtualKeyboard

PRODUCT: Final = "4006381333931"
EVENTS: Final = (len(PRODUCT) + 1) * 2 * 2 * struct.calcsize("@llHHi")  # down, up, and a report's end after each
BETWEEN_SCANS: Final = (0.10, 0.15)  # seconds at random: not in step with anything, and no burst to the firewall


TYPING: Final = 1000 * (len(PRODUCT) + 0.5) * VirtualKeyboard().key_interval
"""Milliseconds from the first key to the last, at the pace that a till can follow."""

MOST: Final = 1.5


class Condition(NamedTuple):
    """What goes on while products are scanned. ``answers_in`` is in seconds; ``None`` is never."""

    what: str
    answers_in: float | None
    cards: bool
    dead_display: bool = False


CONDITIONS: Final = (
    Condition("Gameball idle", answers_in=0.02, cards=False),
    Condition("cards between", answers_in=0.02, cards=True),
    Condition("cards, Gameball takes 2 s", answers_in=2.0, cards=True),
    Condition("cards, Gameball down", answers_in=None, cards=True),
    Condition("Gameball down, a display hangs", answers_in=None, cards=True, dead_display=True),
)


class Times(NamedTuple):
    """Seconds from the terminator to the first and to the last key event."""

    first: float
    last: float


def measure(short: bool) -> Findings:
    """Return what a product takes under each condition."""
    rounds, scans = (1, 20) if short else (4, 25)
    times: dict[Condition, list[Times]] = {condition: [] for condition in CONDITIONS}
    for _ in range(rounds):  # by turns: what else the machine does is spread over all
        for condition in CONDITIONS:
            with gameball(condition.answers_in) as url:
                times[condition] += asyncio.run(products(condition, url, scans))
    rows = []
    for condition, measured in times.items():
        for word, column in zip(("first", "last"), zip(*measured, strict=True), strict=True):
            milliseconds = [1000 * seconds for seconds in column]
            rows.append(Row.of_times(f"product → {word} key, {condition.what}", milliseconds))
    idle, *others = (statistics.median(one.first for one in times[condition]) for condition in CONDITIONS)
    most = max(others) / idle
    return Findings(
        title=f"A product of {len(PRODUCT)} digits to the till, whose typing alone takes {TYPING:.0f} ms",
        rows=rows,
        goals=[
            Goal(
                what="product → first key, whatever Gameball and displays do",
                wanted="≤ 1.5 × the time with Gameball idle",
                measured=f"{most:.2f} × {1000 * idle:.1f} ms",
                met=most <= MOST,
            )
        ],
    )


async def products(condition: Condition, url: str, scans: int) -> list[Times]:
    """Scan so many products on a lane of its own."""
    times = []
    with VirtualScanner() as scanner, Till() as till:
        async with running_lane(scanner, url, till, dead_display=condition.dead_display):
            for number in range(scans + 1):
                if condition.cards:
                    scanner.scan(card(number))
                await asyncio.sleep(random.uniform(*BETWEEN_SCANS))  # noqa: S311  no secret
                terminated = time.perf_counter()
                scanner.scan(PRODUCT)
                typed = await asyncio.to_thread(till.typed.get, timeout=10)
                times.append(Times(typed.first - terminated, typed.last - terminated))
    return times[1:]  # the first finds everything cold


@contextlib.asynccontextmanager
async def running_lane(scanner: VirtualScanner, url: str, till: "Till", *, dead_display: bool) -> AsyncIterator[None]:
    """Run a lane in this process until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        document = tomllib.loads(f"""
            lane = {{ name = "bench", state_dir = "{folder}", stop_timeout = 0.1 }}
            gameball = {{ base_url = "{url}" }}
            scanner = [{{ name = "counter", driver = "serial", port = "{scanner.port}" }}]
            card = [{{ name = "plastic", pattern = '04\\d{{11}}', check_digit = "ean" }}]
            server = {{ listen = "127.0.0.1:0" }}
            display = [{{ driver = "kiosk" }}]
        """)
        config = parse_config(document, file="(benchmark)", environ=ENVIRON)
        keyboard = Part(driver=PipedKeyboard, settings={"pipe": till.keyboard})
        lane = Lane.from_config(dataclasses.replace(config, till=keyboard), environ={})
        if dead_display:
            lane.listen("dead display", DeadDisplay())
        task = asyncio.create_task(lane.run())
        await lane.ready.wait()
        await asyncio.sleep(1.5)  # until the keyboard is plugged in
        yield
        lane.stop()
        await task


class DeadDisplay:
    """A listener that takes one event and never comes back."""

    async def tell(self, event: LaneEvent) -> None:
        """Hang."""
        del event
        await asyncio.Event().wait()


@dataclass(slots=True, kw_only=True)
class PipedKeyboard(VirtualKeyboard):
    """The driver where there is no uinput."""

    pipe: int

    def plug_in(self) -> int:
        """Return the pipe's near end."""
        return self.pipe


class Till:
    """The far end of the pipe, read by a thread; ``typed`` has the moments of each code's first and last event."""

    def __init__(self) -> None:
        self.typed: Queue[Times] = Queue()
        self._receiver, self.keyboard = os.pipe()
        self._thread = threading.Thread(target=self._receive)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        os.close(self._receiver)

    def _receive(self) -> None:
        missing, first = EVENTS, 0.0
        while data := os.read(self._receiver, missing):
            now = time.perf_counter()
            first = now if missing == EVENTS else first
            missing -= len(data)
            if not missing:
                self.typed.put(Times(first, now))
                missing = EVENTS


@contextlib.contextmanager
def gameball(answers_in: float | None) -> Iterator[str]:
    """Run the sandbox and yield its address; ``None`` is an address where nobody listens."""
    if answers_in is None:
        yield "http://127.0.0.1:1"
    else:
        with sandbox(answers_in=answers_in) as url:
            yield url


if __name__ == "__main__":
    report.alone(measure)
