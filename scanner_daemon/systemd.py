"""Tell systemd how the daemon is (sd_notify(3), sd_watchdog_enabled(3)).

The watchdog is fed from the very loop that moves scans: a loop that hangs is killed, and with the process the kernel
lets go of the scanners, so that the till goes on without us.
"""

import asyncio
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner_daemon.model import LaneEvent, ScannerOffline, ScannerOnline


@dataclass(slots=True, kw_only=True)
class SystemdNotifier:
    """A listener and a service: readiness, status line, watchdog.

    ``address`` is ``$NOTIFY_SOCKET``; ``watchdog_interval`` is in seconds, ``None`` where systemd does not watch.
    """

    address: str
    watchdog_interval: float | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _online: dict[str, bool] = field(init=False, default_factory=dict)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], *, ready: asyncio.Event) -> "SystemdNotifier | None":
        """Return a notifier, or ``None`` when systemd did not start us with ``Type=notify``."""
        address = environ.get("NOTIFY_SOCKET")
        if not address:
            return None
        watched = (
            environ.get("WATCHDOG_USEC") if environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid()) else None
        )
        return cls(address=address, watchdog_interval=int(watched) / 2e6 if watched else None, ready=ready)

    async def tell(self, event: LaneEvent) -> None:
        """Keep the status line true."""
        if isinstance(event, ScannerOnline | ScannerOffline):
            self._online[event.scanner] = isinstance(event, ScannerOnline)
            self._send(f"STATUS={self._status()}")

    async def serve(self) -> None:
        """Say ready once, then feed the watchdog; say stopping when cancelled."""
        try:
            await self.ready.wait()
            self._send("READY=1")
            while self.watchdog_interval:
                self._send("WATCHDOG=1")
                await asyncio.sleep(self.watchdog_interval)
            await asyncio.Event().wait()
        finally:
            self._send("STOPPING=1")

    def reloading(self) -> None:
        """Say that the configuration is being read again, until :meth:`reloaded` (sd_notify(3), RELOADING=1)."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def reloaded(self) -> None:
        """Say that this is over."""
        self._send("READY=1")

    def _status(self) -> str:
        offline = sorted(scanner for scanner, online in self._online.items() if not online)
        online = len(self._online) - len(offline)
        return f"{online} of {len(self._online)} scanners online" + (
            f"; offline: {', '.join(offline)}" if offline else ""
        )

    def _send(self, state: str) -> None:
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
            notify.sendto(state.encode(), address)
