import asyncio
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import FileIO

import pytest

from scanner_daemon.decoding.recordings import Mark
from scanner_daemon.errors import DeviceUnavailable
from scanner_daemon.model import Discarded, DiscardReason, Scan, ScanDataType, ScannerReport
from scanner_daemon.sources.reading import QUEUED_REPORTS, read_reports_until_gone, read_until_gone, settle
from scanner_daemon.sources.tap import Heard

GAP = 0.05


@dataclass
class Lines:
    """The smallest decoder there is: a label ends with a line feed, silence tears it."""

    label: bytes = b""
    gap: float = GAP
    deadline: float | None = None
    fed: list[bytes] = field(default_factory=list)
    was_fed: asyncio.Event = field(default_factory=asyncio.Event)

    def feed(self, data: bytes, at: float) -> list[Scan | Discarded]:
        self.fed.append(data)
        self.was_fed.set()
        *labels, self.label = (self.label + data).split(b"\n")
        self.deadline = at + self.gap if self.label else None
        return [scan(label, at) for label in labels]

    def expire(self, now: float) -> list[Scan | Discarded]:
        self.label, self.deadline = b"", None
        return [Discarded(scanner="test", reason=DiscardReason.IDLE_GAP, at=now)]

    def lost(self, at: float) -> list[Scan | Discarded]:
        return [Discarded(scanner="test", reason=DiscardReason.DEVICE_LOST, at=at)] if self.label else []


def scan(label: bytes, at: float) -> Scan:
    return Scan(
        scanner="test",
        scan_data=label,
        scan_data_label=label.decode(),
        scan_data_type=ScanDataType.UNKNOWN,
        symbology_identifier=None,
        at=at,
    )


def told(reports: list[ScannerReport]) -> list[object]:
    return [report.scan_data if isinstance(report, Scan) else getattr(report, "reason", None) for report in reports]


@pytest.fixture
def pipe() -> Iterator[tuple[int, FileIO]]:
    """What a scanner is read from and written to; the test may close the far end."""
    near, far = os.pipe()
    os.set_blocking(near, False)
    with FileIO(far, "w") as scanner:
        yield near, scanner
    os.close(near)


async def test_what_comes_is_decoded_until_the_far_end_hangs_up(pipe: tuple[int, FileIO]) -> None:
    near, far = pipe
    reports: list[ScannerReport] = []
    far.write(b"12\n34\n5")
    far.close()

    with pytest.raises(OSError, match="hung up"):
        await read_until_gone(near, Lines(), reports.append)

    assert told(reports) == [b"12", b"34", DiscardReason.DEVICE_LOST]


async def test_silence_reaches_the_decoder_at_its_deadline(pipe: tuple[int, FileIO]) -> None:
    near, far = pipe
    reports: asyncio.Queue[ScannerReport] = asyncio.Queue()
    task = asyncio.create_task(read_until_gone(near, Lines(), reports.put_nowait))
    far.write(b"12")

    discarded = await asyncio.wait_for(reports.get(), 5)
    task.cancel()

    assert told([discarded]) == [DiscardReason.IDLE_GAP]


async def test_a_deadline_that_moved_is_the_one_that_counts(pipe: tuple[int, FileIO]) -> None:
    """Each character moves it: silence is told once, a gap after the last of them, and not before."""
    near, far = pipe
    decoder, reports = Lines(gap=0.8), asyncio.Queue[ScannerReport]()
    task = asyncio.create_task(read_until_gone(near, decoder, reports.put_nowait))
    for _ in range(3):
        decoder.was_fed.clear()
        far.write(b"1")
        await asyncio.wait_for(decoder.was_fed.wait(), 5)
        await asyncio.sleep(0.2)
    last = decoder.deadline

    discarded = await asyncio.wait_for(reports.get(), 5)
    task.cancel()

    assert isinstance(discarded, Discarded)
    assert last is not None
    assert last <= discarded.at < last + 5
    assert decoder.fed == [b"1"] * 3


async def test_what_arrived_while_the_loop_was_busy_is_not_torn(pipe: tuple[int, FileIO]) -> None:
    near, far = pipe
    decoder, reports = Lines(gap=0.8), asyncio.Queue[ScannerReport]()
    task = asyncio.create_task(read_until_gone(near, decoder, reports.put_nowait))
    far.write(b"12")
    await decoder.was_fed.wait()
    assert decoder.deadline is not None

    def be_busy_past_the_deadline() -> None:
        """Runs in the very pass of the loop in which the deadline is due, and before it."""
        far.write(b"34\n")

    asyncio.get_running_loop().call_at(decoder.deadline - 1e-4, be_busy_past_the_deadline)
    time.sleep(GAP * 2)  # noqa: ASYNC251  the busy loop is what is tested
    whole = await asyncio.wait_for(reports.get(), 5)
    task.cancel()

    assert told([whole]) == [b"1234"]


async def test_a_bug_in_a_decoder_ends_the_reading_and_is_told(pipe: tuple[int, FileIO]) -> None:
    near, far = pipe

    def deliver(_: ScannerReport) -> None:
        raise RuntimeError("a bug")

    far.write(b"12\n")
    with pytest.raises(RuntimeError, match="a bug"):
        await asyncio.wait_for(read_until_gone(near, Lines(), deliver), 5)


