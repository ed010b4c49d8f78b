"""What no well-behaved server sends: said byte by byte by a plain socket server."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from scanner_daemon.errors import LoyaltyProtocolError, LoyaltyUnavailable
from scanner_daemon.loyalty.transport import MAX_BODY, Transport

Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(speak: Speak, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve ``speak`` once a connection; yield the address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await speak(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has seen enough
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with listening:
        yield f"http{'s' if tls else ''}://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


def says(answer: bytes, *, then: float = 0.0) -> Speak:
    """Answer every request with ``answer``; after it, wait ``then`` seconds and close."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        await asyncio.sleep(then)

    return speak


def ok(body: bytes, *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", b""]
    return b"\r\n".join(lines) + body


async def get(url: str) -> bytes:
    async with asyncio.timeout(5), Transport(base_url=url, headers={}) as transport:
        return (await transport.request("GET", "/x")).body


async def test_an_answer_byte_by_byte_is_an_answer() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in ok(b'{"a": 1}'):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)

    async with server(speak) as url:
        assert await get(url) == b'{"a": 1}'


async def test_an_answer_in_chunks_is_an_answer() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{} \r\n0\r\n\r\n"
    async with server(says(chunked)) as url:
        assert await get(url) == b"{} "


async def test_an_answer_that_ends_with_its_connection_is_an_answer() -> None:
    async with server(says(b"HTTP/1.1 200 OK\r\n\r\n{}")) as url:
        assert await get(url) == b"{}"


@pytest.mark.parametrize(
    "answer",
    [
        b"",  # closed without a word
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"/x is what you asked for\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 200_000,
    ],
)
async def test_half_an_answer_and_other_protocols_are_no_answer(answer: bytes) -> None:
    async with server(says(answer)) as url:
        with pytest.raises(LoyaltyUnavailable, match="expected an answer, got a connection that broke") as caught:
            await get(url)
    assert "/x" not in str(caught.value)  # the path holds the customer's id


@pytest.mark.parametrize("head", [b"Content-Length: 10485760", b"Transfer-Encoding: chunked"])
async def test_ten_megabytes_are_not_read(head: bytes) -> None:
    sent = 0

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n")
        for _ in range(160):
            writer.write((b"10000\r\n" if b"chunked" in head else b"") + b" " * 65536 + b"\r\n" * (b"chunked" in head))
            await writer.drain()
            sent += 65536

    async with server(speak) as url:
        with pytest.raises(LoyaltyProtocolError, match=f"expected an answer of at most {MAX_BODY} bytes, got more"):
            await get(url)
    assert sent < 9 * MAX_BODY


async def test_a_packed_answer_is_not_unpacked() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).lower()
        writer.write(ok(b"packed" if b"accept-encoding: identity" in request else b"?", b"Content-Encoding: gzip"))

    async with server(speak) as url:
        assert await get(url) == b"packed"


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    asked: list[bytes] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readuntil(b"\r\n\r\n"):
            asked.append(line.split(b" ")[1])
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    async with server(speak) as url, Transport(base_url=url, headers={}) as transport:
        answer = await transport.request("GET", "/x")
    assert answer.status == 302
    assert asked == [b"/x"]


async def test_a_connection_closed_while_idle_is_not_used_again() -> None:
    async with server(says(ok(b"{}"))) as url, Transport(base_url=url, headers={}) as transport:
        for _ in range(3):
            assert (await transport.request("GET", "/x")).status == 200
            await asyncio.sleep(0.02)  # the server closes


