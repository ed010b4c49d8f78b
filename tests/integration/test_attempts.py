"""What somebody may try on the local server of a running lane, and what comes of it: raw bytes."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.integration.local_server import TOKEN, a_lane, port_of

HOST = "Host: 127.0.0.1\r\n"
BEARER = f"Authorization: Bearer {TOKEN}\r\n"
JSON = "Content-Type: application/json\r\n"
MEMBER = '{"customer_id": "0400000000077", "email": "a@example.com"}'


def post(headers: str, body: str = MEMBER) -> str:
    return f"POST /members HTTP/1.1\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}"


def get(path: str, headers: str = HOST) -> str:
    return f"GET {path} HTTP/1.1\r\n{headers}\r\n"


ATTEMPTS = {
    "no token": (get("/events"), 401),
    "no token for the metrics": (get("/metrics"), 401),
    "another token": (get("/events?token=t0ken-of-the-lanf"), 401),
    "the beginning of the token": (get("/events?token=t0ken"), 401),
    "an empty token": (get("/events?token="), 401),
    "the token as a cookie": (get("/events", f"{HOST}Cookie: token={TOKEN}\r\n"), 401),
    "the token as a password": (get("/events", f"{HOST}Authorization: Basic {TOKEN}\r\n"), 401),
    "a name that DNS was made to point here": (get(f"/events?token={TOKEN}", "Host: evil.example\r\n"), 403),
    "a name that looks like ours": (get(f"/events?token={TOKEN}", "Host: 127.0.0.1.evil.example\r\n"), 403),
    "our name as a user name": (get(f"/events?token={TOKEN}", "Host: 127.0.0.1@evil.example\r\n"), 403),
    "no name": (get(f"/events?token={TOKEN}", ""), 400),
    "two names": (get(f"/events?token={TOKEN}", HOST + "Host: evil.example\r\n"), 400),
    "another site's page posts": (post(HOST + BEARER + JSON + "Origin: https://evil.example\r\n"), 403),
    "a page without an origin posts": (post(HOST + BEARER + JSON + "Origin: null\r\n"), 403),
    "a link from another site": (post(HOST + BEARER + JSON + "Sec-Fetch-Site: cross-site\r\n"), 403),
    "a form": (post(HOST + BEARER + "Content-Type: text/plain\r\n"), 415),
    "a form with the token in its address": (post(HOST + JSON).replace("/members", f"/members?token={TOKEN}"), 401),
    "up and into": (get("/health/../events"), 401),
    "up and into, encoded": (get("/health/%2e%2e/events"), 401),
    "out of the server": (get(f"/../../etc/passwd?token={TOKEN}"), 404),
    "out of the server, encoded": (get(f"/display/%2e%2e%2f%2e%2e%2fetc/passwd?token={TOKEN}"), 404),
    "two slashes": (get("//events"), 401),
    "a zero byte": (get(f"/display%00.html?token={TOKEN}"), 404),
    "another server's address": (get("http://evil.example/events", HOST), 401),
    "TRACE": (get(f"/events?token={TOKEN}").replace("GET", "TRACE"), 401),
    "CONNECT": ("CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + "\r\n", 401),
    "PUT": (post(HOST + BEARER + JSON).replace("POST", "PUT"), 405),
    "another method in a header": (get("/members", HOST + BEARER + "X-HTTP-Method-Override: POST\r\n"), 405),
    "64 KiB and a byte": (post(HOST + BEARER + JSON, " " * 65_537), 413),
    "a gigabyte, it says": (post(HOST + BEARER + JSON).replace("Length: ", "Length: 1000000000"), None),
    "a header that does not end": (get("/health", HOST + "X-Long: " + "a" * 200_000), 400),
    "a thousand headers": (get("/events", HOST + "X-Many: 1\r\n" * 1000), 401),
    "two lengths": (post(HOST + BEARER + JSON + "Content-Length: 5\r\n"), 400),
    "a length and chunks": (post(HOST + BEARER + JSON + "Transfer-Encoding: chunked\r\n"), None),
    "HTTP/2 without asking": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 403),
    "a web socket": (get("/events", HOST + "Connection: Upgrade\r\nUpgrade: websocket\r\n"), 401),
    "TLS": ("\x16\x03\x01\x00\x05hello\r\n\r\n", 400),
    "not HTTP": ("EHLO localhost\r\n\r\n", 400),
    "a member who is no member": (post(HOST + BEARER + JSON, '{"customer_id": "../../x", "email": "a@b.co"}'), 422),
    "a thousand brackets": (post(HOST + BEARER + JSON, "[" * 60_000), 422),
}


async def answer(port: int, request: str) -> bytes:
    """Return what comes back until the server has nothing more to say."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answered = bytearray()
    try:
        async with asyncio.timeout(2):
            writer.write(request.encode("latin-1"))
            while piece := await reader.read(65536):
                answered += piece
                if b"\r\n\r\n" in answered:
                    break
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()
    return bytes(answered)


