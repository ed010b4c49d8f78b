"""The local server over real HTTP: where it listens, how it runs and stops. Who may ask what: ``test_guard.py``."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from scanner_daemon.errors import DisplayError
from scanner_daemon.model import ScannerOffline
from scanner_daemon.server import LocalServer, host_and_port
from tests.serving import TOKEN, new_server, running

# Where it listens


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("127.0.0.1:8770", ("127.0.0.1", 8770)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:8770", ("::1", 8770)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),  # noqa: S104  read, not bound
    ],
)
def test_host_and_port(listen: str, expected: tuple[str, int]) -> None:
    assert host_and_port(listen) == expected


@pytest.mark.parametrize(
    "listen",
    ["", "8770", ":8770", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", "::1:8770",
     "[::1]", "[::1:8770", "u@localhost:1", "http://localhost:1", "localhost:1/x", "localhost:1?x", "localhost:1#x"],
)  # fmt: skip
def test_anything_else_is_a_mistake_in_the_settings(listen: str) -> None:
    with pytest.raises(ValueError, match=r"^listen: expected host:port .*, got "):
        new_server(listen)


async def test_the_address_is_known_once_bound_and_clients_may_come_before_it_is_served() -> None:
    server = new_server()
    assert server.url == "http://127.0.0.1:0"
    async with running(server) as client:
        assert client.base_url.port not in {0, None}
        assert (await client.get("/health")).status_code == 200


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here: enable it in the kernel")
async def test_ipv6() -> None:
    async with running(new_server("[::1]:0")) as client:
        assert str(client.base_url).startswith("http://[::1]:")
        assert (await client.get("/health")).status_code == 200


async def test_all_addresses_are_reached_by_loopback() -> None:
    async with running(new_server("0.0.0.0:0")) as client:
        assert client.base_url.host == "127.0.0.1"
        assert (await client.get("/health")).status_code == 200


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield f"127.0.0.1:{other.getsockname()[1]}"


async def test_a_taken_address_is_told_with_the_cure(taken: str) -> None:
    with pytest.raises(DisplayError, match=f"listen on {taken}, got .*in use.* choose another port"):
        await new_server(taken).serve()


async def test_an_address_of_another_machine_is_told_with_the_cure() -> None:
    with pytest.raises(DisplayError, match=r"listen on 192\.0\.2\.1:8770, got .*Choose an address of this machine"):
        new_server("192.0.2.1:8770").bind()


# How it runs and stops


async def test_signals_and_standard_output_belong_to_the_daemon(capfd: pytest.CaptureFixture[str]) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with running(new_server()) as client:
        await client.get("/health")
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before

    assert capfd.readouterr() == ("", "")


async def test_it_rests_while_nobody_asks() -> None:
    """No clock tick of its own: a lane computer has better things to do."""
    async with running(new_server()):
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0.05)
        assert not [timer for timer in loop._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]


async def test_stopping_ends_streams_at_once_and_whole() -> None:
    server = new_server()
    server.bind()
    serving = asyncio.create_task(server.serve())
    url, text = server.url, ""
    async with httpx.AsyncClient() as client:
        async with asyncio.timeout(1), client.stream("GET", f"{url}/events?token={TOKEN}") as response:
            async for line in response.aiter_lines():
                text += line
                serving.cancel()  # the stream has begun; from here on it must end by itself, without an error
            await asyncio.wait({serving})
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{url}/health")
    assert text == "retry: 2000"


async def test_stopping_lets_a_request_finish() -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def enrol(_: Request) -> PlainTextResponse:
        asked.set()
        await answer.wait()
        return PlainTextResponse("on disk")

    server = new_server()
    server.routes.append(Route("/members", enrol, methods=["POST"]))
    server.bind()
    serving = asyncio.create_task(server.serve())
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        request = asyncio.create_task(client.post(f"{server.url}/members", json={}))
        await asked.wait()
        serving.cancel()
        await asyncio.wait({request}, timeout=0.1)
        answer.set()
        assert (await request).text == "on disk"
    await asyncio.wait({serving})


async def test_stopping_does_not_wait_for_a_client_that_does_not_read() -> None:
    server = new_server()
    server.bind()
    serving = asyncio.create_task(server.serve())
    with await stalled_client(server):
        await fill(server)
        serving.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait({serving})


async def test_a_client_that_does_not_read_is_dropped() -> None:
    server = new_server()
    server._stalled_after = 0.3  # not a setting; nobody wants to wait 30 s here
    async with running(server):
        with await stalled_client(server) as client:
            await fill(server)
            async with asyncio.timeout(20):
                with pytest.raises(ConnectionError):  # the kernel tells whoever speaks into a dead connection
                    await speak(client)


async def speak(client: socket.socket) -> None:
    while True:
        client.send(b" ")
        await asyncio.sleep(0.05)


async def stalled_client(server: LocalServer) -> socket.socket:
    """Return a connection that asks for the events and never reads."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(0)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", int(server.url.rpartition(":")[2])))
    await loop.sock_sendall(client, f"GET /events?token={TOKEN} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    begun = asyncio.Event()
    loop.add_reader(client, begun.set)
    await begun.wait()
    loop.remove_reader(client)
    return client


async def fill(server: LocalServer) -> None:
    """Tell more than all buffers between the server and a client hold."""
    for n in range(1500):
        event = ScannerOffline(id=str(n), lane="l", scanner="s", at=datetime.now(UTC), detail="x" * 10_000)
        await server.events.tell(event)
        await asyncio.sleep(0)
