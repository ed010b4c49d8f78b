"""What a serial scanner is told, on a pty: the answers come after the decision, and never hold the reader up."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
from structlog.testing import capture_logs

from scanner_daemon.model import (
    Accepted,
    Claimed,
    Decision,
    Discarded,
    PassedThrough,
    Rejected,
    RejectReason,
    Scan,
    ScanDataType,
    ScannerReport,
)
from scanner_daemon.sources.feedback import Feedback, Line, answering
from scanner_daemon.sources.serial_port import SerialPort

ACK, NAK, BEL, BEEP = b"\x06", b"\x15", b"\x07", b"\x16\x07\r"
SSI_ACK = bytes.fromhex("04 d0 04 00 ff 28")
SSI_RESEND = bytes.fromhex("05 d1 04 00 01 ff 25")
SSI_BEEP = bytes.fromhex("05 e6 04 00 07 ff 0a")
GAP = 0.1


class Scanner:
    """The far end of the line: sends, and hears what it is told."""

    def __init__(self, master: int, path: str) -> None:
        self.path = path
        self._master = master

    def send(self, data: bytes) -> None:
        os.write(self._master, data)

    async def hear(self, count: int) -> bytes:
        """The next ``count`` bytes that the daemon sends."""
        heard = b""
        async with asyncio.timeout(5):
            while len(heard) < count:
                await asyncio.sleep(0.005)
                with suppress(BlockingIOError):
                    heard += os.read(self._master, count - len(heard))
        return heard


@pytest.fixture
def scanner() -> Iterator[Scanner]:
    master, slave = os.openpty()
    tty.setraw(master)
    os.set_blocking(master, False)
    yield Scanner(master, os.ttyname(slave))
    os.close(slave)
    os.close(master)


class Lane:
    """Decides as the label says."""

    def __init__(self) -> None:
        self.claimed = asyncio.Event()
        self.reports: asyncio.Queue[Scan | Discarded] = asyncio.Queue()

    def take(self, report: ScannerReport) -> Decision | None:
        match report:
            case Claimed():
                self.claimed.set()
            case Discarded():
                self.reports.put_nowait(report)
            case Scan(scan_data_label=label):
                self.reports.put_nowait(report)
                return _DECISIONS[label](report)
        return None


_DECISIONS: dict[str, Callable[[Scan], Decision]] = {
    "member": lambda scan: Accepted(scan=scan, card="c", customer_id="m"),
    "product": lambda scan: PassedThrough(scan=scan),
    "refused": lambda scan: Rejected(scan=scan, reason=RejectReason.NOT_A_MEMBER_LABEL),
}


@asynccontextmanager
async def reading(source: SerialPort) -> AsyncIterator[Lane]:
    lane = Lane()
    task = asyncio.create_task(source.read(lane.take))
    try:
        async with asyncio.timeout(5):
            await lane.claimed.wait()
        yield lane
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def port(scanner: Scanner, feedback: Feedback, **settings: object) -> SerialPort:
    return SerialPort(name="counter", port=scanner.path, feedback=feedback, gap=GAP, **settings)  # type: ignore[arg-type]  # what a test says


@pytest.mark.parametrize(
    ("feedback", "sent", "answer"),
    [
        (Feedback.ACK_NAK, b"member\rproduct\rrefused\r", ACK + ACK + NAK),
        (Feedback.DATALOGIC, b"member\rrefused\rproduct\r", b"BFB"),
        (Feedback.HONEYWELL_HOST_ACK, b"member\rrefused\r", b"0\x1b7,0\x1b8,"),
        (Feedback.HONEYWELL, b"member\rrefused\rproduct\r", BEEP + BEEP),
        (Feedback.METROLOGIC, b"member\rrefused\rproduct\r", ACK + BEL + ACK),
        (Feedback.SYMBOL, b"member\rrefused\rproduct\rrefused\r", BEL + BEL),
    ],
    ids=lambda value: value.value if isinstance(value, Feedback) else "",
)
async def test_each_maker_is_answered_in_its_own_way(
    scanner: Scanner, feedback: Feedback, sent: bytes, answer: bytes
) -> None:
    async with reading(port(scanner, feedback)):
        scanner.send(sent)

        assert await scanner.hear(len(answer)) == answer


async def test_a_torn_label_is_refused_and_a_claim_is_no_label(scanner: Scanner) -> None:
    async with reading(port(scanner, Feedback.ACK_NAK)):
        scanner.send(b"\xff\r")  # no UTF-8
        scanner.send(b"member\r")

        assert await scanner.hear(2) == NAK + ACK


async def test_a_scanner_that_sends_a_refused_label_again_for_ever_is_let_go(scanner: Scanner) -> None:
    async with reading(port(scanner, Feedback.ACK_NAK)):
        for answer in (NAK, NAK, NAK, ACK):
            scanner.send(b"refused\r")
            assert await scanner.hear(1) == answer
        scanner.send(b"\xff\rmember\rrefused\r")
        assert await scanner.hear(3) == NAK + ACK + NAK


async def test_nobody_is_answered_who_did_not_ask(scanner: Scanner) -> None:
    async with reading(port(scanner, Feedback.NONE)) as lane:
        scanner.send(b"member\r")
        await asyncio.wait_for(lane.reports.get(), 5)

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(scanner.hear(1), GAP)


async def test_ssi_packets_are_acknowledged_and_what_is_refused_is_beeped_for(scanner: Scanner) -> None:
    async with reading(port(scanner, Feedback.SSI, protocol="ssi")) as lane:
        scanner.send(packet(b"\x1cmember"))
        assert await scanner.hear(len(SSI_ACK)) == SSI_ACK
        scanner.send(packet(b"\x1crefused"))
        assert await scanner.hear(len(SSI_ACK + SSI_BEEP)) == SSI_ACK + SSI_BEEP
        for label in ("member", "refused"):
            report = await asyncio.wait_for(lane.reports.get(), 5)
            assert isinstance(report, Scan)
            assert report.scan_data_label == label


async def test_a_damaged_ssi_packet_is_asked_for_again_without_more_data(scanner: Scanner) -> None:
    async with reading(port(scanner, Feedback.NONE, protocol="ssi")) as lane:
        scanner.send(packet(b"\x1cmember")[:-1] + b"\0")
        assert await scanner.hear(len(SSI_RESEND)) == SSI_RESEND
        scanner.send(packet(b"\x1cmember", status=1))
        assert await scanner.hear(len(SSI_ACK)) == SSI_ACK

        assert isinstance(await asyncio.wait_for(lane.reports.get(), 5), Discarded)
        assert isinstance(await asyncio.wait_for(lane.reports.get(), 5), Scan)


async def test_a_scanner_that_hears_nothing_holds_nobody_up_and_is_told_of_once(scanner: Scanner) -> None:
    """Nobody reads the far end: the port fills up, and scans are read all the same."""
    with capture_logs() as logs:
        async with reading(port(scanner, Feedback.HONEYWELL)) as lane, asyncio.timeout(20):
            while not logs:
                await scan_some(scanner, lane)
            await scan_some(scanner, lane)

    assert [entry["event"] for entry in logs] == ["answer_dropped"]


async def scan_some(scanner: Scanner, lane: Lane) -> None:
    scanner.send(b"member\r" * 100)
    for _ in range(100):
        assert isinstance(await lane.reports.get(), Scan)


def test_an_answer_to_a_scanner_that_is_gone_is_no_error(scanner: Scanner) -> None:
    fd = os.open(scanner.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    os.close(fd)
    Line(fd=fd, scanner="counter").say(ACK)


def test_the_decision_is_handed_on(scanner: Scanner) -> None:
    fd = os.open(scanner.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        scan = Scan(
            scanner="counter",
            scan_data=b"",
            scan_data_label="product",
            scan_data_type=ScanDataType.UNKNOWN,
            symbology_identifier=None,
            at=0.0,
        )
        deliver = answering(lambda _: PassedThrough(scan=scan), Feedback.ACK_NAK, Line(fd=fd, scanner="counter"))
        assert deliver(scan) == PassedThrough(scan=scan)
    finally:
        os.close(fd)


def packet(data: bytes, *, status: int = 0) -> bytes:
    """A DECODE_DATA packet from the scanner."""
    head = bytes((4 + len(data), 0xF3, 0, status)) + data
    return head + (-sum(head) & 0xFFFF).to_bytes(2)
