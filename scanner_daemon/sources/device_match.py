"""Find the one device a configuration means."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Annotated

from pydantic import Field

from scanner_daemon.errors import DeviceAccessDenied, DeviceUnavailable
from scanner_daemon.sources.discovery import Attached

UsbId = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{4}$")]
"""Four hexadecimal digits, as ``lsusb`` and ``scanner-daemon devices`` show them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMatch:
    """What a device has to be; what is left out does not matter.

    ``serial`` may be written as the device says it or as udev does (``ID_SERIAL_SHORT``).
    ``physical_port`` is where it is plugged in, as ``scanner-daemon devices`` shows it.
    """

    vendor: UsbId | None = None
    product: UsbId | None = None
    serial: Annotated[str, Field(min_length=1)] | None = None
    physical_port: Annotated[str, Field(min_length=1)] | None = None

    def __post_init__(self) -> None:
        if not self._wanted():
            raise ValueError("expected at least one of vendor, product, serial, physical_port, got none")

    def __str__(self) -> str:
        return ", ".join(f"{key} {value}" for key, value in self._wanted().items())

    def fits(self, device: Attached) -> bool:
        """Return whether ``device`` is as wanted in all that is said."""
        return all(_plain(value) == _plain(getattr(device, key)) for key, value in self._wanted().items())

    def _wanted(self) -> dict[str, str]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: value for key, value in values.items() if value is not None}


def the_one(match: DeviceMatch, devices: Iterable[Attached]) -> Attached:
    """Return the device that fits.

    Raises ``DeviceUnavailable`` when none does, ``DeviceAccessDenied`` when several do: reading the wrong one would
    tell one lane's customer at another.
    """
    found = [device for device in devices if match.fits(device)]
    if not found:
        raise DeviceUnavailable(
            f"Failed to find the scanner with {match}: expected one device, got none; plug it in, "
            "or see `scanner-daemon devices` for what is present"
        )
    if len(found) > 1:
        listed = "; ".join(
            f"{device.node} (serial {device.serial or 'none'}, physical_port {device.physical_port or 'unknown'})"
            for device in found
        )
        raise DeviceAccessDenied(
            f"Failed to find the scanner with {match}: expected one device, got {len(found)}: {listed}; "
            "add serial or physical_port to match to say which"
        )
    return found[0]


def _plain(text: str) -> str:
    """Write ``text`` the way udev writes names: case aside, all but these characters become ``_``."""
    return re.sub(r"[^a-z0-9#+\-.:=@_]", "_", text.strip().lower())
