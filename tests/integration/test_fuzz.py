"""Hostile input, a little of it each time; ``SCANNER_DAEMON_FUZZ=1000000`` for as much as the README tells of."""

import os
import subprocess
import sys

import pytest


@pytest.mark.timeout(7200)
def test_hostile_input_makes_no_crash_no_growth_and_no_leak() -> None:
    inputs = os.environ.get("SCANNER_DAEMON_FUZZ", "3000")
    command = [sys.executable, "-m", "tests.fuzz", inputs]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    assert "0 with a secret or a customer's id" in done.stdout
