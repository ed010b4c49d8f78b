"""``displays`` as a person runs it."""

import json
import os
import subprocess
import sys
import tty
from pathlib import Path

import pytest

from scanner_daemon.cli.rehearsal import every_state
from scanner_daemon.displays.dead_letters import DeadLetter, DeadLetters
from scanner_daemon.model import as_json_object
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


def undelivered(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "scanner_daemon", "displays", "undelivered", "--config", str(config), *arguments)
    environ = {"PATH": os.environ["PATH"]}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environ)


def test_what_a_receiver_did_not_take_is_listed_and_erased(tmp_path: Path) -> None:
    config, state = tmp_path / "c.toml", tmp_path / "state"
    config.write_text(f"lane = {{ name = 'l', state_dir = '{state}' }}\n")
    assert undelivered(config).stdout == ""

    event = next(event for _, event in every_state("l") if event.type == "member_identified")
    letter = DeadLetter.of(event, receiver="shop.example", why="10 attempts; expected a status of 2xx, got 500")
    DeadLetters(state_dir=state).keep([letter])

    (line,) = undelivered(config).stdout.splitlines()
    assert line.endswith(f"Z  shop.example  {event.id}  member_identified  {letter.why}")
    assert json.loads(undelivered(config, "--json").stdout) == as_json_object(event)
    assert undelivered(config, "--clear").stderr == "1 erased\n"
    assert undelivered(config).stdout == ""
