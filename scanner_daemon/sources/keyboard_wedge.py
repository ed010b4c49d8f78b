"""A scanner that types: a USB, Bluetooth or PS/2 keyboard to the kernel (evdev)."""

import fcntl
import struct
import time
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from pydantic import Field

from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.input_frames import InputFrames, Overflow
from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.wedge import WedgeDecoder, WedgeTerminator
from scanner_daemon.model import Claimed, Discarded, Grab, Scan
from scanner_daemon.ports import Deliver
from scanner_daemon.sources.access import device_error
from scanner_daemon.sources.device_match import DeviceMatch, the_one
from scanner_daemon.sources.discovery import keyboards
from scanner_daemon.sources.grab import grab, opened, refuse_personal_keyboard
from scanner_daemon.sources.reading import read_until_gone

_EVIOCSCLOCKID: Final = 0x400445A0  # linux/input.h: _IOW('E', 0xa0, int)


@dataclass(slots=True, kw_only=True)
class KeyboardWedge:
    """Driver ``keyboard-wedge``.

    The device is named by ``match`` or by ``path``, one of them. ``layout`` is the one the scanner is set to, whatever
    the till uses; ``code_id`` is how it is set to tell the symbology. ``gap`` is the longest silence inside a scan, in
    seconds; ``max_length`` is in bytes of UTF-8. What is clearly a person's keyboard is refused unless
    ``claim_keyboard`` is set: a till without its keyboard is worse than one without a scanner. Set it for a scanner
    that calls itself a keyboard.
    """

    is_keyboard: ClassVar[bool] = True

    name: str
    match: DeviceMatch | None = None
    path: Annotated[str, Field(min_length=1)] | None = None
    layout: str = "us"
    terminator: WedgeTerminator = WedgeTerminator.ENTER
    code_id: CodeId = CodeId.AIM
    gap: Annotated[float, Field(gt=0, le=10)] = 0.15
    max_length: Annotated[int, Field(ge=1, le=65_536)] = 4096
    claim_keyboard: bool = False

    def __post_init__(self) -> None:
        if (self.match is None) == (self.path is None):
            given = "neither" if self.match is None else "both"
            raise ValueError(f"match: expected either match or path, got {given}")
        if self.layout not in LAYOUTS:
            raise ValueError(f"layout: expected one of {' '.join(sorted(LAYOUTS))}, got {self.layout!r}")

    async def read(self, deliver: Deliver) -> None:
        """See :class:`scanner_daemon.ports.ScannerSource`."""
        path = self._found()
        try:
            with opened(path) as device:
                refuse_personal_keyboard(device, path, claim=self.claim_keyboard)
                typing = _Typing(device.fd, self._decoder())
                await grab(device, path, gap=self.gap)
                held = (Grab(descriptor=device.fd, gap=self.gap),)
                deliver(Claimed(scanner=self.name, device=path, at=time.monotonic(), grabs=held))
                await read_until_gone(device.fd, typing, deliver)
        except OSError as error:
            raise device_error(error, path, trying="read") from error

    def _found(self) -> str:
        return str(self.path) if self.match is None else the_one(self.match, keyboards()).node

    def _decoder(self) -> WedgeDecoder:
        return WedgeDecoder(
            scanner=self.name,
            layout=LAYOUTS[self.layout],
            terminator=self.terminator,
            gap=self.gap,
            max_length=self.max_length,
            code_id=self.code_id,
        )


class _Typing:
    """One open scanner, at rest and with all keys up: the bytes of its event device into one decoder.

    The lamps are not asked for CapsLock and NumLock: they follow the cashier's keyboard, and what a scanner types does
    not. A scanner set to look at the lamps itself and to type the other case is not supported.
    """

    def __init__(self, fd: int, decoder: WedgeDecoder) -> None:
        self._decoder = decoder
        self._frames = InputFrames()
        self._kernel_time = _stamps_monotonic_time(fd)

    @property
    def deadline(self) -> float | None:
        return self._decoder.deadline

    def feed(self, data: bytes, at: float) -> list[Scan | Discarded]:
        """Decode what was read.

        Where the kernel dropped events its manual asks to look which keys are down (``EVIOCGKEY``). That look would
        throw away keys typed since the read, and so tear another scan. It is not needed: the torn scan is thrown away
        up to its terminator, and no scanner holds a key down from there into the next scan.
        """
        items = self._frames.feed(data, at=None if self._kernel_time else at)
        return [
            report
            for item in items
            for report in (self._decoder.overflow(item.at) if isinstance(item, Overflow) else self._decoder.feed(item))
        ]

    def expire(self, now: float) -> list[Scan | Discarded]:
        return self._decoder.expire(now)

    def lost(self, at: float) -> list[Scan | Discarded]:
        return self._decoder.lost(at)


def _stamps_monotonic_time(fd: int) -> bool:
    """Have the kernel stamp events with ``CLOCK_MONOTONIC``; return whether it does, else arrival has to do."""
    try:
        fcntl.ioctl(fd, _EVIOCSCLOCKID, struct.pack("@i", time.CLOCK_MONOTONIC))
    except OSError:
        return False
    return True
