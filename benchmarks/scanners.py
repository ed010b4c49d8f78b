"""Scanners made of software: they type labels at a pace, many at once, and note when.

A key of a wedge is one write, its press and its release: six events in two reports, stamped with the present moment. A
real scanner sends the two some milliseconds apart. A character of a serial scanner is one byte.

They keep the pace or fall behind it, and never hurry to catch up: see ``Typed.key_time``. What does not fit into a full
pipe waits, as no device would: a reader that does not keep up loses nothing to the benchmark.
"""

import heapq
import os
import struct
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Final, NamedTuple

from benchmarks.subject import SILENCE, Running, Told
from scanner_daemon.decoding.key_codes import KeyCode

NANOSECONDS: Final = 1_000_000_000
LONGEST_PAUSE: Final = 0.1
"""Seconds between two keys. Longer, and the machine has torn the scan: no subject is blamed for that one."""

_KEY: Final = struct.Struct("@" + 6 * "llHHi")  # struct input_event of linux/input.h
_EV_SYN, _EV_KEY, _EV_MSC, _MSC_SCAN = 0, 1, 4, 4
_USAGE_PAGE: Final = 0x70000  # a scan code is a usage of HID's keyboard page
_RETRY: Final = NANOSECONDS // 2000  # until a full pipe is tried again
_DRAINED_EACH: Final = 256  # turns without a pause


class Stroke(NamedTuple):
    """What is written at once: bytes for the present moment (ns), and the labels that are whole with them."""

    data: Callable[[int], bytes]
    labels: tuple[str, ...] = ()


@dataclass(slots=True)
class Typed:
    """What one scanner typed. ``sent`` is each label's moment in ns, right before the write of its terminator.

    ``paused`` are labels that were torn on the way, see ``LONGEST_PAUSE``.
    """

    sent: dict[str, int] = field(default_factory=dict)
    paused: set[str] = field(default_factory=set)
    keys: int = 0
    typing: int = 0

    @property
    def key_time(self) -> float:
        """The seconds that a key really took."""
        return self.typing / max(self.keys, 1) / NANOSECONDS


def keys(label: str) -> list[Stroke]:
    """Return ``label``, of digits, and Enter as a wedge types them."""
    return [*map(_DIGITS.__getitem__, label), Stroke(_ENTER, (label,))]


def characters(label: str) -> list[Stroke]:
    """Return ``label`` and CR as they come through a serial port."""
    return [*(Stroke(partial(_same, digit.encode())) for digit in label), Stroke(partial(_same, b"\r"), (label,))]


def burst(labels: Sequence[str], *, key: float) -> list[Stroke]:
    """Return whole scans of a wedge in one write, stamped as if each key had taken ``key`` seconds until now."""
    strokes = [stroke for label in labels for stroke in keys(label)]
    ago = [int(key * NANOSECONDS) * before for before in reversed(range(len(strokes)))]

    def data(now: int) -> bytes:
        return b"".join(stroke.data(now - before) for stroke, before in zip(strokes, ago, strict=True))

    return [Stroke(data, tuple(labels))]


def play(
    subject: Running, scans: Sequence[Iterable[list[Stroke]]], *, key: float, every: float, spread: float
) -> tuple[list[Typed], list[Told]]:
    """Have each scanner type its scans, a stroke each ``key`` and a scan each ``every`` seconds; return what was told.

    They begin one after the other within ``spread`` seconds. Ends when all is told, or nothing more for ``SILENCE``.
    """
    typed = [Typed() for _ in scans]
    start, apart = time.monotonic_ns(), int(spread * NANOSECONDS / len(scans))
    hands = [
        _type(fd, own, into, start + index * apart, key=int(key * NANOSECONDS), every=int(every * NANOSECONDS))
        for index, (fd, own, into) in enumerate(zip(subject.scanners, scans, typed, strict=True))
    ]
    told = _conduct(subject, hands)
    sent = sum(len(scanner.sent) for scanner in typed)
    return typed, told + subject.told_until(lambda more: len(told) + more >= sent)


def _conduct(subject: Running, hands: Sequence[Iterator[int]]) -> list[Told]:
    """Let each hand make its next stroke when it is due; return what was told meanwhile."""
    told: list[Told] = []
    queue = [(next(hand), index) for index, hand in enumerate(hands)]
    heapq.heapify(queue)
    turns = count(1)
    while queue:
        due, index = queue[0]
        wait = due - time.monotonic_ns()
        if wait > 0:
            told += subject.told(wait / NANOSECONDS)
            continue
        if next(turns) % _DRAINED_EACH == 0:
            told += subject.told()
        following = next(hands[index], None)
        if following is None:
            heapq.heappop(queue)
        else:
            heapq.heapreplace(queue, (following, index))
    return told


def _type(fd: int, scans: Iterable[list[Stroke]], typed: Typed, begin: int, *, key: int, every: int) -> Iterator[int]:
    """Yield when the next stroke is due, in ns, and make it when asked to go on. Ends early where nobody reads."""
    due = begin
    for number, strokes in enumerate(scans):
        due = max(due, begin + number * every)
        first = last = longest = 0
        for stroke in strokes:
            yield due
            now = time.monotonic_ns()
            if not (yield from _written(fd, stroke.data(now))):
                return
            typed.sent.update(dict.fromkeys(stroke.labels, now))
            due = max(due + key, now)
            longest = max(longest, time.monotonic_ns() - last) if last else 0
            first, last = first or now, now
        typed.keys += len(strokes) - 1
        typed.typing += last - first
        if longest > LONGEST_PAUSE * NANOSECONDS:
            typed.paused.update(strokes[-1].labels)


def _written(fd: int, data: bytes) -> Generator[int, None, bool]:
    """Write all of ``data``, yielding when to try again; return whether it was taken at last."""
    give_up = 0
    while data:
        try:
            data = data[os.write(fd, data) :]
        except BlockingIOError:
            now = time.monotonic_ns()
            give_up = give_up or now + int(SILENCE * NANOSECONDS)
            if now > give_up:
                return False
            yield now + _RETRY
    return True


def _pressed(code: int, now: int) -> bytes:
    at = divmod(now // 1000, 1_000_000)
    scan_code = (_EV_MSC, _MSC_SCAN, _USAGE_PAGE + code)
    end = (_EV_SYN, 0, 0)
    return _KEY.pack(
        *at, *scan_code, *at, _EV_KEY, code, 1, *at, *end, *at, *scan_code, *at, _EV_KEY, code, 0, *at, *end
    )


def _same(data: bytes, _: int) -> bytes:
    return data


_DIGITS: Final = {digit: Stroke(partial(_pressed, int(KeyCode[f"KEY_{digit}"]))) for digit in "0123456789"}
_ENTER: Final = partial(_pressed, int(KeyCode.KEY_ENTER))
