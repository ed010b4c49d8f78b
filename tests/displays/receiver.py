"""A receiver of webhooks: a small HTTP/1.1 server that answers as a test wants."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Posted:
    """One request."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """Keeps what it is posted. ``answer`` says with what status; ``None`` is never to answer."""

    answer: Callable[[Posted], int | None] = lambda _: 204
    port: int = 0
    connections: int = 0
    taken: asyncio.Queue[Posted] = field(default_factory=asyncio.Queue)
    attempts: Counter[str] = field(default_factory=Counter)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events"

    async def next(self) -> Posted:
        """Return the next request that was answered with success."""
        async with asyncio.timeout(10):
            return await self.taken.get()

    async def serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                await self._serve_request(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _serve_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(_header(line) for line in head[1:] if line)
        posted = Posted(headers=headers, body=await reader.readexactly(int(headers["content-length"])))
        self.attempts[posted.id] += 1
        status = self.answer(posted)
        if status is None:
            await asyncio.Event().wait()
        if status is not None and status < 300:
            self.taken.put_nowait(posted)
        location = "Location: /elsewhere\r\n" if status == 307 else ""
        writer.write(f"HTTP/1.1 {status} Said\r\n{location}Content-Length: 0\r\n\r\n".encode())
        await writer.drain()


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name.lower(), value


@asynccontextmanager
async def receiving(receiver: Receiver, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Listen, on the port that ``receiver`` had before."""
    handlers: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        await receiver.serve_connection(reader, writer)

    server = await asyncio.start_server(connected, "127.0.0.1", receiver.port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)
