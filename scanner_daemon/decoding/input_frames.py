"""Bytes of an evdev node → frames of key strokes.

The wire form is ``struct input_event`` of ``linux/input.h``. What lies between two ``SYN_REPORT`` events happened at
the same moment, as one report of the device: a frame (kernel documentation, "Input event codes").
"""

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from scanner_daemon.model import KeyStroke

Frame: TypeAlias = tuple[KeyStroke, ...]
"""The key changes of one report. Their order within the report says nothing about the order they were pressed in."""


MICROSECONDS: Final = 1_000_000
"""In a second."""

Run: TypeAlias = Iterable[tuple[float, int, int, int]]
"""Frames of one key each, as the kernel writes them: seconds, microseconds, key code, 1 for down and 0 for up.

Most of what a scanner types is of this kind. A frame takes longer to make than such a key takes to decode.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapsLamp:
    """The host switched the device's CapsLock lamp."""

    on: bool
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """The kernel's queue ran over (``SYN_DROPPED``): events before ``at`` and up to the next report are lost."""

    at: float


class InputFrames:
    """Splits what is read from one evdev node into frames, however the reads are cut.

    After ``SYN_DROPPED`` everything up to and including the next ``SYN_REPORT`` is ignored, as the kernel asks.
    Autorepeat, scan codes (``MSC_SCAN``) and other lamps are not key changes and are left out; so are empty frames.

    The events' own time stamps are used unless ``at`` is given: the time of arrival, for a node whose clock could not
    be set to ``CLOCK_MONOTONIC``.
    """

    __slots__ = ("_dropping", "_strokes", "_tail")

    def __init__(self) -> None:
        self._tail = b""
        self._strokes: list[KeyStroke] = []
        self._dropping = False

    def feed(self, data: bytes, *, at: float | None = None) -> list[Frame | CapsLamp | Overflow]:
        """Return the frames that ``data`` completes, and what happened between them."""
        if self._tail:
            data = self._tail + data
        whole = len(data) - len(data) % _EVENT.size
        self._tail = data[whole:]
        strokes, frames = self._strokes, list[Frame | CapsLamp | Overflow]()
        for seconds, microseconds, kind, code, value in _EVENT.iter_unpack(data[:whole]):
            if kind == _EV_MSC:
                continue
            moment = seconds + microseconds / MICROSECONDS if at is None else at
            if kind == _EV_KEY and value != _AUTOREPEAT and not self._dropping:
                strokes.append(KeyStroke(code, value != 0, moment))
                if len(strokes) > _MOST_KEYS:
                    frames.append(self._overflow(moment))
            elif (kind, code) == _END:
                if strokes:
                    frames.append(tuple(strokes))
                    strokes.clear()
                self._dropping = False
            elif (kind, code) == _OVERFLOW:
                frames.append(self._overflow(moment))
            elif (kind, code) == _CAPS_LAMP:
                frames.append(CapsLamp(on=value != 0, at=moment))
        return frames

    def run(self, data: bytes, *, at: float | None = None) -> Run | None:
        """Return the frames of ``data`` where each is ``MSC_SCAN``, one key and ``SYN_REPORT``, as scanners type.

        ``None`` for anything else, which then is :meth:`feed`'s.
        """
        if self._tail or self._strokes or self._dropping or not _SINGLE_KEYS.fullmatch(data):
            return None
        keys = _SINGLE_KEY.iter_unpack(data)
        return keys if at is None else [(at, 0, code, value) for _, _, code, value in keys]

    def _overflow(self, at: float) -> Overflow:
        self._strokes.clear()
        self._dropping = True
        return Overflow(at=at)


_EVENT: Final = struct.Struct("@llHHi")  # time (seconds, microseconds), type, code, value
_EV_SYN: Final = 0
_EV_KEY: Final = 1
_EV_MSC: Final = 4
_END: Final = (_EV_SYN, 0)  # SYN_REPORT
_OVERFLOW: Final = (_EV_SYN, 3)  # SYN_DROPPED
_CAPS_LAMP: Final = (17, 1)  # EV_LED, LED_CAPSL
_AUTOREPEAT: Final = 2
_MOST_KEYS: Final = 512
"""More changes than one report of any keyboard holds; keeps hostile input from growing the frame."""


def _single_keys() -> re.Pattern[bytes]:
    """Return what matches reports of MSC_SCAN, one key going down or up, and SYN_REPORT."""
    time = struct.calcsize("@ll")
    msc, key, syn = (re.escape(struct.pack("@H", kind)) for kind in (_EV_MSC, _EV_KEY, _EV_SYN))
    down_or_up = struct.pack("@i", 1).replace(b"\1", b"[\0\1]")
    report = b".{%d}%b.{%d}%b..%b.{%d}%b\0{6}" % (time, msc, 6 + time, key, down_or_up, time, syn)
    return re.compile(b"(?:%b)*+" % report, re.DOTALL)


_SINGLE_KEYS: Final = _single_keys()
_SINGLE_KEY: Final = struct.Struct(f"@{_EVENT.size}xll2xHi{_EVENT.size}x")
