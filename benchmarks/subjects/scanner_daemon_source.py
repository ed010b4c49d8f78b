"""scanner-daemon's scanners without a lane: the same work as the peers', from the read to the label.

That is where ``scanner_daemon.ports.Deliver`` is called: decoded and identified, not yet decided.
"""

import asyncio

from benchmarks.subjects import telling
from benchmarks.subjects.scanner_daemon_lane import source
from scanner_daemon.model import Claimed, Scan, ScannerReport


async def main() -> None:
    claimed = asyncio.Semaphore(0)

    def deliver(report: ScannerReport) -> None:
        if isinstance(report, Scan):
            telling.tell(int(report.scanner), report.scan_data_label)
        elif isinstance(report, Claimed):
            claimed.release()

    async with asyncio.TaskGroup() as group:
        scanners = telling.scanners()
        for index, scanner in enumerate(scanners):
            group.create_task(source(str(index), scanner).read(deliver))
        for _ in scanners:
            await claimed.acquire()
        telling.ready()
        await telling.run_until_stdin_closes()


if __name__ == "__main__":
    asyncio.run(main())
