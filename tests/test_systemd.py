"""What systemd is told, read from a real datagram socket."""

import asyncio
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scanner_daemon.model import ScannerOffline, ScannerOnline
from scanner_daemon.systemd import SystemdNotifier


@pytest.fixture
def systemd(tmp_path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "notify"))
    listening.settimeout(5)
    return listening


async def _told(systemd: socket.socket) -> str:
    return (await asyncio.to_thread(systemd.recv, 4096)).decode()


async def test_ready_then_watchdog_then_stopping(systemd: socket.socket) -> None:
    ready = asyncio.Event()
    environ = {"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "20000"}
    notifier = SystemdNotifier.from_environment(environ, ready=ready)
    assert notifier is not None
    serving = asyncio.create_task(notifier.serve())
    await asyncio.sleep(0.05)
    ready.set()
    assert [await _told(systemd) for _ in range(3)] == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
    serving.cancel()
    told = ""
    while told != "STOPPING=1":
        told = await _told(systemd)
        assert told in {"WATCHDOG=1", "STOPPING=1"}
    systemd.close()


async def test_the_status_line_names_who_is_missing(systemd: socket.socket) -> None:
    notifier = SystemdNotifier.from_environment({"NOTIFY_SOCKET": systemd.getsockname()}, ready=asyncio.Event())
    assert notifier is not None
    now = datetime.now(UTC)
    await notifier.tell(ScannerOnline(id="1", lane="l", scanner="counter", at=now, device="/dev/x"))
    await notifier.tell(ScannerOffline(id="2", lane="l", scanner="hand", at=now, detail="unplugged"))
    assert await _told(systemd) == "STATUS=1 of 1 scanners online"
    assert await _told(systemd) == "STATUS=1 of 2 scanners online; offline: hand"
    systemd.close()


@pytest.mark.parametrize(
    ("environ", "interval"),
    [
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "10000000"}, 5.0),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "1"}, None),
        ({"NOTIFY_SOCKET": "/s"}, None),
    ],
)
def test_the_watchdog_is_fed_twice_an_interval(environ: dict[str, str], interval: float | None) -> None:
    notifier = SystemdNotifier.from_environment(environ, ready=asyncio.Event())
    assert notifier is not None
    assert notifier.watchdog_interval == interval


def test_without_systemd_nobody_is_told() -> None:
    assert SystemdNotifier.from_environment({}, ready=asyncio.Event()) is None
