"""The daemon as systemd runs it: a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.loyalty.outbox import FILE_NAME, Outbox

CONFIGURATION = """
lane = {{ name = "lane-1", state_dir = "{folder}/state" }}
gameball = {{ base_url = "http://127.0.0.1:9" }}
scanner = [{{ name = "counter", driver = "serial", port = "{port}" }}]
card = [{{ name = "plastic", pattern = '04\\d{{11}}', check_digit = "ean" }}]
server = {{ listen = "127.0.0.1:0" }}
display = [{{ driver = "console", format = "json" }}]
"""

Daemon = Callable[..., subprocess.Popen[str]]


class Systemd:
    """The far end of ``$NOTIFY_SOCKET``."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self._said: list[str] = []

    @property
    def address(self) -> str:
        return str(self._listening.getsockname())

    def until(self, beginning: str) -> str:
        """Return the first thing the daemon said, or will say, that begins so."""
        while True:
            for said in self._said:
                if said.startswith(beginning):
                    self._said.remove(said)
                    return said
            self._said.append(self._listening.recv(4096).decode())


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(20)
        yield Systemd(listening)


@pytest.fixture
def daemon(tmp_path: Path, systemd: Systemd) -> Iterator[Daemon]:
    """Start the daemon and wait until it says READY."""
    started: list[subprocess.Popen[str]] = []

    def start(*, port: object) -> subprocess.Popen[str]:
        config = tmp_path / "config.toml"
        config.write_text(CONFIGURATION.format(folder=tmp_path, port=port))
        environ = os.environ | {
            "NOTIFY_SOCKET": systemd.address,
            "GAMEBALL_API_KEY": "hush-api-key",
            "GAMEBALL_SECRET_KEY": "hush-secret-key",
        }
        command = (sys.executable, "-m", "scanner_daemon", "run", "--config", str(config))
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ, cwd=tmp_path
        )
        started.append(process)
        systemd.until("READY=1")
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[list[dict[str, object]], str]:
    """Stop the daemon as systemd does; return the events it printed, and its log."""
    process.send_signal(signal.SIGTERM)
    out, log = process.communicate(timeout=20)
    assert process.returncode == 0, log
    return [json.loads(line) for line in out.splitlines()], log


def test_it_stops_cleanly_and_finishes_what_was_scanned(daemon: Daemon, tmp_path: Path) -> None:
    with VirtualScanner() as scanner:
        process = daemon(port=scanner.port)
        scanner.scan("0412345678903")
        assert process.stdout is not None
        first = [json.loads(process.stdout.readline()) for _ in range(2)]
        events, log = ended(process)
    kinds = [event["type"] for event in first + events]
    assert kinds == ["scanner_online", "scan_accepted", "lookup_failed", "enrolment_queued"]
    (kept,) = Outbox(file=tmp_path / "state" / FILE_NAME, keeper=False).entries()
    assert kept.enrolment.customer_id == "0412345678903", "a card that could not be looked up is on the disk"
    assert "0412345678903" not in log, "ids are masked in the log"
    assert "hush" not in log