async def test_nothing_is_read_after_a_cancellation(pipe: tuple[int, FileIO]) -> None:
    near, far = pipe
    decoder = Lines()
    task = asyncio.create_task(read_until_gone(near, decoder, lambda _: None))
    far.write(b"12")
    await decoder.was_fed.wait()
    task.cancel()
    await asyncio.wait([task])

    far.write(b"34\n")
    await asyncio.sleep(GAP * 2)

    assert decoder.fed == [b"12"]
    assert decoder.deadline is not None  # nor did the timer run


@dataclass
class Reports(Lines):
    """The same for what comes report by report."""

    def overflow(self, at: float) -> list[Scan | Discarded]:
        self.label, self.deadline = b"", None
        return [Discarded(scanner="test", reason=DiscardReason.OVERFLOW, at=at)]


@pytest.fixture
def queue() -> Iterator[tuple[int, socket.socket]]:
    """What gives one report a read, as hidraw does, and what they are sent with."""
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    near.settimeout(0)
    with near, far:
        yield near.fileno(), far


@pytest.mark.parametrize("queued", [1, QUEUED_REPORTS - 1, QUEUED_REPORTS, QUEUED_REPORTS + 7])
async def test_behind_as_many_reports_as_a_queue_holds_nothing_is_trusted_to_follow_on(
    queue: tuple[int, socket.socket], queued: int
) -> None:
    near, far = queue
    reports, heard = list[ScannerReport](), list[Heard]()
    for number in range(queued):
        far.send(b"%d\n" % number)
    far.close()

    with pytest.raises(OSError, match="hung up"):
        await read_reports_until_gone(near, Reports(), reports.append, tap=lambda it, _: heard.append(it))

    wanted = list[object]()
    for number in range(queued):
        wanted += [b"%d" % number, DiscardReason.OVERFLOW][: 1 + (number + 1 >= QUEUED_REPORTS)]
    assert told(reports) == wanted
    assert heard.count(Mark.DROPPED) == wanted.count(DiscardReason.OVERFLOW)


async def test_a_queue_that_fills_while_it_is_read_is_an_overflow_too(queue: tuple[int, socket.socket]) -> None:
    """Where one report took so long that the queue was full behind it: the last one kept is the 64th since empty."""
    near, far = queue
    reports = asyncio.Queue[ScannerReport]()

    def deliver(report: ScannerReport) -> None:
        if reports.empty():
            for number in range(QUEUED_REPORTS):
                far.send(b"%d\n" % number)
        reports.put_nowait(report)

    task = asyncio.create_task(read_reports_until_gone(near, Reports(), deliver))
    far.send(b"first\n")
    heard = [await asyncio.wait_for(reports.get(), 5) for _ in range(1 + QUEUED_REPORTS + 2)]
    task.cancel()

    assert told(heard)[-4:] == [b"61", DiscardReason.OVERFLOW, b"62", DiscardReason.OVERFLOW]


async def test_what_comes_after_a_full_queue_was_read_is_trusted(queue: tuple[int, socket.socket]) -> None:
    near, far = queue
    reports = asyncio.Queue[ScannerReport]()
    for number in range(QUEUED_REPORTS):
        far.send(b"%d\n" % number)
    task = asyncio.create_task(read_reports_until_gone(near, Reports(), reports.put_nowait))
    heard = [await asyncio.wait_for(reports.get(), 5) for _ in range(QUEUED_REPORTS + 1)]
    for _ in range(2):
        far.send(b"after\n")
        heard.append(await asyncio.wait_for(reports.get(), 5))
    task.cancel()

    assert told(heard)[-4:] == [b"62", DiscardReason.OVERFLOW, b"after", b"after"]


async def test_more_reports_than_a_queue_holds_are_no_overflow_where_it_was_empty_between(
    queue: tuple[int, socket.socket],
) -> None:
    near, far = queue
    reports = asyncio.Queue[ScannerReport]()
    task = asyncio.create_task(read_reports_until_gone(near, Reports(), reports.put_nowait))
    heard = list[ScannerReport]()
    for _ in range(2 * QUEUED_REPORTS):
        far.send(b"1\n")
        heard.append(await asyncio.wait_for(reports.get(), 5))
    task.cancel()

    assert told(heard) == [b"1"] * 2 * QUEUED_REPORTS


async def test_settling_throws_away_all_until_it_is_quiet(pipe: tuple[int, FileIO]) -> None:
    near, far = pipe
    far.write(b"tail of ")
    asyncio.get_running_loop().call_later(GAP / 2, far.write, b"a scan\n")

    await settle(near, quiet=GAP)
    far.write(b"12\n")

    assert os.read(near, 100) == b"12\n"


async def test_a_device_that_never_pauses_is_given_up(pipe: tuple[int, FileIO]) -> None:
    near, far = pipe

    async def babble() -> None:
        while True:
            far.write(b"?")
            await asyncio.sleep(GAP / 5)

    babbling = asyncio.create_task(babble())
    with pytest.raises(DeviceUnavailable, match="without pause"):
        await settle(near, quiet=GAP, within=4 * GAP)
    babbling.cancel()
