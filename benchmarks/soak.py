"""An hour of a busy lane, fifty times as quick: memory, descriptors and look-up times at its start and at its end.

``python -m benchmarks.soak [--hours H] [--speed S]`` starts the commands as they are shipped. In a busy hour 120
customers come, each with fourteen products and a card; 40 customers come again and again. Status 1 if anything grew.
"""

import argparse
import json
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.rig import Usage, card, daemon, sandbox
from scanner_daemon.cli.virtual_scanner import VirtualScanner

CUSTOMERS_AN_HOUR = 120
PRODUCTS = 14
MEMBERS = 40
ANSWER_WITHIN = 10.0  # seconds; a look-up takes 3 at most


class Sample(NamedTuple):
    """How the daemon is: MiB, open files, milliseconds a look-up takes (median)."""

    resident: float
    descriptors: int
    look_up: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--speed", type=float, default=50.0)
    arguments = parser.parse_args()
    customers = max(20, int(arguments.hours * CUSTOMERS_AN_HOUR))
    with (
        tempfile.TemporaryDirectory() as folder,
        VirtualScanner() as scanner,
        sandbox() as gameball,
        daemon(Path(folder), scanner, gameball) as (process, _),
    ):
        samples = soak(process, scanner, customers, 3600 / CUSTOMERS_AN_HOUR / arguments.speed)
    return told(samples[len(samples) // 5], samples[-1], customers)


def soak(process: subprocess.Popen[str], scanner: VirtualScanner, customers: int, pause: float) -> list[Sample]:
    """Serve ``customers``, one each ``pause`` seconds; return a sample for each tenth of them."""
    events: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read, args=(process, events), daemon=True).start()
    samples, times = [], []
    for number in range(customers):
        began = time.monotonic()
        for product in range(PRODUCTS):
            scanner.scan(f"4006381{product:06}")
            time.sleep(pause / (PRODUCTS + 2))
        started = time.perf_counter()
        scanner.scan(card(number % MEMBERS))
        _await(events, "scan_passed_through", PRODUCTS)
        _await(events, "member_identified", 1)
        times.append(1000 * (time.perf_counter() - started))
        time.sleep(max(0.0, began + pause - time.monotonic()))
        if (number + 1) % max(1, customers // 10) == 0:
            samples.append(_sample(process.pid, times))
            times.clear()
    return samples


def told(start: Sample, end: Sample, customers: int) -> int:
    """Print both samples; return the status to exit with."""
    scans = customers * (PRODUCTS + 1)
    table = Table("what", "after a fifth", "at the end", "may grow by", title=f"{scans} scans, each told of")
    grown = False
    for what, before, after, may in (
        ("resident memory, MiB", start.resident, end.resident, 3.0),
        ("open files", start.descriptors, end.descriptors, 0.0),
        ("look-up, median ms", start.look_up, end.look_up, 10.0),
    ):
        table.add_row(what, f"{before:.1f}", f"{after:.1f}", f"{may:g}")
        grown |= after - before > may
    Console().print(table)
    return int(grown)


def _read(process: subprocess.Popen[str], events: "queue.Queue[str]") -> None:
    for line in process.stdout or ():
        events.put(json.loads(line)["type"])


def _await(events: "queue.Queue[str]", kind: str, count: int) -> None:
    while count:
        count -= events.get(timeout=ANSWER_WITHIN) == kind


def _sample(pid: int, times: list[float]) -> Sample:
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208  only their number
    return Sample(Usage(pid).resident(), descriptors, statistics.median(times))


if __name__ == "__main__":
    sys.exit(main())
