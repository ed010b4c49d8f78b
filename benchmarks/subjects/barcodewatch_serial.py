"""barcodewatch: its ``Scanner``, one thread a serial port; its callback runs in that thread."""

import sys
from functools import partial

from barcodewatch import Scanner

from benchmarks.subjects import telling


def main() -> None:
    for index, port in enumerate(telling.scanners()):
        Scanner(port).on_scan(partial(telling.tell, index))
    telling.ready()
    sys.stdin.read()


if __name__ == "__main__":
    main()
