"""Hear that a device was plugged in, unplugged, or got other permissions."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Self

import structlog

SUBSYSTEMS: Final = ("input", "hidraw", "tty")


@dataclass(slots=True)
class HotPlug:
    """A :class:`scanner_daemon.ports.Presence` that listens to udev while it is entered.

    No polling and no thread: the kernel wakes the event loop. What happens between a failed attempt and the next
    ``changed`` is not missed as long as nothing is awaited in between: it stays in the socket. Where udev cannot be
    heard, as in most containers, only time passes.
    """

    _monitor: Any = field(init=False, default=None)
    _news: asyncio.Event = field(init=False, default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        try:
            import pyudev

            self._monitor = pyudev.Monitor.from_netlink(pyudev.Context())
            for subsystem in SUBSYSTEMS:
                self._monitor.filter_by(subsystem)
            self._monitor.start()
        except (ImportError, OSError) as error:
            self._monitor = None
            structlog.get_logger().warning(
                "hotplug_unavailable", reason=str(error), cure="devices are looked for by time"
            )
        else:
            asyncio.get_running_loop().add_reader(self._monitor.fileno(), self._on_readable)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._monitor is not None:
            asyncio.get_running_loop().remove_reader(self._monitor.fileno())
            self._monitor = None

    async def changed(self, *, timeout: float) -> None:  # noqa: ASYNC109  a longest wait, not a failure
        """Return as soon as a device node came, went or changed, at the latest after ``timeout`` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._news.wait()

    def _on_readable(self) -> None:
        if self._heard_of_a_node():
            self._news.set()  # wakes all who wait now; who comes later waits for the next
            self._news = asyncio.Event()

    def _heard_of_a_node(self) -> bool:
        """Empty the socket; return whether a device with a node was among what it told."""
        heard = False
        try:
            while (device := self._monitor.poll(timeout=0)) is not None:
                heard |= device.device_node is not None
        except OSError:  # ENOBUFS: more was told than the socket holds
            return True
        return heard
