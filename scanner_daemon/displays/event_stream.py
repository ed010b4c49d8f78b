"""All events of the lane as server-sent events, for whoever integrates with it: ``GET /events``."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from scanner_daemon.displays import sse
from scanner_daemon.model import LaneEvent, as_json_object


@dataclass(slots=True, kw_only=True)
class EventStream:
    """Keeps the newest ``capacity`` events, and sends them to any number of clients.

    A client starts with the next event, or after the one it names with ``Last-Event-ID`` (or ``?last_event_id=``,
    for a browser's first request); where that is not known here, with the oldest kept. There is no queue a client:
    each reads the kept events at its own pace. One that falls behind the oldest is let go, comes back and resumes.
    """

    capacity: int = 1000
    _kept: deque[tuple[str, str]] = field(init=False)
    _told: int = field(init=False, default=0)
    _arrived: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _ping_every: float = field(init=False, default=sse.PING_EVERY)

    def __post_init__(self) -> None:
        self._kept = deque(maxlen=self.capacity)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """What the local server is to serve."""
        return [Route("/events", self._events)]

    async def tell(self, event: LaneEvent) -> None:
        """Keep ``event`` and wake the clients; never waits for them."""
        data = json.dumps(as_json_object(event), separators=(",", ":"))
        self._kept.append((event.id, sse.message(data, event=event.type, id=event.id)))
        self._told += 1
        arrived, self._arrived = self._arrived, asyncio.Event()
        arrived.set()

    async def _events(self, request: Request) -> Response:
        last_id = request.headers.get("last-event-id") or request.query_params.get("last_event_id")
        return sse.respond(request, self._messages(self._after(last_id) if last_id else self._told))

    async def _messages(self, position: int) -> AsyncIterator[str]:
        """Yield the events from the ``position``-th of all that were ever told, until the client is too slow."""
        yield sse.RETRY
        while position >= self._oldest():
            arrived = self._arrived
            waiting = list(islice(self._kept, position - self._oldest(), None))
            position += len(waiting)
            if waiting:
                yield "".join(text for _, text in waiting)
            elif not await sse.happened(arrived, within=self._ping_every):
                yield ": ping\n\n"

    def _oldest(self) -> int:
        return self._told - len(self._kept)

    def _after(self, last_id: str) -> int:
        """Return the position after the event ``last_id``; the oldest kept where it is not known."""
        found = (n for n, (id_, _) in enumerate(self._kept, self._oldest()) if id_ == last_id)
        return next(found, self._oldest() - 1) + 1
