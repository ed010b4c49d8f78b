"""Read a descriptor into a decoder until the device behind it is gone."""

import asyncio
import errno
import os
import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from scanner_daemon.decoding.recordings import Mark
from scanner_daemon.errors import DeviceUnavailable
from scanner_daemon.model import Discarded, Scan
from scanner_daemon.ports import Deliver
from scanner_daemon.sources.tap import Tap

READ_SIZE: Final = 64 * 1024
"""More than the kernel queues for one reader of an input device (64 events of 24 bytes) or a tty (4096 bytes)."""

QUIET_WITHIN: Final = 10.0
"""Seconds after which a device that never pauses is given up: no scanner talks that long."""

QUEUED_REPORTS: Final = 63
"""Reports that hidraw queues for one reader; it drops more in silence (``hidraw_report_event`` in drivers/hid/hidraw.c,
where a full ring of ``HIDRAW_BUFFER_SIZE`` has one place left)."""

_MOST_AT_ONCE: Final = 1000
"""Reports of one device that are read before others have their turn: only one that babbles has as many."""


class Decoder(Protocol):
    """Makes scans of bytes; knows no clock. All times are ``CLOCK_MONOTONIC`` seconds."""

    @property
    def deadline(self) -> float | None:
        """When :meth:`expire` has to be called if nothing comes before; ``None`` between scans."""

    def feed(self, data: bytes, at: float) -> Iterable[Scan | Discarded]:
        """Take what arrived at ``at``."""

    def expire(self, now: float) -> Iterable[Scan | Discarded]:
        """Take note that nothing came until ``now``."""

    def lost(self, at: float) -> Iterable[Scan | Discarded]:
        """Take note that the device is gone."""


class ReportDecoder(Decoder, Protocol):
    """Makes scans of reports, each of which is read by itself."""

    def overflow(self, at: float) -> Iterable[Scan | Discarded]:
        """Take note that reports after the last one, up to ``at``, may be lost."""


async def read_until_gone(
    fd: int, decoder: Decoder, deliver: Deliver, *, tap: Callable[[bytes, float], None] | None = None
) -> None:
    """Deliver what ``decoder`` makes of the non-blocking ``fd``; never returns. ``tap`` hears all that is read first.

    Raises the ``OSError`` the device ended with, ``EIO`` where it ended by a hang-up, after a scan in progress was
    delivered as ``Discarded``. What ``decoder`` or ``deliver`` raise ends the reading too.
    """
    await _until_gone(_Reading(fd, decoder, deliver, tap))


async def read_reports_until_gone(fd: int, decoder: ReportDecoder, deliver: Deliver, *, tap: Tap | None = None) -> None:
    """Do as :func:`read_until_gone` for a hidraw node: one read gives one report, and a full queue is nowhere told.

    What is queued is read at once. Where it was as much as a queue holds, ``decoder`` is told of an overflow.
    """
    await _until_gone(_ReadingReports(fd, decoder, deliver, tap))


async def settle(fd: int, *, quiet: float, within: float = QUIET_WITHIN) -> None:
    """Throw away what ``fd`` holds and what still comes, until it was quiet for ``quiet`` seconds.

    A scan that began before we listened has lost its head; its tail alone would look like a whole, wrong label.
    Raises ``DeviceUnavailable`` for a device that does not pause ``within`` so many seconds, ``OSError`` for one that
    went away.
    """
    try:
        async with asyncio.timeout(within):
            _throw_away(fd)
            heard = True
            while heard:
                await asyncio.sleep(quiet)
                heard = _throw_away(fd)
    except TimeoutError:
        raise DeviceUnavailable(
            f"Failed to claim the scanner: expected {quiet:g} s of silence, got data without pause for "
            f"{within:g} s; check its line settings"
        ) from None


