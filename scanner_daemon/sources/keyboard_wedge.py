"""A scanner that types: a USB, Bluetooth or PS/2 keyboard to the kernel (evdev)."""

import time
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import Field

from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.layouts import Layout
from scanner_daemon.decoding.typed_codes import ControlMap
from scanner_daemon.decoding.wedge import WedgeDecoder, WedgeTerminator
from scanner_daemon.decoding.wedge_events import WedgeEvents
from scanner_daemon.model import Claimed, Grab
from scanner_daemon.ports import Deliver
from scanner_daemon.sources.access import device_error
from scanner_daemon.sources.device_match import DeviceMatch, the_one
from scanner_daemon.sources.discovery import keyboards
from scanner_daemon.sources.grab import caps_lamp, grab, opened, refuse_personal_keyboard, stamps_monotonic_time
from scanner_daemon.sources.reading import read_until_gone
from scanner_daemon.sources.tap import Tap, frames_of_events
from scanner_daemon.sources.xkb import find_layout


@dataclass(slots=True, kw_only=True)
class KeyboardWedge:
    """Driver ``keyboard-wedge``.

    The device is named by ``match`` or by ``path``, one of them. ``layout`` is the one the scanner is set to, whatever
    the till uses: a built-in one, or any of xkeyboard-config as ``xkb:de(nodeadkeys)``. ``code_id`` is how it is set
    to tell the symbology. ``control_map`` is how it types control characters, such as the separator of GS1: with Ctrl
    and a key or as ALT codes (both always understood), as ``function-keys`` (the table of Hand Held Products and older
    Honeywell), or as ``unicode`` (Ctrl+Shift+U and the code point). Set ``caps_compensation`` for a scanner that looks
    at its own CapsLock lamp and types letters the other way round while it is on.

    ``gap`` is the longest silence inside a scan, in seconds; ``max_length`` is in bytes of UTF-8. What is clearly a
    person's keyboard is refused unless ``claim_keyboard`` is set: a till without its keyboard is worse than one without
    a scanner. Set it for a scanner that calls itself a keyboard.
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
        path = self._found()
        try:
            with opened(path) as device:
                refuse_personal_keyboard(device, path, claim=self.claim_keyboard)
                kernel_time = stamps_monotonic_time(device.fd)
                await grab(device, path, gap=self.gap)
                held = (Grab(descriptor=device.fd, gap=self.gap),)
                deliver(Claimed(scanner=self.name, device=path, at=time.monotonic(), grabs=held))
                lamp = caps_lamp(device) if self.caps_compensation else None
                events = WedgeEvents(self._decoder(), kernel_time=kernel_time, caps_lamp=lamp)
                frames = frames_of_events(tap, kernel_time=kernel_time) if tap else None
                await read_until_gone(device.fd, events, deliver, tap=frames)
        except OSError as error:
            raise device_error(error, path, trying="read") from error

    def _found(self) -> str:
        return str(self.path) if self.match is None else the_one(self.match, keyboards()).node

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
