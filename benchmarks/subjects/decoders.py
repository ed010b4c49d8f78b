"""The decoders alone: ``python -m benchmarks.subjects.decoders NAME DESCRIPTOR ...``.

For each line on its input, the number of a descriptor and a count of bytes, one scan has arrived there in full: it is
read, and told are the CPU nanoseconds that took, and the label (nothing for the floor, which makes none).
"""

import gc
import os
import struct
import sys
import time
from collections.abc import Callable

EVENT = struct.Struct("@llHHi")  # struct input_event of linux/input.h
READ_SIZE = 64 * 1024

Read = Callable[[int, int], str]
"""Reads so many bytes from a descriptor and returns the label in them."""


def floor(_: list[int]) -> Read:
    def read(fd: int, size: int) -> str:
        while size:
            data = os.read(fd, READ_SIZE)
            size -= len(data)
            for _ in EVENT.iter_unpack(data):
                pass
        return ""

    return read


def scanner_daemon(_: list[int]) -> Read:
    from scanner_daemon.decoding.layouts import LAYOUTS
    from scanner_daemon.decoding.wedge import WedgeDecoder
    from scanner_daemon.decoding.wedge_events import WedgeEvents
    from scanner_daemon.model import Scan

    events = WedgeEvents(WedgeDecoder(scanner="counter", layout=LAYOUTS["us"]), kernel_time=True)

    def read(fd: int, size: int) -> str:
        label = ""
        while size:
            data = os.read(fd, READ_SIZE)
            size -= len(data)
            for report in events.feed(data, 0.0):
                label = report.scan_data_label if isinstance(report, Scan) else str(report)
        return label

    return read


def barcode_server(descriptors: list[int]) -> Read:
    """``KeyEventReader`` on python-evdev's own reading loop, as it runs itself."""
    from barcode_server.keyevent_reader import KeyEventReader

    from benchmarks.subjects.piped_device import PipedDevice

    devices = {fd: PipedDevice(index, fd) for index, fd in enumerate(descriptors)}
    reader = KeyEventReader()
    return lambda fd, _: str(reader.read_line(devices[fd]))


DECODERS = {"floor": floor, "scanner-daemon": scanner_daemon, "barcode-server": barcode_server}


def main() -> None:
    name, *descriptors = sys.argv[1:]
    fds = [int(descriptor) for descriptor in descriptors]
    read = DECODERS[name](fds)
    gc.disable()  # as timeit does: a collection would count for whoever is at it
    print("ready", flush=True)
    for line in sys.stdin:
        place, size = map(int, line.split())
        before = time.process_time_ns()
        label = read(fds[place], size)
        print(time.process_time_ns() - before, label, flush=True)


if __name__ == "__main__":
    main()
    os._exit(0)
