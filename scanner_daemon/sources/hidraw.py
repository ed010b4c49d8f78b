"""A HID device's raw node: open it, ask what it is, and keep others from it as far as that goes."""

import asyncio
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from scanner_daemon.sources.access import holders

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawHid:
    """An open node. ``vendor`` and ``product`` are USB ids, four hexadecimal digits; ``bus`` is linux/input.h's."""

    fd: int
    bus: int
    vendor: str
    product: str
    name: str
    descriptor: bytes

    def __str__(self) -> str:
        return f"{self.name!r} ({self.vendor}:{self.product})"

    def send_feature(self, report: bytes) -> None:
        """Send a feature report, its id first; raises ``OSError`` when the device does not take it."""
        fcntl.ioctl(self.fd, _write_and_read(0x06, len(report)), bytearray(report))


@contextmanager
def opened(path: str) -> Iterator[RawHid]:
    """Open and lock the node, non-blocking; close it whatever happens.

    The lock (``flock``) keeps out only those who ask for it too: hidraw has no grab. Raises ``OSError``.
    """
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield _introduced(fd)
    finally:
        os.close(fd)


async def tell_who_listens_in(path: str, *, scanner: str) -> None:
    """Log who else has the node open: each of them reads every scan."""
    names = await asyncio.to_thread(holders, path)
    others = [name for name in names if not name.endswith(f"(pid {os.getpid()})")]
    if others:
        _log.warning("scanner_shared", scanner=scanner, device=path, held_by=others, cure="stop these programs")


def _introduced(fd: int) -> RawHid:
    size = struct.unpack("@I", _asked(fd, _read(0x01, 4), bytes(4)))[0]
    descriptor = _asked(fd, _read(0x02, 4 + _LONGEST_DESCRIPTOR), struct.pack("@I", size) + bytes(_LONGEST_DESCRIPTOR))
    bus, vendor, product = struct.unpack("@IHH", _asked(fd, _read(0x03, 8), bytes(8)))
    name = _asked(fd, _read(0x04, _LONGEST_NAME), bytes(_LONGEST_NAME))
    return RawHid(
        fd=fd,
        bus=bus,
        vendor=f"{vendor:04x}",
        product=f"{product:04x}",
        name=name.partition(b"\0")[0].decode(errors="replace"),
        descriptor=descriptor[4 : 4 + size],
    )


def _asked(fd: int, request: int, question: bytes) -> bytes:
    answer = bytearray(question)
    fcntl.ioctl(fd, request, answer)
    return bytes(answer)


def _read(number: int, size: int) -> int:
    """Return the request ``_IOR('H', number, size)`` of linux/hidraw.h."""
    return 2 << 30 | size << 16 | ord("H") << 8 | number


def _write_and_read(number: int, size: int) -> int:
    return 1 << 30 | _read(number, size)


_LONGEST_DESCRIPTOR: Final = 4096  # HID_MAX_DESCRIPTOR_SIZE
_LONGEST_NAME: Final = 256
