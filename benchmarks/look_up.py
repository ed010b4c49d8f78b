"""Get-or-create through a whole lane: what it adds to Gameball's answer, what it asks, and what one bad answer does.

A scanner on a real pseudo terminal, real HTTP to the sandbox, which is a process of its own and answers after 20 ms,
as a server far away. Timed is from right before the scanner's bytes to the callback. In turns with each scan, a bare
keep-alive HTTP client (httpx) asks the same server the same question: that is the floor. Both find the machine equally
asleep: nothing else happens in the pauses between. What is asked, and over which connections, the sandbox tells.
"""

import asyncio
import gc
import statistics
import tempfile
import time
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks import report
from benchmarks.report import FLOOR, Findings, Goal, Row, percentile
from benchmarks.rig import ENVIRON, KEYS, card, configuration, sandbox
from scanner_daemon.app import Lane
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.config import parse_config
from scanner_daemon.model import MemberIdentified

PAUSE: Final = 0.03
SLOW: Final = 2.0
NOISE: Final = 2.5  # ms: a tenth of a look-up
ARRIVES: Final = 0.3
"""Seconds within which a question has reached the sandbox, on a busy machine too."""

LOOK_UP: Final = "look-up of a known member"
WITHIN: Final = 10.0  # seconds; a look-up takes 3 at most


@dataclass(slots=True, kw_only=True)
class Stage:
    """A lane that runs, and the sandbox it asks. ``told`` are the members its callback is told of, and when."""

    scanner: VirtualScanner
    gameball: httpx.AsyncClient
    told: asyncio.Queue[tuple[str, float]] = field(default_factory=asyncio.Queue)
    heard: dict[str, float] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=count)

    async def known(self) -> str:
        """Return a card that nobody scanned yet, of a member that Gameball knows."""
        customer = card(next(self.numbers))
        await self.gameball.put(f"/sandbox/customers/{customer}", json={})
        return customer

    async def look_up(self, customer: str) -> float:
        """Return the milliseconds from the scan to the member."""
        start = time.perf_counter()
        self.scanner.scan(customer)
        return 1000 * (await self.member(customer) - start)

    async def member(self, customer: str) -> float:
        """Return when the callback was told of ``customer``, also where that is over."""
        async with asyncio.timeout(WITHIN):
            while customer not in self.heard:
                who, at = await self.told.get()
                self.heard[who] = at
        return self.heard[customer]

    async def sandbox_does(self, **options: object) -> None:
        """Have the sandbox answer otherwise from now on."""
        await self.gameball.patch("/sandbox/options", json=options)

    async def requests(self) -> list[dict[str, Any]]:
        """Return what Gameball was asked since this was asked last."""
        asked: list[dict[str, Any]] = (await self.gameball.get("/sandbox/requests")).json()
        await self.gameball.delete("/sandbox/requests")
        return asked


def measure(short: bool) -> Findings:
    """Return all of it; the counts are the same in the short form."""
    return asyncio.run(_measured(scans=30 if short else 300, bad=2 if short else 15))


async def _measured(*, scans: int, bad: int) -> Findings:
    findings = Findings(title="Get-or-create, Gameball 20 ms away")
    async with stage() as lane:
        await times_added(lane, findings, scans)
        await requests_made(lane, findings)
        await after_a_bad_answer(lane, findings, bad)
    return findings


async def times_added(lane: Stage, findings: Findings, scans: int) -> None:
    """Look up known members, in turns with the bare client."""
    through_lane, bare = [], []
    async with httpx.AsyncClient(base_url=lane.gameball.base_url, headers=KEYS) as client:
        for _ in range(scans):
            customer = await lane.known()
            await asyncio.sleep(PAUSE)
            through_lane.append(await lane.look_up(customer))
            await asyncio.sleep(PAUSE)
            start = time.perf_counter()
            await client.get(f"/api/v4.0/integrations/customers/{customer}/balance")
            bare.append(1000 * (time.perf_counter() - start))
    findings.rows += [Row.of_times(LOOK_UP, bare, of=FLOOR), Row.of_times(LOOK_UP, through_lane)]
    for word, most, added in (
        ("medians", 1.0, statistics.median(through_lane) - statistics.median(bare)),
        ("p99s", 3.0, percentile(through_lane, 99) - percentile(bare, 99)),
    ):
        what = f"{LOOK_UP}: added to what a bare HTTP client sees, difference of the {word}"
        findings.goals.append(Goal(what=what, wanted=f"≤ {most:g} ms", measured=f"{added:.2f} ms", met=added <= most))


