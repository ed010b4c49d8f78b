"""Bytes of an evdev node → frames of key strokes.

The wire form is ``struct input_event`` of ``linux/input.h``. What lies between two ``SYN_REPORT`` events happened at
the same moment, as one report of the device: a frame (kernel documentation, "Input event codes").
"""

import struct
from dataclasses import dataclass
from typing import Final, TypeAlias

from scanner_daemon.model import KeyStroke

Frame: TypeAlias = tuple[KeyStroke, ...]
"""The key changes of one report. Their order within the report says nothing about the order they were pressed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """The kernel's queue ran over (``SYN_DROPPED``): events before ``at`` and up to the next report are lost."""

    at: float


class InputFrames:
    """Splits what is read from one evdev node into frames, however the reads are cut.

    After ``SYN_DROPPED`` everything up to and including the next ``SYN_REPORT`` is ignored, as the kernel asks.
    Autorepeat, scan codes (``MSC_SCAN``) and lamps are not key changes and are left out; so are empty frames.
    """

    __slots__ = ("_dropping", "_strokes", "_tail")

    def __init__(self) -> None:
        self._tail = b""
        self._strokes: list[KeyStroke] = []
        self._dropping = False

    def feed(self, data: bytes, *, at: float | None = None) -> list[Frame | Overflow]:
        """Return the frames that ``data`` completes.

        The events' own time stamps are used unless ``at`` is given: the time of arrival, for a node whose clock could
        not be set to ``CLOCK_MONOTONIC``.
        """
        if self._tail:
            data = self._tail + data
        whole = len(data) - len(data) % _EVENT.size
        self._tail = data[whole:]
        strokes, frames = self._strokes, list[Frame | Overflow]()
        for seconds, microseconds, kind, code, value in _EVENT.iter_unpack(data[:whole]):
            if kind == _EV_KEY:
                if value != _AUTOREPEAT and not self._dropping:
                    moment = seconds + microseconds / 1_000_000 if at is None else at
                    strokes.append(KeyStroke(code=code, pressed=value != 0, at=moment))
                    if len(strokes) > _MOST_KEYS:
                        frames.append(self._overflow(moment))
            elif kind == _EV_SYN and code == _SYN_REPORT:
                if strokes:
                    frames.append(tuple(strokes))
                    strokes.clear()
                self._dropping = False
            elif kind == _EV_SYN and code == _SYN_DROPPED:
                frames.append(self._overflow(seconds + microseconds / 1_000_000 if at is None else at))
        return frames

    def _overflow(self, at: float) -> Overflow:
        self._strokes.clear()
        self._dropping = True
        return Overflow(at=at)


_EVENT: Final = struct.Struct("@llHHi")  # time (seconds, microseconds), type, code, value
_EV_SYN: Final = 0
_EV_KEY: Final = 1
_SYN_REPORT: Final = 0
_SYN_DROPPED: Final = 3
_AUTOREPEAT: Final = 2
_MOST_KEYS: Final = 512
"""More changes than one report of any keyboard holds; keeps hostile input from growing the frame."""
