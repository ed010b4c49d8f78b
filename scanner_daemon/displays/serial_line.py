"""A serial line that is written to: a customer display at the end of a cable. Nothing here blocks the loop."""

import array
import asyncio
import errno
import fcntl
import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Literal, Self

import serial

from scanner_daemon.errors import DisplayError

WRITE_WITHIN: Final = 3.0
"""Seconds a page may take to leave; 20 columns and two rows take 60 ms at 9600 baud."""

_PARITY: Final = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """Where the line is and how it is set; the kernel knows no DSR/DTR handshake."""

    port: str
    baudrate: int
    parity: Literal["none", "even", "odd"]
    handshake: Literal["none", "rts-cts"]


@dataclass(slots=True)
class SerialLine:
    """A line that is open. ``gone`` is set as soon as its far end is unplugged."""

    fd: int
    settings: LineSettings
    gone: asyncio.Event = field(init=False, default_factory=asyncio.Event)

    @classmethod
    @contextmanager
    def opened(cls, settings: LineSettings) -> Iterator[Self]:
        """Open the line for us alone, and close it whatever happens. Raises ``DisplayError``."""
        try:
            port = serial.Serial(
                settings.port,
                baudrate=settings.baudrate,
                parity=_PARITY[settings.parity],
                rtscts=settings.handshake == "rts-cts",
                timeout=0,
                exclusive=True,  # flock, as pyserial's users do
            )
        except (OSError, ValueError, termios.error) as error:
            raise _unusable(settings.port, error) from error
        line = cls(port.fileno(), settings)
        loop = asyncio.get_running_loop()
        loop.add_reader(line.fd, line._on_readable)
        try:
            with suppress(OSError):
                fcntl.ioctl(line.fd, termios.TIOCEXCL)  # keeps out programs that ask for no lock
            yield line
        finally:
            loop.remove_reader(line.fd)
            line._let_go()
            port.close()

    async def write(self, data: bytes) -> None:
        """Write all of ``data``. Raises ``DisplayError`` when the line is gone or takes nothing any more."""
        try:
            async with asyncio.timeout(WRITE_WITHIN):
                while data:
                    try:
                        data = data[os.write(self.fd, data) :]
                    except BlockingIOError:
                        await self._writable()
        except TimeoutError:
            raise DisplayError(
                f"Failed to write to {self.settings.port}: expected the display to take a page within "
                f"{WRITE_WITHIN:g} s, got no readiness; switch it on, or set its handshake as in the configuration"
            ) from None
        except OSError as error:
            raise _unusable(self.settings.port, error) from error

    async def sent(self, *, within: float) -> None:
        """Wait until all that was written has left, at most ``within`` seconds."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + within
        while self._waiting() and loop.time() < ends:  # noqa: ASYNC110  no descriptor tells of it
            await asyncio.sleep(0.01)

    async def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_writer(self.fd, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_writer(self.fd)

    def _on_readable(self) -> None:
        """Drop what the display says; an empty read means that the line hung up."""
        try:
            alive = bool(os.read(self.fd, 4096))
        except BlockingIOError:
            alive = True
        except OSError:
            alive = False
        if not alive:
            self.gone.set()
            asyncio.get_running_loop().remove_reader(self.fd)

    def _waiting(self) -> int:
        """Return how many bytes have not left yet."""
        count = array.array("i", [0])
        with suppress(OSError):
            fcntl.ioctl(self.fd, termios.TIOCOUTQ, count)
        return count[0]

    def _let_go(self) -> None:
        """Drop what has not left: closing would wait, half a minute long, for a display that takes nothing."""
        with suppress(OSError):
            fcntl.ioctl(self.fd, termios.TIOCNXCL)
            if self._waiting():
                termios.tcflush(self.fd, termios.TCOFLUSH)


def _unusable(port: str, error: Exception) -> DisplayError:
    number = getattr(error, "errno", None)
    reason = os.strerror(number) if number else str(error)
    cure = {
        errno.EACCES: "let the daemon's user write to it: install the udev rules of this package",
        errno.EBUSY: "stop the program that has it open",
        errno.EAGAIN: "stop the program that has it open",
    }.get(number or 0, "plug it in, or correct the path in the configuration")
    return DisplayError(f"Failed to use the display at {port}: expected a line of our own, got {reason!r}; {cure}")
