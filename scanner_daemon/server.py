"""The local server: pages, events and enrolment for the programs and people of one lane."""

import asyncio
import errno
import hmac
import ipaddress
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Final
from urllib.parse import urlsplit

import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scanner_daemon.displays.event_stream import EventStream
from scanner_daemon.displays.sse import MEDIA_TYPE
from scanner_daemon.errors import DisplayError

LARGEST_BODY: Final = 64 * 1024
"""Bytes of a request's body."""

STALLED_AFTER: Final = 30.0
"""Seconds after which the kernel (``TCP_USER_TIMEOUT``) drops a client that takes nothing of what is sent to it."""

STOP_WITHIN: Final = 2.0
"""Seconds that requests in progress get when the server stops; streams end at once."""


@dataclass(slots=True, kw_only=True)
class LocalServer:
    """Serves ``GET /health``, ``GET /events`` and whatever ``routes`` are added before it starts.

    ``listen`` is host and port; port 0 takes a free one. All but the health check need ``token``; with an empty one
    nobody is let in. ``events`` is a listener of the lane; ``health`` adds to what the health check tells.
    """

    listen: str = "127.0.0.1:8770"
    token: SecretStr
    routes: list[BaseRoute] = field(init=False, default_factory=list)
    events: EventStream = field(init=False, default_factory=EventStream)
    health: Callable[[], Mapping[str, object]] = field(init=False, default=dict)
    _socket: socket.socket | None = field(init=False, default=None)
    _stalled_after: float = field(init=False, default=STALLED_AFTER)

    def __post_init__(self) -> None:
        host_and_port(self.listen)

    @property
    def url(self) -> str:
        """The server's address for a browser on this machine, without a slash at the end; real once it is bound."""
        host, port = host_and_port(self.listen)
        if self._socket is not None:
            port = self._socket.getsockname()[1]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def bind(self) -> None:
        """Take the address; from now on clients can connect and are answered by :meth:`serve`.

        Raises ``DisplayError`` when the address cannot be had.
        """
        host, port = host_and_port(self.listen)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family)
        except OSError as error:
            raise DisplayError(
                f"Failed to serve the lane's pages: expected to listen on {self.listen}, "
                f"got {error.strerror}. {_cure(error)}"
            ) from error
        # Connections inherit these. Without the first an event would wait for the client's delayed ACK, 40 ms.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self._stalled_after * 1000))

    async def serve(self) -> None:
        """Serve until cancelled; then close the address at once, end streams, and let requests finish.

        Raises ``DisplayError`` as :meth:`bind`, where that was not called before.
        """
        if self._socket is None:
            self.bind()
        assert self._socket is not None  # noqa: S101  bind() returned
        guard = _Guard(self._application(), token=self.token, host=host_and_port(self.listen)[0])
        server = _quiet_server(guard)
        try:
            await server.startup(sockets=[self._socket])
            await asyncio.Event().wait()
        finally:
            guard.end_streams()
            kill = asyncio.get_running_loop().call_later(STOP_WITHIN, _drop_connections, server)
            await server.shutdown(sockets=[self._socket])
            kill.cancel()
            self._socket = None

    def _application(self) -> Starlette:
        return Starlette(
            routes=[Route("/health", self._health), *self.events.routes, *self.routes],
            exception_handlers={404: _unknown, 405: _unknown, HTTPException: _refused, Exception: _failed},
        )

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok", **self.health()})


def host_and_port(listen: str) -> tuple[str, int]:
    """Split ``host:port``; an IPv6 address stands in brackets. Raises ``ValueError("expected …, got …")``."""
    try:
        parts = urlsplit(f"//{listen}")
        if parts.hostname and parts.port is not None and parts.netloc == listen and parts.username is None:
            return parts.hostname, parts.port
    except ValueError:
        pass
    raise ValueError(f"listen: expected host:port such as 127.0.0.1:8770 or [::1]:8770, got {listen!r}")


class _Guard:
    """Stands before the application (ASGI): who may ask what, and what every answer carries."""

    def __init__(self, app: ASGIApp, *, token: SecretStr, host: str) -> None:
        self._app = app
        self._token = token.get_secret_value().encode()
        self._host = host
        self._streams: set[asyncio.Timeout] = set()

    def end_streams(self) -> None:
        """End every response that would otherwise never end."""
        for stream in self._streams:
            stream.reschedule(0.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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
        except TimeoutError:
            if not stream.expired():
                raise
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._streams.discard(stream)

    def _refusal(self, request: Request) -> Response | None:
        """Return why ``request`` is not answered, if so."""
        host = request.headers.get("host", "")
        if not _names_this_machine(host, listening_on=self._host):
            return _sentence(403, f"Expected the lane's own address in the Host header, got {host!r}.")
        if request.scope["path"] != "/health" and not self._knows_token(request):
            return _sentence(
                401,
                "Expected the lane's token as 'Authorization: Bearer …' or '?token=…', got none or another.",
                {"www-authenticate": "Bearer"},
            )
        if request.method not in _METHODS:
            return _sentence(
                405, f"Expected {' or '.join(_METHODS)}, got {request.method}.", {"allow": ", ".join(_METHODS)}
            )
        return None

    def _knows_token(self, request: Request) -> bool:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        given = bearer.strip() if scheme.lower() == "bearer" else request.query_params.get("token", "")
        return bool(given) and hmac.compare_digest(given.encode(), self._token)


def _names_this_machine(host_header: str, *, listening_on: str) -> bool:
    """Tell whether a page that asks with this Host header is ours.

    A name that an attacker's DNS points here (DNS rebinding) is not. An address cannot be rebound: where the
    server listens on all of them, any will do.
    """
    try:
        parts = urlsplit(f"//{host_header}")
    except ValueError:
        return False
    host = parts.hostname if parts.netloc == host_header else None
    if host in {"localhost", listening_on}:
        return True
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return False
    return address.is_loopback or listening_on in {"0.0.0.0", "::"}  # noqa: S104  compared, not bound


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


def _sentence(status: int, error: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": error}, status_code=status, headers=headers)


async def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  what it is registered for
    got = f"{request.method} {request.scope['path']}"
    return _sentence(error.status_code, f"Expected a page of this server, got {got}.", error.headers)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  what it is registered for
    return _sentence(error.status_code, error.detail, error.headers)


async def _failed(_: Request, __: Exception) -> Response:
    return _sentence(500, "Failed to answer: a fault in scanner-daemon itself, its log says which.")


def _quiet_server(app: ASGIApp) -> uvicorn.Server:
    """Return uvicorn without its own signals, logging, lifespan, web sockets and clock tick."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        http="h11",
        proxy_headers=False,
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        date_header=False,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    return server


def _drop_connections(server: uvicorn.Server) -> None:
    for connection in list(server.server_state.connections):
        connection.transport.abort()


def _cure(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "Another program has it: find it with 'ss -ltnp', or choose another port."
        case errno.EACCES:
            return "Ports below 1024 belong to root: choose a higher one."
        case _:
            return "Choose an address of this machine, such as 127.0.0.1:8770."


_METHODS: Final = ("GET", "HEAD", "POST")
