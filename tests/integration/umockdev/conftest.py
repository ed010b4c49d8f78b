"""A mocked kernel: sysfs, udev and device nodes of scanners that do not exist.

umockdev works by ``LD_PRELOAD``, so these tests run in a process of their own, which ``test_wedge_umockdev.py`` starts;
in any other process there is nothing to collect here. What it cannot mock is tested on a real kernel: that a grab
shuts others out, ``ENODEV`` at unplug, a queue that runs over by itself.
"""

import ctypes
import os
import struct
import tty
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

collect_ignore_glob = [] if "umockdev" in os.environ.get("LD_PRELOAD", "") else ["test_*.py"]

_SYN_REPORT: Final = (0, 0, 0)
_EVENT: Final = struct.Struct("@llHHi")  # struct input_event of linux/input.h
_KEYS: Final = (*range(1, 84), *range(85, 89), *range(96, 112))
_KEY_OF: Final = {**{str(digit): 2 + (digit - 1) % 10 for digit in range(10)}, "\n": 28}


class Testbed:
    """One mocked machine (libumockdev, ``UMockdevTestbed``)."""

    __test__ = False

    def __init__(self) -> None:
        self._umockdev = ctypes.CDLL("libumockdev.so.0")
        self._gobject = ctypes.CDLL("libgobject-2.0.so.0")
        self._umockdev.umockdev_testbed_new.restype = ctypes.c_void_p
        self._testbed = ctypes.c_void_p(self._umockdev.umockdev_testbed_new())

    def add(self, description: str) -> None:
        """Plug in the devices of ``description``; udev tells of each."""
        if not self._umockdev.umockdev_testbed_add_from_string(self._testbed, description.encode(), None):
            raise ValueError(f"umockdev does not take {description!r}")

    def answer_ioctls(self, node: str, recording: Path) -> None:
        """Answer the ioctls that are asked of ``node`` as ``recording`` says."""
        arguments = (self._testbed, node.encode(), str(recording).encode(), None)
        if not self._umockdev.umockdev_testbed_load_ioctl(*arguments):
            raise ValueError(f"umockdev does not take the ioctls of {node}")

    def far_end(self, node: str) -> int:
        """Return the descriptor that feeds ``node``; it stays umockdev's."""
        return int(self._umockdev.umockdev_testbed_get_dev_fd(self._testbed, node.encode()))

    def uevent(self, sysfs_path: str, action: str) -> None:
        """Have udev tell ``action`` of a device."""
        self._umockdev.umockdev_testbed_uevent(self._testbed, sysfs_path.encode(), action.encode())

    def close(self) -> None:
        self._gobject.g_object_unref(self._testbed)


