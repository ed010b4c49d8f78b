from __future__ import annotations

import asyncio
import fcntl
import os
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from scanner_daemon.errors import DeviceAccessDenied, DeviceError, DeviceUnavailable
from scanner_daemon.model import Claimed, Discarded, DiscardReason, Scan
from scanner_daemon.sources.device_match import DeviceMatch
from scanner_daemon.sources.discovery import event_nodes, hid_keyboards
from scanner_daemon.sources.hid_keyboard import HidKeyboard
from scanner_daemon.sources.hid_pos import HidPos
from tests.integration.reading import Reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from typing import TypeAlias

    from scanner_daemon.ports import ScannerSource
    from scanner_daemon.sources.tap import Tapped
    from tests.integration.umockdev.conftest import RawHid, Wedge

    Heard: TypeAlias = Callable[[Callable[[], None]], Awaitable[None]]

GAP = 0.1
PATIENT = 0.5  # a gap that a busy machine does not tear by itself

# Report 2: byte count (01:3B), symbology identifier, 56 bytes of data, two of the maker's own, "continued".
COUNT_AND_IDENTIFIER = "05 8c 09 02 a1 01 85 02 09 12 a1 02 15 00 26 ff 00 75 08 95 01 05 01 09 3b 81 02"
THE_REST = """
05 8c 95 03 09 fb 09 fc 09 fd 81 02 95 38 09 fe 82 02 01 06 00 ff 95 02 09 01 81 02
05 8c 25 01 75 01 95 01 09 ff 81 02 95 07 81 03 c0 c0
"""
HID_POS = bytes.fromhex(COUNT_AND_IDENTIFIER + THE_REST)
PADDED = bytes.fromhex(COUNT_AND_IDENTIFIER + "81 03" + THE_REST.replace("95 02 09 01", "95 01 09 01"))
VENDOR = bytes.fromhex("06 00 ff 09 01 a1 01 85 01 15 00 26 ff 00 75 08 95 3f 09 01 81 02 c0")  # Microscan's kind
KEYBOARD = bytes.fromhex("""
05 01 09 06 a1 01 05 07 19 e0 29 e7 15 00 25 01 75 01 95 08 81 02 95 01 75 08 81 01
95 06 75 08 15 00 25 65 05 07 19 00 29 65 81 00 c0
""")
KEYS = {**{str(digit): 0x1E + (digit - 1) % 10 for digit in range(10)}, "\n": 0x28}


def report(data: bytes, identifier: bytes = b"]E0", *, continued: bool = False, padding: int = 0) -> bytes:
    return (
        bytes((2, len(data)))
        + bytes(padding)
        + identifier
        + data.ljust(56, b"\0")
        + bytes((0, 0))[padding:]
        + bytes((continued,))
    )


@asynccontextmanager
async def claimed(source: Tapped) -> AsyncIterator[Reading]:
    reading = Reading(source)
    try:
        assert isinstance(await reading.next(), Claimed)
        yield reading
    finally:
        reading.task.cancel()
        with suppress(asyncio.CancelledError, DeviceError):
            await reading.task


async def refusal(source: ScannerSource) -> DeviceError:
    with pytest.raises(DeviceError) as refused:
        await asyncio.wait_for(source.read(lambda _: None), 5)
    return refused.value