class _Reading:
    """The reader and the timer of one open device. Callbacks cannot raise to anybody: ``gone`` carries it out."""

    def __init__(self, fd: int, decoder: Decoder, deliver: Deliver, tap: Callable[[bytes, float], None] | None) -> None:
        self.loop = asyncio.get_running_loop()
        self.gone: asyncio.Future[None] = self.loop.create_future()
        self._fd = fd
        self._decoder = decoder
        self._deliver = deliver
        self._tap = tap
        self._timer: asyncio.TimerHandle | None = None
        self.loop.add_reader(fd, self._on_readable)

    def stop(self) -> None:
        self.loop.remove_reader(self._fd)
        self._cancel_timer()

    def lost(self) -> None:
        self._tell(self._decoder.lost(time.monotonic()))

    def _tell(self, reports: Iterable[Scan | Discarded]) -> None:
        for report in reports:
            self._deliver(report)

    def _on_readable(self) -> None:
        try:
            self._read()
            self._set_timer()
        except Exception as error:  # noqa: BLE001  raised again by whoever awaits ``gone``
            self._end(error)

    def _on_deadline(self) -> None:
        """Take first what arrived in time while the loop was busy: only true silence tears a scan."""
        self._timer = None
        try:
            self._read()
            deadline, now = self._decoder.deadline, time.monotonic()
            if deadline is not None and deadline <= now:
                self._tell(self._decoder.expire(now))
            self._set_timer()
        except Exception as error:  # noqa: BLE001  raised again by whoever awaits ``gone``
            self._end(error)

    def _read(self) -> None:
        data = _read_now(self._fd)
        if data:
            self._take(data)

    def _take(self, data: bytes) -> None:
        now = time.monotonic()
        if self._tap:
            self._tap(data, now)
        for report in self._decoder.feed(data, now):
            self._deliver(report)

    def _set_timer(self) -> None:
        """Be woken at the deadline or before.

        It moves with each character, and goes with the terminator: to be woken in vain costs less than a new timer for
        each character, and is no work between a scan and whoever waits for it.
        """
        deadline = self._decoder.deadline
        if deadline is None or (self._timer is not None and self._timer.when() <= deadline):
            return
        self._cancel_timer()
        self._timer = self.loop.call_at(deadline, self._on_deadline)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self, error: Exception) -> None:
        """Stop at once: a dead descriptor stays readable for ever."""
        self.stop()
        if not self.gone.done():
            self.gone.set_exception(error)


class _ReadingReports(_Reading):
    """The same of a hidraw node.

    Its queue can only have run over behind a report that was read as the 63rd or later since the queue was last seen
    empty: before that there was room. So the next one is not trusted to follow on from any of these, also where the
    queue filled while we were in the middle of reading it.
    """

    _decoder: ReportDecoder
    _tap: Tap | None
    _since_empty = 0

    def _read(self) -> None:
        for _ in range(_MOST_AT_ONCE):
            report = _read_now(self._fd)
            if not report:
                self._since_empty = 0
                return
            self._take(report)
            self._since_empty += 1
            if self._since_empty >= QUEUED_REPORTS:
                self._overflow()

    def _overflow(self) -> None:
        now = time.monotonic()
        if self._tap:
            self._tap(Mark.DROPPED, now)
        self._tell(self._decoder.overflow(now))


async def _until_gone(reading: _Reading) -> None:
    try:
        await reading.gone
    except OSError:
        reading.lost()
        raise
    finally:
        reading.stop()


def _throw_away(fd: int) -> bool:
    """Read what is there, and return whether that was anything. A hidraw node gives one report a read."""
    for reports in range(QUEUED_REPORTS):
        if not _read_now(fd):
            return reports > 0
    return True


def _read_now(fd: int) -> bytes:
    """Return what is there, ``b""`` for nothing yet; raise ``OSError`` for a hang-up."""
    try:
        data = os.read(fd, READ_SIZE)
    except BlockingIOError:
        return b""
    if not data:
        raise OSError(errno.EIO, "hung up")
    return data
