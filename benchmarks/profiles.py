"""Where the time goes that a goal was missed by: ``python -m benchmarks.profiles``.

The way from the read of the terminator to the webhook's request, step by step: microseconds from the lane's first own
step to the beginning of each, medians of scans that come as slowly as people scan, so that the processor's caches are
cold. And the start: milliseconds that Python says it takes to load the modules of each package.
"""

import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.rig import ENVIRON, configuration
from benchmarks.subject import Subject, started
from benchmarks.webhook import typed
from scanner_daemon.cli.virtual_scanner import VirtualScanner

PROFILED: Final = Subject(name="profile", module="benchmarks.subjects.webhook_profiled")
SCANS: Final = 60
PAUSE: Final = 0.1
IMPORTED: Final = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s*([\w]+)")
ANSWER: Final = b"HTTP/1.1 204 No Content\r\n\r\n"


def main() -> None:
    show("From the label to the webhook's request", ("step", "begins at µs"), webhook_steps())
    show("Loading, before READY", ("package", "ms"), loaded().most_common(16))


def webhook_steps() -> list[tuple[str, float]]:
    """Return the median beginning of every step, the earliest first."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        os.environ["WEBHOOK_URL"] = f"http://127.0.0.1:{server.getsockname()[1]}/"
        threading.Thread(target=_answer, args=(server,), daemon=True).start()
        with started(PROFILED, wedges=1) as running:
            steps: dict[str, list[float]] = {}
            for number in range(SCANS):
                typed(running.scanners[0], f"4006381{number:06}")
                time.sleep(PAUSE)
                steps_told = running.told()
                for step in steps_told if number > 1 else ():  # the first ones open the connection
                    steps.setdefault(step.label, []).append(step.at / 1000)
    return sorted(((step, statistics.median(times)) for step, times in steps.items()), key=lambda pair: pair[1])


def loaded() -> "Counter[str]":
    """Return the milliseconds that the modules of each package take by themselves."""
    with tempfile.TemporaryDirectory() as folder, VirtualScanner() as scanner:
        config = Path(folder, "config.toml")
        config.write_text(
            configuration(scanner, "http://127.0.0.1:1", displays='{ driver = "kiosk" }', state=Path(folder))
        )
        command = [sys.executable, "-X", "importtime", "-m", "scanner_daemon", "run", "--config", str(config)]
        environ = {**os.environ, **ENVIRON}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        told = ""
        for _ in range(2):  # the second finds everything compiled
            process = subprocess.Popen(
                command, env=environ, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            threading.Timer(5.0, process.terminate).start()
            told = process.communicate()[1]
    packages: Counter[str] = Counter()
    for microseconds, package in IMPORTED.findall(told):
        packages[package] += int(microseconds)
    return Counter({package: round(total / 1000) for package, total in packages.items()})


def show(title: str, columns: tuple[str, str], rows: Iterable[tuple[str, float]]) -> None:
    table = Table(*columns, title=title, title_justify="left")
    for name, value in rows:
        table.add_row(name, f"{value:.0f}")
    Console().print(table)


def _answer(server: socket.socket) -> None:
    connection, _ = server.accept()
    while connection.recv(65_536):
        connection.sendall(ANSWER)


if __name__ == "__main__":
    main()
