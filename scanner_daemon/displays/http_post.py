"""One HTTP/1.1 POST after another to one address, over connections that are kept."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias
from urllib.parse import SplitResult, urlsplit

import h11

from scanner_daemon.displays.tls import trusting
from scanner_daemon.errors import DisplayError

Answer: TypeAlias = Callable[[], Awaitable[int]]

MAX_ANSWER: Final = 64 * 1024
"""Bytes of an answer that are read, so that its connection can be used again."""

_IDLE_SECONDS: Final = 60.0  # a connection idle for longer may have been dropped by a router without a word
_READ_SIZE: Final = 16 * 1024


@dataclass(slots=True, kw_only=True)
class HttpPost:
    """Posts to ``url``; certificates are verified, against ``ca_file`` where given. An asynchronous context manager.

    Redirects are answers like any other: whoever answers so has not taken what was posted.
    """

    url: str
    ca_file: Path | None = None
    _parts: SplitResult = field(init=False, repr=False)
    _always: dict[str, str] = field(init=False, repr=False)
    _target: str = field(init=False, repr=False)
    _tls: ssl.SSLContext | None = field(init=False, default=None, repr=False)
    _idle: list["_Connection"] = field(init=False, default_factory=list, repr=False)
    _asked: set["_Connection"] = field(init=False, default_factory=set, repr=False)

    def __post_init__(self) -> None:
        self._parts = urlsplit(self.url)
        self._always = {"Host": self._parts.netloc}
        self._target = (self._parts.path or "/") + (f"?{self._parts.query}" if self._parts.query else "")

    async def __aenter__(self) -> Self:
        if self._parts.scheme == "https":
            self._tls = await asyncio.to_thread(_certificates, self.ca_file)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in (*self._idle, *self._asked):
            connection.close()
            await connection.closed()

    def post(self, content: bytes, headers: Mapping[str, str]) -> Answer:
        """Return what waits for the answer, to be called once.

        The request is on its way by then where a connection was kept. Waiting has no time limit; it returns the
        status, and raises ``DisplayError`` when there is no answer.
        """
        headers = {**self._always, "Content-Length": str(len(content)), **headers}
        connection = self._kept()
        if connection is not None:
            self._ask(connection, headers, content)
        return partial(self._answer, headers, content, connection)

    def _ask(self, connection: "_Connection", headers: Mapping[str, str], content: bytes) -> None:
        self._asked.add(connection)
        connection.ask(self._target, headers, content)

    async def _answer(self, headers: Mapping[str, str], content: bytes, connection: "_Connection | None") -> int:
        try:
            if connection is None:
                connection = await self._opened()
                self._ask(connection, headers, content)
            try:
                status = await connection.answer(self._target, headers, content)
            except BaseException:
                self._let_go(connection)
                raise
        except (OSError, h11.ProtocolError) as error:
            raise DisplayError(f"expected an answer, got {type(error).__name__} ({error})") from None
        if connection.can_be_kept():
            self._asked.discard(connection)
            self._idle.append(connection)
        else:
            self._let_go(connection)
        return status

    def _let_go(self, connection: "_Connection") -> None:
        self._asked.discard(connection)
        connection.close()

    def _kept(self) -> "_Connection | None":
        """Return the connection that was used last, if it is still good."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_alive():
                return connection
            connection.close()
        return None

    async def _opened(self) -> "_Connection":
        port = self._parts.port or (443 if self._tls else 80)
        return _Connection(*await asyncio.open_connection(self._parts.hostname, port, ssl=self._tls))


class _Connection:
    """A connection, for one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)
        self._used = 0.0

    def ask(self, target: str, headers: Mapping[str, str], content: bytes) -> None:
        """Send a request, in one packet if it fits."""
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        self._writer.write(f"POST {target} HTTP/1.1\r\n{lines}\r\n".encode("ascii") + content)

    async def answer(self, target: str, headers: Mapping[str, str], content: bytes) -> int:
        """Return the status of the answer, which is read to its end. Raises ``OSError`` or ``h11.ProtocolError``.

        h11 takes as long as all before: it reads the answer, and hears of the request while that is on its way.
        """
        self._http.send(h11.Request(method="POST", target=target, headers=list(headers.items())))
        self._http.send(h11.Data(data=content))
        self._http.send(h11.EndOfMessage())
        await self._writer.drain()
        return await self._status()

    async def _status(self) -> int:
        status, left = 0, MAX_ANSWER
        while left > 0:
            match self._http.next_event():
                case h11.NEED_DATA:
                    data = await self._reader.read(_READ_SIZE)
                    left -= len(data)
                    self._http.receive_data(data)
                case h11.Response(status_code=status):
                    pass
                case h11.EndOfMessage() | h11.PAUSED | h11.ConnectionClosed():
                    break
        return status

    def can_be_kept(self) -> bool:
        """Make ready for the next request, if there may be one."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        self._used = asyncio.get_running_loop().time()
        return True

    def is_alive(self) -> bool:
        """Tell whether the far end has not closed it, as far as that is known."""
        rested = asyncio.get_running_loop().time() - self._used
        return rested < _IDLE_SECONDS and not self._reader.at_eof() and not self._writer.is_closing()

    def close(self) -> None:
        """Close it at once."""
        self._writer.transport.abort()

    async def closed(self) -> None:
        """Wait until it is closed."""
        with suppress(OSError):
            await self._writer.wait_closed()


def _certificates(ca_file: Path | None) -> ssl.SSLContext:
    context = trusting(ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context
