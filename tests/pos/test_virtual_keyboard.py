"""The driver: typing in the background, failing so that the scanners go back to the till."""

import asyncio
import os
import select
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.errors import DeviceAccessDenied, DeviceError, DeviceUnavailable
from scanner_daemon.model import Claimed, Grab, RejectReason, ScannerReport
from scanner_daemon.ports import Deliver
from scanner_daemon.pos.keystrokes import Keystrokes
from scanner_daemon.pos.typist import CAPACITY, Typist
from scanner_daemon.pos.virtual_keyboard import VirtualKeyboard
from tests.pos.recorded import Till


@dataclass
class Scanner:
    """A scanner that is a keyboard; its event device is a pipe whose reading end is the grab."""

    name: str = "counter"
    reads: int = 0
    typing: int = -1
    unplugged: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, deliver: Deliver) -> None:
        self.reads += 1
        grab, self.typing = os.pipe()
        os.set_blocking(grab, False)
        try:
            deliver(Claimed(scanner=self.name, device="/dev/scanner", at=0.0, grabs=(Grab(descriptor=grab, gap=0.05),)))
            await self.unplugged.wait()
        finally:
            os.close(grab)
        raise DeviceUnavailable("Failed to read the scanner: it was unplugged")

    def is_held(self) -> bool:
        poll = select.poll()
        poll.register(self.typing, 0)
        return not poll.poll(0)


def take(_: ScannerReport) -> None:
    """Hear what a scanner says."""


@asynccontextmanager
async def served(keyboard: VirtualKeyboard) -> AsyncIterator[None]:
    """Serve, and go on once somebody can hear what is typed."""
    serving = asyncio.create_task(keyboard.serve())
    async with asyncio.timeout(10):
        while keyboard.type("") is RejectReason.TILL_UNAVAILABLE:  # noqa: ASYNC110  there is no event for it
            await asyncio.sleep(0.005)
    yield
    serving.cancel()
    await asyncio.wait([serving])
    assert serving.cancelled()


@pytest.fixture
def absent(tmp_path: Path) -> VirtualKeyboard:
    return VirtualKeyboard(device=str(tmp_path / "uinput"))


async def test_codes_are_typed_in_order(keyboard: VirtualKeyboard, till: Till) -> None:
    products = [f"40063813339{number:02}" for number in range(30)]
    async with served(keyboard):
        assert [keyboard.type(product) for product in products] == [None] * 30
        assert await till.codes(30) == products


async def test_stopping_finishes_what_was_taken_and_unplugs(keyboard: VirtualKeyboard, till: Till) -> None:
    async with served(keyboard):
        assert [keyboard.type("4006381333931") for _ in range(3)] == [None] * 3
    assert await till.everything() == ["4006381333931"] * 3
    assert keyboard.type("4006381333931") is RejectReason.TILL_UNAVAILABLE


async def test_what_the_till_cannot_be_typed_is_refused_and_each_character_named_once(
    keyboard: VirtualKeyboard, till: Till, capsys: pytest.CaptureFixture[str]
) -> None:
    async with served(keyboard):
        for text in ("1é", "é2€", "€"):
            assert keyboard.type(text) is RejectReason.NOT_TYPABLE
        assert keyboard.type("3") is None
        assert await till.codes(1) == ["3"]
    told = capsys.readouterr().out
    assert told.count("till_cannot_type") == 2
    assert (told.count("é"), told.count("€")) == (1, 1)


async def test_a_till_that_cannot_keep_up_refuses_what_is_new_and_loses_nothing(
    keyboard: VirtualKeyboard, till: Till
) -> None:
    async with served(keyboard):
        answers = [keyboard.type(f"{number:02}") for number in range(CAPACITY + 10)]
        assert answers[: CAPACITY - 1] == [None] * (CAPACITY - 1)
        assert answers[-1] is RejectReason.TILL_BUSY
        taken = [f"{number:02}" for number, answer in enumerate(answers) if answer is None]
        assert await till.codes(len(taken)) == taken
        assert keyboard.type("99") is None
        assert await till.codes(1) == ["99"]


async def test_a_machine_without_uinput_is_told_once_what_to_do(
    absent: VirtualKeyboard, capsys: pytest.CaptureFixture[str]
) -> None:
    scanner = Scanner()
    for _ in range(2):
        serving = asyncio.create_task(absent.serve())
        with pytest.raises(DeviceUnavailable, match=r"No such file.*modprobe uinput.*types straight into the till"):
            await asyncio.wait_for(absent.standing_in(scanner).read(take), 5)
        assert absent.type("1") is RejectReason.TILL_UNAVAILABLE
        serving.cancel()
        await asyncio.wait([serving])
    assert scanner.reads == 0, "the scanner stays the till's"
    assert capsys.readouterr().out.count("till_unavailable") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything; run the tests as somebody else")
