"""A scanner in HID POS mode: no keyboard, no serial port, but a device of its own kind (usage page 8C)."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, ClassVar, Final

import structlog
from pydantic import Field

from scanner_daemon.decoding.hid_pos import HidPosReports, NotHidPosError, parse_descriptor
from scanner_daemon.errors import DeviceAccessDenied
from scanner_daemon.model import Claimed
from scanner_daemon.ports import Deliver
from scanner_daemon.sources.access import device_error
from scanner_daemon.sources.device_match import DeviceMatch, the_one
from scanner_daemon.sources.discovery import hid_pos
from scanner_daemon.sources.hidraw import RawHid, opened, tell_who_listens_in
from scanner_daemon.sources.reading import read_reports_until_gone, settle
from scanner_daemon.sources.tap import Tap

_log = structlog.get_logger()

_SWITCHES: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "0c2e": b"\xfe\x01",  # Honeywell: feature report 254, 1 = data goes to HID POS
        "23d0": b"\xfe\x01",  # Youjie, a brand of Honeywell's
    }
)
"""Vendor id → the feature report its scanners want before they send HID POS reports (NielsLeenheer/WebHidBarcodeScanner
and HenkVanAsselt/python_hon_usbhid, both against real devices). No other maker's device is sent anything.
"""


@dataclass(slots=True, kw_only=True)
class HidPos:
    """Driver ``hid-pos``.

    The device is named by ``match`` or by ``path``, one of them. Its reports are understood through its report
    descriptor. ``gap`` is the longest silence between two reports of one label, in seconds; ``max_length`` is in bytes,
    and by default less than the kernel queues.

    hidraw knows no grab. Nothing of such a device reaches the till by itself, but any program with the permission may
    read along: the node is locked for those who respect that, and who else has it open is logged.
    """

    settles: ClassVar[bool] = True

    name: str
    match: DeviceMatch | None = None
    path: Annotated[str, Field(min_length=1)] | None = None
    gap: Annotated[float, Field(gt=0, le=10)] = 0.5
    max_length: Annotated[int, Field(ge=1, le=65_536)] = 3072
    _switch_refused: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        if (self.match is None) == (self.path is None):
            given = "neither" if self.match is None else "both"
            raise ValueError(f"match: expected either match or path, got {given}")

    async def read(self, deliver: Deliver, *, tap: Tap | None = None) -> None:
        """See :class:`scanner_daemon.ports.ScannerSource` and :class:`scanner_daemon.sources.tap.Tapped`."""
        path = str(self.path) if self.match is None else the_one(self.match, hid_pos()).node
        try:
            with opened(path) as device:
                reports = self._reports(device, path)
                self._switch(device)
                await tell_who_listens_in(path, scanner=self.name)
                await settle(device.fd, quiet=self.gap)
                deliver(Claimed(scanner=self.name, device=path, at=time.monotonic()))
                await read_reports_until_gone(device.fd, reports, deliver, tap=tap)
        except OSError as error:
            raise device_error(error, path, trying="read") from error

    def _reports(self, device: RawHid, path: str) -> HidPosReports:
        try:
            layout = parse_descriptor(device.descriptor)
        except NotHidPosError as error:
            raise DeviceAccessDenied(f"Failed to claim {path}, which is {device}: {error}") from error
        return HidPosReports(scanner=self.name, layout=layout, gap=self.gap, max_length=self.max_length)

    def _switch(self, device: RawHid) -> None:
        """Have the device send its data here. Most models do anyway: one that does not know the command is no error."""
        report = _SWITCHES.get(device.vendor)
        if report is None:
            return
        try:
            device.send_feature(report)
        except OSError as error:
            if not self._switch_refused:
                _log.info("hid_pos_switch_refused", scanner=self.name, report=report.hex(" "), error=str(error))
            self._switch_refused = True
