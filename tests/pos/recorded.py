"""A till: the far end of a keyboard, read as the kernel would hand its events on."""

import asyncio
import os
from dataclasses import dataclass, field

from scanner_daemon.decoding.input_frames import InputFrames
from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.wedge import WedgeDecoder
from scanner_daemon.model import Discarded, Scan
from scanner_daemon.pos.virtual_keyboard import VirtualKeyboard


@dataclass
class Till:
    """Where what is typed arrives: a pipe in place of uinput, which takes the same bytes."""

    receiver: int
    keyboard: int
    _frames: InputFrames = field(default_factory=InputFrames)
    _decoder: WedgeDecoder = field(
        default_factory=lambda: WedgeDecoder(scanner="till", layout=LAYOUTS["us"], gap=60.0, max_length=10_000)
    )

    def plugged(self) -> int:
        """Return the near end of the pipe, once: it is whoever's who types."""
        keyboard, self.keyboard = self.keyboard, -1
        return keyboard

    async def codes(self, count: int) -> list[str]:
        """Return the next ``count`` codes that are typed."""
        found: list[str] = []
        async with asyncio.timeout(10):
            while len(found) < count:
                found += self.received(await self._read())
        return found

    async def keys(self) -> bytes:
        """Return events as they come: some, at least."""
        async with asyncio.timeout(10):
            return await self._read()

    async def everything(self) -> list[str]:
        """Return all codes until the keyboard is unplugged."""
        found: list[str] = []
        async with asyncio.timeout(10):
            while data := await self._read():
                found += self.received(data)
        return found

    def received(self, data: bytes) -> list[str]:
        reports: list[Scan | Discarded] = []
        for item in self._frames.feed(data, at=0.0):
            assert isinstance(item, tuple), "frames only"
            reports += self._decoder.feed(item)
        assert not [report for report in reports if isinstance(report, Discarded)], "only whole codes are typed"
        return [report.scan_data.decode() for report in reports if isinstance(report, Scan)]

    async def _read(self) -> bytes:
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(self.receiver, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self.receiver)
        return os.read(self.receiver, 65536)


@dataclass(slots=True, kw_only=True)
class RecordedKeyboard(VirtualKeyboard):
    """The driver on a machine without uinput: plugged into a :class:`Till`."""

    till: Till

    def plug_in(self) -> int:
        """Return the near end of the pipe, once."""
        return self.till.plugged()
