"""Server-sent events (WHATWG HTML, 9.2): messages, and the response that carries them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

MEDIA_TYPE: Final = "text/event-stream"

PING_EVERY: Final = 15.0
"""Seconds of silence after which a stream shows that it lives; proxies and pages give up later than that."""

RETRY: Final = "retry: 2000\n\n"
"""Tells the client to come back two seconds after a stream ended."""


def message(data: str, *, event: str, id: str | None = None) -> str:  # noqa: A002  the field's name in the standard
    """Return one message; ``data`` is one line: JSON in ASCII, without indentation."""
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {event}\ndata: {data}\n\n"


def respond(request: Request, messages: AsyncIterator[str]) -> Response:
    """Answer with ``messages`` for as long as they and the client last; to HEAD with the headers alone."""
    if request.method == "HEAD":
        return Response(media_type=MEDIA_TYPE)
    return StreamingResponse(messages, media_type=MEDIA_TYPE)


async def happened(event: asyncio.Event, *, within: float) -> bool:
    """Wait until ``event`` is set, at most ``within`` seconds; tell whether it is."""
    try:
        async with asyncio.timeout(within):
            await event.wait()
    except TimeoutError:
        return False
    return True
