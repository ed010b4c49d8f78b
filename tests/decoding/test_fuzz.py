"""Anything at all on any device: no crash, no growth, no label but those that were sent whole.

Each scanner sends, in random turns, whole labels, labels torn in ways that the decoder can know of, and garbage. A
label sent whole must arrive, and nothing else of it; after garbage the scanner is unplugged, as a person would do.

``SCANNER_DAEMON_FUZZ`` is how many events, reports and reads to send; ``SCANNER_DAEMON_FUZZ_SEED`` repeats a run.
"""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import count
from random import Random

import pytest

from scanner_daemon.decoding.framer import Framer, SerialTerminator
from scanner_daemon.decoding.hid_keyboard import HidKeyboardReports
from scanner_daemon.decoding.hid_pos import HidPosReports
from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.ssi import Opcode, SsiPackets
from scanner_daemon.decoding.typed_codes import ControlMap
from scanner_daemon.decoding.wedge import WedgeDecoder
from scanner_daemon.decoding.wedge_events import WedgeEvents
from scanner_daemon.model import Discarded, Scan
from scanner_daemon.sources.hid_keyboard import _Typing  # as the driver reads them
from scanner_daemon.sources.reading import Decoder
from tests.decoding.test_wedge_events import DROPPED, EVENT, report

MOST = 128
"""Bytes of the longest label the decoders are set to take."""

MOST_HELD = 1024
"""Of anything in a decoder: SSI keeps a label, a packet in progress and the packet before, each of 257 bytes."""

ROUNDS_WITHOUT_REPLUG = 40


class Happening(Enum):
    SILENCE = "silence"
    NOISE = "noise"


Sent = bytes | Happening
Sending = list[Sent]


@dataclass(frozen=True)
class Scanner:
    """``whole`` sends a label, ``torn`` what must not become one, ``garbage`` one event, report or read of anything."""

    plug: Callable[[], Decoder]
    whole: Callable[[str], Sending]
    torn: Callable[[str, Random], Sending]
    garbage: Callable[[Random], bytes]


# A keyboard through evdev.

ENTER, KEYS = 28, {digit: code for code, digit in zip([*range(2, 11), 11], "1234567890", strict=True)}
UNKNOWN = [88, 113, 240]  # F12, Mute, and what the kernel calls unknown
HOT = [*KEYS.values(), ENTER, 15, 29, 42, 54, 56, 58, 69, 97, 100, 125, 22, 46, 27, 71, 72, 82, 108, 59]


def key_event(code: int, value: int) -> bytes:
    return report((1, code, value), milliseconds=0)


def taps(label: str) -> Sending:
    return [key_event(code, value) for code in [*map(KEYS.__getitem__, label), ENTER] for value in (1, 0)]


def torn_taps(label: str, random: Random) -> Sending:
    events = taps(label)
    cut = random.randrange(1, len(events) - 2)
    order = report((1, 2, 1), (1, 3, 1), milliseconds=0)
    lost: Sending = [report(DROPPED, milliseconds=0)]
    harms: list[Sending] = [lost, [key_event(random.choice(UNKNOWN), 1)], [order], [Happening.SILENCE]]
    harm = random.choice(harms)
    rest = random.randrange(cut, len(events) - 2) if harm is lost else cut
    return [*events[:cut], *harm, *events[rest:]]


def any_event(random: Random) -> bytes:
    if random.random() < 0.01:
        return random.randbytes(random.randrange(100))
    kind, code = random.choice([(1, random.choice(HOT)), (0, 0), (0, 0), (0, 3), (4, 4), (17, 1), (20, 0)])
    return EVENT.pack(0, 0, kind, code, random.choice([0, 1, 1, 2]))


# The same through hidraw.

USAGES = {digit: 0x1E + place for place, digit in enumerate("1234567890")}
ENTER_USAGE, F1_USAGE = 0x28, 0x3A


def boot(*usages: int, modifiers: int = 0) -> bytes:
    return bytes((modifiers, 0, *usages)).ljust(8, b"\0")


def reports(label: str) -> Sending:
    return [each for usage in [*map(USAGES.__getitem__, label), ENTER_USAGE] for each in (boot(usage), boot())]


