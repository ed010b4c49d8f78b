"""``scanner-daemon member``: one look-up, printed."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner_daemon.cli.exits import fail, fail_on

if TYPE_CHECKING:
    from scanner_daemon.config import Config
    from scanner_daemon.model import Member


def member(
    customer_id: Annotated[str, typer.Argument(metavar="ID", help="The customer's id, as on the card.")],
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("/etc/scanner-daemon/config.toml"),
    create: Annotated[bool, typer.Option("--create", help="Enrol the customer if unknown.")] = False,
) -> None:
    """Look one customer up and print them as JSON. An unknown customer is status 1; nobody is enrolled unless asked."""
    import json

    from scanner_daemon import logs
    from scanner_daemon.config import load_config
    from scanner_daemon.errors import ConfigError, LoyaltyError
    from scanner_daemon.model import is_customer_id, member_as_json_object

    if not is_customer_id(customer_id):
        fail(f"cannot look {customer_id!r} up: expected at most 100 printable characters, no / \\ or %", status=2)
    logs.configure(level="error")  # standard output is for the member alone
    try:
        found = asyncio.run(_look_up(load_config(config), customer_id, create=create))
    except ConfigError as error:
        fail_on(error)
    except LoyaltyError as error:
        fail(str(error))
    if found is None:
        fail("the loyalty programme knows no such customer; --create enrols them")
    typer.echo(json.dumps(member_as_json_object(found), indent=2, ensure_ascii=False))


async def _look_up(config: "Config", customer_id: str, *, create: bool) -> "Member | None":
    settings = {**config.loyalty.settings, "create": "always" if create else "never"}
    async with config.loyalty.driver(**settings) as programme:
        found: Member | None = await programme.get_or_create(customer_id)
        return found