@pytest.mark.parametrize("later", [1, 5, 10, 15])
async def test_a_request_given_up_twice_leaves_no_connection_open(later: int) -> None:
    """``later``: so many turns of the loop, in which connections are being closed."""
    connected: set[asyncio.StreamWriter] = set()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.add(writer)
        while (head := await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /answered"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        assert head.startswith(b"GET /given-up")
        await reader.read()

    async def count(expected: int) -> None:
        async with asyncio.timeout(10):
            while sum(not writer.is_closing() for writer in connected) != expected:  # noqa: ASYNC110  nobody tells
                await asyncio.sleep(0.01)

    async with server(speak) as url, Transport(base_url=url, headers={}) as transport:
        await asyncio.gather(*(transport.request("GET", "/answered") for _ in range(20)))
        given_up = asyncio.create_task(transport.request("GET", "/given-up"))
        await count(20)
        await asyncio.sleep(0.01)
        given_up.cancel()
        for _ in range(later):
            await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        await count(0)
        assert (await transport.request("GET", "/answered")).status == 200


async def test_what_a_request_carries() -> None:
    seen = bytearray()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.extend(await reader.readuntil(b"}"))
        writer.write(ok(b"{}", b"Set-Cookie: a=b"))

    headers = {"APIKey": "key", "SecretKey": "secret"}
    async with server(speak) as url, Transport(base_url=url + "/", headers=headers) as transport:
        await transport.request("POST", "/a%2Bb", b'{"a":1}')
    request_line, *lines = seen.decode().split("\r\n")
    assert request_line == "POST /a%2Bb HTTP/1.1"
    assert lines[-1] == '{"a":1}'
    assert {"APIKey: key", "SecretKey: secret", "Content-Type: application/json", "Content-Length: 7"} < set(lines)
    assert f"Host: {url.removeprefix('http://')}" in lines


async def test_a_refused_connection_says_so_without_the_path() -> None:
    async with server(says(b"")) as url:
        pass
    with pytest.raises(LoyaltyUnavailable) as caught:
        await get(url)
    assert str(caught.value).startswith("expected an answer, got no connection (")
    assert "/x" not in str(caught.value)


class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        """Make a certificate for 127.0.0.1, and its key, in one file."""
        if shutil.which("openssl") is None:
            pytest.skip("needs the openssl command to make a certificate; install openssl")
        file = tmp_path / "certificate.pem"
        name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *name]
        subprocess.run([*command, "-keyout", file, "-out", tmp_path / "public.pem"], check=True, capture_output=True)
        file.write_bytes(file.read_bytes() + (tmp_path / "public.pem").read_bytes())
        return file

    async def test_http2_is_spoken_where_the_server_can(
        self, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        context.set_alpn_protocols(["h2"])
        first = bytearray()

        async def speak(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            first.extend(await reader.readexactly(24))

        async with server(speak, tls=context) as url:
            with pytest.raises(LoyaltyUnavailable, match="a connection that broke"):
                await get(url)
        assert bytes(first) == b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # RFC 9113, 3.4

    async def test_a_certificate_nobody_vouches_for_is_no_connection(self, certificate: Path) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        async with server(says(ok(b"{}")), tls=context) as url:
            with pytest.raises(LoyaltyUnavailable, match=r"got no connection .*certificate verify failed"):
                await get(url)


async def test_it_works_only_while_it_is_open() -> None:
    async with server(says(ok(b"{}"))) as url:
        transport = Transport(base_url=url, headers={})
        with pytest.raises(RuntimeError, match="async with"):
            await transport.request("GET", "/x")


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.gameball.co",
        "ftp://api.gameball.co",
        "https://",
        "https://a/api/v4.0",
        "https://a?b",
        "http://a:b",
        "http://[::1",
    ],
)
def test_an_address_that_is_none_is_a_mistake(base_url: str) -> None:
    with pytest.raises(ValueError, match="base_url: expected an address like https") as caught:
        Transport(base_url=base_url, headers={})
    assert repr(base_url) in str(caught.value)


def test_a_password_in_the_address_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="got one with a user name"):
        Transport(base_url="https://user:s3cret@a", headers={})


@pytest.mark.parametrize("meanwhile", ["nothing", "another"])
async def test_requests_that_were_cancelled_leave_no_connection_behind(meanwhile: str) -> None:
    """``meanwhile``: what else is under way, all the time."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /another"):
                await reader.read()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def ask(transport: Transport, patience: float) -> None:
        with suppress(TimeoutError, LoyaltyUnavailable):
            async with asyncio.timeout(patience):
                await transport.request("GET", "/")

    async with server, Transport(base_url=url, headers={}) as transport:
        before = descriptors()
        another = asyncio.create_task(transport.request("GET", "/another")) if meanwhile == "another" else None
        for number in range(300):  # cut off at every moment of a request
            await asyncio.gather(*(ask(transport, (number * 20 + one) / 600_000) for one in range(20)))
        async with asyncio.timeout(10):
            while descriptors() > before + 6:  # noqa: ASYNC110  the kernel tells nobody
                await asyncio.sleep(0.05)
        if another is not None:
            assert not another.done()
            another.cancel()
            await asyncio.gather(another, return_exceptions=True)
