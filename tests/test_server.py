"""The local server over real HTTP: who may ask, what every answer carries, how it stops."""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final

import httpx
import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from scanner_daemon.errors import DisplayError
from scanner_daemon.model import ScannerOffline
from scanner_daemon.server import LARGEST_BODY, LocalServer, host_and_port

TOKEN: Final = "s3cret-of-the-lane"


def new_server(listen: str = "127.0.0.1:0", token: str = TOKEN) -> LocalServer:
    server = LocalServer(listen=listen, token=SecretStr(token))
    server.routes.extend(
        (
            Route("/length", _length, methods=["POST"]),
            Route("/bug", _bug),
        )
    )
    return server


async def _length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def _bug(_: Request) -> PlainTextResponse:
    raise LookupError("a secret detail")


@asynccontextmanager
async def running(server: LocalServer) -> AsyncIterator[httpx.AsyncClient]:
    """Serve; a client that knows the token."""
    server.bind()
    serving = asyncio.create_task(server.serve())
    headers = {"Authorization": f"Bearer {server.token.get_secret_value()}"}
    try:
        async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
            yield client
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with running(new_server()) as client:
        yield client


# Who may ask


async def test_the_health_check_needs_no_token(client: httpx.AsyncClient) -> None:
    response = await client.get("/health", headers={"Authorization": ""})

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_the_owner_adds_to_the_health_check() -> None:
    server = new_server()
    server.health = lambda: {"scanners": {"counter": "online"}}
    async with running(server) as client:
        assert (await client.get("/health")).json() == {"status": "ok", "scanners": {"counter": "online"}}


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ünïcode"]
)
async def test_nothing_else_without_the_token(client: httpx.AsyncClient, authorization: str) -> None:
    for path in ("/events", "/bug", "/nowhere", "/", "/health/", "//health", "/health/../events"):
        response = await client.get(path, headers={b"Authorization": authorization.encode()})

        assert response.status_code == 401, path
        assert response.headers["www-authenticate"] == "Bearer"
        assert "token" in response.json()["error"]
        assert TOKEN not in response.text


@pytest.mark.parametrize("query", ["token=", "token=wrong", "Token=" + TOKEN, ""])
async def test_a_wrong_token_in_the_address_is_none(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/nowhere?{query}", headers={"Authorization": ""})).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_the_token_in_the_header_opens(client: httpx.AsyncClient, scheme: str) -> None:
    assert (await client.get("/nowhere", headers={"Authorization": f"{scheme} {TOKEN}"})).status_code == 404


async def test_the_token_in_the_address_opens(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/nowhere?token={TOKEN}", headers={"Authorization": ""})).status_code == 404


@pytest.mark.parametrize("authorization", ["", "Bearer"])
async def test_an_empty_token_lets_nobody_in(authorization: str) -> None:
    async with running(new_server(token="")) as client:
        response = await client.get("/nowhere?token=", headers={"Authorization": authorization})
        assert response.status_code == 401


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8770", "127.0.0.1", "127.0.0.1:1", "127.8.8.8", "[::1]:8770"])
async def test_loopback_names_are_ours(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/health", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8770",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.7",
        "0.0.0.0",  # noqa: S104  asked for, not bound
        "localhost@evil.example",
        "evil.example/health?",
        "localhost/health?",  # must not make another path of the one that was asked for
        "[::1",
        "",
    ],
)
async def test_any_other_name_is_not(client: httpx.AsyncClient, host: str) -> None:
    for path in ("/health", "/nowhere"):
        response = await client.get(path, headers={"Host": host})

        assert response.status_code == 403
        assert "Host" in response.json()["error"]


@pytest.mark.parametrize(("listen", "status"), [("127.0.0.1:0", 403), ("0.0.0.0:0", 200)])
async def test_an_address_cannot_be_rebound_and_is_ours_where_all_are(listen: str, status: int) -> None:
    async with running(new_server(listen)) as client:
        assert (await client.get("/health", headers={"Host": "192.168.1.7:8770"})).status_code == status
        assert (await client.get("/health", headers={"Host": "evil.example"})).status_code == 403


# What may be asked


async def test_an_unknown_page_is_told_as_a_sentence(client: httpx.AsyncClient) -> None:
    response = await client.get("/nowhere")

    assert response.status_code == 404
    assert response.json() == {"error": "Expected a page of this server, got GET /nowhere."}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
async def test_only_get_head_and_post(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/health")

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, POST"


async def test_a_page_for_another_method_is_told_too(client: httpx.AsyncClient) -> None:
    response = await client.get("/length")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(("path", "status"), [("/health", 200), ("/events", 200), ("/nowhere", 404)])
async def test_head_answers_at_once_and_without_a_body(client: httpx.AsyncClient, path: str, status: int) -> None:
    async with asyncio.timeout(5):
        response = await client.head(path)
        assert (await client.get("/health")).status_code == 200  # over the same connection: it was done with the first

    assert (response.status_code, response.content) == (status, b"")


async def test_a_body_up_to_the_limit_is_taken(client: httpx.AsyncClient) -> None:
    assert (await client.post("/length", content=b"x" * LARGEST_BODY)).text == str(LARGEST_BODY)


async def test_a_larger_body_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/length", content=b"x" * (LARGEST_BODY + 1))

    assert response.status_code == 413
    assert str(LARGEST_BODY) in response.json()["error"]


async def test_a_larger_body_that_does_not_tell_its_length_is_refused(client: httpx.AsyncClient) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(LARGEST_BODY // 1024 + 1):
            yield b"x" * 1024

    assert (await client.post("/length", content=body())).status_code == 413


# What every answer carries


@pytest.mark.parametrize("path", ["/health", "/nowhere", "/bug"])
@pytest.mark.parametrize("authorization", ["", f"Bearer {TOKEN}"])
async def test_headers_that_keep_browsers_careful(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, path: str, authorization: str
) -> None:
    caplog.set_level(logging.CRITICAL + 1, logger="uvicorn.error")  # the bug is meant to be there
    headers = (await client.get(path, headers={"Authorization": authorization})).headers

    assert headers["content-type"] == "application/json"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["date"].endswith("GMT")
    assert "server" not in headers


async def test_a_fault_is_told_without_its_details(client: httpx.AsyncClient) -> None:
    response = await client.get("/bug")

    assert response.status_code == 500
    assert "secret" not in response.text
    assert "log" in response.json()["error"]


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
    async with httpx.AsyncClient() as client:
        request = asyncio.create_task(client.post(f"{server.url}/members?token={TOKEN}"))
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
