"""The command ``scanner-daemon``: one file a group of commands, nothing heavy imported before it is needed."""

import typer

from scanner_daemon.cli.cards import cards
from scanner_daemon.cli.check_config import check_config
from scanner_daemon.cli.decode import decode
from scanner_daemon.cli.demo import demo
from scanner_daemon.cli.devices import devices
from scanner_daemon.cli.displays import displays
from scanner_daemon.cli.doctor import doctor
from scanner_daemon.cli.forget import forget
from scanner_daemon.cli.member import member
from scanner_daemon.cli.outbox import outbox
from scanner_daemon.cli.record import record
from scanner_daemon.cli.run import run
from scanner_daemon.cli.sandbox import sandbox
from scanner_daemon.cli.setup import setup

_COMMANDS = (run, check_config, setup, doctor, demo, sandbox, devices, decode, record, member, forget)


def main() -> None:
    """Run the command line."""
    app = typer.Typer(
        name="scanner-daemon",
        help="Tells a checkout lane who is standing at it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for command in _COMMANDS:
        app.command(command.__name__.replace("_", "-"))(command)
    app.add_typer(cards(), name="cards")
    app.add_typer(outbox(), name="outbox")
    app.add_typer(displays(), name="displays")
    app(prog_name="scanner-daemon")
