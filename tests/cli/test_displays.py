"""``displays test`` as a person runs it."""

import os
import subprocess
import sys
import tty
from pathlib import Path

import pytest

from tests.displays.vfd import DISPLAYS

RUN = (sys.executable, "-m", "scanner_daemon", "displays", "test", "--seconds", "0.3")


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"]}
    return subprocess.run((*RUN, *arguments), capture_output=True, text=True, check=False, timeout=60, env=environ)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "c.toml"
    file.write_text(
        "lane = { name = 'l' }\nserver = { listen = '127.0.0.1:0' }\n"
        "display = [{ driver = 'kiosk' }, { driver = 'console' }, "
        f"{{ driver = 'line-display', protocol = 'cd5220', port = '{tmp_path}/vfd' }}]\n"
    )
    return file


def test_each_state_on_each_display(tmp_path: Path, config: Path) -> None:
    master, slave = os.openpty()
    tty.setraw(master)
    (tmp_path / "vfd").symlink_to(os.ttyname(slave))

    tested = ran("--config", str(config))

    assert tested.returncode == 0, tested.stderr
    assert tested.stdout.startswith("Customer page: http://127.0.0.1:")
    assert tested.stdout.count("\n") == 1 + 2 * 9, "each state by its name, and on the console"
    display, seen = DISPLAYS["cd5220"](), set()
    for byte in os.read(master, 65536):
        display.feed(bytes((byte,)))
        seen.add(display.screen[0].strip())
    assert {"One moment", "Welcome back", "Welcome", "We do not know this", "Please scan again"} <= seen
    assert {"This is not a member", "This looks like a", "We cannot show your"} <= seen
    os.close(slave)
    os.close(master)


def test_one_display(config: Path) -> None:
    tested = ran("console", "--config", str(config))
    assert tested.returncode == 0
    assert "Customer page" not in tested.stdout
    assert tested.stderr == ""


def test_a_display_that_is_not_there(config: Path) -> None:
    tested = ran("mqtt", "--config", str(config))
    assert tested.returncode == 2
    assert "expected a display with driver = 'mqtt'" in tested.stderr
