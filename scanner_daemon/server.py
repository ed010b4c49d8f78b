"""The local server: pages, events and enrolment for the programs and people of one lane."""

import asyncio
import errno
import ipaddress
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Scope

from scanner_daemon import description
from scanner_daemon.displays.event_stream import EventStream
from scanner_daemon.errors import DisplayError
from scanner_daemon.guard import Guard, sentence
from scanner_daemon.slow_clients import REQUEST_WITHIN, PromptProtocol
from scanner_daemon.tls import Tls

STALLED_AFTER: Final = 30.0
"""Seconds after which the kernel (``TCP_USER_TIMEOUT``) drops a client that takes nothing of what is sent to it."""

STOP_WITHIN: Final = 2.0
"""Seconds that requests in progress get when the server stops; streams end at once."""


_NAME: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*")


@dataclass(slots=True, kw_only=True)
class LocalServer:
    """Serves ``/health``, ``/events``, ``/openapi.json`` and whatever ``routes`` are added before it starts.

    ``listen`` is host and port; port 0 takes a free one. All but the health check need ``token``; with an empty one
    nobody is let in. ``events`` is a listener of the lane; ``health`` adds to what the health check tells. Any answer
    to that says the daemon is alive; its status is 200 when it is ready too, 503 while ``ready`` in it is false.

    ``names`` are what the server is called beside its address: a browser that asks for any other is refused. With
    ``certificate_file`` and ``key_file`` (PEM) it speaks TLS and nothing else.
    """

    listen: str = "127.0.0.1:8770"
    names: tuple[str, ...] = ()
    certificate_file: Path | None = None
    key_file: Path | None = None
    token: SecretStr
    routes: list[BaseRoute] = field(init=False, default_factory=list)
    events: EventStream = field(init=False, default_factory=EventStream)
    health: Callable[[], Mapping[str, object]] = field(init=False, default=dict)
    _socket: socket.socket | None = field(init=False, default=None)
    _tls: Tls | None = field(init=False, default=None)
    _stalled_after: float = field(init=False, default=STALLED_AFTER)
    _request_within: float = field(init=False, default=REQUEST_WITHIN)

    def __post_init__(self) -> None:
        host_and_port(self.listen)
        for name in self.names:
            if not _NAME.fullmatch(name):
                raise ValueError(f"names: expected names such as lane-1.shop.example, got {name!r}")
        if (self.certificate_file is None) != (self.key_file is None):
            given = "key_file" if self.certificate_file is None else "certificate_file"
            raise ValueError(f"certificate_file: expected certificate_file and key_file, or neither, got {given} alone")

    @property
    def url(self) -> str:
        """The server's address for a browser on this machine, without a slash at the end; real once it is bound."""
        host, port = host_and_port(self.listen)
        if self._socket is not None:
            port = self._socket.getsockname()[1]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
        scheme = "https" if self.certificate_file else "http"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    @property
    def is_in_the_clear(self) -> bool:
        """Whether what is said to it crosses a network where others can read it."""
        host, _ = host_and_port(self.listen)
        try:
            beyond = not ipaddress.ip_address(host).is_loopback
        except ValueError:
            beyond = host != "localhost"
        return beyond and self.certificate_file is None

    def bind(self) -> None:
        """Take the address; from now on clients can connect and are answered by :meth:`serve`.

        Raises ``DisplayError`` when the address cannot be had, or the certificate cannot be used.
        """
        if self.certificate_file is not None and self.key_file is not None:
            self._tls = Tls.of(self.certificate_file, self.key_file)
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
        app, names = self._application(), {host_and_port(self.listen)[0], *map(str.lower, self.names)}
        guard = Guard(app, serves=partial(_serves, app), token=self.token, names=names)
        server = _quiet_server(guard)
        try:
            server.servers = [await self._listening(server)]
            await asyncio.Event().wait()
        finally:
            guard.end_streams()
            kill = asyncio.get_running_loop().call_later(STOP_WITHIN, _drop_connections, server)
            await server.shutdown(sockets=[self._socket])
            kill.cancel()
            self._socket = None

    def renew_certificate(self) -> None:
        """Take the certificate as its files have it by now. Raises ``DisplayError``; then the old one stays."""
        if self._tls is not None:
            self._tls.renew()

    async def _listening(self, server: uvicorn.Server) -> asyncio.Server:
        """Return what accepts connections: uvicorn's own would give a TLS handshake, too, a minute."""
        assert self._socket is not None  # noqa: S101  serve() bound it
        connection = partial(
            PromptProtocol,
            request_within=self._request_within,
            config=server.config,
            server_state=server.server_state,
            app_state={},
        )
        return await asyncio.get_running_loop().create_server(
            connection,
            sock=self._socket,
            ssl=self._tls.context if self._tls else None,
            ssl_handshake_timeout=self._request_within if self._tls else None,
        )

    def _application(self) -> Starlette:
        routes = [Route("/health", self._health), *self.events.routes, *self.routes]
        paths = {route.path for route in routes if isinstance(route, Route)}
        return Starlette(
            routes=[*routes, description.route(paths)],
            exception_handlers={404: _unknown, 405: _unknown, HTTPException: _refused, Exception: _failed},
        )

    async def _health(self, _: Request) -> Response:
        said = self.health()
        ready = said.get("ready", True)
        return JSONResponse({"status": "ok" if ready else "starting", **said}, status_code=200 if ready else 503)


def host_and_port(listen: str) -> tuple[str, int]:
    """Split ``host:port``; an IPv6 address stands in brackets. Raises ``ValueError("expected …, got …")``."""
    try:
        parts = urlsplit(f"//{listen}")
        if parts.hostname and parts.port is not None and parts.netloc == listen and parts.username is None:
            return parts.hostname, parts.port
    except ValueError:
        pass
    raise ValueError(f"listen: expected host:port such as 127.0.0.1:8770 or [::1]:8770, got {listen!r}")


def _serves(app: Starlette, scope: Scope) -> bool:
    return any(route.matches(scope)[0] is Match.FULL for route in app.routes)


async def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  what it is registered for
    got = f"{request.method} {request.scope['path']}"
    return sentence(error.status_code, f"Expected a page of this server, got {got}.", error.headers)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  what it is registered for
    return sentence(error.status_code, error.detail, error.headers)


async def _failed(_: Request, __: Exception) -> Response:
    return sentence(500, "Failed to answer: a fault in scanner-daemon itself, its log says which.")


def _quiet_server(app: ASGIApp) -> uvicorn.Server:
    """Return uvicorn, not started, without its own signals, logging, lifespan, web sockets and clock tick."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        http="h11",
        ws="none",
        proxy_headers=False,
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        date_header=False,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan, server.servers = config.lifespan_class(config), []
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
