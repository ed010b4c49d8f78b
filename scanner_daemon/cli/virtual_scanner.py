"""A serial scanner made of software, on a real pseudo terminal."""

import os
import tty
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self


class VirtualScanner:
    """A scanner with a cable: plugged in it is a serial port at ``port``, unplugged that path does not exist.

    A context manager; entering plugs it in.
    """

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="virtual-scanner-")
        self._master: int | None = None
        self.port = Path(self._folder.name) / "ttySCANNER"

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
        self._folder.cleanup()

    def plug(self) -> None:
        """Put the cable in."""
        self._master, terminal = os.openpty()
        tty.setraw(self._master)
        self.port.symlink_to(os.ttyname(terminal))
        os.close(terminal)

    def unplug(self) -> None:
        """Pull the cable: whoever reads sees the line hang up."""
        if self._master is not None:
            self.port.unlink()
            os.close(self._master)
            self._master = None

    def scan(self, label: str, *, terminator: str = "\r") -> None:
        """Send ``label`` as the scanner would."""
        self.send((label + terminator).encode())

    def send(self, data: bytes) -> None:
        """Send any bytes."""
        if self._master is None:
            raise RuntimeError("Failed to scan: expected the cable to be plugged in, got an unplugged one")
        os.write(self._master, data)
