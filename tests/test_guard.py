"""Who may ask the local server what, over real HTTP, and what every answer carries."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Final, TypeAlias

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from scanner_daemon.guard import LARGEST_BODY
from tests.serving import TOKEN, new_server, running

Headers: TypeAlias = dict[str, str]

JSON: Final = {"Content-Type": "application/json"}


@pytest.fixture
def posted() -> list[bytes]:
    """What came past the guard."""
    return []


@pytest.fixture
async def client(posted: list[bytes]) -> AsyncIterator[httpx.AsyncClient]:
    async def length(request: Request) -> PlainTextResponse:
        posted.append(await request.body())
        return PlainTextResponse(str(len(posted[-1])))

    server = new_server()
    server.routes.append(Route("/length", length, methods=["POST"]))
    async with running(server) as client:
        yield client


# Who may ask


async def test_the_health_check_needs_no_token(client: httpx.AsyncClient) -> None:
    response = await client.get("/health", headers={"Authorization": ""})

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_alive_is_not_ready() -> None:
    server = new_server()
    server.health = lambda: {"ready": False}
    async with running(server) as client:
        response = await client.get("/health", headers={"Authorization": ""})
        assert (response.status_code, response.json()) == (503, {"status": "starting", "ready": False})
        server.health = lambda: {"ready": True}
        assert (await client.get("/health")).status_code == 200


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


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
async def test_a_method_that_a_page_has_no_answer_to_is_told_with_those_it_has(
    client: httpx.AsyncClient, method: str
) -> None:
    response = await client.request(method, "/health")

    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}


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
    assert (await client.post("/length", content=b"x" * LARGEST_BODY, headers=JSON)).text == str(LARGEST_BODY)


async def test_a_larger_body_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/length", content=b"x" * (LARGEST_BODY + 1), headers=JSON)

    assert response.status_code == 413
    assert str(LARGEST_BODY) in response.json()["error"]


async def test_a_larger_body_that_does_not_tell_its_length_is_refused(client: httpx.AsyncClient) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(LARGEST_BODY // 1024 + 1):
            yield b"x" * 1024

    assert (await client.post("/length", content=body(), headers=JSON)).status_code == 413


# Who may change something


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "http://localhost:{port}", "http://LOCALHOST:{port}"])
async def test_a_page_of_our_own_may_post(client: httpx.AsyncClient, url: str) -> None:
    origin = url.format(port=client.base_url.port)
    headers = {"Host": origin.removeprefix("http://"), "Origin": origin, "Sec-Fetch-Site": "same-origin"}

    assert (await client.post("/length", content=b"{}", headers=JSON | headers)).text == "2"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},  # another server of this machine is another origin
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_page_of_anybody_else_may_not(client: httpx.AsyncClient, posted: list[bytes], headers: Headers) -> None:
    response = await client.post("/length", content=b"{}", headers=JSON | headers)

    assert response.status_code == 403
    assert "a page of this server" in response.json()["error"]
    assert posted == []


async def test_the_token_in_the_address_is_for_pages_and_streams(
    client: httpx.AsyncClient, posted: list[bytes]
) -> None:
    headers = JSON | {"Authorization": ""}
    response = await client.post(f"/length?token={TOKEN}", content=b"{}", headers=headers)

    assert (response.status_code, posted) == (401, [])
    assert "?token=" not in response.json()["error"]


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"],
)
async def test_what_a_form_can_send_is_no_json(
    client: httpx.AsyncClient, posted: list[bytes], content_type: str
) -> None:
    response = await client.post("/length", content=b"{}", headers={"Content-Type": content_type})

    assert (response.status_code, posted) == (415, [])


async def test_json_may_tell_its_character_set(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}

    assert (await client.post("/length", content=b"{}", headers=headers)).status_code == 200


async def test_no_other_origin_is_ever_permitted_anything(client: httpx.AsyncClient) -> None:
    """What a browser asks before it sends JSON to another origin (Fetch, CORS-preflight)."""
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST", "Authorization": ""}
    response = await client.options("/length", headers=headers)

    assert response.status_code == 403
    assert "access-control-allow-origin" not in response.headers


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
