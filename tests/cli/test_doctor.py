"""The command as it is started, on a lane that is well and on lanes that are not."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.loyalty.sandbox import Sandbox

KEYS = {"PATH": os.environ["PATH"], "GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s"}
NO_SUCH_CUSTOMER = b'{"code": 2002, "message": "Customer does not exist", "errors": []}'


@pytest.fixture
def scanner() -> Iterator[VirtualScanner]:
    with VirtualScanner() as virtual:
        yield virtual


async def doctor(
    tmp_path: Path, text: str, *arguments: str, environ: dict[str, str] = KEYS
) -> tuple[int | None, dict[str, dict[str, str]], str]:
    """Run the command on a configuration; return status, findings by check, and what was printed."""
    file = tmp_path / "c.toml"
    file.write_text(f"lane = {{ name = 'l', state_dir = '{tmp_path}' }}\n{text}")
    command = (sys.executable, "-m", "scanner_daemon", "doctor", "--config", str(file), *arguments)
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environ
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert err == b""
    found = {finding["check"]: finding for finding in json.loads(out)} if "--json" in arguments else {}
    return process.returncode, found, out.decode()


def configured(url: str, port: object) -> str:
    return f"gameball = {{ base_url = '{url}' }}\n[[scanner]]\nname = 's'\ndriver = 'serial'\nport = '{port}'\n"


@asynccontextmanager
async def gameball(*, status: str, body: bytes, date: str) -> AsyncIterator[str]:
    """A server that gives one answer to everything."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nDate: {date}\r\nContent-Length: {len(body)}\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_lane_that_is_well(scanner: VirtualScanner, tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        before = set(sandbox.customers)
        status, found, out = await doctor(tmp_path, configured(sandbox.url, scanner.port), "--json")
        assert status == 0, out
        assert set(sandbox.customers) == before, "nobody is enrolled"
        assert found["Gameball"]["detail"] == "it answers, and takes the keys"
        assert str(scanner.port) in found["scanner s"]["detail"]
        status, _, out = await doctor(tmp_path, configured(sandbox.url, scanner.port))
        assert status == 0
        assert all(line.startswith("✓ ") for line in out.splitlines())


async def test_keys_that_are_not_there(scanner: VirtualScanner, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "CREDENTIALS_DIRECTORY": str(tmp_path / "none")}
    text = configured("http://127.0.0.1:9", scanner.port)
    status, found, _ = await doctor(tmp_path, text, "--json", environ=environ)
    assert status == 1
    assert "GAMEBALL_API_KEY, GAMEBALL_SECRET_KEY" in found["keys"]["cure"]


async def test_credentials_of_the_unit_are_found(scanner: VirtualScanner, tmp_path: Path) -> None:
    for name in ("gameball_api_key", "gameball_secret_key"):
        (tmp_path / name).write_text("k")
    environ = {"PATH": os.environ["PATH"], "CREDENTIALS_DIRECTORY": str(tmp_path)}
    async with Sandbox() as sandbox:
        text = configured(sandbox.url, scanner.port)
        assert (await doctor(tmp_path, text, "--json", environ=environ))[0] == 0


async def test_keys_that_are_wrong(scanner: VirtualScanner, tmp_path: Path) -> None:
    body = b'{"code": 1001, "message": "Unauthorized", "errors": []}'
    async with gameball(status="401 Unauthorized", body=body, date="") as url:
        status, found, out = await doctor(tmp_path, configured(url, scanner.port), "--json")
    assert status == 1
    assert "correct keys" in found["Gameball"]["cure"]
    assert found["clock"]["detail"].endswith("does not tell the time: not compared")
    assert "hush" not in out


async def test_a_clock_that_is_wrong(scanner: VirtualScanner, tmp_path: Path) -> None:
    past = "Mon, 01 Jan 2001 00:00:00 GMT"
    async with gameball(status="404 Not Found", body=NO_SUCH_CUSTOMER, date=past) as url:
        status, found, _ = await doctor(tmp_path, configured(url, scanner.port), "--json")
    assert status == 1
    assert found["clock"]["detail"].endswith("s ahead")
    assert "set-ntp" in found["clock"]["cure"]


async def test_a_clock_that_is_right(scanner: VirtualScanner, tmp_path: Path) -> None:
    now = format_datetime(datetime.now(UTC), usegmt=True)
    async with gameball(status="404 Not Found", body=NO_SUCH_CUSTOMER, date=now) as url:
        status, found, _ = await doctor(tmp_path, configured(url, scanner.port), "--json")
    assert status == 0
    assert found["clock"]["detail"].startswith("right to ")


async def test_a_gameball_that_is_not_reached(scanner: VirtualScanner, tmp_path: Path) -> None:
    status, found, _ = await doctor(tmp_path, configured("http://127.0.0.1:9", scanner.port), "--json")
    assert status == 1
    assert "check network" in found["Gameball"]["cure"]


async def test_a_scanner_that_is_not_there_and_a_server_that_does_not_run(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        text = configured(sandbox.url, tmp_path / "ttyNONE") + "[server]\nlisten = '127.0.0.1:9'\n"
        status, found, _ = await doctor(tmp_path, text, "--json")
    assert status == 1
    assert "plug it in" in found["scanner s"]["cure"]
    assert "start the daemon" in found["local server"]["cure"]


async def test_a_program_that_reads_along_is_named(scanner: VirtualScanner, tmp_path: Path) -> None:
    descriptor = os.open(scanner.port, os.O_RDONLY | os.O_NOCTTY)
    try:
        async with Sandbox() as sandbox:
            status, found, _ = await doctor(tmp_path, configured(sandbox.url, scanner.port), "--json")
    finally:
        os.close(descriptor)
    assert status == 1
    assert f"(pid {os.getpid()})" in found["scanner s: shared"]["detail"]


async def test_every_mistake_of_a_configuration(tmp_path: Path) -> None:
    status, _, out = await doctor(tmp_path, "[debounce]\nsame_symbol_timeout = -1\n[colour]\n")
    assert status == 1
    assert out.count("✗ configuration: ") == 2
    assert "→ correct it" in out
