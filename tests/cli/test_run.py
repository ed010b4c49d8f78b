"""The daemon as systemd runs it: a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanner_daemon.cli.virtual_scanner import VirtualScanner

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


def test_it_stops_cleanly_and_finishes_what_was_scanned(daemon: Daemon) -> None:
    with VirtualScanner() as scanner:
        process = daemon(port=scanner.port)
        scanner.scan("0412345678903")
        assert process.stdout is not None
        first = [json.loads(process.stdout.readline()) for _ in range(2)]
        events, log = ended(process)
    kinds = [event["type"] for event in first + events]
    assert kinds == ["scanner_online", "scan_accepted", "lookup_failed"]
    assert "0412345678903" not in log, "ids are masked in the log"
    assert "hush" not in log


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
