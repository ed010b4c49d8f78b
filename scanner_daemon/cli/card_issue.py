"""``scanner-daemon cards issue``: numbers for new cards."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner_daemon.cli.exits import fail, fail_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scanner_daemon.config import Config
    from scanner_daemon.issuing.ledger import NewCard


def issue(
    count: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 1,
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("/etc/scanner-daemon/config.toml"),
) -> None:
    """Issue numbers for new cards, one JSON object a line.

    None was ever issued before, none is a member's, and the lane takes each for its customer.
    """
    from scanner_daemon import logs
    from scanner_daemon.config import load_config
    from scanner_daemon.errors import ConfigError, IssuingError, StorageError

    logs.configure(level="error")
    try:
        asyncio.run(_print_each(load_config(config), count))
    except ConfigError as error:
        fail_on(error)
    except (IssuingError, StorageError) as error:
        fail(str(error))


async def _print_each(config: "Config", count: int) -> None:
    async for card in issued(config, count):
        typer.echo(json.dumps({"customer_id": card.customer_id, "number": card.number}))


async def issued(config: "Config", count: int) -> "AsyncIterator[NewCard]":
    """Yield ``count`` new cards, each written down as issued. Raises as ``Issuer.issue``, and ends the command."""
    from scanner_daemon import app

    never = {**config.loyalty.settings, "create": "never"}
    async with config.loyalty.driver(**never) as programme:
        issuer = app.issuer(config, programme.get_or_create)
        if issuer is None:
            fail("a table [cards] says how numbers are made, and the configuration has none", status=2)
        for _ in range(count):
            yield await issuer.issue_card()
