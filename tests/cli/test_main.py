"""The command itself: its version, its commands, and that nobody waits for the parts of another command."""

import subprocess
import sys
from importlib import metadata

import pytest


def scanner_daemon(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "scanner_daemon", *arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_it_says_its_version() -> None:
    assert scanner_daemon("--version").stdout == f"scanner-daemon {metadata.version('scanner-daemon')}\n"


@pytest.mark.parametrize("command", ["run", "doctor", "check-config", "cards", "outbox", "displays"])
def test_help_lists_the_commands(command: str) -> None:
    assert f" {command} " in scanner_daemon("--help").stdout


def test_a_slip_of_the_pen_is_told_what_was_meant() -> None:
    result = scanner_daemon("setpu")
    assert result.returncode == 2
    assert "Did you mean 'setup'?" in result.stderr


def test_only_what_is_asked_for_is_imported() -> None:
    program = """
import sys
from scanner_daemon.cli import main
sys.argv[1:] = ["run", "--help"]
try:
    main()
finally:
    print(*sys.modules)
"""
    result = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, timeout=60, check=True)
    imported = result.stdout.splitlines()[-1].split()
    assert "scanner_daemon.cli.run" in imported
    assert "scanner_daemon.cards" not in imported
