"""The local server over TLS, with certificates of an authority made for the test."""

import asyncio
import ssl
from pathlib import Path
from typing import Final

import httpx
import pytest
import structlog
import trustme

from scanner_daemon.app import Lane
from scanner_daemon.errors import DisplayError
from scanner_daemon.tls import Tls
from tests.integration.local_server import TOKEN, a_lane, port_of
from tests.serving import new_server

NAME: Final = "lane-1.shop.example"
SETTINGS: Final = f"""
names = ["{NAME}"]
certificate_file = "lane.pem"
key_file = "lane.key"
"""
BEARER: Final = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(tmp_path: Path, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of systemd credentials with a certificate and its key."""
    issue(authority, tmp_path)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return tmp_path


def issue(authority: trustme.CA, folder: Path) -> None:
    issued = authority.issue_cert(NAME, "127.0.0.1")
    (folder / "lane.key").touch(mode=0o600)
    (folder / "lane.key").write_bytes(issued.private_key_pem.bytes())
    (folder / "lane.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def browser(lane: Lane, trusted: ssl.SSLContext) -> httpx.AsyncClient:
    assert lane.server is not None
    return httpx.AsyncClient(base_url=lane.server.url, headers=BEARER, verify=trusted)


async def serial_number(lane: Lane, trusted: ssl.SSLContext) -> object:
    _, writer = await asyncio.open_connection("127.0.0.1", port_of(lane), ssl=trusted)
    told = writer.get_extra_info("ssl_object").getpeercert()["serialNumber"]
    writer.close()
    await writer.wait_closed()
    return told


async def test_pages_streams_and_enrolments_over_tls(files: Path, authority: trustme.CA) -> None:
    async with a_lane(files, more=SETTINGS) as lane, browser(lane, trusting(authority)) as client:
        assert str(client.base_url).startswith("https://127.0.0.1:")
        page = await client.get("/display")
        assert (page.status_code, "Customer display" in page.text) == (200, True)
        member = {"customer_id": "0400000000077", "email": "a@example.com"}
        assert (await client.post("/members", json=member)).json()["state"] == "created"
        async with asyncio.timeout(5), client.stream("GET", "/cashier/stream") as stream:
            assert "event: state" in await anext(stream.aiter_text())


async def test_it_answers_to_its_name_and_to_no_other(files: Path, authority: trustme.CA) -> None:
    async with a_lane(files, more=SETTINGS) as lane, browser(lane, trusting(authority)) as client:
        answers = {
            name: (await client.get("/display", headers={"Host": f"{name}:8770"})).status_code
            for name in (NAME, NAME.upper(), "evil.example", f"x.{NAME}")
        }
        posted = await client.post(
            "/members/open", json={}, headers={"Host": NAME, "Origin": f"https://{NAME}", **BEARER}
        )
    assert answers == {NAME: 200, NAME.upper(): 200, "evil.example": 403, f"x.{NAME}": 403}
    assert posted.status_code == 200


async def test_a_browser_that_does_not_know_the_authority_says_nothing(files: Path) -> None:
    async with a_lane(files, more=SETTINGS) as lane, browser(lane, ssl.create_default_context()) as client:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get("/display")


async def test_without_tls_there_is_no_answer(files: Path, authority: trustme.CA) -> None:
    async with a_lane(files, more=SETTINGS) as lane:
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.HTTPError):
                await client.get(f"http://127.0.0.1:{port_of(lane)}/health")
        old = trusting(authority)
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, OSError)):
            await asyncio.open_connection("127.0.0.1", port_of(lane), ssl=old)
        async with browser(lane, trusting(authority)) as client:
            assert (await client.get("/health")).status_code == 200


async def test_a_handshake_that_does_not_end_is_dropped(files: Path) -> None:
    async with a_lane(files, more=SETTINGS, request_within=0.3) as lane:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(lane))
        writer.write(b"\x16\x03\x01")
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


async def test_a_renewed_certificate_is_taken_at_the_next_reload(files: Path, authority: trustme.CA) -> None:
    trusted = trusting(authority)
    async with a_lane(files, more=SETTINGS) as lane:
        before = await serial_number(lane, trusted)
        issue(authority, files)
        await lane.reload(lane._config)
        assert await serial_number(lane, trusted) != before


async def test_a_certificate_that_cannot_be_used_leaves_the_old_one(files: Path, authority: trustme.CA) -> None:
    trusted = trusting(authority)
    async with a_lane(files, more=SETTINGS) as lane:
        before = await serial_number(lane, trusted)
        key = (files / "lane.key").read_bytes()
        issue(trustme.CA(), files)
        (files / "lane.key").write_bytes(key)  # of the old certificate
        with structlog.testing.capture_logs() as logged:
            await lane.reload(lane._config)
        assert await serial_number(lane, trusted) == before
    (told,) = [entry for entry in logged if entry["event"] == "certificate_not_renewed"]
    assert "in PEM, got" in told["detail"]


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda folder: (folder / "lane.key").chmod(0o604), r"lane\.key to be nobody else's to read, got mode 0604"),
        (lambda folder: (folder / "lane.key").unlink(), "got no such file"),
        (lambda folder: (folder / "lane.pem").write_text("no certificate"), "in PEM, got"),
    ],
)
def test_files_that_cannot_be_used_are_told_before_anything_is_served(files: Path, harm: object, told: str) -> None:
    assert callable(harm)
    harm(files)
    server = new_server()
    server.certificate_file, server.key_file = Path("lane.pem"), Path("lane.key")
    with pytest.raises(DisplayError, match=told) as failed:
        server.bind()
    assert "PRIVATE KEY" not in str(failed.value)


def test_absolute_paths_need_no_credentials(
    files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path_factory.mktemp("others")))
    tls = Tls.of(files / "lane.pem", files / "lane.key")
    assert tls.context.minimum_version == ssl.TLSVersion.TLSv1_2
