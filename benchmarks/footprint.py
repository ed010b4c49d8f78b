"""How small the running daemon is: from its start to READY, memory, idle wake-ups and CPU, and what it installs.

The commands are started as they are shipped, with a serial scanner on a real pseudo terminal, a customer page and the
sandbox. Idle is a lane whose scanner is at rest. The floor of the start is Python itself, that of the memory too.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.report import FLOOR, OURS, Findings, Goal, Row
from benchmarks.rig import LANE, Usage, daemon, sandbox
from scanner_daemon.cli.virtual_scanner import VirtualScanner

PEERS_PYTHON: Final = Path(".venv-peers/bin/python")
PEERS: Final = ("barcode-server", "vention-barcode-scanner", "barcodewatch")
INSTALL_SIZE: Final = Path(__file__).with_name("install_size.py")
START, MEMORY, WAKE_UPS, IDLE_CPU = "start to READY", "resident memory", "wake-ups when idle", "CPU when idle"
INSTALLED: Final = "installed, with what it needs"


def measure(short: bool) -> Findings:
    """Return how long a start takes and what the daemon holds and does while nothing happens."""
    starts, (resident, switches, cpu) = started(2 if short else 10), idle(3.0 if short else 30.0)
    start = statistics.median(starts)
    rows = [
        Row.of_times(START, bare_starts(2 if short else 10), of=FLOOR, unit="s"),
        Row.of_times(START, starts, unit="s"),
        Row(what=MEMORY, unit="MiB", median=resident),
        Row(what=WAKE_UPS, unit="a second", median=switches),
        Row(what=IDLE_CPU, unit="% of a core", median=cpu),
    ]
    goals = [
        Goal(what=START, wanted="≤ 0.7 s", measured=f"{start:.2f} s", met=start <= 0.7),
        Goal(what=MEMORY, wanted="≤ 70 MiB", measured=f"{resident:.0f} MiB", met=resident <= 70),
        Goal(what=WAKE_UPS, wanted="≤ 1 a second", measured=f"{switches:.2f}", met=switches <= 1, counted=True),
        Goal(what=IDLE_CPU, wanted="< 0.1 %", measured=f"{cpu:.3f} %", met=cpu < 0.1),
    ]
    sizes, left_out = install_sizes()
    return Findings(title="Start, memory, rest", rows=rows + sizes, goals=goals, left_out=left_out)


def started(times: int) -> list[float]:
    """Return the seconds of so many starts, after one that finds the disk's cache cold."""
    seconds = []
    for _ in range(times + 1):
        with (
            tempfile.TemporaryDirectory() as folder,
            VirtualScanner() as scanner,
            daemon(Path(folder), scanner, "http://127.0.0.1:1") as (_, taken),
        ):
            seconds.append(taken)
    return seconds[1:]


def bare_starts(times: int) -> list[float]:
    """Return the seconds that an interpreter with nothing to do takes."""
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        seconds.append(time.perf_counter() - begun)
    return seconds


def idle(seconds: float) -> tuple[float, float, float]:
    """Return MiB, wake-ups a second and percent of a core of a daemon with nothing to do."""
    with (
        tempfile.TemporaryDirectory() as folder,
        VirtualScanner() as scanner,
        sandbox() as gameball,
        daemon(Path(folder), scanner, gameball) as (process, _),
    ):
        usage = Usage(process.pid)
        time.sleep(2.0)  # the start is over: now nothing happens
        before = usage.read()
        time.sleep(seconds)
        after = usage.read()
        return usage.resident(), (after.switches - before.switches) / seconds, 100 * (after.cpu - before.cpu) / seconds


def install_sizes() -> tuple[list[Row], list[str]]:
    """Return what we and the peers take on the disk, and who is left out."""
    rows, left_out = [], []
    for python, names in ((LANE, (OURS,)), (PEERS_PYTHON, PEERS)):
        if not python.exists():
            left_out.append(f"size of {', '.join(names)}: no {python}; use make bench")
            continue
        for name in names:
            if mib := installed(python, name):
                rows.append(Row(what=INSTALLED, of=name, unit="MiB", median=mib))
            else:
                left_out.append(f"size of {name}: not in {python}")
    return rows, left_out


def installed(python: Path, name: str) -> float:
    """Return the MiB of a distribution in an environment, 0 where it is absent."""
    done = subprocess.run([python, INSTALL_SIZE, name], check=True, capture_output=True, text=True)
    return float(done.stdout)


if __name__ == "__main__":
    report.alone(measure)
