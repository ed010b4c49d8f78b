"""Enrolment over HTTP, for the cashier's page and for programs: ``/members`` on the local server.

docs/enrolment.md has the requests and answers. Who may ask, and how much, is the server's business.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from scanner_daemon.enrolment.desk import Desk, NotOpen
from scanner_daemon.enrolment.details import Details, read_details
from scanner_daemon.enrolment.intake import Taken
from scanner_daemon.errors import IssuingError, Mistake, StorageError
from scanner_daemon.model import masked, timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRoutes:
    """What the local server is to serve for ``desk``."""

    desk: Desk

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """The routes."""
        return [
            Route("/members", self._enrol, methods=["POST"]),
            Route("/members/open", self._open, methods=["GET", "POST"]),
            Route("/members/close", self._close, methods=["POST"]),
        ]

    async def _enrol(self, request: Request) -> Response:
        region = self.desk.settings.default_region
        # In a thread: the first one loads the tables of all the world's telephone numbers, and scans go on meanwhile.
        details = await asyncio.to_thread(read_details, _parsed(await request.body()), default_region=region)
        if not isinstance(details, Details):
            return _mistaken(details)
        try:
            answer = await self.desk.accept(details)
        except (StorageError, IssuingError) as error:
            return _sentence(503, f"Nothing was accepted. {error}")
        match answer:
            case Taken():
                said = {"customer_id": answer.customer_id, "state": answer.state, "enrolment": answer.enrolment_id}
                return JSONResponse(said, status_code=202)
            case NotOpen():
                return _sentence(
                    409, "Expected the enrolment that is open, got one that no longer is. Scan the card again."
                )
            case mistakes:
                return _mistaken(mistakes)

    async def _open(self, request: Request) -> Response:
        if request.method == "POST":
            self.desk.open()
        return await self._opened(request)

    async def _close(self, request: Request) -> Response:
        self.desk.close()
        return await self._opened(request)

    async def _opened(self, _: Request) -> Response:
        try:
            counts = await self.desk.intake.counts()
        except StorageError:
            counts = None
        return JSONResponse(
            {
                "create": self.desk.programme.create,
                "issues_numbers": self.desk.numbers is not None,
                "waiting": counts.waiting if counts else None,
                "refused": counts.refused if counts else None,
                "enrolment": self._shown(),
            }
        )

    def _shown(self) -> dict[str, object] | None:
        opened = self.desk.opened
        if opened is None:
            return None
        return {
            "id": opened.id,
            "label": masked(opened.card.customer_id) if opened.card else None,
            "scanner": opened.card.scanner if opened.card else None,
            "opened_at": timestamp(opened.opened_at),
        }


def _parsed(body: bytes) -> object:
    """Return ``body`` as JSON; anything else is no object, and that is its mistake."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _mistaken(mistakes: Sequence[Mistake]) -> Response:
    told = [{"field": mistake.key, "expected": mistake.expected, "got": mistake.got} for mistake in mistakes]
    said = "; ".join(str(mistake) for mistake in mistakes)
    return JSONResponse({"error": f"Nothing was accepted: {said}.", "mistakes": told}, status_code=422)


def _sentence(status: int, error: str) -> Response:
    return JSONResponse({"error": error}, status_code=status)
