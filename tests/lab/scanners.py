"""Scanners and keyboards to plug into a guest."""

import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.lab.guest import Guest
from tests.lab.machine import Machine

Interface = Literal["keyboard", "hid-pos", "cdc-acm"]

BOOT_KEYBOARD: Final = bytes.fromhex(
    # USB-IF, HID 1.11, appendix B.1: eight modifier bits, a reserved byte, five LEDs, six keys.
    "05010906a101050719e029e71500250175019508810295017508810395057501050819012905910295017503910395067508"
    "150025650507190029658100c0"
)
NO_LEDS: Final = BOOT_KEYBOARD.replace(bytes.fromhex("950575010508190129059102950175039103"), b"")
"""The same without the five LEDs, each of which has udev do as much as the keyboard itself."""
HID_POS: Final = bytes.fromhex(
    # USB-IF, HID POS 1.02: a Scanned Data Report (id 2) of a byte count, a symbology identifier and 59 data bytes.
    "058c 0902 a101 8502 0912 a102 1500 26ff00 7508"
    "0501 093b 9501 8102"
    "058c 09fb 09fc 09fd 9503 8102"
    "09fe 953b 820201 c0 c0"
)
HID_POS_SHIFTED: Final = HID_POS.replace(
    # The same with a vendor's byte before the symbology identifier, and one data byte less.
    bytes.fromhex("058c09fb"),
    bytes.fromhex("0600ff 0901 9501 8102 058c09fb"),
).replace(bytes.fromhex("953b"), bytes.fromhex("953a"))
HID_POS_LENGTH: Final = 64
REPORT_GAP: Final = 0.02
"""Seconds between two reports: ten times a real scanner's, for a processor that is emulated."""


