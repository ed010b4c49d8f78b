"""A serial scanner on a pty: real termios, real hang-ups, no baud rate."""

import asyncio
import errno
import fcntl
import os
import struct
import termios
import time
import tty
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import serial

from scanner_daemon.decoding.framer import SerialTerminator
from scanner_daemon.errors import DeviceAccessDenied, DeviceUnavailable
from scanner_daemon.model import Claimed, DiscardReason, Scan, ScannerReport
from scanner_daemon.sources.serial_port import SerialPort
from tests.integration.reading import Reading

GAP = 0.1
PATIENT = 0.5  # a gap that a busy machine does not tear by itself
TIOCGEXCL = 0x80045440  # asm-generic/ioctls.h: whether TIOCEXCL is set


class VirtualScanner:
    """The far end of a serial line, reached by a path that stays the same from one plugging-in to the next."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._master: int | None = None

    def plug_in(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(self._master)
        self.path.symlink_to(os.ttyname(slave))
        os.close(slave)

    def send(self, data: bytes) -> None:
        assert self._master is not None
        os.write(self._master, data)

    def line_settings(self) -> list[Any]:
        """What the near end was set to, as :func:`termios.tcgetattr` has it."""
        assert self._master is not None
        return termios.tcgetattr(self._master)

    def unplug(self) -> None:
        if self._master is not None:
            os.close(self._master)
            self._master = None
            self.path.unlink()


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[VirtualScanner]:
    scanner = VirtualScanner(tmp_path / "usb-Honeywell_3310g-if00")
    scanner.plug_in()
    yield scanner
    scanner.unplug()


def port_of(
    scanner: VirtualScanner, terminator: SerialTerminator = SerialTerminator.LINE, *, gap: float = GAP
) -> SerialPort:
    return SerialPort(name="counter", port=str(scanner.path), terminator=terminator, gap=gap)


@asynccontextmanager
async def reading(source: SerialPort, *, claimed: bool = True) -> AsyncIterator[Reading]:
    reading = Reading(source)
    try:
        if claimed:
            assert isinstance(await reading.next(), Claimed)
        yield reading
    finally:
        reading.task.cancel()
        with suppress(asyncio.CancelledError, DeviceUnavailable, DeviceAccessDenied):
            await reading.task


def is_exclusive(path: Path) -> bool:
    """Whether the kernel keeps others out: root may look, everybody else gets ``EBUSY``."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        return error.errno == errno.EBUSY
    try:
        return fcntl.ioctl(fd, TIOCGEXCL, bytes(4)) == struct.pack("@i", 1)
    finally:
        os.close(fd)


def open_descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@pytest.mark.parametrize(
    ("terminator", "sent"),
    [
        (SerialTerminator.LINE, b"4006381333931\r96385074\r"),
        (SerialTerminator.LINE, b"4006381333931\n96385074\n"),
        (SerialTerminator.LINE, b"4006381333931\r\n96385074\r\n"),
        (SerialTerminator.CR, b"4006381333931\r96385074\r"),
        (SerialTerminator.LF, b"4006381333931\n96385074\n"),
        (SerialTerminator("stx-etx"), b"\x024006381333931\x03\x0296385074\x03"),
    ],
    ids=["CR", "LF", "CR LF", "only CR", "only LF", "STX ETX"],
)
async def test_labels_end_at_their_terminator(
    scanner: VirtualScanner, terminator: SerialTerminator, sent: bytes
) -> None:
    async with reading(port_of(scanner, terminator)) as read:
        scanner.send(sent)

        assert [await read.label(), await read.label()] == ["4006381333931", "96385074"]


async def test_a_label_in_many_small_pieces_is_one_label(scanner: VirtualScanner) -> None:
    async with reading(port_of(scanner, gap=PATIENT)) as read:
        for byte in b"4006381333931\r\n":
            scanner.send(bytes([byte]))
            await asyncio.sleep(0.001)  # the time a byte takes at 9600 baud

        assert await read.label() == "4006381333931"
        assert read.nothing_more()


async def test_silence_ends_a_label_where_there_is_no_terminator(scanner: VirtualScanner) -> None:
    async with reading(port_of(scanner, SerialTerminator.NONE)) as read:
        scanner.send(b"40063813")
        scanner.send(b"33931")

        assert await read.label() == "4006381333931"


async def test_a_label_torn_by_silence_is_thrown_away_to_its_end(scanner: VirtualScanner) -> None:
    async with reading(port_of(scanner)) as read:
        scanner.send(b"40063")
        assert await read.reason() is DiscardReason.IDLE_GAP

        scanner.send(b"81333931\r96385074\r")
        assert await read.label() == "96385074"


