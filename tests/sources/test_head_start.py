"""A scanner that is read before anybody takes what it says."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.errors import DeviceUnavailable
from scanner_daemon.model import Claimed, Scan, ScannerReport
from scanner_daemon.sources.head_start import HeadStart
from scanner_daemon.sources.serial_port import SerialPort

GAP = 0.05


@pytest.fixture
def scanner() -> Iterator[VirtualScanner]:
    with VirtualScanner() as scanner:
        yield scanner


def port(scanner: VirtualScanner) -> SerialPort:
    return SerialPort(name="counter", port=str(scanner.port), gap=GAP)


class Taken:
    """What was delivered, in turn."""

    def __init__(self) -> None:
        self._reports: asyncio.Queue[ScannerReport] = asyncio.Queue()

    def __call__(self, report: ScannerReport) -> None:
        self._reports.put_nowait(report)

    async def label(self) -> str:
        """Return the next label, after ``Claimed`` if that is next."""
        report = await asyncio.wait_for(self._reports.get(), 5)
        if isinstance(report, Claimed):
            return await self.label()
        assert isinstance(report, Scan)
        return report.scan_data_label

    def nothing(self) -> bool:
        return self._reports.empty()


async def test_what_was_scanned_before_is_delivered_first(scanner: VirtualScanner) -> None:
    begun, taken = HeadStart(port(scanner)), Taken()
    await asyncio.sleep(4 * GAP)
    scanner.scan("4006381333931")
    await asyncio.sleep(4 * GAP)
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(begun.read(taken))
        assert await taken.label() == "4006381333931"
        scanner.scan("96385074")
        assert await taken.label() == "96385074"
        reading.cancel()
    assert taken.nothing()


async def test_silence_is_proven_while_the_loop_has_no_time(scanner: VirtualScanner) -> None:
    begun, taken = HeadStart(port(scanner)), Taken()
    await asyncio.sleep(0)
    time.sleep(4 * GAP)  # noqa: ASYNC251  as loading modules does
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(begun.read(taken))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not taken.nothing()
        reading.cancel()


async def test_what_is_scanned_while_the_loop_has_no_time_is_no_silence(scanner: VirtualScanner) -> None:
    begun, taken = HeadStart(port(scanner)), Taken()
    await asyncio.sleep(0)
    scanner.send(b"333931\r")  # the end of a label whose beginning nobody heard
    time.sleep(4 * GAP)  # noqa: ASYNC251  as loading modules does
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(begun.read(taken))
        await asyncio.sleep(4 * GAP)
        scanner.scan("96385074")
        assert await taken.label() == "96385074"
        reading.cancel()


async def test_who_stops_reading_lets_go_and_may_read_again(scanner: VirtualScanner) -> None:
    begun, taken = HeadStart(port(scanner)), Taken()
    for label in ("4006381333931", "96385074"):
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(begun.read(taken))
            await asyncio.sleep(4 * GAP)
            scanner.scan(label)
            assert await taken.label() == label
            reading.cancel()
    await asyncio.wait_for(_claimed_by_another(scanner), 5)


async def _claimed_by_another(scanner: VirtualScanner) -> None:
    claimed = asyncio.Event()
    reading = asyncio.create_task(port(scanner).read(lambda _: claimed.set()))
    await claimed.wait()
    reading.cancel()


async def test_a_scanner_that_is_absent_is_told_to_who_reads_it(tmp_path: Path) -> None:
    begun = HeadStart(SerialPort(name="counter", port=str(tmp_path / "absent"), gap=GAP))
    await asyncio.sleep(GAP)
    for _ in range(2):
        with pytest.raises(DeviceUnavailable):
            await begun.read(Taken())


async def test_nobody_has_to_read_it(tmp_path: Path) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    begun = HeadStart(SerialPort(name="counter", port=str(tmp_path / "absent"), gap=GAP))
    await asyncio.sleep(GAP)
    del begun
    await asyncio.sleep(0)
    assert complaints == []
