"""Claim a scanner while the rest of the daemon is still being loaded: the silence that it must prove takes as long."""

import asyncio
from dataclasses import dataclass, field

from scanner_daemon.model import Decision, ScannerReport
from scanner_daemon.ports import Deliver, ScannerSource


@dataclass(slots=True)
class HeadStart:
    """The same scanner, read from now on. What it says waits for whoever reads it first.

    Needs a running event loop. A scanner that wants to know what became of a scan hears nothing of one that waited.
    """

    source: ScannerSource
    _said: list[ScannerReport] = field(init=False, default_factory=list)
    _deliver: Deliver | None = field(init=False, default=None)
    _reading: asyncio.Task[None] | None = field(init=False)

    def __post_init__(self) -> None:
        self._reading = asyncio.create_task(self.source.read(self._take), name=f"head start {self.name}")
        self._reading.add_done_callback(_look_at)

    @property
    def name(self) -> str:
        """See :class:`scanner_daemon.ports.ScannerSource`."""
        return self.source.name

    async def read(self, deliver: Deliver) -> None:
        """See :class:`scanner_daemon.ports.ScannerSource`."""
        reading, self._reading = self._reading, None
        if reading is None:
            await self.source.read(deliver)
            return
        for report in self._said:
            deliver(report)
        self._said.clear()
        self._deliver = deliver
        await reading  # which a cancellation reaches, too

    def _take(self, report: ScannerReport) -> Decision | None:
        if self._deliver is not None:
            return self._deliver(report)
        self._said.append(report)
        return None


def _look_at(reading: asyncio.Task[None]) -> None:
    """Have asyncio not complain of an error that nobody saw, where the daemon ends before the scanner is read."""
    if not reading.cancelled():
        reading.exception()
