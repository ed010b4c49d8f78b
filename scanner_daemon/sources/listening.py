"""Have a scanner for a while, and hear it label by label: for learning how it is set."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from scanner_daemon.decoding.input_frames import Frame
from scanner_daemon.decoding.recordings import Mark
from scanner_daemon.errors import DeviceUnavailable
from scanner_daemon.model import Claimed, Scan, ScannerReport
from scanner_daemon.sources.tap import Heard, Tapped

QUIET: Final = 0.7
"""Seconds of silence after which all of a label has come: several times the longest hole seen in one."""


@dataclass(frozen=True, slots=True)
class Burst:
    """All that came for one label: as it was sent, and the scans that the source made of it."""

    heard: list[Heard]
    scans: list[Scan]

    @property
    def frames(self) -> list[Frame]:
        """What was typed."""
        return [heard for heard in self.heard if isinstance(heard, tuple)]

    @property
    def torn(self) -> bool:
        """Whether part of it was lost or damaged on the way."""
        return any(isinstance(heard, Mark) for heard in self.heard)

    @property
    def data(self) -> bytes:
        """What a serial line carried."""
        return b"".join(heard for heard in self.heard if isinstance(heard, bytes))


@dataclass(slots=True)
class Listening:
    """A claimed scanner."""

    _reading: asyncio.Task[None]
    _news: "asyncio.Queue[Heard | Scan]"

    async def burst(self, *, within: float) -> Burst:
        """Return the next label that is scanned ``within`` so many seconds.

        Raises ``TimeoutError`` when nothing comes, ``DeviceError`` when the scanner goes away.
        """
        found = [await self._next(within)]
        with suppress(TimeoutError):
            while True:
                found.append(await self._next(QUIET))
        scans = [item for item in found if isinstance(item, Scan)]
        return Burst([item for item in found if not isinstance(item, Scan)], scans)

    async def _next(self, within: float) -> Heard | Scan:
        getting = asyncio.create_task(self._news.get())
        try:
            async with asyncio.timeout(within):
                await asyncio.wait({getting, self._reading}, return_when=asyncio.FIRST_COMPLETED)
            if not getting.done():
                await self._reading
                raise DeviceUnavailable("Failed to listen to the scanner: expected it to stay, got its end")
            return getting.result()
        finally:
            getting.cancel()


@asynccontextmanager
async def listening(source: Tapped) -> AsyncIterator[Listening]:
    """Claim ``source``, and let go of it at the end. Raises ``DeviceError`` when that cannot be."""
    news: asyncio.Queue[Heard | Scan] = asyncio.Queue()
    claimed = asyncio.Event()

    def deliver(report: ScannerReport) -> None:
        if isinstance(report, Claimed):
            claimed.set()
        elif isinstance(report, Scan):
            news.put_nowait(report)

    reading = asyncio.create_task(source.read(deliver, tap=lambda heard, _: news.put_nowait(heard)), name="listen")
    waiting = asyncio.create_task(claimed.wait())
    try:
        await asyncio.wait({waiting, reading}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            await reading
        yield Listening(reading, news)
    finally:
        waiting.cancel()
        reading.cancel()
        await asyncio.wait({reading})
        if not reading.cancelled():
            reading.exception()  # told already, or no longer of interest
