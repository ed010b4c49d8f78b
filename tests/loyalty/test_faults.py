"""What can happen between a lane and its programme, each with the real adapter and something real that misbehaves."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from scanner_daemon.errors import LoyaltyError, LoyaltyProtocolError, LoyaltyUnavailable
from scanner_daemon.loyalty.breaker import PAUSE
from scanner_daemon.loyalty.gameball import Gameball
from scanner_daemon.loyalty.sandbox import Sandbox
from tests.loyalty.test_transport import Speak, ok, says, server

KNOWN = "0412345678903"


def at(url: str, *, lookup_timeout: float = 3.0) -> Gameball:
    return Gameball(
        base_url=url,
        api_key=SecretStr("s3cret-api"),
        secret_key=SecretStr("s3cret-secret"),
        lookup_timeout=lookup_timeout,
    )


async def failure(url: str, *, lookup_timeout: float = 3.0) -> LoyaltyError:
    """Return how one look-up fails, which it must do within its time and without telling secrets."""
    async with at(url, lookup_timeout=lookup_timeout) as gameball, asyncio.timeout(lookup_timeout + 1):
        with pytest.raises(LoyaltyError) as caught:
            await gameball.get_or_create(KNOWN)
    assert KNOWN not in str(caught.value)
    assert "s3cret" not in str(caught.value)
    return caught.value


async def test_an_answer_that_drips_is_waited_for_no_longer_than_one_that_never_comes() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in ok(b'{"a": 1}'):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)

    async with server(drip) as url:
        assert isinstance(await failure(url, lookup_timeout=0.5), LoyaltyUnavailable)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b'"1200"',
        b"{",
        b"[" * 100_000,
        b'{"availablePointsBalance": {"points": 1}}',
        b'{"availablePointsBalance": NaN}',
        b'{"availablePointsBalance": 1e999999999}',
        b'{"availablePointsBalance": ' + b"9" * 10_000 + b"}",
        b"\xff\xfe{}",
    ],
)
async def test_wrong_json_is_no_balance(body: bytes) -> None:
    async with server(says(ok(body))) as url:
        assert isinstance(await failure(url), LoyaltyProtocolError)


@pytest.mark.parametrize("status", [b"301 Moved Permanently", b"302 Found", b"307 Temporary Redirect"])
async def test_keys_do_not_follow_a_redirect(status: bytes) -> None:
    came: list[bytes] = []

    async def elsewhere(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        came.append(await reader.readuntil(b"\r\n\r\n"))

    async with server(elsewhere) as other:
        lines = (b"HTTP/1.1 " + status, b"Location: " + other.encode() + b"/", b"Content-Length: 0", b"", b"")
        async with server(says(b"\r\n".join(lines))) as url:
            assert isinstance(await failure(url), LoyaltyProtocolError)
    assert came == []


async def test_a_name_that_nobody_knows() -> None:
    error = await failure("https://gameball.invalid", lookup_timeout=2.0)  # RFC 6761: never resolves
    assert isinstance(error, LoyaltyUnavailable)


async def test_a_line_that_flaps_is_used_whenever_it_is_there(sandbox: Sandbox) -> None:
    outcomes: list[bool] = []
    async with at(sandbox.url, lookup_timeout=0.5) as gameball:
        for _ in range(3):
            await sandbox.stop()
            with pytest.raises(LoyaltyUnavailable):
                await gameball.get_or_create(KNOWN)
            await sandbox.start()
            outcomes.append(await gameball.get_or_create(KNOWN) is not None)
    assert outcomes == [True] * 3


async def test_a_long_outage_is_over_within_seconds(sandbox: Sandbox) -> None:
    now = asyncio.get_running_loop().time
    async with at(sandbox.url, lookup_timeout=0.3) as gameball:
        await sandbox.stop()
        began = now()
        while now() - began < 3.0:
            with pytest.raises(LoyaltyUnavailable):
                await gameball.get_or_create(KNOWN)
            await asyncio.sleep(0.1)
        await sandbox.start()
        back = now()
        while True:
            try:
                await gameball.get_or_create(KNOWN)
            except LoyaltyUnavailable:
                await asyncio.sleep(0.05)
            else:
                break
        assert now() - back < PAUSE + 1.0


class Authority:
    """A certificate authority of the test's own, and what it signs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._run("req", "-x509", *_NEW_KEY, "-days", "2", "-subj", "/CN=A shop", *self._files("authority"))

    @property
    def certificate(self) -> Path:
        return self.folder / "authority.crt"

    def server(self, name: str, *, days: int = 1, says: str = "IP:127.0.0.1") -> ssl.SSLContext:
        """Return what a server needs to show the certificate ``name`` for whom it ``says`` it is."""
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.crt"
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={says}\n")
        self._run("req", "-new", *_NEW_KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        signed = ("-CA", self.certificate, "-CAkey", self.folder / "authority.key", "-CAcreateserial")
        self._run("x509", "-req", "-in", request, *signed, "-days", days, "-extfile", extensions, "-out", certificate)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        return context

    def _files(self, name: str) -> tuple[object, ...]:
        return ("-keyout", self.folder / f"{name}.key", "-out", self.folder / f"{name}.crt")

    def _run(self, *command: object) -> None:
        subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True)


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make certificates; install openssl")
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    return authority


def silent(came: list[bytes]) -> Speak:
    """Note whatever a client says once TLS is there."""

    async def speak(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        came.append(await reader.read(1))

    return speak


async def test_a_chain_that_is_trusted_is_spoken_with(trusted: Authority) -> None:
    async with server(says(ok(b'{"availablePointsBalance": 7}')), tls=trusted.server("right")) as url, at(url) as it:
        member = await it.get_or_create(KNOWN)
    assert member is not None
    assert member.balance is not None
    assert member.balance.available_points == 7


Spoilt = Callable[[Authority], ssl.SSLContext]


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (lambda authority: authority.server("expired", days=-1), "certificate has expired"),
        (lambda authority: authority.server("other", says="DNS:api.gameball.co"), "IP address mismatch"),
    ],
)
async def test_no_key_is_sent_to_who_shows_a_wrong_certificate(trusted: Authority, spoilt: Spoilt, said: str) -> None:
    came: list[bytes] = []
    async with server(silent(came), tls=spoilt(trusted)) as url:
        error = await failure(url)
    assert isinstance(error, LoyaltyUnavailable)
    assert said in str(error)
    assert b"".join(came) == b""


async def test_no_key_is_sent_to_who_is_vouched_for_by_a_stranger(authority: Authority) -> None:
    came: list[bytes] = []
    async with server(silent(came), tls=authority.server("strange")) as url:
        assert "certificate verify failed" in str(await failure(url))
    assert b"".join(came) == b""


async def test_no_key_is_sent_where_there_is_no_tls() -> None:
    came: list[bytes] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(4096))
        writer.write(ok(b"{}"))

    async with server(speak) as url:
        assert isinstance(await failure(url.replace("http:", "https:")), LoyaltyUnavailable)
    assert came
    assert all(b"s3cret" not in said for said in came)
