"""What benchmarks run and look at: shipped commands, a configuration, what the kernel says of a process."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from stdnum import ean

from scanner_daemon.cli.virtual_scanner import VirtualScanner

COMMAND: Final = (sys.executable, "-m", "scanner_daemon")
LANE: Final = Path(".venv-lane/bin/python")
"""The Python of an environment that the package is installed in as on a lane."""
KEYS: Final = {"APIKey": "bench", "SecretKey": "bench"}
ENVIRON: Final = {"GAMEBALL_API_KEY": "bench", "GAMEBALL_SECRET_KEY": "bench", "SCANNER_DAEMON_TOKEN": "bench"}


@contextlib.contextmanager
def sandbox(*, answers_in: float = 0.020) -> Iterator[str]:
    """Run ``scanner-daemon sandbox`` and yield its address; it answers after so many seconds, as one far away would."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*COMMAND, "sandbox", "--port", str(port), "--latency", str(answers_in * 1000)]
    with running(command, stdout=subprocess.DEVNULL):
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def daemon(folder: Path, scanner: VirtualScanner, gameball: str) -> Iterator[tuple[subprocess.Popen[str], float]]:
    """Run ``scanner-daemon run`` as systemd would; yield it, and the seconds it took to say READY.

    The one in ``LANE`` if there is one.
    """
    config = folder / "config.toml"
    displays = '{ driver = "kiosk" }, { driver = "console", format = "json" }'
    config.write_text(configuration(scanner, gameball, displays=displays, state=folder))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(folder / "notify"))
        environ = {**os.environ, **ENVIRON, "NOTIFY_SOCKET": systemd.getsockname()}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)  # installed, it is compiled once and for all
        python = str(LANE) if LANE.exists() else sys.executable
        start = time.perf_counter()
        command = [python, "-m", "scanner_daemon", "run", "--config", str(config)]
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


class Sample(NamedTuple):
    """Voluntary context switches, which are wake-ups, and CPU seconds of a process until now."""

    switches: int
    cpu: float


class Usage:
    """What the kernel says of a process (proc(5))."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    def resident(self) -> float:
        """Return the resident set in MiB."""
        return self._count(self._folder / "status", "VmRSS") / 1024

    def read(self) -> Sample:
        """Return the switches and the CPU time of all its threads, to the nanosecond."""
        tasks = list((self._folder / "task").iterdir())
        switches = sum(self._count(task / "status", "voluntary_ctxt_switches") for task in tasks)
        nanoseconds = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)
        return Sample(switches, nanoseconds / 1e9)

    @staticmethod
    def _count(file: Path, key: str) -> int:
        return next(int(line.split()[1]) for line in file.read_text().splitlines() if line.startswith(key))
