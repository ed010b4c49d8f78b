"""How long a product takes to the till, whatever Gameball and the displays do.

Run it with ``make bench``, or alone: ``python -m benchmarks.till [--short]``. A lane as it is configured by a user, a
scanner on a real pseudo terminal, the sandbox as a process of its own, and the process that types. Only the kernel's
end of the keyboard (uinput) is a pipe: a machine to measure on seldom has uinput, and where it has, the products would
be typed into whatever window is in front. Timed is from just before the scanner's bytes to the first and to the last
key event.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import os
import random
import socket
import statistics
import struct
import subprocess
import tempfile
import threading
import time
import tomllib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from queue import Queue
from typing import Final, NamedTuple, Self

from rich.console import Console
from rich.table import Table

from benchmarks.rig import COMMAND, ENVIRON, card, running
from scanner_daemon import logs
from scanner_daemon.app import Lane
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.config import parse_config
from scanner_daemon.drivers import Part
from scanner_daemon.model import LaneEvent
from scanner_daemon.pos.virtual_keyboard import VirtualKeyboard

PRODUCT: Final = "4006381333931"
EVENTS: Final = (len(PRODUCT) + 1) * 2 * 2 * struct.calcsize("@llHHi")  # down, up, and a report's end after each
BETWEEN_SCANS: Final = (0.10, 0.15)  # seconds at random: not in step with anything, and no burst to the firewall


class Condition(NamedTuple):
    """What goes on while products are scanned. ``answers_in`` is in milliseconds; ``None`` is never."""

    what: str
    answers_in: int | None
    cards: bool
    dead_display: bool = False


CONDITIONS: Final = (
    Condition("Gameball idle: products only", answers_in=20, cards=False),
    Condition("cards between them", answers_in=20, cards=True),
    Condition("cards, Gameball slow (2 s)", answers_in=2000, cards=True),
    Condition("cards, Gameball down", answers_in=None, cards=True),
    Condition("and a display that hangs", answers_in=None, cards=True, dead_display=True),
)


class Times(NamedTuple):
    """Seconds from the terminator to the first and to the last key event."""

    first: float
    last: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer scans")
    rounds, scans = (1, 20) if parser.parse_args().short else (4, 25)
    logs.configure(level="error")
    times: dict[Condition, list[Times]] = {condition: [] for condition in CONDITIONS}
    for _ in range(rounds):  # by turns: what else the machine does is spread over all
        for condition in CONDITIONS:
            with gameball(condition.answers_in) as url:
                times[condition] += asyncio.run(measure(condition, url, scans))
    title = f"A product of {len(PRODUCT)} digits to the till, ms, {rounds * scans} scans each"
    table = Table("while", "first key", "last: median", "90 %", "99 %", "most", title=title)
    for condition, measured in times.items():
        first, last = ([1000 * seconds for seconds in column] for column in zip(*measured, strict=True))
        figures = (statistics.median(first), statistics.median(last), percentile(last, 90), percentile(last, 99))
        table.add_row(condition.what, *(f"{figure:.1f}" for figure in (*figures, max(last))))
    Console().print(table)
    typing = (len(PRODUCT) + 0.5) * VirtualKeyboard().key_interval
    print(f"Typing itself, from the first key to the last, takes {1000 * typing:.0f} ms of it.")


async def measure(condition: Condition, url: str, scans: int) -> list[Times]:
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
def gameball(answers_in: int | None) -> Iterator[str]:
    """Run ``scanner-daemon sandbox`` and yield its address; ``None`` is an address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if answers_in is None:
        yield f"http://127.0.0.1:{port}"
        return
    command = [*COMMAND, "sandbox", "--port", str(port), "--latency", str(answers_in)]
    with running(command, stdout=subprocess.DEVNULL):
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"


def percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    main()
