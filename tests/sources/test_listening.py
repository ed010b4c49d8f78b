import pytest

from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.decoding.framer import SerialTerminator
from scanner_daemon.errors import DeviceError, DeviceUnavailable
from scanner_daemon.sources.listening import listening
from scanner_daemon.sources.serial_port import SerialPort


def source(scanner: VirtualScanner) -> SerialPort:
    return SerialPort(name="x", port=str(scanner.port), terminator=SerialTerminator.LINE)


async def test_a_burst_is_all_that_came_for_a_label_and_what_was_made_of_it() -> None:
    with VirtualScanner() as scanner:
        async with listening(source(scanner)) as heard:
            scanner.scan("]E04006381333931", terminator="\r\n")
            burst = await heard.burst(within=10)
    assert burst.data == b"]E04006381333931\r\n"
    assert [scan.scan_data_label for scan in burst.scans] == ["4006381333931"]
    assert (burst.frames, burst.torn) == ([], False)


async def test_nobody_scanning_is_a_time_out_and_not_the_end() -> None:
    with VirtualScanner() as scanner:
        async with listening(source(scanner)) as heard:
            with pytest.raises(TimeoutError):
                await heard.burst(within=0.1)
            scanner.scan("1")
            assert (await heard.burst(within=10)).data == b"1\r"


async def test_a_scanner_that_goes_away_is_told() -> None:
    with VirtualScanner() as scanner:
        async with listening(source(scanner)) as heard:
            scanner.unplug()
            with pytest.raises(DeviceUnavailable):
                await heard.burst(within=10)


async def test_a_scanner_is_let_go_of_at_the_end() -> None:
    with VirtualScanner() as scanner:
        for _ in range(2):
            async with listening(source(scanner)):
                with pytest.raises(DeviceError, match="expected to be its only user"):
                    async with listening(source(scanner)):
                        pass