@dataclass(slots=True, kw_only=True)
class UsbScanner:
    """A real USB device made of software (dummy_hcd and a configfs gadget): own ids, serial number, interfaces.

    ``port`` is the socket it is plugged into, 0 or 1. With ``leds`` its keyboard has those of any keyboard.
    """

    serial: str = "SN0042"
    vendor: str = "0c2e"
    product: str = "0b61"
    manufacturer: str = "Metrologic"
    name: str = "Vuquest"
    interfaces: tuple[Interface, ...] = ("keyboard",)
    port: int = 0
    leds: bool = False
    _machine: Machine | None = field(init=False, repr=False, default=None)
    _ends: dict[Interface, int] = field(init=False, repr=False, default_factory=dict)

    def attach(self, machine: Machine) -> None:
        """See :class:`tests.lab.guest.Device`."""
        if self._machine is None:
            self._machine = machine
            self._describe()
        self._configure([["write", f"{self._home}/UDC", _hex(f"dummy_udc.{self.port}\n")]])
        self._ends = {interface: self._open(interface) for interface in self.interfaces}

    def detach(self, machine: Machine) -> None:
        """See :class:`tests.lab.guest.Device`."""
        for end in self._ends.values():
            machine.agent("close_device", descriptor=end)
        self._configure([["write", f"{self._home}/UDC", _hex("\n")]])

    def nodes(self, guest: Guest) -> list[str]:
        """See :class:`tests.lab.guest.Device`: all of its interfaces' nodes, or none before all are there."""
        nodes = [node for interface in self.interfaces for node in self._nodes_of(guest, interface)]
        return nodes if len(nodes) >= len(self.interfaces) else []

    def node(self, guest: Guest, interface: Interface = "keyboard") -> str:
        """Return the node of one interface."""
        return self._nodes_of(guest, interface)[0]

    def type(self, text: str, *, gap: float = REPORT_GAP) -> None:
        """Type ``text`` on the keyboard interface, ``gap`` seconds between two reports."""
        type_together({self: text}, gap=gap)

    def hold(self, key: str) -> None:
        """Press a key, with Shift for a capital letter, and leave it down."""
        self._send("keyboard", [_keystroke(key)])

    def release(self) -> None:
        """Let go of all keys."""
        self._send("keyboard", [bytes(8)])

    def press(self, *reports: bytes) -> None:
        """Send reports of the keyboard interface as they are."""
        self._send("keyboard", reports, gap=REPORT_GAP)

    def report(self, data: bytes, identifier: str = "]E0") -> None:
        """Send a scan on the HID-POS interface."""
        self._send("hid-pos", [_hid_pos_report(data, identifier)])

    def told(self) -> bytes:
        """Return what the host has sent to the HID-POS interface since it was last asked for it."""
        return bytes.fromhex(self.machine.agent("read_device", descriptor=self._ends["hid-pos"]))

    def send(self, data: bytes) -> None:
        """Send bytes on the CDC-ACM interface."""
        self._send("cdc-acm", [data])

    def writes(self, text: str) -> list[tuple[int, str]]:
        """Return what the agent has to write for ``text`` to be typed."""
        end = self._ends["keyboard"]
        return [(end, report.hex()) for key in text for report in (_keystroke(key), bytes(8))]

    def __hash__(self) -> int:
        return id(self)

    @property
    def machine(self) -> Machine:
        """The guest it was plugged into."""
        assert self._machine is not None, "plug it in first"
        return self._machine

    @property
    def _home(self) -> str:
        return f"/sys/kernel/config/usb_gadget/port{self.port}"

    def _configure(self, steps: list[list[str]]) -> None:
        self.machine.agent("configure", steps=steps)

    def _describe(self) -> None:
        """Say in configfs what the device is."""
        texts = {"manufacturer": self.manufacturer, "product": self.name, "serialnumber": self.serial}
        steps = [["mkdir", f"{self._home}/strings/0x409"], ["mkdir", f"{self._home}/configs/c.1"]]
        steps += [
            ["write", f"{self._home}/{attribute}", _hex(f"0x{value}\n")]
            for attribute, value in (("idVendor", self.vendor), ("idProduct", self.product), ("bcdUSB", "0200"))
        ]
        steps += [["write", f"{self._home}/strings/0x409/{key}", _hex(text)] for key, text in texts.items() if text]
        for interface in self.interfaces:
            steps += self._function(interface)
        self._configure(steps)

    def _function(self, interface: Interface) -> list[list[str]]:
        place = f"{self._home}/functions/{_function_name(interface)}"
        attributes = {
            "keyboard": (
                ("protocol", b"1"),
                ("subclass", b"1"),
                ("report_length", b"8"),
                ("report_desc", BOOT_KEYBOARD if self.leds else NO_LEDS),
            ),
            "hid-pos": (
                ("report_length", b"%d" % HID_POS_LENGTH),
                ("report_desc", HID_POS),
                ("no_out_endpoint", b"1"),  # what the host sends comes as a request then, and can be read
            ),
            "cdc-acm": (),
        }[interface]
        return [
            ["mkdir", place],
            *(["write", f"{place}/{attribute}", value.hex()] for attribute, value in attributes),
            ["link", f"{self._home}/configs/c.1/{_function_name(interface)}", place],
        ]

    def _open(self, interface: Interface) -> int:
        place = f"{self._home}/functions/{_function_name(interface)}"
        if interface == "cdc-acm":
            node = f"/dev/ttyGS{self.machine.agent('read_file', path=f'{place}/port_num').strip()}"
        else:
            node = f"/dev/hidg{self.machine.agent('read_file', path=f'{place}/dev').strip().split(':')[1]}"
        return int(self.machine.agent("open_device", path=node))

    def _send(self, interface: Interface, reports: Iterable[bytes], *, gap: float = 0.002) -> None:
        end = self._ends[interface]
        self.machine.agent("write_device", writes=[(end, report.hex()) for report in reports], gap=gap)

    def _nodes_of(self, guest: Guest, interface: Interface) -> list[str]:
        name, folder = {
            "keyboard": ("event*", "/dev/input"),
            "hid-pos": ("hidraw?", "/dev"),
            "cdc-acm": ("ttyACM*", "/dev"),
        }[interface]
        found = guest.find(f"/sys/devices/platform/dummy_hcd.{self.port}", name)
        number = self.interfaces.index(interface)
        return [f"{folder}/{path.rpartition('/')[2]}" for path in found if f":1.{number}/" in path]


def key_reports(*usages: int, modifiers: int = 0) -> tuple[bytes, ...]:
    """Return the boot keyboard reports of keys pressed one by one while ``modifiers`` are down."""
    all_up = bytes((modifiers, *bytes(7)))
    return tuple(report for usage in usages for report in (bytes((modifiers, 0, usage, *bytes(5))), all_up))


def type_together(texts: "dict[UsbScanner, str]", *, gap: float = REPORT_GAP) -> None:
    """Type on several scanners at once, report by report in turn."""
    queues = [scanner.writes(text) for scanner, text in texts.items()]
    turns = max(map(len, queues))
    writes = [queue[turn] for turn in range(turns) for queue in queues if turn < len(queue)]
    next(iter(texts)).machine.agent("write_device", writes=writes, gap=gap, within=60)


