"""Read the keyboard that the daemon types on, whenever there is one, beside everybody else who does.

Its nodes go to the file /run/lab/keyboards; what is read, in hexadecimal, a line each read, to /run/lab/keys.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

NAME = "scanner-daemon till keyboard"


def nodes() -> list[Path]:
    """Return the nodes it has now, one at most."""
    found = []
    for device in Path("/sys/class/input").glob("event*"):
        with suppress(OSError):  # it was unplugged while we looked
            if (device / "device/name").read_text().strip() == NAME:
                found.append(Path("/dev/input") / device.name)
    return found


def main() -> None:
    """Read each until it is unplugged."""
    with Path("/run/lab/keyboards").open("a") as keyboards, Path("/run/lab/keys").open("a") as keys:
        while True:
            for node in nodes():
                with suppress(OSError), node.open("rb", buffering=0) as keyboard:
                    print(node, file=keyboards, flush=True)
                    while events := os.read(keyboard.fileno(), 64 * 24):
                        print(events.hex(), file=keys, flush=True)
            time.sleep(0.05)


if __name__ == "__main__":
    main()
