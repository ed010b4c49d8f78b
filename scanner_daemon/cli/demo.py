"""``scanner-daemon demo``: the whole lane on embedded defaults, and a guided tour of it."""

import asyncio
import os
import secrets
import socket
import sys
import tomllib
from contextlib import AsyncExitStack
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from scanner_daemon.cli.exits import fail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner_daemon.app import Lane
    from scanner_daemon.cli.tour import Audience, Step
    from scanner_daemon.cli.virtual_scanner import VirtualScanner
    from scanner_daemon.loyalty.sandbox import Sandbox

DEFAULT_PORT = 8770

CONFIGURATION = """
[lane]
name = "demo"
state_dir = "{state}"

[gameball]
base_url = "{gameball}"

[balance_cache]
max_customers = 0

[[scanner]]
name = "counter"
driver = "serial"
port = "{scanner}"

[[card]]
name = "plastic"
pattern = '04\\d{{11}}'
check_digit = "ean"

[server]
listen = "127.0.0.1:{port}"

[[display]]
driver = "kiosk"

[[display]]
driver = "console"
"""


def demo(
    exit_: Annotated[
        bool, typer.Option("--exit", help="End after the tour; status 0 only if all went as expected.")
    ] = False,
    port: Annotated[
        int, typer.Option(help="Port of the customer page; 0 takes a free one.", min=0, max=65535)
    ] = DEFAULT_PORT,
) -> None:
    """Run a lane with a sandbox Gameball, a virtual scanner and the customer page, and show what it does."""
    from scanner_daemon.errors import ScannerDaemonError

    went_well = True
    try:
        went_well = asyncio.run(_demo(port, stay=not exit_ and sys.stdin.isatty()))
    except* ScannerDaemonError as group:
        fail(str(group.exceptions[0]))
    except* KeyboardInterrupt:
        pass
    if not went_well:
        raise typer.Exit(1)


async def _demo(port: int, *, stay: bool) -> bool:
    """Run the lane and its tour; with ``stay``, read codes from the terminal until it ends."""
    from scanner_daemon.cli.tour import Audience, steps
    from scanner_daemon.cli.virtual_scanner import VirtualScanner
    from scanner_daemon.loyalty.sandbox import Sandbox

    async with AsyncExitStack() as stack:
        gameball = await stack.enter_async_context(Sandbox(port=0))
        scanner = stack.enter_context(VirtualScanner())
        state = stack.enter_context(TemporaryDirectory(prefix="scanner-daemon-demo-"))
        lane = _lane(gameball, scanner, _free(port), state)
        audience = Audience()
        lane.listen("tour", audience)
        _welcome(lane)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        group.create_task(lane.run(), name="lane")
        went_well = await _tour(lane, audience, steps(scanner, gameball), pause=1.5 if stay else 0.0)
        if stay:
            typer.echo("\nType a code and Enter to scan it, Ctrl-D to end.")
            await _scan_what_is_typed(scanner)
        lane.stop()
    return went_well


def _lane(gameball: "Sandbox", scanner: "VirtualScanner", port: int, state: str) -> "Lane":
    from scanner_daemon import logs
    from scanner_daemon.app import Lane
    from scanner_daemon.config import parse_config

    logs.configure(level="error")  # the console shows each event already
    environ = {
        "GAMEBALL_API_KEY": gameball.api_key,
        "GAMEBALL_SECRET_KEY": gameball.secret_key,
        "SCANNER_DAEMON_TOKEN": secrets.token_urlsafe(16),
    }
    document = tomllib.loads(CONFIGURATION.format(gameball=gameball.url, scanner=scanner.port, port=port, state=state))
    return Lane.from_config(parse_config(document, file="(demo)", environ=environ), environ=environ)


def _free(port: int) -> int:
    """Return ``port``, or 0 (any) when the default is taken: a second demo on one machine is no mistake."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0 if port == DEFAULT_PORT else port
    return port


def _welcome(lane: "Lane") -> None:
    if lane.server is not None:
        lane.server.bind()  # now, so that its address is known
        token = lane.server.token.get_secret_value()
        typer.echo(f"Customer page: {lane.server.url}/display?token={token}")
        typer.echo(f"Cashier page:  {lane.server.url}/cashier?token={token}")
        typer.echo(f"Event stream:  {lane.server.url}/events?token={token}")


async def _tour(lane: "Lane", audience: "Audience", tour: "Sequence[Step]", *, pause: float) -> bool:
    went_well = True
    for number, step in enumerate(tour, start=1):
        typer.echo(f"\n{number}. {step.title}")
        as_expected = await audience.sees(step)
        await lane.flush()  # the console first, then the verdict
        typer.echo("   ✓ as expected" if as_expected else "   ✗ not what was expected")
        went_well = went_well and as_expected
        await asyncio.sleep(pause)  # time to look at the page
    typer.echo("\nAll steps went as expected." if went_well else "\nSome steps did not go as expected.")
    return went_well


async def _scan_what_is_typed(scanner: "VirtualScanner") -> None:
    """Send each line of standard input as a scan, until its end."""
    loop = asyncio.get_running_loop()
    typed: asyncio.Queue[bytes] = asyncio.Queue()
    loop.add_reader(sys.stdin.fileno(), lambda: typed.put_nowait(os.read(sys.stdin.fileno(), 4096)))
    try:
        while line := await typed.get():
            for label in line.decode(errors="replace").split():
                scanner.scan(label)
    finally:
        loop.remove_reader(sys.stdin.fileno())
