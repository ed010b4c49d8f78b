"""What decoding a keyboard wedge's scan costs: one 13-digit code and Enter, 84 events of the kernel.

Run it with ``make bench``, or alone: ``python benchmarks/decode.py``. In turns, in the same run: this project's
decoder; the decoder of barcode-server, the closest peer (``KeyEventReader`` on python-evdev's own reading loop, as it
runs itself); and the floor, which reads the same bytes and unpacks the events but makes nothing of them.

Told is the CPU time from the read to the label, the median of many scans. They arrive in two ways: report by report,
as a scanner types, and all at once, as after the daemon was busy for a moment.
"""

import fcntl
import gc
import os
import statistics
import struct
import time
from collections.abc import Callable, Iterator
from itertools import count, islice

from rich.console import Console
from rich.table import Table

from scanner_daemon.decoding.key_codes import KeyCode
from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.wedge import WedgeDecoder
from scanner_daemon.decoding.wedge_events import WedgeEvents
from scanner_daemon.model import Scan

LABEL = "4006381333931"
ROUNDS, SCANS = 20, 100  # so many scans in a row: nobody pays for the caches that another one filled
MOST_TIMES_THE_FLOOR = 2.0
EVENT = struct.Struct("@llHHi")  # struct input_event of linux/input.h
EV_SYN, EV_KEY, EV_MSC = 0, 1, 4
ALL_AT_ONCE, BY_REPORT = "all at once", "report by report"
READ_SIZE = 64 * 1024
SPACE = 1 << 20  # bytes in the pipe: a packet takes a page

Read = Callable[[int, int], str | None]
"""Reads so many bytes from a descriptor and returns the label in them."""


def main() -> None:
    readers: dict[str, Read] = {"floor": floor, "scanner-daemon": scanner_daemon()}
    try:
        readers["barcode-server"] = barcode_server()
    except ImportError as error:
        print(f"barcode-server is left out ({error}): make bench PYTHON=python3.13 VENV=.venv-3.13")
    measured = measure(readers)
    table = Table("arrives", "decoder", "µs a scan", "times the floor", "goal", title="Decoding a keyboard wedge")
    for arrival in (ALL_AT_ONCE, BY_REPORT):
        least = measured["floor", arrival]
        peer = measured.get(("barcode-server", arrival))
        goal = f"≤ {MOST_TIMES_THE_FLOOR:g}" + (f", < {peer / least:.2f}" if peer else "")
        for name in readers:
            taken = measured[name, arrival]
            ours = goal if name == "scanner-daemon" else ""
            table.add_row(arrival, name, f"{taken:.1f}", f"{taken / least:.2f}", ours)
    Console().print(table)


def measure(readers: dict[str, Read]) -> dict[tuple[str, str], float]:
    """Return the median microseconds by reader and arrival; raises ``AssertionError`` for a wrong label."""
    taken: dict[tuple[str, str], list[int]] = {}
    scans = typed_scans()
    gc.disable()  # as timeit does: a collection would count for whoever is at it
    for _ in range(ROUNDS):
        for arrival in (ALL_AT_ONCE, BY_REPORT):
            for name, read in readers.items():
                times = [read_time(read, reports, arrival) for reports in islice(scans, SCANS)]
                taken.setdefault((name, arrival), []).extend(times)
    return {key: statistics.median(times) / 1000 for key, times in taken.items()}


def read_time(read: Read, reports: list[bytes], arrival: str) -> int:
    """Return the CPU nanoseconds ``read`` takes for one scan that has arrived in full."""
    inlet, outlet = PIPES[arrival]
    for packet in reports if arrival == BY_REPORT else [b"".join(reports)]:
        os.write(outlet, packet)
    before = time.process_time_ns()
    label = read(inlet, sum(map(len, reports)))
    taken = time.process_time_ns() - before
    assert label in (LABEL, None), label  # noqa: S101  a fast wrong answer is none
    return taken


def floor(fd: int, size: int) -> None:
    while size:
        data = os.read(fd, READ_SIZE)
        size -= len(data)
        for _ in EVENT.iter_unpack(data):
            pass


def scanner_daemon() -> Read:
    decoder = WedgeDecoder(scanner="counter", layout=LAYOUTS["us"])
    events = WedgeEvents(decoder, kernel_time=True)

    def read(fd: int, size: int) -> str:
        label = ""
        while size:
            data = os.read(fd, READ_SIZE)
            size -= len(data)
            for report in events.feed(data, 0.0):
                label = report.scan_data_label if isinstance(report, Scan) else str(report)
        return label

    return read


def barcode_server() -> Read:
    """Return the peer's; raises ``ImportError`` where it is not installed."""
    from barcode_server.keyevent_reader import KeyEventReader
    from evdev.eventio import EventIO

    class Device(EventIO):
        def __init__(self, fd: int) -> None:
            self.fd = fd

        def fileno(self) -> int:
            return self.fd

    devices = {inlet: Device(inlet) for inlet, _ in PIPES.values()}
    reader = KeyEventReader()
    return lambda fd, _: str(reader.read_line(devices[fd]))


def typed_scans() -> Iterator[list[bytes]]:
    """Yield the reports of one scan after the other: each key goes down and up again within 2 ms."""
    codes = [*(KeyCode[f"KEY_{digit}"] for digit in LABEL), KeyCode.KEY_ENTER]
    changes = [(code, value) for code in codes for value in (1, 0)]
    for start in count(1_000_000_000, 100_000):
        yield [report(code, value, at=start + 1000 * index) for index, (code, value) in enumerate(changes)]


def report(code: int, value: int, *, at: int) -> bytes:
    """Return what the kernel writes for one key change at ``at`` microseconds."""
    events = ((EV_MSC, 4, 0x70000 + code), (EV_KEY, code, value), (EV_SYN, 0, 0))
    return b"".join(EVENT.pack(*divmod(at, 1_000_000), *event) for event in events)


def pipe(flags: int) -> tuple[int, int]:
    inlet, outlet = os.pipe2(flags | os.O_NONBLOCK)
    fcntl.fcntl(outlet, fcntl.F_SETPIPE_SZ, SPACE)
    return inlet, outlet


PIPES = {ALL_AT_ONCE: pipe(0), BY_REPORT: pipe(os.O_DIRECT)}  # O_DIRECT: each write is one read (pipe(2))

if __name__ == "__main__":
    main()
