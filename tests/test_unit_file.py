"""The systemd unit, as systemd itself judges it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parent.parent / "udev" / "scanner-daemon.service"


def analyze(*arguments: object) -> str:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze; install systemd")
    command = ["systemd-analyze", *map(str, arguments)]
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"COLUMNS": "200", "LC_ALL": "C.UTF-8"}
    )
    return ran.stdout + ran.stderr


def test_its_exposure_is_at_most_two() -> None:
    said = analyze("security", "--offline=true", "--no-pager", UNIT)
    exposure = re.search(r"Overall exposure level for scanner-daemon\.service: ([0-9.]+)", said)
    assert exposure, said
    assert float(exposure[1]) <= 2.0


def test_no_device_but_scanners_the_till_and_the_clock() -> None:
    unit = UNIT.read_text()
    assert "DevicePolicy=closed" in unit
    allowed = set(re.findall(r"^DeviceAllow=(\S+ \w+)$", unit, re.MULTILINE))
    assert allowed == {"char-input r", "char-hidraw rw", "char-ttyACM rw", "char-ttyUSB rw", "/dev/uinput w"}


def test_a_reload_reaches_the_daemon() -> None:
    assert "ExecReload=/bin/kill -HUP $MAINPID" in UNIT.read_text().splitlines()
