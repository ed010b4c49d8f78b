"""How small and how quick the running daemon is: start, memory, idle wake-ups, time added to Gameball's own answer.

Run it with ``make bench``, or alone: ``python benchmarks/lane.py [--short]``. It starts the commands as they are
shipped (``scanner-daemon run`` and ``sandbox``). Look-ups go from a real pseudo terminal over real HTTP to the sandbox;
in turns with them, in the same run, a bare keep-alive HTTP client (httpx) asks the same server the same question.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from stdnum import ean

from scanner_daemon import logs
from scanner_daemon.app import Lane
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.config import parse_config

COMMAND = [sys.executable, "-m", "scanner_daemon"]
SERVER_TAKES = 0.020  # seconds the sandbox waits before it answers, as a server far away would
PAUSE = 0.03  # seconds between two look-ups
KEYS = {"APIKey": "bench", "SecretKey": "bench"}
ADDED = "added to what a bare HTTP client sees, median ms"
GOALS = {
    "start to READY, s": 1.0,
    "resident memory, MiB": 80.0,
    "wake-ups a second, idle": 1.0,
    ADDED: 1.0,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer scans and a shorter idle time")
    short = parser.parse_args().short
    logs.configure(level="error")
    measured = measure(scans=40 if short else 300, idle=3.0 if short else 20.0)
    table = Table("what", "measured", "goal", title="The running daemon")
    for what, value in measured.items():
        goal = GOALS.get(what)
        table.add_row(what, f"{value:.2f}", f"≤ {goal:g}" if goal else "")
    Console().print(table)


def measure(*, scans: int, idle: float) -> dict[str, float]:
    """Run one daemon and return every figure by its name."""
    with (
        tempfile.TemporaryDirectory() as folder,
        VirtualScanner() as scanner,
        sandbox() as gameball,
        daemon(Path(folder), scanner, gameball) as (process, started),
    ):
        usage = Usage(process.pid)
        time.sleep(1.0)  # the start is over: now nothing happens
        before = usage.read()
        time.sleep(idle)
        after = usage.read()
        measured = {
            "start to READY, s": started,
            "resident memory, MiB": usage.resident(),
            "wake-ups a second, idle": (after.switches - before.switches) / idle,
            "CPU when idle, %": 100 * (after.cpu - before.cpu) / idle,
        }
    with sandbox() as gameball:
        lane, bare = asyncio.run(look_up_times(gameball, scans))
    return measured | {
        "look-up through the lane, median ms": 1000 * statistics.median(lane),
        "the same question by a bare HTTP client, median ms": 1000 * statistics.median(bare),
        ADDED: 1000 * (statistics.median(lane) - statistics.median(bare)),
    }


@contextlib.contextmanager
def sandbox() -> Iterator[str]:
    """Run ``scanner-daemon sandbox`` and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*COMMAND, "sandbox", "--port", str(port), "--latency", str(SERVER_TAKES * 1000)]
    with running(command, stdout=subprocess.DEVNULL):
        url = f"http://127.0.0.1:{port}"
        for _ in range(100):
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{url}/sandbox/options")
                break
            time.sleep(0.1)
        yield url


@contextlib.contextmanager
def daemon(folder: Path, scanner: VirtualScanner, gameball: str) -> Iterator[tuple[subprocess.Popen[str], float]]:
    """Run ``scanner-daemon run`` as systemd would; yield it, and the seconds it took to say READY."""
    config = folder / "config.toml"
    displays = '{ driver = "kiosk" }, { driver = "console", format = "json" }'
    config.write_text(configuration(scanner, gameball, displays=displays, state=folder))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(folder / "notify"))
        environ = os.environ | {
            "NOTIFY_SOCKET": systemd.getsockname(),
            "GAMEBALL_API_KEY": "bench",
            "GAMEBALL_SECRET_KEY": "bench",
        }
        start = time.perf_counter()
        command = [*COMMAND, "run", "--config", str(config)]
        with running(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ) as process:
            while systemd.recv(4096) != b"READY=1":
                pass
            yield process, time.perf_counter() - start


