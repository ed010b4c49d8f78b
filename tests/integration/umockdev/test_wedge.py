from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scanner_daemon.decoding.wedge import WedgeTerminator
from scanner_daemon.errors import DeviceAccessDenied, DeviceError, DeviceUnavailable
from scanner_daemon.model import Claimed, Discarded, DiscardReason, Scan, ScannerReport
from scanner_daemon.sources.device_match import DeviceMatch
from scanner_daemon.sources.keyboard_wedge import KeyboardWedge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from tests.integration.umockdev.conftest import Wedge

GAP = 0.1
PATIENT = 0.5  # a gap that a busy machine does not tear by itself
KEY_1, KEY_ENTER, KEY_A, KEY_LEFTSHIFT, KEY_KP1 = 2, 28, 30, 42, 79  # linux/input-event-codes.h
SYN_REPORT, SYN_DROPPED = (0, 0, 0), (0, 3, 0)


def source(name: str = "counter", *, gap: float = GAP, **settings: object) -> KeyboardWedge:
    return KeyboardWedge(name=name, gap=gap, **settings)  # type: ignore[arg-type]  # what a test says of its scanner


@asynccontextmanager
async def claimed(*sources: KeyboardWedge) -> AsyncIterator[asyncio.Queue[ScannerReport]]:
    """All that ``sources`` deliver after all of them were claimed; releases them at the end."""
    reports: asyncio.Queue[ScannerReport] = asyncio.Queue()
    tasks = [asyncio.create_task(source.read(reports.put_nowait)) for source in sources]
    try:
        for _ in sources:
            assert isinstance(await next_of(reports, tasks), Claimed)
        yield reports
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def next_of(reports: asyncio.Queue[ScannerReport], tasks: Sequence[asyncio.Task[None]] = ()) -> ScannerReport:
    """The next report; what a task raised if it ends without one."""
    getting = asyncio.create_task(reports.get())
    async with asyncio.timeout(5):
        await asyncio.wait({getting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    if not getting.done():
        getting.cancel()
        for task in tasks:
            if task.done():
                task.result()
    return await getting


async def refusal(source: KeyboardWedge) -> DeviceError:
    """What reading ``source`` is refused with."""
    with pytest.raises(DeviceError) as refused:
        await asyncio.wait_for(source.read(lambda _: None), 5)
    return refused.value


def label(report: ScannerReport) -> tuple[str, str]:
    assert isinstance(report, Scan)
    return report.scanner, report.scan_data_label


def holds(node: str) -> bool:
    """Whether this process has ``node`` open: umockdev has it be a pty."""
    real = {link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    return Path(node).readlink() in real


async def test_a_scan_is_read_from_the_node_that_matches(plug_in: Callable[..., Wedge]) -> None:
    plug_in(number=1, serial="SN1")
    wedge = plug_in(number=2, serial="SN2")
    async with claimed(source(match=DeviceMatch(vendor="0c2e", product="0b61", serial="SN2"))) as reports:
        wedge.type("4006381333931\n")

        assert label(await next_of(reports)) == ("counter", "4006381333931")


async def test_scans_one_after_the_other_do_not_stick_together(plug_in: Callable[..., Wedge]) -> None:
    wedge = plug_in(number=1)
    async with claimed(source(path=wedge.node)) as reports:
        wedge.type("4006381333931\n96385074\n")

        assert [label(await next_of(reports))[1] for _ in range(2)] == ["4006381333931", "96385074"]


async def test_two_scanners_key_by_key_do_not_mix(plug_in: Callable[..., Wedge]) -> None:
    left, right = plug_in(number=1), plug_in(number=2)
    sources = source("left", gap=PATIENT, path=left.node), source("right", gap=PATIENT, path=right.node)
    async with claimed(*sources) as reports:
        for one, other in zip("4006381333931\n", "9780201379624\n", strict=True):
            left.type(one)
            await asyncio.sleep(0)
            right.type(other)
            await asyncio.sleep(0)
        found = {label(await next_of(reports)), label(await next_of(reports))}

    assert found == {("left", "4006381333931"), ("right", "9780201379624")}


async def test_dropped_events_discard_the_scan_and_no_other(plug_in: Callable[..., Wedge]) -> None:
    wedge = plug_in(number=1)
    async with claimed(source(path=wedge.node)) as reports:
        wedge.type("40063")
        wedge.send(SYN_DROPPED, (1, KEY_1, 1), SYN_REPORT)
        wedge.type("931\n96385074\n")

        torn, whole = await next_of(reports), await next_of(reports)

    assert isinstance(torn, Discarded)
    assert torn.reason is DiscardReason.OVERFLOW
    assert label(whole)[1] == "96385074"


async def test_a_shift_whose_release_was_dropped_is_not_held_for_ever(plug_in: Callable[..., Wedge]) -> None:
    wedge = plug_in(number=1)
    async with claimed(source(path=wedge.node)) as reports:
        wedge.send((1, KEY_LEFTSHIFT, 1), SYN_REPORT)
        wedge.send(SYN_DROPPED, (1, KEY_LEFTSHIFT, 0), SYN_REPORT)
        wedge.type("\n4006381333931\n")

        assert isinstance(await next_of(reports), Discarded)
        assert label(await next_of(reports))[1] == "4006381333931"


@pytest.mark.parametrize("lit", [(), (0, 1)], ids=["dark", "NumLock and CapsLock lit"])
async def test_the_cashiers_locks_change_no_label(plug_in: Callable[..., Wedge], lit: tuple[int, ...]) -> None:
    wedge = plug_in(number=1, lit=lit)
    async with claimed(source(path=wedge.node)) as reports:
        for key in (KEY_A, KEY_KP1, KEY_ENTER):
            wedge.press(key)

        assert label(await next_of(reports))[1] == "a1"


async def test_silence_tears_a_scan(plug_in: Callable[..., Wedge]) -> None:
    wedge = plug_in(number=1)
    async with claimed(source(path=wedge.node)) as reports:
        wedge.type("40063")
        torn = await next_of(reports)
        wedge.type("81333931\n96385074\n")

        assert isinstance(torn, Discarded)
        assert torn.reason is DiscardReason.IDLE_GAP
        assert label(await next_of(reports))[1] == "96385074"


async def test_silence_ends_a_scan_of_a_scanner_without_terminator(plug_in: Callable[..., Wedge]) -> None:
    wedge = plug_in(number=1)
    async with claimed(source(path=wedge.node, terminator=WedgeTerminator.NONE)) as reports:
        wedge.type("4006381333931")

        assert label(await next_of(reports))[1] == "4006381333931"


async def test_what_was_typed_before_the_claim_is_forgotten(plug_in: Callable[..., Wedge]) -> None:
    wedge = plug_in(number=1)
    wedge.type("4006")
    asyncio.get_running_loop().call_later(GAP / 2, wedge.type, "381333931\n")
    async with claimed(source(path=wedge.node)) as reports:
        wedge.type("96385074\n")

        assert label(await next_of(reports))[1] == "96385074"


@pytest.mark.parametrize("after", [0.0, GAP / 2, GAP * 3], ids=["at once", "while claiming", "while reading"])
async def test_cancelling_lets_go_of_the_device(plug_in: Callable[..., Wedge], after: float) -> None:
    wedge = plug_in(number=1)
    task = asyncio.create_task(source(path=wedge.node).read(lambda _: None))
    await asyncio.wait([task], timeout=after)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert not holds(wedge.node)


async def test_a_held_key_keeps_only_its_own_device_from_being_claimed(plug_in: Callable[..., Wedge]) -> None:
    stuck, wedge = plug_in(number=1, held=(KEY_ENTER,)), plug_in(number=2)
    reports: list[ScannerReport] = []
    waiting = asyncio.create_task(source("stuck", path=stuck.node).read(reports.append))
    async with claimed(source(path=wedge.node)) as others:
        wedge.type("96385074\n")
        assert label(await next_of(others))[1] == "96385074"

    assert reports == []
    waiting.cancel()
    await asyncio.wait([waiting])
    assert not holds(stuck.node)


async def test_a_claimed_device_is_held(plug_in: Callable[..., Wedge]) -> None:
    wedge = plug_in(number=1)
    async with claimed(source(path=wedge.node)):
        assert holds(wedge.node)


async def test_two_that_match_are_refused_until_told_apart(plug_in: Callable[..., Wedge]) -> None:
    plug_in(number=1)
    right = plug_in(number=2)

    refused = await refusal(source(match=DeviceMatch(vendor="0c2e", product="0b61")))
    assert isinstance(refused, DeviceAccessDenied)
    assert right.physical_port in str(refused)

    async with claimed(source(match=DeviceMatch(physical_port=right.physical_port))) as reports:
        right.type("96385074\n")
        assert label(await next_of(reports))[1] == "96385074"


async def test_an_absent_scanner_is_unavailable(plug_in: Callable[..., Wedge]) -> None:
    plug_in(number=1)

    assert isinstance(await refusal(source(match=DeviceMatch(vendor="1eab"))), DeviceUnavailable)
    assert isinstance(await refusal(source(path="/dev/input/event9")), DeviceUnavailable)


async def test_a_persons_keyboard_is_refused_unless_the_user_insists(plug_in: Callable[..., Wedge]) -> None:
    keyboard = plug_in(number=1, name="Logitech USB Keyboard", vendor="046d", product="c31c")

    refused = await refusal(source(path=keyboard.node))
    assert isinstance(refused, DeviceAccessDenied)
    assert "claim_keyboard = true" in str(refused)
    assert not holds(keyboard.node)

    async with claimed(source(path=keyboard.node, claim_keyboard=True)) as reports:
        keyboard.type("96385074\n")
        assert label(await next_of(reports))[1] == "96385074"