def holds(node: str) -> bool:
    """Whether this process has ``node`` open: umockdev has it be a pty."""
    real = {link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    return Path(node).readlink() in real


def hid_pos(*, gap: float = GAP, **settings: object) -> HidPos:
    return HidPos(name="counter", gap=gap, **settings)  # type: ignore[arg-type]  # what a test says of its scanner


def hid_keyboard(*, gap: float = PATIENT, **settings: object) -> HidKeyboard:
    return HidKeyboard(name="counter", gap=gap, **settings)  # type: ignore[arg-type]  # same


@pytest.mark.parametrize(("descriptor", "padding"), [(HID_POS, 0), (PADDED, 1)], ids=["Honeywell's", "Zebra's"])
async def test_labels_are_found_wherever_the_descriptor_says(
    plug_in_hid: Callable[..., RawHid], descriptor: bytes, padding: int
) -> None:
    raw = plug_in_hid(number=1, descriptor=descriptor)
    async with claimed(hid_pos(match=DeviceMatch(vendor="05f9", product="2204"))) as reading:
        raw.send(report(b"4006381333931", padding=padding))

        scan = await reading.next()
        assert isinstance(scan, Scan)
        assert (scan.scan_data_label, str(scan.symbology_identifier)) == ("4006381333931", "]E0")


async def test_a_label_in_several_reports_is_one(plug_in_hid: Callable[..., RawHid]) -> None:
    raw = plug_in_hid(number=1, descriptor=HID_POS)
    async with claimed(hid_pos(path=raw.node, gap=PATIENT)) as reading:
        for part, continued in ((b"1" * 56, True), (b"2" * 56, True), (b"3", False)):
            await reading.hears(partial(raw.send, report(part, b"]Q1", continued=continued)))

        assert await reading.label() == "1" * 56 + "2" * 56 + "3"


async def test_what_was_queued_before_is_forgotten(plug_in_hid: Callable[..., RawHid]) -> None:
    raw = plug_in_hid(number=1, descriptor=HID_POS)
    raw.send(report(b"of yesterday"))
    asyncio.get_running_loop().call_later(GAP / 2, raw.send, report(b"too early"))
    async with claimed(hid_pos(path=raw.node)) as reading:
        raw.send(report(b"96385074"))

        assert await reading.label() == "96385074"


async def test_a_device_of_another_kind_is_refused_with_a_sentence(plug_in_hid: Callable[..., RawHid]) -> None:
    raw = plug_in_hid(number=1, descriptor=VENDOR, name="Microscan MS-4", vendor="0525", product="a4ac")

    refused = await refusal(hid_pos(path=raw.node))

    assert isinstance(refused, DeviceAccessDenied)
    assert "'Microscan MS-4' (0525:a4ac): expected a HID POS scanner" in str(refused)
    assert "set the scanner to HID POS mode or use another driver" in str(refused)
    assert not holds(raw.node)
    assert isinstance(await refusal(hid_pos(match=DeviceMatch(vendor="0525"))), DeviceUnavailable)


async def test_a_node_that_is_no_hid_device_is_unavailable(plug_in: Callable[..., Wedge]) -> None:
    wedge = plug_in(number=1)

    assert isinstance(await refusal(hid_pos(path=wedge.node)), DeviceUnavailable)


async def test_of_two_interfaces_with_the_same_ids_the_scanner_is_read(plug_in_hid: Callable[..., RawHid]) -> None:
    """As of Honeywell's 0c2e:0b87: opening the first one found reads nothing."""
    plug_in_hid(number=1, descriptor=VENDOR, vendor="0c2e", product="0b87")
    raw = plug_in_hid(number=2, descriptor=HID_POS, vendor="0c2e", product="0b87")
    async with claimed(hid_pos(match=DeviceMatch(vendor="0c2e", product="0b87"))) as reading:
        raw.send(report(b"96385074"))

        assert await reading.label() == "96385074"


async def test_a_switch_that_the_device_refuses_is_told_once_and_hinders_nothing(
    plug_in_hid: Callable[..., RawHid],
) -> None:
    raw = plug_in_hid(number=1, descriptor=HID_POS, vendor="0c2e", product="0907")
    source = hid_pos(path=raw.node)
    with capture_logs() as logs:
        for _ in range(2):
            async with claimed(source) as reading:
                raw.send(report(b"96385074"))
                assert await reading.label() == "96385074"

    assert [(entry["event"], entry["report"]) for entry in logs] == [("hid_pos_switch_refused", "fe 01")]


async def test_no_other_makers_device_is_sent_anything(plug_in_hid: Callable[..., RawHid]) -> None:
    raw = plug_in_hid(number=1, descriptor=HID_POS)
    with capture_logs() as logs:
        async with claimed(hid_pos(path=raw.node)):
            pass

    assert logs == []


async def test_a_second_daemon_is_kept_out_and_told_who_has_the_device(plug_in_hid: Callable[..., RawHid]) -> None:
    raw = plug_in_hid(number=1, descriptor=HID_POS)
    async with claimed(hid_pos(path=raw.node)):
        refused = await refusal(hid_pos(path=raw.node))

    assert isinstance(refused, DeviceAccessDenied)
    assert "expected to be its only user" in str(refused)


async def test_a_cancelled_source_lets_go_of_node_and_lock(plug_in_hid: Callable[..., RawHid]) -> None:
    raw = plug_in_hid(number=1, descriptor=HID_POS)
    async with claimed(hid_pos(path=raw.node)):
        assert holds(raw.node)
    assert not holds(raw.node)
    fd = os.open(raw.node, os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(fd)


async def test_an_absent_scanner_is_unavailable(plug_in_hid: Callable[..., RawHid]) -> None:
    plug_in_hid(number=1, descriptor=HID_POS)

    assert isinstance(await refusal(hid_pos(match=DeviceMatch(vendor="1eab"))), DeviceUnavailable)
    assert isinstance(await refusal(hid_pos(path="/dev/hidraw9")), DeviceUnavailable)


def plug_in_keyboard(
    plug_in_hid: Callable[..., RawHid], plug_in: Callable[..., Wedge], **of_wedge: object
) -> tuple[RawHid, Wedge]:
    """A scanner that types, with its raw node and its event node."""
    ids = {"name": "Honeywell Xenon 1900", "vendor": "0c2e", "product": "0b61"}
    return plug_in_hid(number=1, descriptor=KEYBOARD, **ids), plug_in(number=1, **ids, **of_wedge)


async def press(heard: Heard, raw: RawHid, *reports: str) -> None:
    """Send reports, each when the one before was read: the node is a pty, which would make one of two."""
    for each in reports:
        await heard(partial(raw.send, bytes.fromhex(each).ljust(8, b"\0")))


async def type_in(heard: Heard, raw: RawHid, text: str) -> None:
    for character in text:
        await press(heard, raw, f"00 00 {KEYS[character]:02x}", "00")


async def test_a_scanner_that_types_is_read_from_its_raw_node(
    plug_in_hid: Callable[..., RawHid], plug_in: Callable[..., Wedge]
) -> None:
    raw, _ = plug_in_keyboard(plug_in_hid, plug_in)
    async with claimed(hid_keyboard(match=DeviceMatch(vendor="0c2e", product="0b61"))) as reading:
        await type_in(reading.hears, raw, "4006381333931\n")

        assert await reading.label() == "4006381333931"


async def test_digits_of_an_alt_code_in_one_report_are_its_character(
    plug_in_hid: Callable[..., RawHid], plug_in: Callable[..., Wedge]
) -> None:
    raw, _ = plug_in_keyboard(plug_in_hid, plug_in)
    async with claimed(hid_keyboard(path=raw.node)) as reading:
        await press(reading.hears, raw, "04 00 62 60 5b", "00", "04 00 62 60 62", "00", "00 00 28", "00")

        assert await reading.label() == "SP"


async def test_what_the_kernel_types_for_it_is_ours_too(
    plug_in_hid: Callable[..., RawHid], plug_in: Callable[..., Wedge]
) -> None:
    raw, wedge = plug_in_keyboard(plug_in_hid, plug_in)
    other = plug_in(number=2)
    assert event_nodes(raw.node) == [wedge.node]
    async with claimed(hid_keyboard(path=raw.node)):
        assert holds(wedge.node)
        assert not holds(other.node)
    assert not holds(wedge.node)
    assert not holds(raw.node)


async def test_it_is_claimed_only_while_no_key_is_down(
    plug_in_hid: Callable[..., RawHid], plug_in: Callable[..., Wedge]
) -> None:
    raw, wedge = plug_in_keyboard(plug_in_hid, plug_in, held=(28,))
    reading = Reading(hid_keyboard(path=raw.node, gap=GAP))
    await asyncio.wait([reading.task], timeout=GAP * 4)

    assert holds(wedge.node)
    assert reading._reports.empty()
    reading.task.cancel()
    await asyncio.wait([reading.task])
    assert not holds(wedge.node)


async def test_a_persons_keyboard_is_refused(plug_in_hid: Callable[..., RawHid], plug_in: Callable[..., Wedge]) -> None:
    ids = {"name": "Logitech USB Keyboard", "vendor": "046d", "product": "c31c"}
    raw, wedge = plug_in_hid(number=1, descriptor=KEYBOARD, **ids), plug_in(number=1, **ids)

    refused = await refusal(hid_keyboard(path=raw.node))

    assert isinstance(refused, DeviceAccessDenied)
    assert "claim_keyboard = true" in str(refused)
    assert not holds(raw.node)
    assert not holds(wedge.node)


async def test_a_raw_node_that_is_no_keyboard_is_refused(plug_in_hid: Callable[..., RawHid]) -> None:
    raw = plug_in_hid(number=1, descriptor=HID_POS)

    refused = await refusal(hid_keyboard(path=raw.node))

    assert isinstance(refused, DeviceAccessDenied)
    assert "expected a keyboard that lists its keys" in str(refused)
    assert list(hid_keyboards()) == []


async def test_a_report_of_another_length_discards_the_scan(
    plug_in_hid: Callable[..., RawHid], plug_in: Callable[..., Wedge]
) -> None:
    raw, _ = plug_in_keyboard(plug_in_hid, plug_in)
    async with claimed(hid_keyboard(path=raw.node)) as reading:
        await press(reading.hears, raw, "00 00 1e", "00")
        raw.send(bytes(16))
        torn = await reading.next()
        await type_in(reading.hears, raw, "2\n96385074\n")

        assert isinstance(torn, Discarded)
        assert torn.reason is DiscardReason.OVERFLOW
        assert await reading.label() == "96385074"
