"""How small and how quick the running daemon is: start, memory, idle wake-ups, time added to Gameball's own answer.

Run it with ``make bench``, or alone: ``python benchmarks/lane.py [--short]``. It starts the commands as they are
shipped (``scanner-daemon run`` and ``sandbox``), scans on a real pseudo terminal and reads what the daemon prints. The floor
beside the added time is a bare keep-alive HTTP client asking the same question of the same server in the same run.
"""

import argparse
import contextlib
import io
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from stdnum import ean

from scanner_daemon.cli.virtual_scanner import VirtualScanner

COMMAND = [sys.executable, "-m", "scanner_daemon"]
SERVER_TAKES = 0.020  # seconds the sandbox waits before it answers, as a server far away would
GOALS = {
    "start to READY, s": 1.0,
    "resident memory, MiB": 80.0,
    "wake-ups a second, idle": 1.0,
    "added to the server's own answer, median ms": 1.0,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer scans and a shorter idle time")
    short = parser.parse_args().short
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
        added, floor = added_times(process, scanner, gameball, scans)
        return {
            "start to READY, s": started,
            "resident memory, MiB": usage.resident(),
            "wake-ups a second, idle": (after.switches - before.switches) / idle,
            "CPU when idle, %": 100 * (after.cpu - before.cpu) / idle,
            "added to the server's own answer, median ms": 1000 * statistics.median(added),
            "added to the server's own answer, p99 ms": 1000 * statistics.quantiles(added, n=100)[98],
            "the same by a bare HTTP client, median ms": 1000 * statistics.median(floor),
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
    config.write_text(f"""
        lane = {{ name = "bench", state_dir = "{folder}" }}
        gameball = {{ base_url = "{gameball}" }}
        scanner = [{{ name = "counter", driver = "serial", port = "{scanner.port}" }}]
        card = [{{ name = "plastic", pattern = '04\\d{{11}}', check_digit = "ean" }}]
        server = {{ listen = "127.0.0.1:0" }}
        display = [{{ driver = "kiosk" }}, {{ driver = "console", format = "json" }}]
    """)
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


def added_times(
    process: subprocess.Popen[str], scanner: VirtualScanner, gameball: str, scans: int
) -> tuple[list[float], list[float]]:
    """Return what the lane, and what a bare client, adds to the server's own answer: seconds a look-up."""
    ids = [card(number) for number in range(scans)]
    with httpx.Client(base_url=gameball, headers={"APIKey": "bench", "SecretKey": "bench"}) as bare:
        for customer in ids:  # known members: one request each
            bare.put(f"/sandbox/customers/{customer}", json={}).raise_for_status()
        bare.delete("/sandbox/requests")
        through_lane = [_scan(process, scanner, customer) for customer in ids]
        lane_server = _server_times(bare)
        bare.delete("/sandbox/requests")
        through_client = []
        for customer in ids:
            start = time.perf_counter()
            bare.get(f"/api/v4.0/integrations/customers/{customer}/balance").raise_for_status()
            through_client.append(time.perf_counter() - start)
        client_server = _server_times(bare)
    return (
        [whole - server for whole, server in zip(through_lane, lane_server, strict=True)],
        [whole - server for whole, server in zip(through_client, client_server, strict=True)],
    )


def _scan(process: subprocess.Popen[str], scanner: VirtualScanner, customer: str) -> float:
    printed = process.stdout or io.StringIO()
    start = time.perf_counter()
    scanner.scan(customer)
    while json.loads(printed.readline())["type"] != "member_identified":
        pass
    return time.perf_counter() - start


def _server_times(client: httpx.Client) -> list[float]:
    requests = client.get("/sandbox/requests").json()
    log = requests["requests"] if isinstance(requests, dict) else requests
    return [entry["finished"] - entry["started"] for entry in log]


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