def test_a_wrong_configuration_ends_it_also_where_a_scanner_was_begun(scanner: VirtualScanner, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIGURATION.format(folder=tmp_path, port=scanner.port).replace("console", "consoel"))
    command = [sys.executable, "-m", "scanner_daemon", "run", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 78
    assert "did you mean 'console'?" in done.stderr
    assert "Traceback" not in done.stderr


class Reloads:
    """A running daemon and its configuration."""

    def __init__(self, process: subprocess.Popen[str], systemd: Systemd, config: Path) -> None:
        self.process = process
        self._systemd = systemd
        self._config = config

    def reload(self, was: str, now: str) -> None:
        """Change the configuration, as systemd has it reloaded, and wait until that was done."""
        text = self._config.read_text()
        assert was in text
        self._config.write_text(text.replace(was, now))
        self.process.send_signal(signal.SIGHUP)
        said = self._systemd.until("RELOADING=1").splitlines()[1]
        assert abs(int(said.removeprefix("MONOTONIC_USEC=")) / 1e6 - time.monotonic()) < 20
        self._systemd.until("READY=1")

    def next(self) -> dict[str, object]:
        assert self.process.stdout is not None
        event: dict[str, object] = json.loads(self.process.stdout.readline())
        return event


@pytest.fixture
def reloads(daemon: Daemon, systemd: Systemd, scanner: VirtualScanner, tmp_path: Path) -> Reloads:
    running = Reloads(daemon(port=scanner.port), systemd, tmp_path / "config.toml")
    assert running.next()["type"] == "scanner_online"
    return running


@pytest.fixture
def scanner() -> Iterator[VirtualScanner]:
    with VirtualScanner() as scanner:
        yield scanner


def test_new_cards_are_cards_from_the_next_scan_on(reloads: Reloads, scanner: VirtualScanner) -> None:
    scanner.scan("0512345678900")
    assert reloads.next()["type"] == "scan_passed_through"
    reloads.reload("04\\d{11}", "05\\d{11}")
    scanner.scan("0512345678900")
    assert reloads.next()["type"] == "scan_accepted"


def test_no_scan_is_lost_to_reloading(reloads: Reloads, scanner: VirtualScanner) -> None:
    products = [f"4006381{number:06}" for number in range(1000)]
    events: list[dict[str, object]] = []

    def scan() -> None:
        for product in products:
            scanner.scan(product)
            time.sleep(0.001)  # as quick as no cashier, slow enough to be scanning all the time

    hand = threading.Thread(target=scan)
    readers = [
        threading.Thread(target=lambda: events.extend(reloads.next() for _ in products), daemon=True),
        threading.Thread(target=lambda: [None for _ in reloads.process.stderr or ()], daemon=True),
    ]
    for thread in (hand, *readers):
        thread.start()
    patterns = ["04\\d{11}", "05\\d{11}"]
    while hand.is_alive():
        reloads.reload(*patterns)
        patterns.reverse()
    readers[0].join(timeout=20)
    assert [event.get("label") for event in events] == products


def test_a_scanner_whose_settings_changed_is_claimed_anew(reloads: Reloads, scanner: VirtualScanner) -> None:
    reloads.reload('name = "counter"', 'name = "desk"')
    offline, online = reloads.next(), reloads.next()
    assert (offline["type"], offline["scanner"]) == ("scanner_offline", "counter")
    assert (online["type"], online["scanner"]) == ("scanner_online", "desk")
    scanner.scan("4006381333931")
    assert reloads.next()["scanner"] == "desk"


def test_a_wrong_configuration_changes_nothing_and_is_told(
    reloads: Reloads, scanner: VirtualScanner, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    right = config.read_text()
    config.write_text("[lane]\nnmae = 1\n")
    reloads.process.send_signal(signal.SIGHUP)
    assert reloads.process.stderr is not None
    line = next(line for line in reloads.process.stderr if "configuration_not_reloaded" in line)
    assert "did you mean 'name'?" in line
    scanner.scan("4006381333931")
    assert reloads.next()["type"] == "scan_passed_through"
    config.write_text(right)
    reloads.reload("04\\d{11}", "05\\d{11}")


def test_what_needs_a_restart_is_told(reloads: Reloads) -> None:
    reloads.reload("http://127.0.0.1:9", "http://127.0.0.1:10")
    _, log = ended(reloads.process)
    told = [line["changed"] for line in map(json.loads, log.splitlines()) if line["event"] == "restart_needed"]
    assert told == ["loyalty"]


def test_no_scanner_at_boot_is_not_an_error(daemon: Daemon, systemd: Systemd, tmp_path: Path) -> None:
    process = daemon(port=tmp_path / "absent")
    assert systemd.until("STATUS=") == "STATUS=0 of 1 scanners online; offline: counter"
    events, _ = ended(process)
    assert [event["type"] for event in events] == ["scanner_offline"]


def test_the_token_is_made_once_and_is_ours_alone(daemon: Daemon, tmp_path: Path) -> None:
    tokens = []
    for _ in range(2):
        ended(daemon(port=tmp_path / "absent"))
        token = tmp_path / "state" / "token"
        assert token.stat().st_mode & 0o777 == 0o600
        tokens.append(token.read_text())
    assert tokens[0] == tokens[1]
    assert len(tokens[0]) >= 32


def test_a_wrong_configuration_ends_with_78_and_every_mistake(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[lane]\nnmae = 'l'\n[debounce]\nsame_symbol_timeout = -1\n")
    command = (sys.executable, "-m", "scanner_daemon", "run", "--config", str(config))
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})
    assert ran.returncode == 78
    assert "5 mistakes" in ran.stderr
    assert "did you mean 'name'?" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = tmp_path / "config.toml"
        text = CONFIGURATION.format(folder=tmp_path, port=tmp_path / "absent")
        config.write_text(text.replace("127.0.0.1:0", f"127.0.0.1:{taken.getsockname()[1]}"))
        environ = os.environ | {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s"}
        command = (sys.executable, "-m", "scanner_daemon", "run", "--config", str(config))
        ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environ, timeout=30)
    assert ran.returncode == 1
    assert "expected to listen on" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_recording_that_cannot_be_read_is_a_wrong_configuration(tmp_path: Path) -> None:
    (tmp_path / "broken.scan").write_text("format: nonsense\n")
    config = tmp_path / "config.toml"
    config.write_text(f"""
        lane = {{ name = "lane-1" }}
        scanner = [{{ name = "old", driver = "replay", file = "{tmp_path}/broken.scan" }}]
    """)
    environ = os.environ | {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s"}
    command = (sys.executable, "-m", "scanner_daemon", "run", "--config", str(config))
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environ, timeout=30)
    assert ran.returncode == 78
    assert "broken.scan" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_log_that_nobody_reads_holds_nobody_up(reloads: Reloads, scanner: VirtualScanner) -> None:
    for first in range(0, 2500, 100):  # each a line of more than 100 bytes: a pipe holds 64 KiB, the daemon 1000 lines
        products = [f"4006381{number:06}" for number in range(first, first + 100)]
        for product in products:
            scanner.scan(product)
        assert [reloads.next().get("label") for _ in products] == products
    assert reloads.process.stderr is not None
    dropped = next(line for line in reloads.process.stderr if "log_lines_dropped" in line)
    assert json.loads(dropped)["count"] > 0
