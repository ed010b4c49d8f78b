"""A scanner's source at work, its reports taken one by one."""

import asyncio
from collections.abc import Callable

from scanner_daemon.model import Discarded, DiscardReason, Scan, ScannerReport
from scanner_daemon.sources.tap import Tapped


class Reading:
    """A source being read: what it delivers, and the task."""

    def __init__(self, source: Tapped) -> None:
        self._reports: asyncio.Queue[ScannerReport] = asyncio.Queue()
        self._heard = asyncio.Event()
        self.task = asyncio.create_task(source.read(self._reports.put_nowait, tap=self._hear))

    async def hears(self, send: Callable[[], None]) -> None:
        """Have something sent, and wait until the source has read it."""
        self._heard.clear()
        send()
        async with asyncio.timeout(5):
            await self._heard.wait()

    async def next(self) -> ScannerReport:
        """The next report; what the task raised if it ends without one."""
        getting = asyncio.create_task(self._reports.get())
        async with asyncio.timeout(5):
            await asyncio.wait({getting, self.task}, return_when=asyncio.FIRST_COMPLETED)
        if not getting.done():
            getting.cancel()
            await self.task
        return await getting

    async def label(self) -> str:
        report = await self.next()
        assert isinstance(report, Scan)
        return report.scan_data_label

    async def reason(self) -> DiscardReason:
        report = await self.next()
        assert isinstance(report, Discarded)
        return report.reason

    def nothing_more(self) -> bool:
        return self._reports.empty()

    def _hear(self, *_: object) -> None:
        self._heard.set()
