"""``POST /cards/print`` on the local server: print what waits."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from scanner_daemon.issuing.counter import Counter


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterRoutes:
    """What the local server is to serve for ``counter``."""

    counter: Counter

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """The route."""
        return [Route("/cards/print", self._print, methods=["POST"])]

    async def _print(self, _: Request) -> Response:
        self.counter.print()
        return JSONResponse({"state": "queued"}, status_code=202)
