"""Start the programs that are measured, see ``benchmarks/subjects``, and hear what they tell."""

import contextlib
import os
import select
import subprocess
import sys
import tempfile
import time
import tty
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.report import FLOOR, OURS

PEERS_PYTHON: Final = Path(".venv-peers/bin/python")
STARTS_WITHIN: Final = 30.0
"""Seconds, on a busy machine."""

SILENCE: Final = 2.0
"""Seconds after which nothing more is expected to be told: the slowest takes milliseconds, a busy machine more."""


class SubjectFailed(Exception):  # noqa: N818  said of the subject
    """A subject is not installed, does not start or ended by itself. The sentence has the cure."""


class Told(NamedTuple):
    """One call of a subject's callback: ``at`` is ``CLOCK_MONOTONIC`` in nanoseconds."""

    scanner: int
    at: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A program with the contract of ``benchmarks/subjects``."""

    name: str
    module: str
    python: Path = Path(sys.executable)


_FLOOR: Final = Subject(name=FLOOR, module="benchmarks.subjects.floor")
_OURS: Final = Subject(name=OURS, module="benchmarks.subjects.scanner_daemon_lane")
OUR_SOURCE: Final = Subject(name=OURS, module="benchmarks.subjects.scanner_daemon_source")
BARCODE_SERVER: Final = Subject(name="barcode-server", module="benchmarks.subjects.barcode_server", python=PEERS_PYTHON)
VENTION: Final = Subject(
    name="vention-barcode-scanner", module="benchmarks.subjects.vention_barcode_scanner", python=PEERS_PYTHON
)
BARCODEWATCH: Final = Subject(
    name="barcodewatch", module="benchmarks.subjects.barcodewatch_serial", python=PEERS_PYTHON
)
WEDGES: Final = (_FLOOR, _OURS, BARCODE_SERVER, VENTION)
SERIALS: Final = (_FLOOR, _OURS, BARCODEWATCH)


class Running:
    """A subject that reads. ``scanners`` are the descriptors that its scanners' bytes are written to."""

    def __init__(self, process: subprocess.Popen[bytes], scanners: Sequence[int]) -> None:
        assert process.stdout is not None  # noqa: S101  it is a pipe
        self.pid = process.pid
        self.scanners = scanners
        self._process = process
        self._stdout = process.stdout.fileno()
        os.set_blocking(self._stdout, False)
        self._rest = b""

    def told(self, timeout: float = 0.0) -> list[Told]:
        """Return what it told since this was asked last; wait so many seconds if that is nothing."""
        return [Told(int(line[0]), int(line[1]), line[2].decode()) for line in self._lines(timeout)]

    def told_until(self, enough: Callable[[int], bool]) -> list[Told]:
        """Return what it tells until that is ``enough``, or until it falls silent."""
        told: list[Told] = []
        while not enough(len(told)) and (more := self.told(SILENCE)):
            told += more
        return told

    def await_ready(self) -> None:
        """Raise ``SubjectFailed`` unless it is soon."""
        give_up = time.monotonic() + STARTS_WITHIN
        while [b"ready"] not in self._lines(max(give_up - time.monotonic(), 0)):
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise SubjectFailed("did not start")

    def _lines(self, timeout: float) -> list[list[bytes]]:
        select.select([self._stdout], [], [], timeout)
        try:
            data = os.read(self._stdout, 1 << 20)
        except BlockingIOError:
            return []
        if not data:
            raise SubjectFailed("ended by itself")
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [line.split(b" ", 2) for line in lines]


@contextlib.contextmanager
def started(subject: Subject, *, wedges: int = 0, serials: int = 0) -> Iterator[Running]:
    """Run ``subject`` with so many scanners. Raises ``SubjectFailed``, with its last words."""
    if not subject.python.exists():
        raise SubjectFailed(f"{subject.name}: no {subject.python}; make .venv-peers/.peers")
    with contextlib.ExitStack() as stack, tempfile.TemporaryFile() as words:
        pairs = [os.pipe() for _ in range(wedges)] + [_terminal() for _ in range(serials)]
        for fd in (fd for pair in pairs for fd in pair):
            stack.callback(os.close, fd)
        for _, outlet in pairs:
            os.set_blocking(outlet, False)
        inlets = [inlet for inlet, _ in pairs]
        process = subprocess.Popen(
            [subject.python, "-m", subject.module, *(os.ttyname(fd) if os.isatty(fd) else str(fd) for fd in inlets)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            pass_fds=inlets[:wedges],
        )
        stack.callback(_end, process)
        try:
            running = Running(process, [outlet for _, outlet in pairs])
            running.await_ready()
            yield running
        except (SubjectFailed, BrokenPipeError) as failure:
            words.seek(0)
            last = (words.read().decode(errors="replace").splitlines() or ["no word why"])[-1]
            raise SubjectFailed(f"{subject.name}: {failure}: {last}; see benchmarks/peers.txt") from failure


def _terminal() -> tuple[int, int]:
    """Return both ends of a raw pseudo terminal, the program's end first. It stays open, so nobody sees a hang-up."""
    master, terminal = os.openpty()
    tty.setraw(master)
    return terminal, master


def _end(process: subprocess.Popen[bytes]) -> None:
    process.communicate()  # closes its input
