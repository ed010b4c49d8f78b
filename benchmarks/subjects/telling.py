"""What all subjects do alike: find their scanners, tell of labels, end."""

import asyncio
import os
import sys
import time


def scanners() -> list[str]:
    """Return the arguments, pipes made non-blocking, as an input device is opened."""
    for argument in sys.argv[1:]:
        if argument.isdigit():
            os.set_blocking(int(argument), False)
    return sys.argv[1:]


def ready() -> None:
    os.write(1, b"ready\n")


def tell(scanner: int, label: str) -> None:
    at = time.monotonic_ns()
    os.write(1, b"%d %d %s\n" % (scanner, at, label.encode()))


async def run_until_stdin_closes() -> None:
    """End the process at once: some have threads that never stop."""
    asyncio.get_running_loop().add_reader(0, os._exit, 0)
    await asyncio.Event().wait()
