"""A keyboard plugged into the till by software: products are typed as their scanner would have typed them."""

import asyncio
import errno
import os
from dataclasses import dataclass, field
from typing import Annotated, Final

import structlog
from pydantic import Field

from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.wedge import WedgeTerminator
from scanner_daemon.errors import DeviceAccessDenied, DeviceError, DeviceUnavailable
from scanner_daemon.model import RejectReason
from scanner_daemon.ports import ScannerSource
from scanner_daemon.pos import uinput
from scanner_daemon.pos.keystrokes import Keystrokes
from scanner_daemon.pos.stand_in import StandIn
from scanner_daemon.pos.typist import Typist

NAME: Final = "scanner-daemon till keyboard"
"""What the kernel calls the keyboard; the udev rules know it by this name."""

HEARD_AFTER: Final = 1.0
"""Seconds a desktop may take to open a keyboard that was plugged in. What is typed before, it may not hear."""

RETRY: Final = 5.0
"""Seconds until a keyboard that could not be plugged in is tried again."""

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class VirtualKeyboard:
    """Driver ``virtual-keyboard``.

    ``layout`` is the one the *till* is set to, whatever the scanners are; ``terminator`` follows each code.
    ``key_interval`` is in seconds from one key to the next: slower for a till that loses keys. ``alt_gr`` allows
    characters that need AltGr, such as ``@`` on a German keyboard; without, labels that hold them are refused.
    """

    layout: str = "us"
    terminator: WedgeTerminator = WedgeTerminator.ENTER
    key_interval: Annotated[float, Field(ge=0.001, le=0.1)] = 0.004
    alt_gr: bool = False
    device: Annotated[str, Field(min_length=1)] = "/dev/uinput"
    _keystrokes: Keystrokes = field(init=False, repr=False)
    _typist: Typist | None = field(init=False, default=None, repr=False)
    _trouble: DeviceError | None = field(init=False, default=None, repr=False)
    _tried: asyncio.Event = field(init=False, default_factory=asyncio.Event, repr=False)
    _told: set[str] = field(init=False, default_factory=set, repr=False)

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise ValueError(f"layout: expected one of {' '.join(sorted(LAYOUTS))}, got {self.layout!r}")
        self._keystrokes = Keystrokes(LAYOUTS[self.layout], terminator=self.terminator, alt_gr=self.alt_gr)

    def type(self, text: str) -> RejectReason | None:
        """See :class:`scanner_daemon.ports.Till`."""
        untypable = self._keystrokes.untypable(text)
        if untypable:
            self._tell_untypable(untypable)
            return RejectReason.NOT_TYPABLE
        if self._typist is None:
            return RejectReason.TILL_UNAVAILABLE
        chords = self._keystrokes.chords(text)
        return None if self._typist.type(chords, interval=self.key_interval) else RejectReason.TILL_BUSY

    def standing_in(self, source: ScannerSource) -> ScannerSource:
        """See :class:`scanner_daemon.ports.Till`."""
        return StandIn(source=source, typist=self._ready)

    async def serve(self) -> None:
        """See :class:`scanner_daemon.ports.Till`."""
        async with Typist(await self._plugged_in()) as typist:
            await asyncio.sleep(HEARD_AFTER)
            self._typist, self._trouble = typist, None
            self._tried.set()
            _log.info("till_keyboard_plugged_in", name=NAME, layout=self.layout, typed_by=typist.pid)
            try:
                reason = await typist.failed()
            finally:
                self._typist = None
        raise DeviceUnavailable(f"Failed to type to the till: {reason}; starting again gives the scanners back to it")

    def plug_in(self) -> int:
        """Return a descriptor that takes key events; raises ``OSError``."""
        return uinput.plug_in(self.device, name=NAME, codes=self._keystrokes.codes)

    async def _plugged_in(self) -> int:
        """Plug in, as soon as it can be done; tell once what is in the way."""
        while True:
            try:
                return self.plug_in()
            except OSError as error:
                trouble = _told(error, self.device)
            if self._trouble is None:
                _log.warning("till_unavailable", detail=str(trouble))
            self._trouble = trouble
            self._tried.set()
            await asyncio.sleep(RETRY)

    async def _ready(self) -> Typist:
        """Return who types, once that was tried for the first time; raises ``DeviceError``."""
        await self._tried.wait()
        if self._typist is None:
            raise self._trouble or DeviceUnavailable("Failed to type to the till: the daemon is about to stop")
        return self._typist

    def _tell_untypable(self, characters: str) -> None:
        """Name each character once: it is the layout's fault, or a setting's, not the label's."""
        new = [character for character in characters if character not in self._told]
        self._told.update(new)
        if new:
            _log.warning("till_cannot_type", characters="".join(new), layout=self.layout, alt_gr=self.alt_gr)


def _told(error: OSError, device: str) -> DeviceError:
    reason = os.strerror(error.errno) if error.errno else str(error)
    attempt = f"Failed to plug a keyboard into the till: expected permission to use {device}, got {reason!r}"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return DeviceAccessDenied(
            f"{attempt}; install the udev rules and the service of this package, which give it to scanner-daemon"
        )
    return DeviceUnavailable(
        f"{attempt}; load the kernel module uinput (`modprobe uinput`), or leave out [till] on a kernel without it"
    )
