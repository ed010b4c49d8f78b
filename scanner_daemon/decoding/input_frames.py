"""Bytes of an evdev node → frames of key strokes.

The wire form is ``struct input_event`` of ``linux/input.h``. What lies between two ``SYN_REPORT`` events happened at
the same moment, as one report of the device: a frame (kernel documentation, "Input event codes").
"""

import struct
from array import array
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from scanner_daemon.model import KeyStroke

Frame: TypeAlias = tuple[KeyStroke, ...]
"""The key changes of one report. Their order within the report says nothing about the order they were pressed in."""


class Run(NamedTuple):
    """Frames of one key each, as columns: three lists are made in a fifth of the time of as many frames.

    ``pressed`` holds 1 for a key going down and 0 for one going up.
    """

    codes: list[int]
    pressed: list[int]
    times: list[float]


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
            moment = seconds + microseconds / _MICROSECONDS if at is None else at
            if kind == _EV_KEY and value != _AUTOREPEAT and not self._dropping:
                strokes.append(KeyStroke(code=code, pressed=value != 0, at=moment))
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
        count, rest = divmod(len(data), _REPORT)
        if rest or self._tail or self._strokes or self._dropping:
            return None
        events = memoryview(data)
        halves, words = events.cast("H"), events.cast("i")
        pressed = words[_VALUE + _WORDS :: 3 * _WORDS].tolist()
        if halves[_KIND::_HALVES].tolist() != _ONE_KEY * count or any(halves[_CODE + 2 * _HALVES :: 3 * _HALVES]):
            return None
        if not _CHANGES.issuperset(pressed):
            return None
        codes = halves[_CODE + _HALVES :: 3 * _HALVES].tolist()
        if at is not None:
            return Run(codes, pressed, [at] * count)
        longs = events.cast("l")
        seconds, microseconds = longs[_LONGS :: 3 * _LONGS].tolist(), longs[_LONGS + 1 :: 3 * _LONGS].tolist()
        return Run(codes, pressed, [s + us / _MICROSECONDS for s, us in zip(seconds, microseconds, strict=True)])

    def _overflow(self, at: float) -> Overflow:
        self._strokes.clear()
        self._dropping = True
        return Overflow(at=at)


_EVENT: Final = struct.Struct("@llHHi")  # time (seconds, microseconds), type, code, value
_MICROSECONDS: Final = 1_000_000
_EV_SYN: Final = 0
_EV_KEY: Final = 1
_EV_MSC: Final = 4
_END: Final = (_EV_SYN, 0)  # SYN_REPORT
_OVERFLOW: Final = (_EV_SYN, 3)  # SYN_DROPPED
_CAPS_LAMP: Final = (17, 1)  # EV_LED, LED_CAPSL
_AUTOREPEAT: Final = 2
_CHANGES: Final = frozenset({0, 1})
_MOST_KEYS: Final = 512
"""More changes than one report of any keyboard holds; keeps hostile input from growing the frame."""

# The same struct in columns: how many native shorts, ints and longs an event is, and which of them is what.
_HALVES: Final = _EVENT.size // array("H").itemsize
_WORDS: Final = _EVENT.size // array("i").itemsize
_LONGS: Final = _EVENT.size // array("l").itemsize
_KIND: Final = _HALVES - 4
_CODE: Final = _HALVES - 3
_VALUE: Final = _WORDS - 1
_ONE_KEY: Final = [_EV_MSC, _EV_KEY, _EV_SYN]
_REPORT: Final = len(_ONE_KEY) * _EVENT.size