@pytest.fixture
def logged() -> Iterator[list[dict[str, object]]]:
    with structlog.testing.capture_logs() as entries:
        yield entries  # type: ignore[misc]  # structlog's type for a mapping that can be changed


def row(name: str, status: int | None) -> str:
    return f"| {name} | {'no answer: dropped' if status is None else status} |"


def test_the_list_in_the_threat_model_is_this_one() -> None:
    text = (Path(__file__).parents[2] / "docs" / "threat-model.md").read_text(encoding="utf-8")
    listed = text.partition("| attempt | answer |\n|---|---|\n")[2].partition("\n\n")[0].splitlines()
    assert listed == [row(name, status) for name, (_, status) in ATTEMPTS.items()]


async def test_every_attempt_has_the_answer_it_deserves_and_the_server_goes_on(
    tmp_path: Path, logged: list[dict[str, object]]
) -> None:
    wrong = {}
    async with a_lane(tmp_path) as lane:
        port = port_of(lane)
        for name, (request, status) in ATTEMPTS.items():
            answered = await answer(port, request)
            got = int(answered.split(b" ")[1]) if answered else None
            if got != status:
                wrong[name] = (got, status)
            sys.stdout.write(f"{row(name, got)}\n")  # pytest -s shows them
            told = answered.decode("latin-1")
            assert not any(secret in told for secret in (TOKEN, "s3cret", "Traceback", "passwd:")), name
            healthy = await answer(port, get("/health"))
            assert healthy.startswith(b"HTTP/1.1 200"), f"not after {name}"
    assert wrong == {}
    assert not any(secret in str(logged) for secret in (TOKEN, "s3cret", "0400000000077"))


async def test_clients_that_never_finish_are_dropped_and_delay_nobody(tmp_path: Path) -> None:
    async with a_lane(tmp_path, request_within=1.0) as lane:
        port = port_of(lane)
        unfinished = ("", "GET /health HT", get("/health")[:-2], post(HOST + BEARER + JSON)[:-5])
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
        for number, (_, writer) in enumerate(slow):
            writer.write(unfinished[number % len(unfinished)].encode())
        healthy = await answer(port, get("/health"))
        assert healthy.startswith(b"HTTP/1.1 200")
        async with asyncio.timeout(10):
            for reader, writer in slow:
                writer.write(b"X")  # a byte now and then does not help
                try:
                    while await reader.read(65536):
                        pass
                except ConnectionError:
                    pass
                writer.close()


async def test_a_client_that_leaves_in_the_middle_is_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with a_lane(tmp_path) as lane:
        port = port_of(lane)
        for _ in range(5):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(post(HOST + BEARER + JSON)[:-5].encode())
            await writer.drain()
            writer.close()
        assert (await answer(port, get("/health"))).startswith(b"HTTP/1.1 200")
    assert "Traceback" not in caplog.text


async def test_a_stream_is_a_request_that_was_whole(tmp_path: Path) -> None:
    async with a_lane(tmp_path, request_within=0.3) as lane:
        port = port_of(lane)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get(f"/display/stream?token={TOKEN}").encode())
        await reader.readuntil(b"event: page")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readuntil(b"what is never sent"), timeout=1.0)
        writer.close()
