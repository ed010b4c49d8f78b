"""A scanner that types, read below the kernel's keyboard (hidraw): for what evdev cannot tell."""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import Field

from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.hid_keyboard import HidKeyboardReports, NotHidKeyboardError, parse_keyboard_descriptor
from scanner_daemon.decoding.layouts import Layout
from scanner_daemon.decoding.recordings import Mark
from scanner_daemon.decoding.typed_codes import ControlMap
from scanner_daemon.decoding.wedge import WedgeDecoder, WedgeTerminator
from scanner_daemon.errors import DeviceAccessDenied
from scanner_daemon.model import Claimed, Discarded, Grab, Scan
from scanner_daemon.ports import Deliver
from scanner_daemon.sources import grab, hidraw
from scanner_daemon.sources.access import device_error
from scanner_daemon.sources.device_match import DeviceMatch, the_one
from scanner_daemon.sources.discovery import event_nodes, hid_keyboards
from scanner_daemon.sources.reading import read_reports_until_gone, settle
from scanner_daemon.sources.tap import Heard, Tap
from scanner_daemon.sources.xkb import find_layout


@dataclass(slots=True, kw_only=True)
class HidKeyboard:
    """Driver ``hid-keyboard``.

    For a keyboard-mode scanner that puts all digits of an ALT code into one report: the kernel drops the second of two
    equal digits, so that ``keyboard-wedge`` refuses its scans. The settings are those of ``keyboard-wedge``; ``path``
    is a hidraw node.

    What the kernel types for the device is grabbed as well, so that none of it reaches the till.
    """

    is_keyboard: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    name: str
    match: DeviceMatch | None = None
    path: Annotated[str, Field(min_length=1)] | None = None
    layout: str = "us"
    terminator: WedgeTerminator = WedgeTerminator.ENTER
    control_map: ControlMap = ControlMap.CTRL
    caps_compensation: bool = False
    code_id: CodeId = CodeId.AIM
    gap: Annotated[float, Field(gt=0, le=10)] = 0.15
    max_length: Annotated[int, Field(ge=1, le=65_536)] = 4096
    claim_keyboard: bool = False
    _layout: Layout = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if (self.match is None) == (self.path is None):
            given = "neither" if self.match is None else "both"
            raise ValueError(f"match: expected either match or path, got {given}")
        self._layout = find_layout(self.layout)

    async def read(self, deliver: Deliver, *, tap: Tap | None = None) -> None:
        """See :class:`scanner_daemon.ports.ScannerSource` and :class:`scanner_daemon.sources.tap.Tapped`."""
        path = str(self.path) if self.match is None else the_one(self.match, hid_keyboards()).node
        try:
            async with AsyncExitStack() as stack:
                device = stack.enter_context(hidraw.opened(path))
                reports = self._reports(device, path)
                nodes = []
                for node in event_nodes(path):
                    typing = stack.enter_context(grab.opened(node))
                    grab.refuse_personal_keyboard(typing, node, claim=self.claim_keyboard)
                    grab.stamps_monotonic_time(typing.fd)  # for who gives it back, should we die
                    await grab.grab(typing, node, gap=self.gap)
                    nodes.append(typing)
                await hidraw.tell_who_listens_in(path, scanner=self.name)
                await settle(device.fd, quiet=self.gap)
                held = tuple(Grab(descriptor=node.fd, gap=self.gap) for node in nodes)
                deliver(Claimed(scanner=self.name, device=path, at=time.monotonic(), grabs=held))
                caps_lamp = grab.caps_lamp(*nodes) if self.caps_compensation else None
                typed = _Typing(reports, self._decoder(), tap or _nobody, caps_lamp)
                await read_reports_until_gone(device.fd, typed, deliver)
        except OSError as error:
            raise device_error(error, path, trying="read") from error

    def _reports(self, device: hidraw.RawHid, path: str) -> HidKeyboardReports:
        try:
            return HidKeyboardReports(parse_keyboard_descriptor(device.descriptor))
        except NotHidKeyboardError as error:
            raise DeviceAccessDenied(f"Failed to claim {path}, which is {device}: {error}") from error

    def _decoder(self) -> WedgeDecoder:
        return WedgeDecoder(
            scanner=self.name,
            layout=self._layout,
            terminator=self.terminator,
            control_map=self.control_map,
            gap=self.gap,
            max_length=self.max_length,
            code_id=self.code_id,
        )


class _Typing:
    """One open scanner, at rest and with all keys up: its reports into one decoder, in their time of arrival.

    ``caps_lamp`` tells whether the CapsLock lamp is on, for a scanner that looks at it. hidraw says nothing when it
    changes, so it is asked before each report.
    """

    def __init__(
        self, reports: HidKeyboardReports, decoder: WedgeDecoder, tap: Tap, caps_lamp: Callable[[], bool] | None
    ) -> None:
        self._reports = reports
        self._decoder = decoder
        self._tap = tap
        self._caps_lamp = caps_lamp

    @property
    def deadline(self) -> float | None:
        return self._decoder.deadline

    def feed(self, data: bytes, at: float) -> list[Scan | Discarded]:
        """Decode one report. One of another length than the device announced tells no state: something was lost."""
        try:
            frames = self._reports.frames(data, at)
        except ValueError:
            return self.overflow(at)
        reports = [] if self._caps_lamp is None else self._decoder.caps_lamp(self._caps_lamp(), at)
        for frame in frames:
            self._tap(frame, at)
            reports += self._decoder.feed(frame)
        return reports

    def overflow(self, at: float) -> list[Scan | Discarded]:
        self._tap(Mark.DROPPED, at)
        return self._decoder.overflow(at)

    def expire(self, now: float) -> list[Scan | Discarded]:
        return self._decoder.expire(now)

    def lost(self, at: float) -> list[Scan | Discarded]:
        return self._decoder.lost(at)


def _nobody(_: Heard, __: float) -> None:
    """Listen to nothing."""