@dataclass(frozen=True, kw_only=True)
class Wedge:
    """A USB scanner that types, in USB port ``number`` and as ``/dev/input/event{number}``.

    ``held`` keys stay down, ``lit`` lamps stay on.
    """

    testbed: Testbed
    number: int
    name: str = "Honeywell Xenon 1900"
    vendor: str = "0c2e"
    product: str = "0b61"
    serial: str = ""
    held: tuple[int, ...] = ()
    lit: tuple[int, ...] = ()

    @property
    def node(self) -> str:
        return f"/dev/input/event{self.number}"

    @property
    def sysfs_path(self) -> str:
        return f"/sys{self._input}/event{self.number}"

    @property
    def physical_port(self) -> str:
        return f"usb-0000:00:14.0-{self.number}/input0"

    def plug_in(self, folder: Path) -> None:
        self.testbed.add(self._description())
        recording = folder / f"event{self.number}.ioctl"
        recording.write_text(self._ioctls())
        self.testbed.answer_ioctls(self.node, recording)
        tty.setraw(self.testbed.far_end(self.node))

    def type(self, text: str) -> None:
        for character in text:
            self.press(_KEY_OF[character])

    def press(self, key: int) -> None:
        """Down and up, each a report of its own."""
        self.send((1, key, 1), _SYN_REPORT, (1, key, 0), _SYN_REPORT)

    def send(self, *events: tuple[int, int, int]) -> None:
        """Send events as the kernel would queue them: type, code, value."""
        data = b"".join(_EVENT.pack(0, 0, *event) for event in events)
        os.write(self.testbed.far_end(self.node), data)

    @property
    def _usb(self) -> str:
        return f"/devices/pci0000:00/0000:00:14.0/usb1/1-{self.number}"

    @property
    def _input(self) -> str:
        ids = f"0003:{self.vendor.upper()}:{self.product.upper()}.{self.number:04X}"
        return f"{self._usb}/1-{self.number}:1.0/{ids}/input/input{self.number}"

    def _description(self) -> str:
        link = f"input/by-id/usb-{self.name.replace(' ', '_')}_{self.serial}-event-kbd"
        return (
            f"P: {self._input}/event{self.number}\n"
            f"N: input/event{self.number}\n"
            f"S: {link}\n"
            f"E: DEVNAME=/dev/input/event{self.number}\n"
            f"E: DEVLINKS=/dev/{link}\n"
            "E: SUBSYSTEM=input\n"
            "E: MAJOR=13\n"
            f"E: MINOR={64 + self.number}\n"
            f"A: dev=13:{64 + self.number}\n"
            "\n"
            f"P: {self._input}\n"
            "E: SUBSYSTEM=input\n"
            f"A: name={self.name}\n"
            f"A: phys={self.physical_port}\n"
            f"A: uniq={self.serial}\n"
            f"A: id/vendor={self.vendor}\n"
            f"A: id/product={self.product}\n"
            f"A: capabilities/key={_bit_map_in_words(_KEYS)}\n"
            "\n"
            f"P: {self._usb}\n"
            "E: SUBSYSTEM=usb\n"
            "E: DEVTYPE=usb_device\n"
            f"A: idVendor={self.vendor}\n"
            f"A: idProduct={self.product}\n"
            f"A: serial={self.serial}\n"
        )

    def _ioctls(self) -> str:
        """The answers python-evdev needs to open a device; each as long as it asks for, or umockdev finds none."""
        ids = struct.pack("@4H", 3, int(self.vendor, 16), int(self.product, 16), 0x110)
        answers = [
            ("EVIOCGVERSION", 0, struct.pack("@I", 0x10001)),
            ("EVIOCGID", 0, ids),
            *((f"EVIOCG{name}(0)", len(text) + 1, text.encode().ljust(256, b"\0")) for name, text in self._texts()),
            ("EVIOCGBIT(0)", 4, _bit_map((0, 1, 4, 17, 20), 4)),
            ("EVIOCGBIT(1)", 96, _bit_map(_KEYS, 96)),
            ("EVIOCGBIT(4)", 8, _bit_map((4,), 96)),
            ("EVIOCGBIT(17)", 8, _bit_map(range(5), 96)),
            ("EVIOCGBIT(20)", 8, _bit_map((0, 1), 96)),
            ("EVIOCGPROP(0)", 4, bytes(4)),
            ("EVIOCGLED(0)", 2, _bit_map(self.lit, 2)),
            ("EVIOCGKEY(0)", 96, _bit_map(self.held, 96)),
            ("EVIOCGREP", 0, struct.pack("@2I", 250, 33)),
            ("EVIOCGEFFECTS", 0, bytes(4)),
        ]
        return _recording(self.node, answers)

    def _texts(self) -> tuple[tuple[str, str], ...]:
        return ("NAME", self.name), ("PHYS", self.physical_port), ("UNIQ", self.serial)