def torn_reports(label: str, random: Random) -> Sending:
    sent = reports(label)
    cut = random.randrange(1, len(sent) // 2 - 1) * 2
    harm: list[Sent] = [boot(F1_USAGE), boot(0x1E, 0x1F), boot()[:5], boot(0x1E, 0x1E), Happening.SILENCE]
    return [*sent[:cut], random.choice(harm), boot(), *sent[cut:]]


def any_report(random: Random) -> bytes:
    usages = random.choices([0, 0, 0, *range(0x1E, 0x2C), 0x39, 0x53, *range(0x59, 0x63), 1, 0xE1, 0xFF], k=6)
    modifiers = random.choice([0, 0, 0, 2, 4, 0x40, 3, random.randrange(256)])
    whole = boot(*usages, modifiers=modifiers)
    return whole if random.random() < 0.99 else random.randbytes(random.randrange(1, 12))


# HID POS.

PART = 56


def pos(data: bytes, *, goes_on: bool, identifier: bytes = b"]E0", size: int | None = None) -> bytes:
    return (
        bytes((2, len(data) if size is None else size)) + identifier + data.ljust(PART, b"\0") + bytes((0, 0, goes_on))
    )


def pos_reports(label: str) -> Sending:
    return [pos(label[:6].encode(), goes_on=True), pos(label[6:].encode(), goes_on=False)]


def torn_pos_reports(label: str, random: Random) -> Sending:
    first, last = label[:6].encode(), label[6:].encode()
    tear: list[Sending] = [
        [pos(first, goes_on=True), pos(last, goes_on=False, identifier=b"]C1")],
        [pos(first, goes_on=True), pos(last, goes_on=False, size=random.randrange(PART + 1, 256))],
        [pos(first, goes_on=True, size=200), pos(last, goes_on=False)],
        [pos(first, goes_on=True)[: random.randrange(1, 63)], pos(last, goes_on=False)],
        [pos(first, goes_on=True), Happening.SILENCE, pos(last, goes_on=False)],
    ]
    return random.choice(tear)


def any_pos_report(random: Random) -> bytes:
    if random.random() < 0.1:
        return random.randbytes(random.randrange(1, 80))
    part = random.randbytes(random.randrange(PART + 1))
    size = random.choice([len(part), random.randrange(256)])
    return pos(
        part, goes_on=random.random() < 0.6, identifier=random.choice([b"]E0", b"]Q1", b"]Z6", b"\0\0\0"]), size=size
    )


# A serial line.


def line(label: str) -> Sending:
    return [label[:5].encode(), label[5:].encode() + b"\r", b"\n"]


def torn_line(label: str, random: Random) -> Sending:
    cut = random.randrange(1, len(label))
    harm: list[Sent] = [Happening.NOISE, Happening.SILENCE, b"\xff", b"\xc3", b"7" * MOST]
    return [label[:cut].encode(), random.choice(harm), label[cut:].encode() + b"\r"]


def any_bytes(random: Random) -> bytes:
    alphabet = random.choice([b"0123456789\r\n", bytes(range(256))])
    return bytes(random.choices(alphabet, k=random.randrange(1, 24)))


# Packets of SSI.


def packet(data: bytes, status: int = 0, opcode: int = Opcode.DECODE_DATA) -> bytes:
    body = bytes((4 + len(data), opcode, 0, status)) + data
    return body + (-sum(body) & 0xFFFF).to_bytes(2)


def packets(label: str) -> Sending:
    return [packet(b"\x0b" + label[:6].encode(), 2), packet(b"\x0b" + label[6:].encode())]


def torn_packets(label: str, random: Random) -> Sending:
    first, last = (bytes(each) for each in packets(label) if isinstance(each, bytes))
    place = random.randrange(1, len(last))  # the length byte framed it; two lengths may well fit the 16 bits of a sum
    flipped = last[:place] + bytes((last[place] ^ random.randrange(1, 256),)) + last[place + 1 :]
    tear: list[Sending] = [
        [first, flipped],
        [first, last[: random.randrange(len(last))]],
        [first, Happening.SILENCE],
        [first[: random.randrange(1, len(first))], Happening.NOISE],
        [first, packet(b"\x0a" + label[6:].encode())],
    ]
    return [*random.choice(tear), Happening.SILENCE, Happening.SILENCE]


def any_packet(random: Random) -> bytes:
    if random.random() < 0.3:
        return any_bytes(random)
    opcode = random.choice([Opcode.DECODE_DATA, Opcode.MULTIPACKET_SEGMENT, Opcode.CMD_ACK, random.randrange(256)])
    return packet(random.randbytes(random.randrange(20)), random.choice([0, 0, 1, 2, 3]), opcode)


def wedge(control_map: ControlMap = ControlMap.CTRL) -> WedgeDecoder:
    return WedgeDecoder(scanner="a", layout=LAYOUTS["us"], control_map=control_map, max_length=MOST)


def evdev(control_map: ControlMap) -> Scanner:
    def plug() -> Decoder:
        return WedgeEvents(wedge(control_map), kernel_time=False)

    return Scanner(plug, taps, torn_taps, any_event)


def hid_keyboard() -> Decoder:
    return _Typing(HidKeyboardReports(), wedge(), lambda *_: None, None)


SCANNERS = {
    **{f"evdev, {control_map.value}": evdev(control_map) for control_map in ControlMap},
    "hid-keyboard": Scanner(hid_keyboard, reports, torn_reports, any_report),
    "hid-pos": Scanner(
        lambda: HidPosReports(scanner="a", max_length=MOST), pos_reports, torn_pos_reports, any_pos_report
    ),
    "serial": Scanner(
        lambda: Framer(scanner="a", terminator=SerialTerminator.LINE, max_length=MOST), line, torn_line, any_bytes
    ),
    "ssi": Scanner(lambda: SsiPackets(scanner="a", max_length=MOST), packets, torn_packets, any_packet),
}


@dataclass
class Device:
    """A scanner plugged in, and what was sent through it so far."""

    decoder: Decoder
    at: float = 0.0
    sent: int = 0

    def send(self, sending: Sending) -> list[Scan | Discarded]:
        told: list[Scan | Discarded] = []
        for each in sending:
            self.sent += 1
            self.at += 0.001
            match each:
                case bytes():
                    told += self.decoder.feed(each, self.at)
                case Happening.SILENCE:
                    self.at += 3.0
                    told += self.decoder.expire(self.at)
                case Happening.NOISE:
                    assert isinstance(self.decoder, Framer | SsiPackets)
                    told += self.decoder.noise(self.at)
        return told


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", SCANNERS)
def test_no_crash_no_growth_no_wrong_label(name: str) -> None:
    scanner, seed = SCANNERS[name], os.environ.get("SCANNER_DAEMON_FUZZ_SEED") or str(Random().random())
    random = Random(f"{seed} {name}")
    budget = int(os.environ.get("SCANNER_DAEMON_FUZZ", "24000")) // len(SCANNERS)
    numbers, sent = count(4_000_000_000_000), 0
    sys.stdout.write(f"SCANNER_DAEMON_FUZZ_SEED={seed}")  # pytest shows it where the test fails
    while sent < budget:
        device = Device(scanner.plug())
        for label in (str(next(numbers)) for _ in range(random.randrange(ROUNDS_WITHOUT_REPLUG))):
            if random.random() < 0.6:
                assert labels(device.send([*scanner.whole(label), Happening.SILENCE])) == [label]
            else:
                assert labels(device.send([*scanner.torn(label, random), Happening.SILENCE])) == []
        for _ in range(random.randrange(200)):
            found = labels(device.send([scanner.garbage(random)]))
            assert all(len(each.encode()) <= MOST for each in found)
            assert size(device.decoder) <= MOST_HELD
        device.decoder.lost(device.at)
        sent += device.sent


def labels(told: list[Scan | Discarded]) -> list[str]:
    return [report.scan_data_label for report in told if isinstance(report, Scan)]


def size(held: object) -> int:
    """How many bytes, characters and items a decoder holds that grow with its input."""
    return sum(_sizes(held, depth=4))


def _sizes(held: object, *, depth: int) -> Iterator[int]:
    if isinstance(held, bytes | bytearray | str | list):
        yield len(held)
    elif depth and type(held).__module__.startswith("scanner_daemon.") and not isinstance(held, Enum):
        names = getattr(type(held), "__slots__", None) or vars(held)
        for name in names:
            yield from _sizes(getattr(held, name), depth=depth - 1)
