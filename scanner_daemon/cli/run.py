"""``scanner-daemon run``: the daemon in the foreground."""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from scanner_daemon.cli.exits import fail, fail_on

if TYPE_CHECKING:
    from scanner_daemon.app import Lane

E = TypeVar("E", bound=BaseException)


def run(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("/etc/scanner-daemon/config.toml"),
) -> None:
    """Run the lane until SIGTERM or SIGINT: status 0 when stopped, 78 for a wrong configuration, 1 for the rest."""
    from scanner_daemon import logs
    from scanner_daemon.app import Lane
    from scanner_daemon.config import load_config
    from scanner_daemon.errors import ConfigError

    logs.configure()
    try:
        lane = Lane.from_config(load_config(config))
    except ConfigError as error:
        fail_on(error)
    asyncio.run(until_stopped(lane))


async def until_stopped(lane: "Lane") -> None:
    """Run ``lane`` until a signal asks to stop; end the command with a sentence when a part of it gives up."""
    from scanner_daemon.errors import ConfigError, ScannerDaemonError

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lane.stop)
    try:
        await lane.run()
    except* ConfigError as group:
        fail_on(ConfigError([mistake for error in _leaves(group) for mistake in error.mistakes]))
    except* ScannerDaemonError as group:
        fail("; ".join(str(error) for error in _leaves(group)))


def _leaves(group: BaseExceptionGroup[E]) -> list[E]:
    """Return the exceptions in ``group``, however deep they lie."""
    return [
        leaf
        for error in group.exceptions
        for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]
