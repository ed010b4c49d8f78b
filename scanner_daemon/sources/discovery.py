"""Which scanners are plugged in, in what mode, and what may be one."""

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from scanner_daemon.sources.recognition import is_known_scanner

HID_POS_USAGE_PAGE: Final = 0x8C
"""Bar Code Scanner page (USB-IF, HID Usage Tables 1.5, section 34)."""

HID_KEYBOARD_USAGE_PAGE: Final = 0x07
"""Keyboard/Keypad page (section 10)."""

_Driver: TypeAlias = Literal["keyboard-wedge", "hid-pos", "hid-keyboard", "serial"]
_Mode: TypeAlias = Literal["keyboard", "hid-pos", "serial"]

_LINKS: Final = ("/by-id/", "/by-path/")
_LONG_ITEM: Final = 0b1111_1110
_USAGE_PAGE: Final = 0b0000_0100
_TYPES_LETTERS: Final = 0xFFFFFFFE
"""Key codes 1 to 31, from Escape to S: with all of them udev's ``input_id`` calls a device a keyboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A device that can be read by ``driver``.

    ``node`` is what the kernel calls it now, ``path`` the most lasting name there is for it. ``vendor`` and
    ``product`` are USB ids, four hexadecimal digits. ``physical_port`` says where it is plugged in.
    ``known_scanner`` is false for what may be a scanner but tells nothing: a keyboard, a USB-to-serial cable.
    """

    driver: _Driver
    mode: _Mode
    node: str
    path: str
    name: str
    vendor: str
    product: str
    serial: str
    physical_port: str

    @property
    def id(self) -> str:
        """The name udev made of what the device says of itself, else its ids and serial number."""
        if self.path.rpartition("/")[0].endswith("/by-id"):
            return Path(self.path).name
        return ":".join(part for part in (self.vendor, self.product, self.serial) if part) or self.node

    def same_device(self, other: "Attached") -> bool:
        """Return whether this is another way of reading what ``other`` reads."""
        mine, others = ((each.vendor, each.product, each.serial, each.physical_port) for each in (self, other))
        return mine == others

    @property
    def known_scanner(self) -> bool:
        """Whether its ids, its name or its mode say that it is a scanner."""
        return self.mode == "hid-pos" or is_known_scanner(vendor=self.vendor, product=self.product, name=self.name)


def attached() -> list[Attached]:
    """Return all there is to read from: known scanners first."""
    return sorted((*keyboards(), *hid_pos(), *serial_ports()), key=lambda device: not device.known_scanner)


def keyboards() -> Iterator[Attached]:
    """Yield what types letters, but for the virtual keyboards of programs such as this one."""
    devices = _devices("input", named="event*")
    paths = _lasting_paths(devices)
    for device in devices:
        parent = device.parent
        if "/devices/virtual/input/" in device.sys_path:
            continue
        if parent is None or not _types_letters(_attribute(parent, "capabilities/key")):
            continue
        yield Attached(
            driver="keyboard-wedge",
            mode="keyboard",
            node=device.device_node,
            path=paths[device.device_node],
            name=_attribute(parent, "name"),
            vendor=_attribute(parent, "id/vendor"),
            product=_attribute(parent, "id/product"),
            serial=_attribute(parent, "uniq"),
            physical_port=_attribute(parent, "phys"),
        )


def hid_pos() -> Iterator[Attached]:
    """Yield the HID devices that speak the Bar Code Scanner usage page."""
    return _hid(HID_POS_USAGE_PAGE, driver="hid-pos", mode="hid-pos")


def hid_keyboards() -> Iterator[Attached]:
    """Yield the raw nodes of HID keyboards: what :func:`keyboards` yields, where it is not Bluetooth LE or PS/2."""
    return _hid(HID_KEYBOARD_USAGE_PAGE, driver="hid-keyboard", mode="keyboard")


def event_nodes(hidraw: str) -> list[str]:
    """Return the event nodes through which the kernel types what the HID device with the node ``hidraw`` sends."""
    return [device.device_node for device in _devices("input", named="event*", of=hidraw)]


def udev_property(node: str, name: str) -> str:
    """Return what udev's rules say about a serial port's ``name``; empty where they say nothing."""
    found = (device.properties.get(name, "") for device in _devices("tty", named=Path(node).resolve().name))
    return next(found, "")


def report_descriptor(hidraw: str) -> bytes:
    """Return the report descriptor of the HID device with the node ``hidraw``; empty where it is gone."""
    found = (device.parent for device in _devices("hidraw", named=Path(hidraw).resolve().name))
    return next((_descriptor(parent) for parent in found if parent is not None), b"")