@contextlib.contextmanager
def running(command: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run ``command`` until the block ends, then stop it as a person would."""
    process = subprocess.Popen(command, text=True, **options)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


async def look_up_times(gameball: str, scans: int) -> tuple[list[float], list[float]]:
    """Return the seconds a look-up takes through a lane, and through a bare keep-alive client, in turns.

    From the scanner's terminator to the member in a callback; from the request to its whole answer. Both find the
    machine equally asleep: nothing else happens in the pauses between.
    """
    ids = [card(number) for number in range(scans)]
    through_lane, through_client = [], []
    with tempfile.TemporaryDirectory() as folder, VirtualScanner() as scanner:
        async with (
            httpx.AsyncClient(base_url=gameball, headers=KEYS) as bare,
            running_lane(folder, scanner, gameball) as members,
        ):
            for customer in ids:
                await bare.put(f"/sandbox/customers/{customer}", json={})  # a known member: one request
                await asyncio.sleep(PAUSE)
                start = time.perf_counter()
                scanner.scan(customer)
                through_lane.append(await members.get() - start)
                await asyncio.sleep(PAUSE)
                start = time.perf_counter()
                await bare.get(f"/api/v4.0/integrations/customers/{customer}/balance")
                through_client.append(time.perf_counter() - start)
    return through_lane, through_client


@contextlib.asynccontextmanager
async def running_lane(folder: str, scanner: VirtualScanner, gameball: str) -> AsyncIterator["asyncio.Queue[float]"]:
    """Run a lane in this process; yield the moments its callback was told of a member."""
    told: asyncio.Queue[float] = asyncio.Queue()
    environ = {"GAMEBALL_API_KEY": "bench", "GAMEBALL_SECRET_KEY": "bench", "SCANNER_DAEMON_TOKEN": "bench"}
    state = Path(folder)
    document = tomllib.loads(configuration(scanner, gameball, displays='{ driver = "kiosk" }', state=state))
    lane = Lane.from_config(parse_config(document, file="(benchmark)", environ=environ), environ={})

    @lane.on_member
    async def member(_: object) -> None:
        told.put_nowait(time.perf_counter())

    running = asyncio.create_task(lane.run())
    await lane.ready.wait()
    yield told
    lane.stop()
    await running


def configuration(scanner: VirtualScanner, gameball: str, *, displays: str, state: Path) -> str:
    """Return a lane with one scanner, one card and the local server."""
    return f"""
        lane = {{ name = "bench", state_dir = "{state}" }}
        gameball = {{ base_url = "{gameball}" }}
        scanner = [{{ name = "counter", driver = "serial", port = "{scanner.port}" }}]
        card = [{{ name = "plastic", pattern = '04\\d{{11}}', check_digit = "ean" }}]
        server = {{ listen = "127.0.0.1:0" }}
        display = [{displays}]
    """


def card(number: int) -> str:
    """Return the ``number``-th card: an EAN-13 with the shop's own prefix."""
    body = f"04{number:010}"
    return body + str(ean.calc_check_digit(body))


class Usage:
    """What the kernel says of a process (proc(5))."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    def resident(self) -> float:
        """Return the resident set in MiB."""
        return self._status("VmRSS") / 1024

    def read(self) -> "Sample":
        """Return the context switches and CPU seconds of all its threads until now."""
        ticks = (self._folder / "stat").read_text().rpartition(")")[2].split()[11:13]
        switches = sum(
            self._count(thread / "status", "voluntary_ctxt_switches") for thread in (self._folder / "task").iterdir()
        )
        return Sample(switches, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"))

    def _status(self, key: str) -> int:
        return self._count(self._folder / "status", key)

    @staticmethod
    def _count(file: Path, key: str) -> int:
        return next(int(line.split()[1]) for line in file.read_text().splitlines() if line.startswith(key))


class Sample:
    """One reading of :class:`Usage`."""

    def __init__(self, switches: int, cpu: float) -> None:
        self.switches = switches
        self.cpu = cpu


if __name__ == "__main__":
    main()
