"""How long an event takes to the handler of a webhook on loopback, from its publication to its last byte there.

Run it with ``make bench``, or alone: ``python benchmarks/webhook.py``. In turns, in the same run: this project, through
the lane's fan-out, signed; and barcode-server's HTTP notifier, the closest peer, as it is, unsigned. The handler is a
process of its own, on the same clock (``CLOCK_MONOTONIC``), and answers at once. A bare connection, to which the same
bytes are written each time, is the floor: what the machine takes.
"""

import asyncio
import multiprocessing
import os
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from scanner_daemon.displays.webhook import Webhook
from scanner_daemon.fanout import Fanout
from scanner_daemon.model import Member, MemberIdentified

ROUNDS = 500
APART = 0.01  # seconds from one event to the next
TIMES_FASTER = 3.0
SECRET = SecretStr("whsec_YmVuY2htYXJrLWJlbmNobWFyay1iZW5jaG1hcms=")

Send = Callable[[], Awaitable[None]]
"""Has an event on its way."""

Sender = Callable[[int], Send]
"""Makes the event of this number."""


def main() -> None:
    handler, far_end = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=handle, args=(far_end,), daemon=True)
    process.start()
    taken = asyncio.run(measure(handler, port=handler.recv()))
    table = Table("sender", "median ms", "99 % ms", "times faster", "goal", title="Event to webhook handler")
    peer = taken.get("barcode-server")
    for name, times in taken.items():
        ours = name == "scanner-daemon" and peer
        faster = f"{statistics.median(peer) / statistics.median(times):.1f}" if ours and peer else ""
        cells = (f"{statistics.median(times):.2f}", f"{statistics.quantiles(times, n=100)[98]:.2f}")
        table.add_row(name, *cells, faster, f"≥ {TIMES_FASTER:g}" if ours else "")
    Console().print(table)
    process.kill()
    os._exit(0)  # the peer's threads never end


async def measure(handler: Connection, *, port: int) -> dict[str, list[float]]:
    """Return the milliseconds of each event, by sender."""
    url = f"http://127.0.0.1:{port}/"
    taken: dict[str, list[float]] = {}
    async with scanner_daemon(url) as ours:
        senders = {"bare connection": await bare(port), "scanner-daemon": ours}
        try:
            senders["barcode-server"] = await barcode_server(url)
        except ImportError as error:
            print(f"barcode-server is left out ({error}): make bench PYTHON=python3.13 VENV=.venv-3.13")
        for number in range(ROUNDS):
            for name, make in senders.items():
                await asyncio.sleep(APART)
                send = make(number)
                before = time.monotonic_ns()
                await send()
                arrived = await told(handler)
                if number:  # the first opens the connection
                    taken.setdefault(name, []).append((arrived - before) / 1e6)
    return taken


async def told(handler: Connection) -> int:
    """Wait for the handler's next word."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(handler.fileno(), ready.set)
    await ready.wait()
    loop.remove_reader(handler.fileno())
    return int(handler.recv())


async def bare(port: int) -> Sender:
    """Return the floor: the same bytes each time, written to an open connection."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        writer.write(b"POST / HTTP/1.1\r\nContent-Length: 200\r\n\r\n" + b"x" * 200)

    return lambda _: send


@asynccontextmanager
async def scanner_daemon(url: str) -> AsyncIterator[Sender]:
    webhook = Webhook(url=url, secret=SECRET)
    fanout = Fanout({"webhook": webhook})
    tasks = [asyncio.create_task(webhook.serve()), asyncio.create_task(fanout.run())]

    def make(number: int) -> Send:
        member = Member(customer_id=f"{number:013}", created=False, balance=None, as_of=datetime.now(UTC))
        head: dict[str, Any] = {"id": f"{number:026}", "lane": "lane-1", "scanner": "counter", "at": datetime.now(UTC)}
        event = MemberIdentified(sequence=number, member=member, **head)

        async def send() -> None:
            fanout.publish(event)

        return send

    yield make
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def barcode_server(url: str) -> Sender:
    """Return the peer's; raises ``ImportError`` where it is not installed."""
    os.environ["BARCODE_SERVER_DEVICES"] = "counter"  # it will not start without one
    from barcode_server.barcode import BarcodeEvent
    from barcode_server.notifier.http import HttpNotifier

    class Device:
        name, path = "counter", "/dev/input/event0"

        class info:  # noqa: N801  as python-evdev calls it
            vendor, product = 0x0C2E, 0x0B61

    notifier = HttpNotifier("POST", url, [])
    await notifier.start()

    return lambda number: partial(notifier.add_event, BarcodeEvent(Device(), f"{number:013}"))


def handle(line: Connection) -> None:
    """Serve HTTP/1.1; tell when each request was there."""
    asyncio.run(_handle(line))


class Handler(asyncio.Protocol):
    """Answers a request as soon as its last byte is there."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102  asyncio's own
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  for mypy
        self._transport = transport

    def data_received(self, data: bytes) -> None:  # noqa: D102  same
        at = time.monotonic_ns()
        self._received += data
        head, _, body = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if length and len(body) >= int(length):
            self._received = b""
            self._line.send(at)
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def _handle(line: Connection) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Handler(line), "127.0.0.1")
    line.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


if __name__ == "__main__":
    main()
