"""Bytes of an evdev node → scans."""

from collections.abc import Callable
from typing import Final

from scanner_daemon.decoding.input_frames import CapsLamp, InputFrames, Overflow
from scanner_daemon.decoding.wedge import WedgeDecoder
from scanner_daemon.model import Discarded, Scan


class WedgeEvents:
    """One open scanner, at rest and with all keys up: what is read from it into one decoder.

    ``kernel_time`` is for a node whose clock is ``CLOCK_MONOTONIC``; else the time of arrival has to do.

    A scanner that compensates for CapsLock looks at its own lamp and types letters so that they come out right on that
    host. Give ``caps_lamp`` for such a scanner, a function that returns whether the lamp is on; without it the lamps,
    which follow the cashier's keyboard, say nothing about what the scanner types.

    Where the kernel dropped events its manual asks to look which keys are down (``EVIOCGKEY``). That look would throw
    away keys typed since the read, and so tear another scan. It is not needed: the torn scan is thrown away up to its
    terminator, and no scanner holds a key down from there into the next scan.
    """

    __slots__ = ("_caps_lamp", "_decoder", "_frames", "_kernel_time")

    def __init__(
        self, decoder: WedgeDecoder, *, kernel_time: bool, caps_lamp: Callable[[], bool] | None = None
    ) -> None:
        self._decoder: Final = decoder
        self._frames: Final = InputFrames()
        self._kernel_time: Final = kernel_time
        self._caps_lamp: Final = caps_lamp
        if caps_lamp is not None:
            decoder.resynchronise((), caps_lock=caps_lamp(), num_lock=None)

    @property
    def deadline(self) -> float | None:
        """When :meth:`expire` must be called; ``None`` while nothing waits for an end."""
        return self._decoder.deadline

    def feed(self, data: bytes, at: float) -> list[Scan | Discarded]:
        """Decode what was read, which arrived at ``at``."""
        arrival = None if self._kernel_time else at
        run = self._frames.run(data, at=arrival)
        if run is not None:
            return self._decoder.feed_run(run)
        reports: list[Scan | Discarded] = []
        overflowed = False
        for item in self._frames.feed(data, at=arrival):
            match item:
                case Overflow():
                    overflowed = True
                    reports += self._decoder.overflow(item.at)
                case CapsLamp():
                    reports += self._lamp(item)
                case _:
                    reports += self._decoder.feed(item)
        if overflowed and self._caps_lamp is not None:
            reports += self._decoder.caps_lamp(self._caps_lamp(), at)  # its change may be among the lost events
        return reports

    def expire(self, now: float) -> list[Scan | Discarded]:
        """Act on a silence up to ``now``."""
        return self._decoder.expire(now)

    def lost(self, at: float) -> list[Scan | Discarded]:
        """Discard a scan in progress, as the device is gone."""
        return self._decoder.lost(at)

    def _lamp(self, lamp: CapsLamp) -> list[Scan | Discarded]:
        return [] if self._caps_lamp is None else self._decoder.caps_lamp(lamp.on, lamp.at)
