import asyncio
from pathlib import Path

import pytest

from scanner_daemon.errors import ConfigError, DeviceUnavailable
from scanner_daemon.model import Claimed, Discarded, DiscardReason, Scan, ScannerReport
from scanner_daemon.sources.replay import Replay

RECORDING = """format: bytes
scanner: made up

+0.01 "4006381333931\\r"
+0.10 "4006"
+0.50 "381333931\\r"
+0.01 "]E07622210449283\\r"
"""


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "lane.scan"
    file.write_text(RECORDING)
    return file


async def replayed(replay: Replay) -> list[ScannerReport]:
    reports: list[ScannerReport] = []
    await replay.read(reports.append)
    return reports


def summary(report: ScannerReport) -> str | DiscardReason:
    match report:
        case Claimed():
            return f"claimed {report.scanner}"
        case Scan():
            return report.scan_data_label
        case Discarded():
            return report.reason


OUTCOME = ["claimed counter", "4006381333931", DiscardReason.IDLE_GAP, "7622210449283"]


async def test_recorded_pace(recording: Path) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    reports = await replayed(Replay(name="counter", file=recording))
    assert [summary(report) for report in reports] == OUTCOME
    assert reports[0] == Claimed(scanner="counter", device=str(recording), at=reports[0].at)
    waits = [report.at - started for report in reports]
    for wait, recorded in zip(waits, [0.0, 0.01, 0.31, 0.62], strict=True):
        assert recorded <= wait + 0.001 < recorded + 0.25


async def test_immediate_pace_decodes_in_the_recordings_own_time(recording: Path) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    reports = await replayed(Replay(name="counter", file=recording, pace="immediate"))
    assert [summary(report) for report in reports] == OUTCOME
    assert all(started <= report.at <= loop.time() for report in reports)
    assert loop.time() - started < 0.3


async def test_repeat_begins_again_until_it_is_stopped(recording: Path) -> None:
    reports: list[ScannerReport] = []
    thrice = asyncio.Event()

    def deliver(report: ScannerReport) -> None:
        reports.append(report)
        if len(reports) == 1 + 3 * 3:
            thrice.set()

    replay = Replay(name="counter", file=recording, pace="immediate", repeat=True, pause=0.01)
    task = asyncio.create_task(replay.read(deliver))
    await asyncio.wait_for(thrice.wait(), timeout=5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [summary(report) for report in reports] == OUTCOME[:1] + OUTCOME[1:] * 3


async def test_missing_file_is_an_absent_device(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailable, match=r"Failed to replay .*none\.scan: expected a recording.*correct `file`"):
        await replayed(Replay(name="counter", file=tmp_path / "none.scan"))


async def test_file_that_is_no_recording_is_a_mistake_in_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "wrong.scan"
    file.write_bytes(b"format: bytes\nscanner: x\n\n+1 \xff\n")
    with pytest.raises(ConfigError, match=r"wrong\.scan: line 4: expected bytes in hex"):
        await replayed(Replay(name="counter", file=file))
