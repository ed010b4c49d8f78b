"""``scanner-daemon check-config``."""

from pathlib import Path
from typing import Annotated

import typer

from scanner_daemon.cli.exits import fail_on


def check_config(file: Annotated[Path, typer.Argument(help="The configuration file.")]) -> None:
    """Check a configuration: status 0, or 78 with every mistake listed."""
    from scanner_daemon.config import load_config
    from scanner_daemon.errors import ConfigError

    try:
        config = load_config(file, require_secrets=False)
    except ConfigError as error:
        fail_on(error)
    counted = {"scanner": len(config.scanners), "card scheme": len(config.cards), "display": len(config.displays)}
    parts = ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for noun, count in counted.items())
    typer.echo(f"{file}: no mistakes ({parts})")
    for note in config.notes:
        typer.echo(f"{file}: note: {note}")
    for name in config.missing_secrets:
        typer.echo(
            f"{file}: note: {name} is not set here; the daemon needs it as a file, as the systemd credential {name} "
            f"or as {name.upper()} in its environment"
        )
