"""Who may ask the local server what, and what every answer carries.

Whoever knows the token is let in; a browser at the lane knows it, and any page that it has open may ask things in its
name. So a request that changes something must come from a page of this server or from a program: its ``Origin`` is
held against its ``Host``, the token counts in its ``Authorization`` only, which no form or link can send, and its body
is JSON by name, for which a browser asks another origin's permission first and never gets it here.
"""

import asyncio
import hmac
import ipaddress
from collections.abc import Callable, Collection, Mapping
from email.utils import formatdate
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scanner_daemon.displays.sse import MEDIA_TYPE

LARGEST_BODY: Final = 64 * 1024
"""Bytes of a request's body."""


class Guard:
    """Stands before the application (ASGI): who may ask what, and what every answer carries.

    ``names`` are what this server may be called: those it listens on, and its own.
    ``serves`` tells whether the application has an answer to a request; what it has none to, it refuses itself.
    """

    def __init__(
        self, app: ASGIApp, *, serves: Callable[[Scope], bool], token: SecretStr, names: Collection[str]
    ) -> None:
        self._app = app
        self._serves = serves
        self._token = token.get_secret_value().encode()
        self._names = names
        self._streams: set[asyncio.Timeout] = set()

    def end_streams(self) -> None:
        """End every response that would otherwise never end."""
        for stream in self._streams:
            stream.reschedule(0.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or have it answered."""
        answer = self._refusal(Request(scope)) or self._app
        stream = asyncio.timeout(None)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _headers().items():
                    headers.setdefault(name, value)
                if headers.get("content-type", "").startswith(MEDIA_TYPE):
                    self._streams.add(stream)
            await send(message)

        try:
            async with stream:
                await answer(scope, _limited(receive), send_guarded)
        except ClientDisconnect:
            pass  # went away in the middle of a body: nobody is left to be answered, and it is no fault of ours
        except TimeoutError:
            if not stream.expired():
                raise
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._streams.discard(stream)

    def _refusal(self, request: Request) -> Response | None:
        """Return why ``request`` is not answered, if so."""
        host = request.headers.get("host", "")
        if not _names_this_machine(host, names=self._names):
            return sentence(403, f"Expected the lane's own address in the Host header, got {host!r}.")
        changes = request.method not in _READING
        if changes and _is_from_elsewhere(request, host):
            return sentence(403, f"Expected {request.method} from a page of this server, got one from another.")
        if request.scope["path"] != "/health" and not self._knows_token(request, in_address=not changes):
            where = "'Authorization: Bearer …'" if changes else "'Authorization: Bearer …' or '?token=…'"
            said = f"Expected the lane's token as {where}, got none or another."
            return sentence(401, said, {"www-authenticate": "Bearer"})
        if changes and self._serves(request.scope) and not _is_json(request):
            return sentence(415, "Expected a body of the type application/json, got another.")
        return None

    def _knows_token(self, request: Request, *, in_address: bool) -> bool:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        given = request.query_params.get("token", "") if in_address else ""
        given = bearer.strip() if scheme.lower() == "bearer" else given
        return bool(given) and hmac.compare_digest(given.encode(), self._token)


def sentence(status: int, error: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer that says what was expected and what came."""
    return JSONResponse({"error": error}, status_code=status, headers=headers)


def _is_from_elsewhere(request: Request, host: str) -> bool:
    """Tell whether a browser says that a page of another server asks. Programs say nothing of the kind."""
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2].lower() != host.lower():
        return True
    return request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def _names_this_machine(host_header: str, *, names: Collection[str]) -> bool:
    """Tell whether a page that asks with this Host header is ours.

    A name that an attacker's DNS points here (DNS rebinding) is not. An address cannot be rebound: where the
    server listens on all of them, any will do.
    """
    try:
        parts = urlsplit(f"//{host_header}")
    except ValueError:
        return False
    host = parts.hostname if parts.netloc == host_header else None
    if host in {"localhost", *names}:
        return True
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return False
    return address.is_loopback or not _EVERY_ADDRESS.isdisjoint(names)


def _limited(receive: Receive) -> Receive:
    """Return ``receive`` that takes no more than ``LARGEST_BODY`` bytes, whatever the request says of its length."""
    left = LARGEST_BODY

    async def limited() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, f"Expected a body of at most {LARGEST_BODY} bytes, got more.")
        return message

    return limited


def _headers() -> dict[str, str]:
    """Return what every answer carries unless it says otherwise."""
    return {
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "cross-origin-resource-policy": "same-origin",
        "date": formatdate(usegmt=True),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }


_EVERY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared, not bound
_READING: Final = ("GET", "HEAD")