def _hid(usage_page: int, *, driver: _Driver, mode: _Mode) -> Iterator[Attached]:
    devices = _devices("hidraw")
    paths = _lasting_paths(devices)
    for device in devices:
        parent = device.parent
        if parent is None or usage_page not in usage_pages(_descriptor(parent)):
            continue
        _, vendor, product = parent.properties.get("HID_ID", "0:0:0").split(":")
        yield Attached(
            driver=driver,
            mode=mode,
            node=device.device_node,
            path=paths[device.device_node],
            name=parent.properties.get("HID_NAME", ""),
            vendor=vendor[-4:].lower(),
            product=product[-4:].lower(),
            serial=parent.properties.get("HID_UNIQ", ""),
            physical_port=parent.properties.get("HID_PHYS", ""),
        )


def serial_ports() -> Iterator[Attached]:
    """Yield the serial ports on USB: a port on the board says nothing of what is behind it."""
    devices = _devices("tty")
    paths = _lasting_paths(devices)
    for device in devices:
        usb = device.find_parent("usb", "usb_device")
        if usb is None:
            continue
        yield Attached(
            driver="serial",
            mode="serial",
            node=device.device_node,
            path=paths[device.device_node],
            name=f"{_attribute(usb, 'manufacturer')} {_attribute(usb, 'product')}".strip(),
            vendor=_attribute(usb, "idVendor"),
            product=_attribute(usb, "idProduct"),
            serial=_attribute(usb, "serial"),
            physical_port=device.properties.get("ID_PATH", ""),
        )


def usage_pages(descriptor: bytes) -> set[int]:
    """Return the usage pages a HID report descriptor names (USB-IF, HID 1.11, 6.2.2.7); any bytes will do."""
    pages = set()
    at = 0
    while at < len(descriptor):
        prefix = descriptor[at]
        size = (0, 1, 2, 4)[prefix & 0b11]
        if prefix == _LONG_ITEM:  # its size is in the next byte, then comes a tag
            size = 2 + int.from_bytes(descriptor[at + 1 : at + 2])
        elif prefix & ~0b11 == _USAGE_PAGE:
            pages.add(int.from_bytes(descriptor[at + 1 : at + 1 + size], "little"))
        at += 1 + size
    return pages


def _devices(subsystem: str, *, named: str = "*", of: str | None = None) -> list[Any]:
    """Return what udev knows in ``subsystem`` and has a node, the same order each time; nothing without udev.

    ``named`` is a pattern for the kernel's name. A machine has a hundred terminals: each looked at costs time in which
    no scanner is read. ``of`` is the node of a device: then only what belongs to the same HID device.
    """
    try:
        import pyudev

        context = _udev()
        devices = context.list_devices(subsystem=subsystem).match_sys_name(named)
        if of is not None:
            devices.match_parent(pyudev.Devices.from_device_file(context, of).parent)
        return sorted((device for device in devices if device.device_node), key=lambda device: device.device_node)
    except (ImportError, LookupError):  # no udev, or the device is gone
        return []


@functools.cache
def _udev() -> Any:
    """Return udev's library, looked for once: ``ldconfig`` runs for it each time, and no scanner is read meanwhile."""
    import pyudev

    return pyudev.Context()


def _types_letters(capabilities: str) -> bool:
    """Read the lowest word of the bit map that sysfs writes as hexadecimal words, the highest first."""
    words = capabilities.split()
    return bool(words) and int(words[-1], 16) & _TYPES_LETTERS == _TYPES_LETTERS


def _lasting_paths(devices: Iterable[Any]) -> Mapping[str, str]:
    """Return node → its ``by-id`` link, else its ``by-path`` one, else itself.

    Two devices without serial number fight for one link, and it leads to whichever was last: it is nobody's.
    """
    links = {device.device_node: device.properties.get("DEVLINKS", "").split() for device in devices}
    claims = Counter(chain.from_iterable(links.values()))
    return {
        node: next((link for folder in _LINKS for link in sorted(own) if folder in link and claims[link] == 1), node)
        for node, own in links.items()
    }


def _descriptor(device: Any) -> bytes:
    """Return a HID device's report descriptor, not through udev: its library takes a NUL byte for the end."""
    try:
        return (Path(device.sys_path) / "report_descriptor").read_bytes()
    except OSError:
        return b""


def _attribute(device: Any, name: str) -> str:
    return _bytes(device, name).decode(errors="replace").strip()


def _bytes(device: Any, name: str) -> bytes:
    """Return a sysfs attribute; empty where there is none, or the device goes while we look."""
    return device.attributes.get(name) or b""
