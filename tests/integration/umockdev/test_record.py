"""What is heard of scanners that type or report decodes to what was delivered of them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from scanner_daemon.decoding.playback import outcome, play
from scanner_daemon.decoding.scan_file import parse_scan_file
from scanner_daemon.decoding.scan_writer import write_scan_file
from scanner_daemon.model import Claimed, ScannerReport
from scanner_daemon.sources.discovery import report_descriptor
from scanner_daemon.sources.hid_keyboard import HidKeyboard
from scanner_daemon.sources.hid_pos import HidPos
from scanner_daemon.sources.keyboard_wedge import KeyboardWedge
from scanner_daemon.sources.recorder import Recordable, Recorder
from tests.integration.umockdev.test_hidraw import HID_POS, KEYBOARD, report, type_in

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from tests.integration.umockdev.conftest import RawHid, Wedge

SYN = (0, 0, 0)
CARD = "0412345678903"


async def slowly(send: Callable[[], None]) -> None:
    send()
    await asyncio.sleep(0.05)


async def recorded(
    source: Recordable, scans: Sequence[Callable[[], Coroutine[None, None, None] | None]], *, descriptor: bytes = b""
) -> list[str]:
    """What the ``.scan`` file of these scans decodes to."""
    recorder, reports = Recorder(source), asyncio.Queue[ScannerReport]()
    reading = asyncio.create_task(source.read(reports.put_nowait, tap=recorder.hear))
    async with asyncio.timeout(10):
        assert isinstance(await reports.get(), Claimed)
        for scan in scans:
            if (typing := scan()) is not None:
                await typing
            found = await reports.get()
            assert not isinstance(found, Claimed)
            recorder.saw(found)
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    recording = recorder.recording(descriptor=descriptor)
    assert recording is not None
    again = parse_scan_file(write_scan_file(recording, scanner=source.name, descriptor=descriptor))
    outcomes = [outcome(each) for each in play(again)]
    assert list(again.expected) == outcomes
    return outcomes


async def test_a_scanner_that_types(plug_in: Callable[..., Wedge]) -> None:
    wedge = plug_in(number=1)
    source = KeyboardWedge(name="counter", path=wedge.node, gap=0.1)
    overflow = lambda: wedge.send((1, 2, 1), (0, 3, 0), (0, 0, 0))  # noqa: E731  a scan in one line
    scans = [lambda: wedge.type(f"{CARD}\n"), overflow, lambda: wedge.type("\n96385074\n")]
    assert await recorded(source, scans) == [f'"{CARD}"', "discarded overflow", '"96385074"']


@pytest.mark.parametrize("lit", [(), (1,)], ids=["dark", "lit"])
async def test_a_scanner_that_looks_at_its_caps_lock_lamp(plug_in: Callable[..., Wedge], lit: tuple[int, ...]) -> None:
    wedge = plug_in(number=1, lit=lit)
    source = KeyboardWedge(name="counter", path=wedge.node, caps_compensation=True)
    scan = lambda: wedge.send(*(event for key in (30, 2, 28) for event in ((1, key, 1), SYN, (1, key, 0), SYN)))  # noqa: E731  a scan in one line
    assert await recorded(source, [scan]) == ['"A1"' if lit else '"a1"']


async def test_a_hid_pos_scanner(plug_in_hid: Callable[..., RawHid]) -> None:
    raw = plug_in_hid(number=1, descriptor=HID_POS)
    source = HidPos(name="bed", path=raw.node, gap=0.1)
    scans = [lambda: raw.send(report(CARD.encode()))]
    assert await recorded(source, scans, descriptor=report_descriptor(raw.node)) == [f'"{CARD}" ]E0']


async def test_a_raw_keyboard(plug_in_hid: Callable[..., RawHid]) -> None:
    raw = plug_in_hid(number=1, descriptor=KEYBOARD)
    source = HidKeyboard(name="hand", path=raw.node, gap=0.5)
    assert await recorded(source, [lambda: type_in(slowly, raw, "42\n")]) == ['"42"']
