"""Where printed cards come out: a network printer, a USB printer, a queue of CUPS, or a folder.

A printer takes one card at a time, already proven. It says that it has taken it only when all of it has left this
machine's hands; a printer that is off, has no paper or is full is then told apart from one that prints.
"""

import errno
import fcntl
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from scanner_daemon.cards.form import Form
from scanner_daemon.errors import PrinterError

RAW_PORT: Final = 9100
"""What network printers listen on for their own language (JetDirect, AppSocket)."""

TIMEOUT: Final = 15.0
"""Seconds without any progress until a printer counts as stuck."""


class CardPrinter(Protocol):
    """Takes cards, one at a time."""

    def send(self, card: bytes) -> None:
        """Hand ``card`` over, whole; blocks until the printer has it.

        Raises ``PrinterError`` when it does not take all of it. Part of the card may then have come out.
        """


def printer_at(address: str, form: Form, *, timeout: float = TIMEOUT) -> CardPrinter:
    """Return the printer at ``address``, which opens nothing yet.

    ``tcp://host`` (``:9100`` unless told), ``/dev/usb/lp0`` or another device, ``cups:queue``, ``folder:/path``.
    Raises ``ValueError("expected …, got …")``.
    """
    kind, _, rest = address.partition(":")
    if network := _NETWORK.fullmatch(address):
        return NetworkPrinter(host=network[1].strip("[]"), port=int(network[2] or RAW_PORT), timeout=timeout)
    if address.startswith("/dev/"):
        return DevicePrinter(device=Path(address), timeout=timeout)
    if kind == "cups" and _QUEUE.fullmatch(rest):
        return CupsQueue(queue=rest, timeout=timeout)
    if kind == "folder" and rest.startswith("/"):
        return Folder(folder=Path(rest), suffix=form.value)
    raise ValueError(f"address: expected tcp://host:9100, /dev/usb/lp0, cups:queue or folder:/path, got {address!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPrinter:
    """A printer that takes its own language over TCP."""

    host: str
    port: int
    timeout: float = TIMEOUT

    def send(self, card: bytes) -> None:
        """Send the card and wait until the printer has acknowledged every byte."""
        name = f"{self.host}:{self.port}"
        try:
            with socket.create_connection((self.host, self.port), timeout=self.timeout) as connection:
                connection.setblocking(False)  # noqa: FBT003  its signature
                _end(connection, _FORGET)  # also where this process is killed
                _push(connection.fileno(), card, name, self.timeout)
                self._wait_until_taken(connection, name)
        except OSError as error:
            raise _failed(name, _reason(error)) from error

    def _wait_until_taken(self, connection: socket.socket, name: str) -> None:
        """Wait for the printer's acknowledgements: what the kernel still holds is not there."""
        held, deadline = -1, time.monotonic() + self.timeout
        while (left := _unacknowledged(connection)) > 0:
            if left != held:
                held, deadline = left, time.monotonic() + self.timeout
            if time.monotonic() > deadline:
                raise _stuck(name, self.timeout)
            _raise_fault(connection)
            time.sleep(_LOOK_AGAIN)
        _end(connection, _DELIVER)
        connection.shutdown(socket.SHUT_WR)
        _hear_out(connection, within=_LAST_WORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePrinter:
    """A printer on a device such as ``/dev/usb/lp0``."""

    device: Path
    timeout: float = TIMEOUT

    def send(self, card: bytes) -> None:
        """Write the card to the device."""
        try:
            descriptor = os.open(self.device, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            raise _failed(str(self.device), _reason(error)) from error
        try:
            self._raise_status(descriptor)
            _push(descriptor, card, str(self.device), self.timeout)
        except OSError as error:
            raise _failed(str(self.device), _reason(error)) from error
        finally:
            os.close(descriptor)

    def _raise_status(self, descriptor: int) -> None:
        """Raise for what the printer says of itself, where it does (USB printer class 1.1, GET_PORT_STATUS)."""
        try:
            (status,) = fcntl.ioctl(descriptor, _LPGETSTATUS, b"\0\0\0\0")[:1]
        except OSError:
            return  # no printer's driver
        if status & _PAPER_EMPTY:
            raise _failed(str(self.device), "it says that it has no paper")
        if not status & _NOT_ERROR:
            raise _failed(str(self.device), "it says that it has an error; look at the printer")


@dataclass(frozen=True, slots=True, kw_only=True)
class CupsQueue:
    """A queue of CUPS, which keeps a card from then on and prints it when its printer can."""

    queue: str
    timeout: float = TIMEOUT

    def send(self, card: bytes) -> None:
        """Give the card to ``lp``."""
        program = shutil.which("lp")
        if program is None:
            raise _failed(f"queue {self.queue}", "lp is not installed (cups-client)")
        try:
            done = subprocess.run(  # noqa: S603  our own arguments; a queue's name is letters, digits and the like
                [program, "-d", self.queue, "-t", "card", "-o", "print-scaling=none", "-s", "-"],
                input=card,
                capture_output=True,
                timeout=self.timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _stuck(f"queue {self.queue}", self.timeout) from None
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip() or f"status {done.returncode}"
            cure = (
                f"lpstat -a tells the queues, cupsaccept {self.queue} opens one that takes no jobs, "
                f"lpstat -o {self.queue} tells the jobs that still wait"
            )
            raise _failed(f"queue {self.queue}", f"lp says '{said}'; {cure}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder that some other program prints from; a card is there whole or not at all."""

    folder: Path
    suffix: str

    def send(self, card: bytes) -> None:
        """Write the card as a file of its own; their names sort as they were made."""
        name = f"card-{time.time_ns()}-{os.getpid()}.{self.suffix}"  # two programs may print at once
        unfinished = self.folder / f".{name}.unfinished"
        try:
            with unfinished.open("wb") as opened:
                opened.write(card)
                opened.flush()
                os.fsync(opened.fileno())
            unfinished.replace(self.folder / name)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise _failed(str(self.folder), _reason(error)) from error


_NETWORK = re.compile(r"tcp://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::([0-9]{1,5}))?/?", re.ASCII)
_QUEUE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,126}", re.ASCII)
_LPGETSTATUS = 0x060B  # linux/lp.h
_PAPER_EMPTY = 0x20
_NOT_ERROR = 0x08
_FORGET = struct.pack("ii", 1, 0)  # socket(7), SO_LINGER: what the printer has not taken is thrown away at the end,
_DELIVER = struct.pack("ii", 0, 0)  # or the kernel goes on sending it, maybe hours later, when there is paper again
_HUNG_UP = {errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN}  # the last where it did right before its side is ended
_LOOK_AGAIN = 0.02  # seconds
_LAST_WORD = 0.2  # seconds for a printer that gives up to say so
_CHUNK = 4096  # a small printer's buffer: a partial write says where it stopped


def _push(descriptor: int, data: bytes, name: str, timeout: float) -> None:
    """Write all of ``data`` to a descriptor that does not block; ``timeout`` starts anew with each progress."""
    rest = memoryview(data)
    while rest:
        _, ready, _ = select.select([], [descriptor], [], timeout)
        if not ready:
            raise _stuck(name, timeout)
        try:
            rest = rest[os.write(descriptor, rest[:_CHUNK]) :]
        except BlockingIOError:
            continue


def _end(connection: socket.socket, how: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, how)


def _raise_fault(connection: socket.socket) -> None:
    """Raise ``OSError`` where the connection has broken. A printer that only ends its own side may still take."""
    if fault := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(fault, os.strerror(fault))


def _hear_out(connection: socket.socket, *, within: float) -> None:
    """Wait for what the printer says last. Raises ``OSError`` where it threw away what it had not read."""
    readable, _, _ = select.select([connection], [], [], within)
    if readable:
        connection.recv(4096)


def _unacknowledged(connection: socket.socket) -> int:
    """Return how many bytes the peer has not acknowledged (tcp(7), SIOCOUTQ)."""
    return int.from_bytes(fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0\0\0\0"), "little")


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError) or error.errno in {errno.EHOSTUNREACH, errno.ECONNREFUSED, errno.ENETUNREACH}:
        return f"nobody answers there ({error.strerror or 'timed out'}); see that it is on and at this address"
    if error.errno == errno.ENOSPC:
        return "it has no paper, or no room"
    if error.errno in _HUNG_UP:
        return "it hung up in the middle of it; see that it is on and has no error, and destroy what came out"
    return (error.strerror or str(error)).lower()


def _stuck(name: str, timeout: float) -> PrinterError:
    return _failed(name, f"it took nothing more for {timeout:g} s; see that it is on, has paper and is not paused")


def _failed(name: str, reason: str) -> PrinterError:
    return PrinterError(f"Failed to print at {name}: expected the printer to take a whole card, but {reason}.")
