"""vention-barcode-scanner: one ``EvdevScanner`` a device, each asked for one scan after the other, as its users do.

The callback is the line after its ``scan()``: there are no listeners, tasks or queues in between. It may wait for an
hour, since a scan that begins before the end of its patience is cut in two.
"""

import asyncio

from barcode_scanner.scanners.evdev import EvdevScanner

from benchmarks.subjects import telling
from benchmarks.subjects.piped_device import PipedDevice

PATIENCE = 3600.0


async def main() -> None:
    async with asyncio.TaskGroup() as group:
        for index, fd in enumerate(telling.scanners()):
            scanner = EvdevScanner(f"scanner-{index}")
            scanner._device, scanner._connected = PipedDevice(index, int(fd)), True  # noqa: SLF001  what connect() sets
            group.create_task(scans(index, scanner))
        await asyncio.sleep(0)
        telling.ready()
        await telling.run_until_stdin_closes()


async def scans(index: int, scanner: EvdevScanner) -> None:
    while True:
        result = await scanner.scan(timeout=PATIENCE)
        if result.label_string is not None:
            telling.tell(index, result.label_string)


if __name__ == "__main__":
    asyncio.run(main())
