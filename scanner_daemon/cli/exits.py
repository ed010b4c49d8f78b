"""How a command ends when something is wrong: a sentence on standard error and a status, never a traceback."""

import sys
from typing import Final, NoReturn

import typer

from scanner_daemon.errors import ConfigError

BAD_CONFIGURATION: Final = 78
"""``EX_CONFIG`` of sysexits.h; the unit does not restart on it."""


def fail(sentence: str, *, status: int = 1) -> NoReturn:
    """Print ``sentence`` and end with ``status``."""
    print(f"scanner-daemon: {sentence}", file=sys.stderr)
    raise typer.Exit(status)


def fail_on(error: ConfigError) -> NoReturn:
    """Print every mistake of a configuration, one a line, and end with status 78."""
    count = len(error.mistakes)
    print(f"scanner-daemon: {count} mistake{'s' if count != 1 else ''} in the configuration", file=sys.stderr)
    for mistake in error.mistakes:
        print(f"  {mistake}", file=sys.stderr)
    raise typer.Exit(BAD_CONFIGURATION)
