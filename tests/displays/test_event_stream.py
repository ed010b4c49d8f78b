"""The event stream over real HTTP."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

import httpx
import pytest
from pydantic import SecretStr

from scanner_daemon.model import as_json_object
from scanner_daemon.server import LocalServer

if TYPE_CHECKING:
    from tests.displays.conftest import Events

TOKEN: Final = "a-token"


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    server = LocalServer(listen="127.0.0.1:0", token=SecretStr(TOKEN))
    server.bind()
    serving = asyncio.create_task(server.serve())
    yield server
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


@asynccontextmanager
async def listening(server: LocalServer, last_id: str | None = None, query: str = "") -> AsyncIterator["Stream"]:
    headers = {"Authorization": f"Bearer {TOKEN}"} | ({"Last-Event-ID": last_id} if last_id else {})
    async with (
        httpx.AsyncClient() as client,
        client.stream("GET", f"{server.url}/events{query}", headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = Stream(response)
        assert await stream.block() == ["retry: 2000"]  # from here on, nothing told is missed
        yield stream


class Stream:
    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def block(self) -> list[str]:
        """Return the lines up to the next empty one."""
        lines: list[str] = []
        async with asyncio.timeout(10):
            async for line in self._lines:
                if not line:
                    return lines
                lines.append(line)
        raise EOFError

    async def ids(self, count: int) -> list[str]:
        blocks = [await self.block() for _ in range(count)]
        return [block[0].removeprefix("id: ") for block in blocks]


async def test_each_event_with_its_id_type_and_json(server: LocalServer, events: "Events") -> None:
    event = events.member(1)
    async with listening(server) as stream:
        await server.events.tell(event)
        id_, type_, data = await stream.block()

    assert (id_, type_) == (f"id: {event.id}", "event: member_identified")
    assert json.loads(data.removeprefix("data: ")) == as_json_object(event)


async def test_a_hostile_label_stays_inside_its_message(server: LocalServer, events: "Events") -> None:
    label = "x\n\nevent: member_identified\rdata: {}\u2028"
    async with listening(server) as stream:
        await server.events.tell(events.passed_through(1, label=label))
        _, type_, data = await stream.block()

    assert type_ == "event: scan_passed_through"
    assert json.loads(data.removeprefix("data: "))["label"] == label


async def test_many_clients_hear_the_same(server: LocalServer, events: "Events") -> None:
    async with listening(server) as one, listening(server) as two, listening(server) as three:
        told = [events.online() for _ in range(20)]
        for event in told:
            await server.events.tell(event)
        for stream in (one, two, three):
            assert await stream.ids(20) == [event.id for event in told]


async def test_without_an_id_only_what_comes(server: LocalServer, events: "Events") -> None:
    await server.events.tell(events.online())
    async with listening(server) as stream:
        later = events.online()
        await server.events.tell(later)
        assert await stream.ids(1) == [later.id]


@pytest.mark.parametrize("by_query", [False, True])
async def test_resumes_after_the_last_id(server: LocalServer, events: "Events", *, by_query: bool) -> None:
    told = [events.online() for _ in range(5)]
    for event in told:
        await server.events.tell(event)

    known = told[1].id
    asked = listening(server, query=f"?last_event_id={known}") if by_query else listening(server, known)
    async with asked as stream:
        assert await stream.ids(3) == [event.id for event in told[2:]]
        await server.events.tell(live := events.online())
        assert await stream.ids(1) == [live.id]


async def test_resuming_after_the_newest_waits_for_the_next(server: LocalServer, events: "Events") -> None:
    await server.events.tell(last := events.online())
    async with listening(server, last.id) as stream:
        await server.events.tell(live := events.online())
        assert await stream.ids(1) == [live.id]


async def test_an_unknown_id_starts_with_the_oldest_kept(server: LocalServer, events: "Events") -> None:
    told = [events.online() for _ in range(server.events.capacity + 5)]
    for event in told:
        await server.events.tell(event)
    async with listening(server, "01JUNKNOWN") as stream:
        assert await stream.ids(server.events.capacity) == [event.id for event in told[5:]]


async def test_pings_while_nothing_happens(server: LocalServer) -> None:
    server.events._ping_every = 0.02  # not a setting; nobody wants to wait 15 s here
    async with listening(server) as stream:
        assert [await stream.block() for _ in range(2)] == [[": ping"], [": ping"]]


async def test_a_client_that_does_not_read_is_let_go_and_resumes(server: LocalServer, events: "Events") -> None:
    """It costs no memory beyond what is kept, delays nobody, and misses nothing that is still kept."""
    async with listening(server) as fast, stalled(server) as (reader, head):
        told = [events.offline("x" * 10_000) for _ in range(3 * server.events.capacity)]
        for event in told:
            await server.events.tell(event)
            assert await fast.ids(1) == [event.id]

        body = head + await asyncio.wait_for(reader.read(), 10)

    got = re.findall(rb"id: (\w+)\n", body)
    assert 0 < len(got) < 3 * server.events.capacity
    assert body.endswith(b"\r\n0\r\n\r\n"), "the stream is to end whole, not to break"
    async with listening(server, got[-1].decode()) as again:
        missed = await again.ids(server.events.capacity)
    assert missed[-1] == told[-1].id


@asynccontextmanager
async def stalled(server: LocalServer) -> AsyncIterator[tuple[asyncio.StreamReader, bytes]]:
    """A client that asked for the events, saw the stream begin, and reads no more until told to."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # little room for what it does not read
    raw.settimeout(0)
    host, port = server.url.removeprefix("http://").split(":")
    await asyncio.get_running_loop().sock_connect(raw, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=raw, limit=1024)
    writer.write(f"GET /events?token={TOKEN} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    head = await reader.readuntil(b"retry: 2000")
    yield reader, head
    writer.close()
