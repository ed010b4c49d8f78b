"""One HTTP request and its answer, whatever it says. The only module that knows an HTTP library."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Final, Literal, Self, TypeAlias
from urllib.parse import urlsplit

import httpx

from scanner_daemon.errors import LoyaltyProtocolError, LoyaltyUnavailable
from scanner_daemon.loyalty import wire

Method: TypeAlias = Literal["GET", "POST"]

MAX_BODY: Final = 1 << 20
"""Bytes of an answer that are read; Gameball's are a few hundred."""

_IDLE_SECONDS = 60.0  # a connection idle for longer may have been dropped by a router without a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer. ``retry_after`` is in seconds, ``date`` the server's clock; ``None`` where it does not say."""

    status: int
    body: bytes = field(repr=False)
    retry_after: float | None
    date: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Transport:
    """Requests to one server over kept-alive connections: HTTP/2 where TLS negotiates it, else HTTP/1.1.

    ``headers`` go with every request. Redirects are answers like any other, cookies are not kept, and environment
    proxies are not used: httpx's client does these things, and half a millisecond of others, around its transport.
    ``async with`` opens it and closes its connections.
    """

    base_url: str
    headers: Mapping[str, str] = field(repr=False)
    _headers: httpx.Headers = field(init=False, repr=False)
    _json_headers: httpx.Headers = field(init=False, repr=False)
    _connections: "_Connections | None" = field(init=False, default=None, repr=False)
    _certificates: ssl.SSLContext | None = field(init=False, default=None, repr=False)
    _closing: set[asyncio.Task[None]] = field(init=False, default_factory=set, repr=False)

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for an address or headers that no request could carry."""
        self.base_url = _checked(self.base_url)
        # An answer of some hundred bytes is not worth unpacking, and a packed one could be of any size.
        common = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "scanner-daemon"}
        self._headers = httpx.Headers({**common, **self.headers})
        self._json_headers = httpx.Headers({**common, **self.headers, "Content-Type": "application/json"})

    async def __aenter__(self) -> Self:
        logging.getLogger("hpack").setLevel(logging.WARNING)  # its debug lines hold our headers, the keys too
        self._certificates = await _certificates(self.base_url)
        self._connections = self._new_connections()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connections, self._connections = self._connections, None
        if connections is not None:
            self._close(connections)
        await asyncio.gather(*self._closing)

    async def request(self, method: Method, path: str, content: bytes | None = None) -> Answer:
        """Send one request to ``path``, percent-encoded already, and read the whole answer. Has no time limit.

        Raises ``LoyaltyUnavailable`` when no whole answer comes and ``LoyaltyProtocolError`` when it is longer than
        ``MAX_BODY``; their sentences do not hold ``path``.
        """
        if self._connections is None:
            raise RuntimeError("expected requests inside 'async with', got one outside")
        headers = self._headers if content is None else self._json_headers
        request = httpx.Request(method, self.base_url + path, headers=headers, content=content)
        try:
            async with (
                self._counted(self._connections) as http,
                aclosing(await http.handle_async_request(request)) as response,
            ):
                body = await _body(response)
        except httpx.TransportError as error:
            raise LoyaltyUnavailable(f"expected an answer, got {_said(error)}") from None  # its text may hold the path
        pause = wire.retry_after(response.headers.get("Retry-After"), now=datetime.now(UTC))
        date = _moment(response.headers.get("Date", ""))
        return Answer(status=response.status_code, body=body, retry_after=pause, date=date)

    def _new_connections(self) -> "_Connections":
        assert self._certificates is not None  # noqa: S101  __aenter__() saw to it
        limits = httpx.Limits(keepalive_expiry=_IDLE_SECONDS)
        return _Connections(http=httpx.AsyncHTTPTransport(verify=self._certificates, http2=True, limits=limits))

    @asynccontextmanager
    async def _counted(self, connections: "_Connections") -> AsyncIterator[httpx.AsyncHTTPTransport]:
        """Have the next request begin anew after one was cancelled; the last one under way closes what there was.

        httpcore 1.0.9 never closes a connection whose first request was cancelled before it was sent.
        """
        connections.under_way += 1
        try:
            yield connections.http
        except asyncio.CancelledError:
            if self._connections is connections:
                self._connections = self._new_connections()
            raise
        finally:
            connections.under_way -= 1
            if self._connections is not connections and not connections.under_way:
                self._close(connections)

    def _close(self, connections: "_Connections") -> None:
        """Close ``connections`` in a task of its own: who is cancelled once more meanwhile would leave them open."""
        task = asyncio.create_task(connections.http.aclose(), name="close connections")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


@dataclass(slots=True, kw_only=True)
class _Connections:
    """Some connections, and how many requests are under way on them."""

    http: httpx.AsyncHTTPTransport
    under_way: int = 0


async def server_clock(base_url: str, *, timeout: float) -> datetime | None:  # noqa: ASYNC109  the whole question's
    """Return what time it is at the server, to the second; ``None`` where it does not say.

    Raises ``LoyaltyUnavailable`` when it does not answer within ``timeout`` seconds, ``ValueError`` for no address.
    """
    try:
        async with asyncio.timeout(timeout), Transport(base_url=base_url, headers={}) as transport:
            return (await transport.request("GET", "/")).date
    except TimeoutError:
        raise LoyaltyUnavailable(f"expected an answer within {timeout:g} s, got none; check the network") from None


def _moment(date: str) -> datetime | None:
    """Read a ``Date`` header (RFC 9110, 6.6.1)."""
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except (TypeError, ValueError):
        return None


async def _certificates(base_url: str) -> ssl.SSLContext:
    """Return who is trusted. Reading that takes a tenth of a second, in which the loop does other things."""
    if base_url.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used
    return await asyncio.to_thread(httpx.create_ssl_context)


async def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_BODY:
            raise LoyaltyProtocolError(f"expected an answer of at most {MAX_BODY} bytes, got more")
    return bytes(body)


def _said(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.ConnectError):
        return f"no connection ({error}); check the network and base_url"
    return f"a connection that broke ({type(error).__name__})"


def _checked(base_url: str) -> str:
    """Return ``base_url`` without a slash at its end. Raises ``ValueError`` unless it is scheme and host."""
    got = "one with a user name" if "@" in base_url else repr(base_url)
    expected = f"base_url: expected an address like https://api.gameball.co, got {got}"
    try:
        parts = urlsplit(base_url)
        reachable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        httpx.URL(base_url)
    except (ValueError, httpx.InvalidURL):
        raise ValueError(expected) from None
    if not reachable or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(expected)
    return base_url.rstrip("/")
