"""The daemon as it is shipped, on a disk that fails and behind a scanner that floods it."""

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from stdnum import ean

from scanner_daemon.app import Lane
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.config import parse_config
from scanner_daemon.loyalty.outbox import FILE_NAME, Outbox
from scanner_daemon.loyalty.sandbox import Sandbox
from scanner_daemon.model import LaneEvent, ScanPassedThrough

KNOWN = "0412345678903"

CONFIGURATION = """
lane = {{ name = "lane-1", state_dir = "{state}" }}
gameball = {{ base_url = "{gameball}" }}
scanner = [{{ name = "counter", driver = "serial", port = "{port}", gap = {gap} }}]
card = [{{ name = "plastic", pattern = '04\\d{{11}}', check_digit = "ean" }}]
debounce = {{ same_symbol_timeout = 0.0 }}
display = [{{ driver = "console", format = "json" }}]
"""
ENVIRON = {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s", "SCANNER_DAEMON_TOKEN": "t"}


class Daemon:
    """``scanner-daemon run`` in a process of its own, perhaps with a disk of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def until(self, kind: str) -> dict[str, object]:
        assert self.process.stdout is not None
        async with asyncio.timeout(20):
            while line := await self.process.stdout.readline():
                event: dict[str, object] = json.loads(line)
                if event["type"] == kind:
                    return event
        raise AssertionError("the daemon ended")

    async def ended(self) -> str:
        """Stop it as systemd does; return its log."""
        self.process.send_signal(signal.SIGTERM)
        _, log = await self.process.communicate()
        assert self.process.returncode == 0, log.decode()
        return log.decode()

    def resident(self) -> int:
        """Return its memory in KiB (proc(5))."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


@contextlib.asynccontextmanager
async def daemon(config: str, folder: Path, *, disk: str = "") -> AsyncIterator[Daemon]:
    """Run the daemon; ``disk`` are shell commands that make its disk, in a mount namespace that only it sees."""
    file = folder / "config.toml"
    file.write_text(config)
    command = [sys.executable, "-m", "scanner_daemon", "run", "--config", str(file)]
    if disk:
        command = ["unshare", "--mount", "--map-root-user", "sh", "-ec", f'{disk}; exec "$@"', "sh", *command]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | ENVIRON, cwd=folder
    )
    try:
        yield Daemon(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.fixture
def namespaces() -> None:
    command = ["unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "none", "/mnt"]
    if shutil.which("unshare") is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs a mount namespace for a disk of its own; run as root, or allow user namespaces")


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize(
    ("disk", "said"),
    [
        ("mount -t tmpfs -o size=8k none {state}", "expected room on its disk, got none"),
        ("mount -t tmpfs none {state}; mount -o remount,ro {state}", "read-only file system"),
    ],
)
async def test_a_disk_that_takes_nothing_costs_no_member(
    scanner: VirtualScanner, tmp_path: Path, disk: str, said: str
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    async with Sandbox() as sandbox:
        config = CONFIGURATION.format(gap=0.1, state=state, gameball=sandbox.url, port=scanner.port)
        async with daemon(config, tmp_path, disk=disk.format(state=state)) as running:
            await running.until("scanner_online")
            for _ in range(3):
                scanner.scan(KNOWN)
                await running.until("member_identified")
            scanner.scan("4006381333931")
            await running.until("scan_passed_through")
            log = await running.ended()
    told = [line for line in log.splitlines() if "balances_not_kept" in line]
    assert len(told) == 1, log
    assert said in told[0]


async def test_all_lines_of_a_scan_carry_its_number(scanner: VirtualScanner, tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        config = CONFIGURATION.format(gap=0.1, state=tmp_path / "state", gameball=sandbox.url, port=scanner.port)
        async with daemon(config, tmp_path) as running:
            await running.until("scanner_online")
            scanner.scan(KNOWN)
            await running.until("member_identified")
            sandbox.change(failure="html", fail_rate=1)
            scanner.scan(KNOWN)
            await running.until("member_identified")
            lines = [json.loads(line) for line in (await running.ended()).splitlines()]
    assert [line["event"] for line in lines if line.get("scan") == 2] == [
        "scan_accepted",
        "last_known_balance_shown",
        "member_identified",
    ]
    assert KNOWN not in str(lines)


async def test_a_scanner_that_babbles_for_an_hour_costs_no_memory(scanner: VirtualScanner, tmp_path: Path) -> None:
    noise = random.Random(7)
    config = CONFIGURATION.format(gap=0.1, state=tmp_path / "state", gameball="http://127.0.0.1:9", port=scanner.port)
    async with daemon(config, tmp_path) as running:
        reading = asyncio.create_task(_forget(running.process.stdout, b'"' + KNOWN.encode()))
        log = asyncio.create_task(_forget(running.process.stderr))
        sizes = []
        for _ in range(10):  # an hour at 9600 baud is 3.5 MB
            await asyncio.to_thread(_send, scanner, noise.randbytes(350_000))
            sizes.append(running.resident())
        assert sizes[-1] - sizes[2] < 4096
        await asyncio.to_thread(_send, scanner, b"\r")
        await asyncio.sleep(0.3)  # silence ends the last of the noise
        scanner.scan(KNOWN)
        async with asyncio.timeout(20):
            await reading
        running.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            await log
            assert await running.process.wait() == 0


async def test_ten_thousand_scans_in_a_burst_arrive_each_and_in_order(scanner: VirtualScanner, tmp_path: Path) -> None:
    products = [f"4006381{number:06}" for number in range(10_000)]
    audience = Audience()
    async with a_lane(scanner, tmp_path, audience):
        await asyncio.to_thread(_send, scanner, "".join(f"{product}\r" for product in products).encode())
        await audience.until("scan_passed_through", 10_000)
    assert audience.labels == products


async def test_ten_thousand_cards_in_a_burst_are_each_told_of(scanner: VirtualScanner, tmp_path: Path) -> None:
    audience = Audience()
    async with a_lane(scanner, tmp_path, audience):
        cards = (f"04{number:010}" for number in range(10_000))
        await asyncio.to_thread(_send, scanner, "".join(f"{c}{ean.calc_check_digit(c)}\r" for c in cards).encode())
        await audience.until("scan_accepted", 10_000)
        scanner.scan("4006381333931")
        await audience.until("scan_passed_through", 1)
        await audience.until_one_each("scan_accepted", ("member_identified", "lookup_failed"))


async def test_thousands_of_cards_in_an_outage_are_each_kept(scanner: VirtualScanner, tmp_path: Path) -> None:
    cards = [f"{card}{ean.calc_check_digit(card)}" for card in (f"04{number:010}" for number in range(3000))]
    audience = Audience()
    async with a_lane(scanner, tmp_path, audience, gameball="http://127.0.0.1:9"):
        await asyncio.to_thread(_send, scanner, "".join(f"{card}\r" for card in cards).encode())
        await audience.until("lookup_failed", len(cards))
        await audience.until("enrolment_queued", len(cards))
    kept = Outbox(file=tmp_path / "state" / FILE_NAME, keeper=False).entries()
    assert sorted(entry.enrolment.customer_id for entry in kept) == cards


async def test_a_listener_that_never_returns_costs_nobody_a_scan(scanner: VirtualScanner, tmp_path: Path) -> None:
    audience = Audience()

    class Stuck:
        async def tell(self, _: LaneEvent) -> None:
            await asyncio.Event().wait()

    async with a_lane(scanner, tmp_path, audience) as lane:
        lane.listen("stuck", Stuck())
        for number in range(3000):
            scanner.scan(f"4006381{number:06}")
            if number % 100 == 0:  # a full line holds up who writes to it, and who reads it runs in the same loop
                await audience.until("scan_passed_through", number + 1)
        await audience.until("scan_passed_through", 3000)
        scanner.scan(KNOWN)
        await audience.until("member_identified", 1)


class Audience:
    """Counts what it hears."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self._counts: dict[str, int] = {}
        self._news = asyncio.Condition()

    async def tell(self, event: LaneEvent) -> None:
        async with self._news:
            self._counts[event.type] = self._counts.get(event.type, 0) + 1
            if isinstance(event, ScanPassedThrough):
                self.labels.append(event.label)
            self._news.notify_all()

    async def until(self, kind: str, count: int) -> None:
        await self._until(lambda: self._counts.get(kind, 0) >= count)

    async def until_one_each(self, kind: str, outcomes: tuple[str, ...]) -> None:
        """Wait until each event of this kind has one of the outcomes."""
        await self._until(lambda: self._counts[kind] == sum(self._counts.get(outcome, 0) for outcome in outcomes))

    async def _until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(true)


@contextlib.asynccontextmanager
async def a_lane(
    scanner: VirtualScanner, folder: Path, audience: Audience, *, gameball: str = ""
) -> AsyncIterator[Lane]:
    async with Sandbox() as sandbox, asyncio.TaskGroup() as group:
        url = gameball or sandbox.url
        text = CONFIGURATION.format(gap=5.0, state=folder / "state", gameball=url, port=scanner.port)
        document = tomllib.loads(text.replace("display =", "# display ="))
        lane = Lane.from_config(parse_config(document, file="c.toml", environ=ENVIRON), environ={})
        lane.listen("audience", audience)
        running = group.create_task(lane.run())
        await audience.until("scanner_online", 1)
        yield lane
        lane.stop()
        await running


async def _forget(stream: asyncio.StreamReader | None, until: bytes | None = None) -> None:
    """Read a stream and keep nothing of it, to its end or to a line that holds ``until``."""
    assert stream is not None
    tail = b""
    while piece := await stream.read(1 << 16):
        if until and until in tail + piece:
            return
        tail = piece[-64:]


def _send(scanner: VirtualScanner, data: bytes) -> None:
    """Send ``data`` as fast as it is read."""
    assert scanner._master is not None  # its scan() sends text, and this is none
    while data:
        data = data[os.write(scanner._master, data) :]