@dataclass(frozen=True, kw_only=True)
class RawHid:
    """A HID device's raw node, ``/dev/hidraw{number}``, of the same device as a :class:`Wedge` of that number."""

    testbed: Testbed
    number: int
    descriptor: bytes
    name: str = "Datalogic Magellan"
    vendor: str = "05f9"
    product: str = "2204"
    serial: str = ""

    @property
    def node(self) -> str:
        return f"/dev/hidraw{self.number}"

    def plug_in(self, folder: Path) -> None:
        self.testbed.add(self._description())
        recording = folder / f"hidraw{self.number}.ioctl"
        recording.write_text(self._ioctls())
        self.testbed.answer_ioctls(self.node, recording)
        tty.setraw(self.testbed.far_end(self.node))

    def send(self, report: bytes) -> None:
        """Send one report. The node is a pty: two that were not read yet would come as one."""
        os.write(self.testbed.far_end(self.node), report)

    def _description(self) -> str:
        ids = f"0003:{self.vendor.upper()}:{self.product.upper()}.{self.number:04X}"
        hid = f"/devices/pci0000:00/0000:00:14.0/usb1/1-{self.number}/1-{self.number}:1.0/{ids}"
        return (
            f"P: {hid}/hidraw/hidraw{self.number}\n"
            f"N: hidraw{self.number}\n"
            f"E: DEVNAME={self.node}\n"
            "E: SUBSYSTEM=hidraw\n"
            "E: MAJOR=243\n"
            f"E: MINOR={self.number}\n"
            f"A: dev=243:{self.number}\n"
            "\n"
            f"P: {hid}\n"
            "E: SUBSYSTEM=hid\n"
            f"E: HID_ID=0003:0000{self.vendor.upper()}:0000{self.product.upper()}\n"
            f"E: HID_NAME={self.name}\n"
            f"E: HID_PHYS=usb-0000:00:14.0-{self.number}/input0\n"
            f"E: HID_UNIQ={self.serial}\n"
            f"H: report_descriptor={self.descriptor.hex().upper()}\n"
        )

    def _ioctls(self) -> str:
        """What umockdev can answer; it refuses feature reports, as a device may."""
        size = struct.pack("@I", len(self.descriptor))
        name = self.name.encode() + b"\0"
        answers = [
            ("HIDIOCGRDESCSIZE", 0, size),
            ("HIDIOCGRDESC", 0, size + self.descriptor.ljust(4096, b"\0")),
            ("HIDIOCGRAWINFO", 0, struct.pack("@IHH", 3, int(self.vendor, 16), int(self.product, 16))),
            ("HIDIOCGRAWNAME(0)", len(name), name.ljust(256, b"\0")),
        ]
        return _recording(self.node, answers)


@pytest.fixture
def testbed() -> Iterator[Testbed]:
    testbed = Testbed()
    yield testbed
    testbed.close()


@pytest.fixture
def plug_in(testbed: Testbed, tmp_path: Path) -> Callable[..., Wedge]:
    """Plug in a :class:`Wedge` with these properties."""

    def plugged_in(**properties: object) -> Wedge:
        wedge = Wedge(testbed=testbed, **properties)  # type: ignore[arg-type]  # what a test says of its scanner
        wedge.plug_in(tmp_path)
        return wedge

    return plugged_in


@pytest.fixture
def plug_in_hid(testbed: Testbed, tmp_path: Path) -> Callable[..., RawHid]:
    """Plug in a :class:`RawHid` with these properties."""

    def plugged_in(**properties: object) -> RawHid:
        raw = RawHid(testbed=testbed, **properties)  # type: ignore[arg-type]  # what a test says of its scanner
        raw.plug_in(tmp_path)
        return raw

    return plugged_in


def _recording(node: str, answers: Iterable[tuple[str, int, bytes]]) -> str:
    lines = (f"{name} {result} {data.hex().upper()}\n" for name, result, data in answers)
    return f"@DEV {node}\n" + "".join(lines)


def _bit_map(numbers: "tuple[int, ...] | range", size: int) -> bytes:
    return sum(1 << number for number in numbers).to_bytes(size, "little")


def _bit_map_in_words(numbers: tuple[int, ...]) -> str:
    """The bit map as sysfs prints it: hexadecimal words of 64 bits, the highest first."""
    digits = f"{sum(1 << number for number in numbers):x}"
    digits = digits.zfill(-(-len(digits) // 16) * 16)
    return " ".join(digits[start : start + 16] for start in range(0, len(digits), 16))