async def test_an_unplugged_scanner_tears_its_label_and_reads_again_when_plugged_in(scanner: VirtualScanner) -> None:
    source = port_of(scanner, gap=PATIENT)
    async with reading(source) as read:
        scanner.send(b"40063")
        await asyncio.sleep(GAP / 4)  # that much of the label was read
        scanner.unplug()
        assert await read.reason() is DiscardReason.DEVICE_LOST
        with pytest.raises(DeviceUnavailable, match="plug it in"):
            await read.next()

    scanner.plug_in()
    async with reading(source) as read:
        scanner.send(b"81333931\r")
        assert await read.label() == "81333931"  # nothing of the torn one is left


async def test_unplugging_between_labels_discards_nothing(scanner: VirtualScanner) -> None:
    async with reading(port_of(scanner)) as read:
        scanner.send(b"4006381333931\r")
        await read.label()
        scanner.unplug()
        with pytest.raises(DeviceUnavailable):
            await read.next()


async def test_a_scan_that_began_before_the_port_was_ours_is_not_read_from_its_middle(scanner: VirtualScanner) -> None:
    async with reading(port_of(scanner), claimed=False) as read:
        scanner.send(b"40063")
        await asyncio.sleep(GAP / 2)
        scanner.send(b"81333931\r")
        assert isinstance(await read.next(), Claimed)

        scanner.send(b"96385074\r")
        assert await read.label() == "96385074"


async def test_an_absent_scanner_is_unavailable(scanner: VirtualScanner) -> None:
    scanner.unplug()
    async with reading(port_of(scanner), claimed=False) as read:
        with pytest.raises(DeviceUnavailable, match=r"No such file.*plug it in"):
            await read.next()


async def test_the_port_is_ours_alone_and_free_after_a_cancellation(scanner: VirtualScanner) -> None:
    before = open_descriptors()
    async with reading(port_of(scanner)):
        assert is_exclusive(scanner.path)
        with pytest.raises(serial.SerialException):
            serial.Serial(str(scanner.path), exclusive=True)

    assert not is_exclusive(scanner.path)
    assert open_descriptors() == before


async def test_a_second_reader_is_told_who_has_the_port(scanner: VirtualScanner) -> None:
    async with reading(port_of(scanner)), reading(port_of(scanner), claimed=False) as second:
        with pytest.raises(DeviceAccessDenied, match=rf"open in .*\(pid {os.getpid()}\)"):
            await second.next()


async def test_cancelling_before_the_port_is_claimed_closes_it(scanner: VirtualScanner) -> None:
    before = open_descriptors()
    async with reading(port_of(scanner), claimed=False) as read:
        await asyncio.sleep(GAP / 4)
        assert open_descriptors() != before
        assert read.nothing_more()

    assert open_descriptors() == before


async def test_the_line_is_set_up_as_configured_and_marks_noise(scanner: VirtualScanner) -> None:
    async with reading(SerialPort(name="counter", port=str(scanner.path), baudrate=115200, gap=GAP)):
        iflag, _, _, _, _, speed, _ = scanner.line_settings()

    assert speed == termios.B115200
    assert iflag & (termios.INPCK | termios.PARMRK) == termios.INPCK | termios.PARMRK
    assert iflag & (termios.IGNPAR | termios.IGNBRK | termios.BRKINT) == 0


async def test_bytes_that_look_like_a_mark_of_noise_take_no_terminator_with_them(scanner: VirtualScanner) -> None:
    """The kernel doubles FF where it marks noise, so that ``FF 00 CR`` is no mark; here a real one does."""
    async with reading(port_of(scanner)) as read:
        scanner.send(b"4006\xff\x00\r96385074\r")

        assert await read.reason() is DiscardReason.NOISE
        assert await read.label() == "96385074"


async def test_control_characters_come_through_untouched(scanner: VirtualScanner) -> None:
    """Neither a signal, nor flow control, nor an end of file, nor an echo."""
    sent = bytes([1, 3, 4, 17, 19, 26, 28, 29, 127])
    async with reading(port_of(scanner)) as read:
        scanner.send(sent + b"\r")
        report = await read.next()

    assert isinstance(report, Scan)
    assert report.scan_data == sent


async def test_line_settings_the_port_does_not_take_are_told(scanner: VirtualScanner) -> None:
    source = SerialPort(name="counter", port=str(scanner.path), baudrate=1200, bytesize=7, parity="even", stopbits=2)
    async with reading(source, claimed=False) as read:
        with pytest.raises(DeviceUnavailable, match="1200 baud 7E2"):
            await read.next()


async def test_waiting_costs_nothing(scanner: VirtualScanner) -> None:
    async with reading(port_of(scanner)) as read:
        start = time.process_time()
        await asyncio.wait([read.task], timeout=0.5)

        assert time.process_time() - start < 0.05


async def test_a_bug_in_whoever_listens_is_not_taken_for_a_scanner_that_went(scanner: VirtualScanner) -> None:
    def deliver(report: ScannerReport) -> None:
        if isinstance(report, Scan):
            raise ZeroDivisionError

        claimed.set()

    claimed = asyncio.Event()
    task = asyncio.create_task(port_of(scanner).read(deliver))
    await asyncio.wait_for(claimed.wait(), 5)
    scanner.send(b"4006381333931\r")

    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(task, 5)
