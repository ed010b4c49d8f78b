"""Hear what a scanner sends before anything is made of it: for recordings, and for learning how it is set."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from scanner_daemon.decoding.input_frames import CapsLamp, Frame, InputFrames, Overflow
from scanner_daemon.decoding.recordings import Mark
from scanner_daemon.ports import Deliver

Heard: TypeAlias = bytes | Frame | Mark
"""Key strokes of one frame of a scanner that types; bytes of a serial line; one HID POS report; or what went wrong."""

Tap: TypeAlias = Callable[[Heard, float], None]
"""Told what was read, and when it was sent as far as that is known, in seconds of ``CLOCK_MONOTONIC``."""


class Tapped(Protocol):
    """A :class:`~scanner_daemon.ports.ScannerSource` that can be listened in on."""

    async def read(self, deliver: Deliver, *, tap: Tap | None = None) -> None:
        """Read as ever, and have ``tap`` hear it first."""


def frames_of_events(tap: Tap, *, kernel_time: bool) -> Callable[[bytes, float], None]:
    """Return what takes the bytes of an evdev node and has ``tap`` hear the frames in them."""
    frames = InputFrames()

    def hear(data: bytes, at: float) -> None:
        for item in frames.feed(data, at=None if kernel_time else at):
            match item:
                case Overflow():
                    tap(Mark.DROPPED, item.at)
                case CapsLamp():
                    pass
                case _:
                    tap(item, item[0].at)

    return hear
