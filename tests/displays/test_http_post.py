"""Posting over kept connections, to servers of all manners."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from scanner_daemon.displays.http_post import MAX_ANSWER, HttpPost
from scanner_daemon.errors import DisplayError


@dataclass
class Server:
    """Says ``answer`` to each request, and hangs up after it where it is told to."""

    answer: bytes
    hang_up: bool = False
    requests: list[bytes] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0
    handlers: set["asyncio.Task[None] | None"] = field(default_factory=set)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.handlers.add(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(head + await reader.readexactly(2))
                self.asked.set()
                writer.write(self.answer)
                if self.hang_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def posting(server: Server, path: str = "/events?key=1") -> AsyncIterator[HttpPost]:
    listening = await asyncio.start_server(server.connected, "127.0.0.1")
    port = listening.sockets[0].getsockname()[1]
    async with HttpPost(url=f"http://127.0.0.1:{port}{path}") as http:
        yield http
    listening.close()
    await asyncio.gather(*(handler for handler in server.handlers if handler))


async def post(http: HttpPost) -> int:
    async with asyncio.timeout(5):
        return await http.post(b"{}", {"X-Test": "1"})()


KEPT = (
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy",
)


@pytest.mark.parametrize("answer", KEPT)
async def test_a_connection_is_kept(answer: bytes) -> None:
    server = Server(answer)
    async with posting(server) as http:
        statuses = {await post(http) for _ in range(3)}

    assert (len(statuses), server.connections, len(server.requests)) == (1, 1, 3)


async def test_what_is_sent() -> None:
    server = Server(KEPT[0])
    async with posting(server) as http:
        assert await post(http) == 204

    (request,) = server.requests
    first, *lines = request.decode().split("\r\n")
    assert first == "POST /events?key=1 HTTP/1.1"
    assert {"Content-Length: 2", "X-Test: 1"} <= set(lines)
    assert any(line.startswith("Host: 127.0.0.1:") for line in lines)
    assert request.endswith(b"\r\n\r\n{}")


@pytest.mark.parametrize("path", ["", "/"])
async def test_no_path_is_the_root(path: str) -> None:
    server = Server(KEPT[0])
    async with posting(server, path) as http:
        await post(http)
    assert server.requests[0].startswith(b"POST / HTTP/1.1\r\n")


async def test_over_a_kept_connection_a_request_needs_nobody_who_waits() -> None:
    server = Server(KEPT[0])
    async with posting(server) as http, asyncio.timeout(5):
        await post(http)
        server.asked.clear()
        http.post(b"[]", {})
        await server.asked.wait()
    assert server.requests[1].endswith(b"\r\n\r\n[]")
    assert server.connections == 1  # which the end has closed, or the server had waited for ever


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",  # says nothing and hangs up
    ],
)
async def test_a_server_that_hangs_up_gets_a_new_connection(answer: bytes) -> None:
    server = Server(answer, hang_up=True)
    async with posting(server) as http:
        for _ in range(3):
            assert await post(http) == 200
            await asyncio.sleep(0.05)  # for the hang-up to arrive
    assert server.connections == 3


async def test_an_endless_answer_is_cut() -> None:
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * (MAX_ANSWER + 1))
    async with posting(server) as http:
        assert [await post(http) for _ in range(2)] == [200, 200]
    assert server.connections == 2


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nno header\r\n\r\n"])
async def test_what_is_no_answer_is_told(answer: bytes) -> None:
    async with posting(Server(answer, hang_up=True)) as http:
        with pytest.raises(DisplayError, match="expected an answer, got "):
            await post(http)


async def test_nobody_there() -> None:
    async with posting(Server(b"")) as http:
        pass
    with pytest.raises(DisplayError, match="expected an answer, got ConnectionRefusedError"):
        await post(http)
