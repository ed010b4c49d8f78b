"""``scanner-daemon forget``: remove a customer from all that the lane keeps."""

from pathlib import Path
from typing import Annotated

import typer

from scanner_daemon.cli.exits import fail, fail_on

_OUT_OF_REACH = """\
Not reached from here:
- a daemon that runs: what it has in memory is gone when it is restarted, and an enrolment that is under way arrives;
- the log: ids are masked in it, but for their last four characters;
- the record of numbers that this lane issued: one stays there, so that nobody else is ever given it;
- recordings made with 'scanner-daemon record';
- Gameball, and whoever else the lane's events were sent to."""


def forget(
    customer_id: Annotated[str, typer.Argument(metavar="ID", help="The customer's id, as on the card.")],
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("/etc/scanner-daemon/config.toml"),
) -> None:
    """Erase a customer from the lane's outbox, balances and dead letters; say how much, and what is out of reach."""
    from scanner_daemon.app import stores
    from scanner_daemon.config import load_config
    from scanner_daemon.errors import ConfigError, StorageError

    try:
        kept = stores(load_config(config, require_secrets=False))
        for name, store in kept.items():
            erased = store.forget(customer_id)
            typer.echo(f"{name}: {erased or 'nothing'} erased")
    except ConfigError as error:
        fail_on(error)
    except StorageError as error:
        fail(f"not everything was erased. {error}")
    typer.echo(_OUT_OF_REACH)
