"""``scanner-daemon displays``: see that every display shows what it should."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from scanner_daemon.cli.exits import fail, fail_on

if TYPE_CHECKING:
    from scanner_daemon.config import Config

_FOR_PEOPLE: Final = ("kiosk", "line-display", "console")
"""Drivers that are looked at. The others are programs: a member made up would be a real one to them."""


def displays() -> typer.Typer:
    """Return the group of commands."""
    group = typer.Typer(help="The lane's displays.", no_args_is_help=True)
    group.callback()(_group)
    group.command("test")(show)
    group.command()(undelivered)
    return group


def _group() -> None:
    """The lane's displays."""  # noqa: D401  what help shows


def show(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only displays of this driver.")] = None,
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("/etc/scanner-daemon/config.toml"),
    seconds: Annotated[float, typer.Option(help="How long each state stays.", min=0.1, max=60)] = 4.0,
) -> None:
    """Show each state on each display, a few seconds each; no scanner, loyalty programme or receiver has part in it."""
    from scanner_daemon import logs
    from scanner_daemon.config import load_config
    from scanner_daemon.errors import ConfigError, DisplayError

    logs.configure()
    try:
        loaded = load_config(config, require_secrets=False)
    except ConfigError as error:
        fail_on(error)
    chosen = _chosen(loaded, name)
    if not chosen:
        wanted = f"a display with driver = {name!r}" if name else f"a display: {', '.join(_FOR_PEOPLE)}"
        fail(f"nothing to test: expected {wanted} in {config}, got none", status=2)
    try:
        asyncio.run(_shown(loaded, chosen, seconds=seconds))
    except* DisplayError as group:
        fail("; ".join(str(error) for error in group.exceptions))
    except* KeyboardInterrupt:
        pass


def undelivered(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The events themselves, one a line.")] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Erase them, once they are printed.")] = False,
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("/etc/scanner-daemon/config.toml"),
) -> None:
    """List the events that a webhook's receiver did not take, the oldest first, and why."""
    from scanner_daemon.config import load_config
    from scanner_daemon.displays.dead_letters import DeadLetters
    from scanner_daemon.errors import ConfigError, StorageError

    try:
        letters = DeadLetters(state_dir=load_config(config, require_secrets=False).lane.state_dir)
        for letter in letters.letters():
            event, at = letter.event, f"{letter.given_up_at:%Y-%m-%dT%H:%M:%SZ}"
            line = f"{at}  {letter.receiver}  {event['id']}  {event['type']}  {letter.why}"
            typer.echo(json.dumps(event) if as_json else line)
        if clear:
            typer.echo(f"{letters.clear()} erased", err=True)
    except ConfigError as error:
        fail_on(error)
    except StorageError as error:
        fail(str(error))


def _chosen(config: "Config", name: str | None) -> dict[str, Any]:
    """Return the displays for people, built, by driver and number."""
    from scanner_daemon.displays import DRIVERS

    driver_names = {place: driver for driver, place in DRIVERS.items()}
    built = {}
    for number, part in enumerate(config.displays, 1):
        driver = driver_names.get(f"{part.driver.__module__}:{part.driver.__qualname__}", "")
        if driver in _FOR_PEOPLE and name in {None, driver}:
            built[f"{driver} {number}"] = part.build()
    return built


async def _shown(config: "Config", displays: Mapping[str, Any], *, seconds: float) -> None:
    from scanner_daemon.cli.rehearsal import every_state
    from scanner_daemon.ports import Service

    async with AsyncExitStack() as stack:
        group = await stack.enter_async_context(asyncio.TaskGroup())
        services = [display for display in displays.values() if isinstance(display, Service)]
        routes = [route for display in displays.values() for route in getattr(display, "routes", ())]
        if routes and config.server:
            services.append(_server(config, routes))
        running = [group.create_task(service.serve()) for service in services]
        for label, event in every_state(config.lane.name):
            typer.echo(label)
            for display in displays.values():
                await display.tell(event)
            await asyncio.sleep(seconds)
        for task in running:
            task.cancel()


def _server(config: "Config", routes: list[Any]) -> Any:
    """Return the local server with the pages of the displays; with a token of its own where none is configured."""
    import secrets

    from pydantic import SecretStr

    assert config.server is not None  # noqa: S101  asked before
    server = config.server.build()
    if not server.token.get_secret_value():
        server.token = SecretStr(secrets.token_urlsafe(32))
    server.routes += routes
    server.bind()
    typer.echo(f"Customer page: {server.url}/display?token={server.token.get_secret_value()}")
    return server
