"""A scanner that is a keyboard is taken from the till only while somebody types in its place."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from scanner_daemon.errors import DeviceError
from scanner_daemon.model import Claimed, Decision, ScannerReport
from scanner_daemon.ports import Deliver, ScannerSource
from scanner_daemon.pos.typist import Typist


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """``source``, read while the till can be typed to; ``typist`` returns who types, or raises ``DeviceError``."""

    source: ScannerSource
    typist: Callable[[], Awaitable[Typist]]

    @property
    def name(self) -> str:
        """The scanner's."""
        return self.source.name

    async def read(self, deliver: Deliver) -> None:
        """See :class:`scanner_daemon.ports.ScannerSource`."""
        try:
            typist = await self.typist()
        except DeviceError as error:
            raise type(error)(f"{error}. Until then the scanner types straight into the till") from error

        def hold(report: ScannerReport) -> Decision | None:
            if isinstance(report, Claimed):
                typist.hold(self.name, report.grabs)
            return deliver(report)

        try:
            await self.source.read(hold)
        finally:
            typist.let_go(self.name)
