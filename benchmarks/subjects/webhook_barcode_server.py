"""barcode-server: its reader and its HTTP notifier, as ``BarcodeReader`` and its main program join them; unsigned."""

import asyncio
import os

os.environ["BARCODE_SERVER_DEVICES"] = "pipe"  # it will not start without one

from barcode_server.barcode import BarcodeReader
from barcode_server.notifier.http import HttpNotifier

from benchmarks.subjects import telling
from benchmarks.subjects.piped_device import PipedDevice


async def main() -> None:
    device = PipedDevice(0, int(telling.scanners()[0]))
    notifier = HttpNotifier("POST", os.environ["WEBHOOK_URL"], [])
    await notifier.start()
    reader = BarcodeReader(config=None)  # only its search for devices asks
    reader.add_listener(notifier.add_event)
    task = asyncio.create_task(reader._start_reader(device))  # noqa: SLF001  what its search calls
    await asyncio.sleep(0.1)  # until its threads wait
    telling.ready()
    await telling.run_until_stdin_closes()
    del task


if __name__ == "__main__":
    asyncio.run(main())
