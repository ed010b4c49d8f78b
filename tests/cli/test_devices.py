"""The command as it is started, on whatever machine the tests run: what it lists is tested with a mocked kernel."""

import json
import subprocess
import sys
from pathlib import Path

SCANNER_DAEMON = Path(sys.executable).with_name("scanner-daemon")


def devices(*arguments: str) -> str:
    run = subprocess.run((SCANNER_DAEMON, "devices", *arguments), capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


def test_prints_something_for_people_whatever_is_plugged_in() -> None:
    assert devices().strip()


def test_prints_a_json_list_whatever_is_plugged_in() -> None:
    assert isinstance(json.loads(devices("--json")), list)
