"""The page for whoever looks after the lane: ``GET /operator``. Made on the server, without a script or a customer."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from scanner_daemon.displays import document
from scanner_daemon.displays.last_hour import Fate, LastHour, picture
from scanner_daemon.model import LaneEvent, ScannerOffline, ScannerOnline


@dataclass(slots=True, kw_only=True)
class Operator:
    """Shows the last hour of ``lane`` as a picture, its scanners, and how its loyalty programme and outbox are.

    ``breaker`` and ``outbox`` are those of :class:`scanner_daemon.displays.metrics.Metrics`.
    """

    lane: str
    breaker: Callable[[], str] | None = None
    outbox: Callable[[], Awaitable[Mapping[str, int]]] | None = None
    _hour: LastHour = field(init=False, default_factory=LastHour)
    _scanners: dict[str, str] = field(init=False, default_factory=dict)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """What the local server is to serve."""
        return [Route("/operator", self._page)]

    async def tell(self, event: LaneEvent) -> None:
        """Count ``event``."""
        match event:
            case ScannerOnline():
                self._scanners[event.scanner] = "online"
            case ScannerOffline(removed=True):
                self._scanners.pop(event.scanner, None)
            case ScannerOffline(detail=detail):
                self._scanners[event.scanner] = detail
            case _:
                self._hour.feed(event, minute=_minute())

    async def _page(self, _: Request) -> Response:
        counts = self._hour.counts(minute=_minute())
        total = sum(counts, Counter[Fate]())
        parts = dict(self._scanners)
        if self.breaker is not None:
            parts["loyalty programme"] = _BREAKER.get(self.breaker(), "")
        if self.outbox is not None:
            parts["outbox"] = ", ".join(f"{count} {state}" for state, count in (await self.outbox()).items())
        fill = {
            "lane": escape(self.lane),
            "picture": picture(counts),
            "legend": "".join(_legend(fate, total[fate]) for fate in Fate),
            "parts": "".join(f"<tr><th>{escape(name)}</th><td>{escape(how)}</td></tr>" for name, how in parts.items()),
        }
        return document.filled("operator_page", "operator", fill)


def _legend(fate: Fate, count: int) -> str:
    return f'<div class="{fate.name.lower()}"><dt>{fate.value}</dt><dd>{count}</dd></div>'


def _minute() -> int:
    return int(asyncio.get_running_loop().time() // 60)


_BREAKER = {
    "closed": "answers",
    "half_open": "did not answer; the next card tries again",
    "open": "does not answer; last known balances are shown",
}