async def test_a_device_we_may_not_use_names_the_cure(absent: VirtualKeyboard) -> None:
    os.close(os.open(absent.device, os.O_CREAT, mode=0o000))
    serving = asyncio.create_task(absent.serve())
    with pytest.raises(DeviceAccessDenied, match=r"Permission denied.*udev rules"):
        await asyncio.wait_for(absent.standing_in(Scanner()).read(take), 5)
    serving.cancel()


async def test_something_that_is_no_uinput_is_refused(absent: VirtualKeyboard) -> None:
    os.close(os.open(absent.device, os.O_CREAT, mode=0o600))
    serving = asyncio.create_task(absent.serve())
    with pytest.raises(DeviceError, match=r"Failed to plug a keyboard into the till: .*ioctl"):
        await asyncio.wait_for(absent.standing_in(Scanner()).read(take), 5)
    serving.cancel()


async def test_a_scanner_is_taken_from_the_till_while_somebody_types_for_it(keyboard: VirtualKeyboard) -> None:
    scanner = Scanner()
    stand_in = keyboard.standing_in(scanner)
    assert stand_in.name == "counter"
    async with served(keyboard):
        claimed = asyncio.Event()
        reading = asyncio.create_task(stand_in.read(lambda _: claimed.set()))
        async with asyncio.timeout(5):
            await claimed.wait()
        assert scanner.is_held()
        scanner.unplugged.set()
        with pytest.raises(DeviceUnavailable, match="unplugged"):
            await reading
        async with asyncio.timeout(5):
            while scanner.is_held():  # noqa: ASYNC110  a pipe tells its writer of no hang-up
                await asyncio.sleep(0.005)
    os.close(scanner.typing)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_when_nothing_is_typed_any_more_the_daemon_ends(till: Till, number: signal.Signals) -> None:
    scanner = Scanner()
    async with Typist(till.plugged(), overdue_after=0.2) as typist:
        scanner.unplugged.set()
        with suppress(DeviceUnavailable):  # its own descriptor is closed: only the process holds it now
            await scanner.read(lambda report: hold(typist, report))
        assert scanner.is_held()
        os.kill(typist.pid, number)
        typist.type([(2,)], interval=0.001)
        reason = await asyncio.wait_for(typist.failed(), 5)
    assert ("hangs" if number is signal.SIGSTOP else "has ended") in reason
    assert scanner.is_held(), "it may be in the middle of a code"
    typist.let_go(scanner.name)
    assert not scanner.is_held(), "and the scanner is the till's again"
    os.close(scanner.typing)


async def test_no_more_waits_than_is_typed_soon(till: Till) -> None:
    async with Typist(till.plugged()) as typist:
        assert typist.type([(2,)] * 5, interval=1.0)
        assert not typist.type([(2,)], interval=1.0), "five seconds wait"
        os.kill(typist.pid, signal.SIGKILL)
        await asyncio.wait_for(typist.failed(), 5)


async def test_a_slow_till_gets_its_last_code_whole(till: Till) -> None:
    async with Typist(till.plugged(), ends_within=0.5) as typist:
        assert typist.type(Keystrokes(LAYOUTS["us"]).chords("123456789"), interval=0.1)
    assert await till.everything() == ["123456789"]


async def test_a_scanner_that_cannot_be_let_go_of_otherwise_goes_with_the_process(till: Till) -> None:
    async with Typist(till.plugged()) as typist:
        os.kill(typist.pid, signal.SIGSTOP)
        for _ in range(10_000):
            typist.let_go("counter")
        assert "cannot be told to let go of counter" in await asyncio.wait_for(typist.failed(), 5)


def hold(typist: Typist, report: ScannerReport) -> None:
    assert isinstance(report, Claimed)
    typist.hold(report.scanner, report.grabs)


async def test_a_driver_whose_process_ends_stops_the_daemon(keyboard: VirtualKeyboard, till: Till) -> None:
    serving = asyncio.create_task(keyboard.serve())
    async with asyncio.timeout(5):
        while keyboard.type("1"):  # noqa: ASYNC110  there is no event for it
            await asyncio.sleep(0.005)
        await till.codes(1)
    os.close(till.receiver)
    till.receiver = os.open("/dev/null", os.O_RDONLY)
    keyboard.type("2")
    with pytest.raises(DeviceUnavailable, match="Failed to type to the till: the process that types has ended"):
        await asyncio.wait_for(serving, 5)
    assert keyboard.type("3") is RejectReason.TILL_UNAVAILABLE
