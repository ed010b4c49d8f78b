"""The floor: one ``os.read`` a wake-up, and the least that finds a label of digits in what it gave.

Of a wedge's events that is the presses of digits up to Enter; of a serial port's bytes, all up to CR. It knows no
other key, no time, no error and no decision: nothing that could go wrong is noticed.
"""

import asyncio
import os
import struct
import tty
from collections.abc import Callable

from benchmarks.subjects import telling

EVENT = struct.Struct("@llHHi")  # struct input_event of linux/input.h
EV_KEY, KEY_ENTER = 1, 28
DIGITS = dict(zip(range(2, 12), "1234567890", strict=True))  # KEY_1 to KEY_0 of linux/input-event-codes.h
READ_SIZE = 64 * 1024


async def main() -> None:
    loop = asyncio.get_running_loop()
    for index, scanner in enumerate(telling.scanners()):
        if scanner.isdigit():
            loop.add_reader(int(scanner), wedge(index, int(scanner)))
        else:
            fd = os.open(scanner, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            tty.setraw(fd)
            loop.add_reader(fd, serial(index, fd))
    telling.ready()
    await telling.run_until_stdin_closes()


def wedge(index: int, fd: int) -> Callable[[], None]:
    typed: list[str] = []

    def read() -> None:
        for _, _, kind, code, value in EVENT.iter_unpack(os.read(fd, READ_SIZE)):
            if kind == EV_KEY and value == 1:
                if code == KEY_ENTER:
                    telling.tell(index, "".join(typed))
                    typed.clear()
                else:
                    typed.append(DIGITS[code])

    return read


def serial(index: int, fd: int) -> Callable[[], None]:
    rest = b""

    def read() -> None:
        nonlocal rest
        *labels, rest = (rest + os.read(fd, READ_SIZE)).split(b"\r")
        for label in labels:
            telling.tell(index, label.decode())

    return read


if __name__ == "__main__":
    asyncio.run(main())
