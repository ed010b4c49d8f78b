"""barcode-server: its own reader task for each device and its own listeners, as ``BarcodeReader`` runs them.

Left out is what would count against it: the look at every input device each second, logging, the notifiers. It tells
of a label when Enter comes up again.
"""

import asyncio
from typing import Any

from barcode_server.barcode import BarcodeReader

from benchmarks.subjects import telling
from benchmarks.subjects.piped_device import PipedDevice


async def main() -> None:
    reader = BarcodeReader(config=None)  # only its search for devices asks
    reader.add_listener(callback)
    devices = [PipedDevice(index, int(fd)) for index, fd in enumerate(telling.scanners())]
    tasks = [asyncio.create_task(reader._start_reader(device)) for device in devices]  # noqa: SLF001  what its search calls
    await asyncio.sleep(0.1)  # until its threads wait
    telling.ready()
    await telling.run_until_stdin_closes()
    del tasks


async def callback(event: Any) -> None:
    telling.tell(event.device.index, event.barcode)


if __name__ == "__main__":
    asyncio.run(main())