async def requests_made(lane: Stage, findings: Findings) -> None:
    """Count what many look-ups ask. A new member's balance is asked for: the answer to the POST holds none."""
    lanes_own: set[int] = set()
    await lane.requests()
    for what, wanted, members in (("known", ["GET"], True), ("new", ["GET", "POST", "GET"], False)):
        made: set[tuple[str, ...]] = set()
        for _ in range(10):
            customer = await lane.known() if members else card(next(lane.numbers))
            await lane.look_up(customer)
            asked = await lane.requests()
            made.add(tuple(request["method"] for request in asked))
            lanes_own |= {request["connection"] for request in asked}
        said = " or ".join(sorted(" + ".join(methods) for methods in made))
        findings.rows.append(Row(what=f"requests for a {what} member", words=said))
        met = made == {tuple(wanted)}
        goal = Goal(
            what=f"requests for a {what} member", wanted=" + ".join(wanted), measured=said, met=met, counted=True
        )
        findings.goals.append(goal)
    opened = len(lanes_own)
    findings.rows.append(Row(what="connections for 20 look-ups", words=str(opened)))
    goal = Goal(what="connections for 20 look-ups", wanted="1", measured=str(opened), met=opened == 1, counted=True)
    findings.goals.append(goal)


async def after_a_bad_answer(lane: Stage, findings: Findings, times: int) -> None:
    """Scan one customer whose answer is bad, the next one right after; compare with one that follows a good answer."""
    overtaken = 0
    rows: dict[str, list[float]] = {}
    for _ in range(times):
        for what, options, after in (
            ("after a good answer", {}, {}),
            (f"while an answer takes {SLOW:g} s", {"latency": SLOW * 1000}, {"latency": 20}),
            ("after HTTP 500", {"fail_next": 1, "failure": "500"}, {"fail_next": 0}),
        ):
            first, second = await lane.known(), await lane.known()
            await lane.sandbox_does(**options)
            lane.scanner.scan(first)
            await asyncio.sleep(ARRIVES)
            await lane.sandbox_does(**after)
            rows.setdefault(what, []).append(await lane.look_up(second))
            if "latency" in options:
                overtaken += await lane.member(first) > await lane.member(second)
            await asyncio.sleep(0.5)  # a second try after the 500 is over
    findings.rows += [Row.of_times(f"the next look-up, {what}", taken) for what, taken in rows.items()]
    good, slow, _ = (statistics.median(taken) for taken in rows.values())
    said, met = f"{slow - good:+.1f} ms at the median", slow - good <= NOISE
    what = "a slow answer delays the next look-up"
    findings.goals.append(Goal(what=what, wanted=f"by nothing: less than {NOISE:g} ms", measured=said, met=met))
    said = f"{overtaken} of {times}"
    what = "members told of while an earlier scan waits for its answer"
    findings.goals.append(Goal(what=what, wanted="all", measured=said, met=overtaken == times, counted=True))


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Run a lane in this process, as a user configures it."""
    with tempfile.TemporaryDirectory() as folder, VirtualScanner() as scanner, sandbox() as url:
        text = configuration(scanner, url, displays='{ driver = "kiosk" }', state=Path(folder))
        lane = Lane.from_config(parse_config(tomllib.loads(text), file="(benchmark)", environ=ENVIRON), environ={})
        async with httpx.AsyncClient(base_url=url, headers=KEYS) as gameball:
            stage = Stage(scanner=scanner, gameball=gameball)

            @lane.on_member
            async def told(event: MemberIdentified) -> None:
                stage.told.put_nowait((event.member.customer_id, time.perf_counter()))

            running = asyncio.create_task(lane.run())
            await lane.ready.wait()
            gc.collect()
            gc.freeze()  # as ``scanner-daemon run`` does
            yield stage
            lane.stop()
            await running


if __name__ == "__main__":
    report.alone(measure)
