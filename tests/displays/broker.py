"""A real Mosquitto, whoever listens to it, and a cable to it that can be cut."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import pytest
from aiomqtt import Client, Message, ProtocolVersion

MOSQUITTO: Final = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
WHY_NOT: Final = "no Mosquitto here: install the package mosquitto"


class Broker:
    """Mosquitto with its files in ``folder``, on one port, as often as need be; ``settings`` are of that listener."""

    def __init__(self, folder: Path, *settings: str) -> None:
        if MOSQUITTO is None:
            pytest.skip(WHY_NOT)
        self.port = _free_port()
        self._config = folder / "mosquitto.conf"
        lines = (f"listener {self.port} 127.0.0.1", *(settings or ("allow_anonymous true",)), "user root")
        self._config.write_text("\n".join(lines) + "\n")

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Broker"]:
        """Run it; what it retained is lost at the end."""
        assert MOSQUITTO is not None
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            MOSQUITTO, "-c", str(self._config), stdout=quiet, stderr=quiet
        )  # fmt: skip
        try:
            async with asyncio.timeout(10):
                while not await _listens(self.port):
                    assert process.returncode is None, self._config.read_text()
                    await asyncio.sleep(0.02)
            yield self
        finally:
            process.terminate()
            await process.wait()

    @asynccontextmanager
    async def heard(self, topic: str = "#") -> AsyncIterator["Heard"]:
        """Subscribe to ``topic``."""
        async with Client("127.0.0.1", self.port, protocol=ProtocolVersion.V5) as client:
            await client.subscribe(topic, qos=1)
            yield Heard(client)


class Heard:
    """What a subscriber has heard, in order."""

    def __init__(self, client: Client) -> None:
        self._messages = client.messages

    async def next(self) -> Message:
        """Return the next message."""
        async with asyncio.timeout(20):
            return await anext(self._messages)

    async def until(self, topic: str, text: str | None = None) -> Message:
        """Return the next message of ``topic``, with ``text`` where one is given; those before it are dropped."""
        while True:
            message = await self.next()
            if str(message.topic) == topic and text in {None, text_of(message)}:
                return message


class Cable:
    """Carries bytes to ``far``; ``cut`` drops every connection without a word, and ``stuck`` carries nothing more."""

    def __init__(self, far: Broker) -> None:
        self.stuck = False
        self.url = f"mqtt://127.0.0.1:{_free_port()}"
        self._far = far
        self._ends: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def plugged(self) -> AsyncIterator[None]:
        """Connect whoever comes to ``url``."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", int(self.url.rpartition(":")[2]))
        try:
            yield
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        for end in self._ends:
            end.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far.port)
            ends = {writer, far_writer}
            self._ends |= ends
            try:
                await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))
            finally:
                self._ends -= ends
                for end in ends:
                    end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            while self.stuck:  # noqa: ASYNC110  a cable has no events
                await asyncio.sleep(0.01)
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError  # the other direction ends, too


def text_of(message: Message) -> str:
    assert isinstance(message.payload, bytes)
    return message.payload.decode()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