@dataclass(slots=True, kw_only=True)
class Keyboard:
    """QEMU's USB keyboard, plugged and typed on by the host: the cashier's."""

    id: str = "cashier"
    _machine: Machine = field(init=False, repr=False)

    def attach(self, machine: Machine) -> None:
        """See :class:`tests.lab.guest.Device`."""
        self._machine = machine
        machine.monitor("device_add", driver="usb-kbd", id=self.id, bus="xhci.0", serial=self.id)

    def detach(self, machine: Machine) -> None:
        """See :class:`tests.lab.guest.Device`."""
        machine.monitor("device_del", id=self.id)

    def nodes(self, guest: Guest) -> list[str]:
        """See :class:`tests.lab.guest.Device`."""
        return guest.find("/dev/input/by-id", f"*_{self.id}-event-kbd")

    def type(self, text: str) -> None:
        """Type digits, lower-case letters and Enter. QEMU loses keys that come faster than this."""
        for key in text:
            for down in (True, False):
                event = {"down": down, "key": {"type": "qcode", "data": {"\n": "ret"}.get(key, key)}}
                self._machine.monitor("input-send-event", events=[{"type": "key", "data": event}])
                time.sleep(0.008)


@dataclass(slots=True, kw_only=True)
class FtdiScanner:
    """A serial scanner behind QEMU's FTDI adapter (0403:6001), spoken for by the host."""

    id: str = "ftdi"
    _machine: Machine = field(init=False, repr=False)

    def attach(self, machine: Machine) -> None:
        """See :class:`tests.lab.guest.Device`."""
        self._machine = machine
        machine.monitor("device_add", driver="usb-serial", id=self.id, bus="xhci.0", chardev="cable")

    def detach(self, machine: Machine) -> None:
        """See :class:`tests.lab.guest.Device`."""
        machine.monitor("device_del", id=self.id)

    def nodes(self, guest: Guest) -> list[str]:
        """See :class:`tests.lab.guest.Device`."""
        return guest.find("/dev", "ttyUSB*")

    def send(self, data: bytes) -> None:
        """Send bytes down the line."""
        self._machine.cable.sendall(data)

    def hear(self, count: int) -> bytes:
        """Return the next ``count`` bytes that the host has sent down the line; waits for them."""
        self._machine.cable.settimeout(15)
        heard = b""
        while len(heard) < count:
            heard += self._machine.cable.recv(count - len(heard))
        return heard


@dataclass(slots=True, kw_only=True)
class UhidScanner:
    """A HID-POS scanner on no bus at all (/dev/uhid): any descriptor, any report."""

    vendor: int = 0x05F9
    product: int = 0x2204
    descriptor: bytes = HID_POS
    _end: int = field(init=False, repr=False)
    _machine: Machine = field(init=False, repr=False)

    def attach(self, machine: Machine) -> None:
        """See :class:`tests.lab.guest.Device`."""
        self._machine = machine
        self._end = int(machine.agent("open_device", path="/dev/uhid"))
        create = struct.pack(  # linux/uhid.h: UHID_CREATE2, name, phys, uniq, descriptor's size, bus, ids
            "<I128s64s64sHHIIII4096s",
            11,
            b"Lab HID-POS scanner",
            b"lab/0",
            b"POS0001",
            len(self.descriptor),
            3,
            self.vendor,
            self.product,
            0,
            0,
            self.descriptor,
        )
        machine.agent("write_device", writes=[(self._end, create.hex())], gap=0)

    def detach(self, machine: Machine) -> None:
        """See :class:`tests.lab.guest.Device`."""
        machine.agent("close_device", descriptor=self._end)

    def nodes(self, guest: Guest) -> list[str]:
        """See :class:`tests.lab.guest.Device`."""
        found = guest.find("/sys/devices/virtual/misc/uhid", "hidraw?")
        return [f"/dev/{path.rpartition('/')[2]}" for path in found]

    def report(self, data: bytes, identifier: str = "]E0") -> None:
        """Send a scan."""
        report = _hid_pos_report(data, identifier, shift=1 if self.descriptor == HID_POS_SHIFTED else 0)
        event = struct.pack("<IH4096s", 12, len(report), report)  # UHID_INPUT2
        self._machine.agent("write_device", writes=[(self._end, event.hex())], gap=0)


def _hid_pos_report(data: bytes, identifier: str, *, shift: int = 0) -> bytes:
    return (bytes((2, len(data))) + bytes(shift) + identifier.encode() + data).ljust(HID_POS_LENGTH, b"\0")


def _function_name(interface: Interface) -> str:
    return {"keyboard": "hid.keyboard", "hid-pos": "hid.pos", "cdc-acm": "acm.0"}[interface]


def _keystroke(key: str) -> bytes:
    """Return the boot keyboard report of one key, by the usages of a US layout (HID Usage Tables 1.5, section 10)."""
    shift = 0x02 if key.isalpha() and key.isupper() else 0
    if key.isalpha():
        usage = 0x04 + ord(key.lower()) - ord("a")
    else:
        usage = {"0": 0x27, "\n": 0x28, "-": 0x2D}.get(key) or 0x1E + "123456789".index(key)
    return bytes((shift, 0, usage, 0, 0, 0, 0, 0))


def _hex(text: str) -> str:
    return text.encode().hex()
