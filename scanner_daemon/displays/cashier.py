"""The cashier's page: ``GET /cashier``, fed by ``GET /cashier/stream``.

One document that loads nothing. Its stream carries the whole state of the lane at each change, ids masked, so that a
page that comes late or comes back needs no history. Registrations go to ``POST /members``.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from scanner_daemon.displays import document, sse
from scanner_daemon.displays.cashier_board import Board
from scanner_daemon.displays.cashier_view import view
from scanner_daemon.model import LaneEvent

FORGET_AFTER: Final = 180.0
"""Seconds after which a customer has certainly left."""

PING: Final = sse.message("{}", event="ping")


@dataclass(slots=True, kw_only=True)
class Cashier:
    """Shows the lane to its cashier, in any number of browsers."""

    lane: str
    _board: Board = field(init=False, default_factory=Board)
    _changed: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _forgetting: asyncio.TimerHandle | None = field(init=False, default=None)
    _forget_after: float = field(init=False, default=FORGET_AFTER)
    _ping_every: float = field(init=False, default=sse.PING_EVERY)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """What the local server is to serve."""
        return [Route("/cashier", self._document), Route("/cashier/stream", self._stream)]

    async def tell(self, event: LaneEvent) -> None:
        """Show what ``event`` means for the cashier; never waits for a browser."""
        before = self._board.customer_sequence
        self._board.feed(event)
        if self._board.customer_sequence != before:
            self._forget_later()
        self._wake()

    def _forget_later(self) -> None:
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._forgetting = asyncio.get_running_loop().call_later(self._forget_after, self._forget)

    def _forget(self) -> None:
        self._board.forget_customer()
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _document(self, _: Request) -> Response:
        return document.respond("cashier_page", "cashier")

    async def _stream(self, request: Request) -> Response:
        return sse.respond(request, self._messages())

    async def _messages(self) -> AsyncIterator[str]:
        """Yield the state of the moment, then the newest one whenever it changed."""
        while True:
            changed = self._changed
            yield sse.message(json.dumps({"lane": self.lane, **view(self._board)}), event="state")
            while not await sse.happened(changed, within=self._ping_every):
                yield PING
