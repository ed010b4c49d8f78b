"""The command ``scanner-daemon``: one file a command or group of commands, and only what is asked for is imported."""

import sys
from importlib import import_module, metadata
from typing import Annotated, Final

import typer

_COMMANDS: Final = (
    "run",
    "check-config",
    "setup",
    "doctor",
    "demo",
    "sandbox",
    "devices",
    "decode",
    "record",
    "member",
    "forget",
)
_GROUPS: Final = ("cards", "outbox", "displays")


def main() -> None:
    """Run the command line."""
    app = typer.Typer(
        name="scanner-daemon",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_scanner_daemon)
    known = (*_COMMANDS, *_GROUPS)
    asked = sys.argv[1] if sys.argv[1:] else ""
    for name in [asked] if asked in known else known:  # help, and a slip of the pen, are about all of them
        _add(app, name)
    app(prog_name="scanner-daemon")


def _add(app: typer.Typer, name: str) -> None:
    """Add a command from the file of its name: the function in it that is called the same."""
    word = name.replace("-", "_")
    found = getattr(import_module(f"{__name__}.{word}"), word)
    if name in _GROUPS:
        app.add_typer(found(), name=name)
    else:
        app.command(name)(found)


def _tell_version(asked: bool) -> None:  # noqa: FBT001  Typer's calling convention
    if asked:
        typer.echo(f"scanner-daemon {metadata.version('scanner-daemon')}")
        raise typer.Exit


def _scanner_daemon(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Tells a checkout lane who is standing at it."""
