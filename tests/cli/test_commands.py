"""Commands as a person runs them."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scanner_daemon.loyalty.sandbox import Sandbox

RUN = (sys.executable, "-m", "scanner_daemon")
KEYS = {"PATH": os.environ["PATH"], "GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s"}


def ran(*arguments: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (*RUN, *arguments), capture_output=True, text=True, check=False, timeout=60, env=environ or KEYS
    )


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("run",),
        ("check-config",),
        ("demo",),
        ("sandbox",),
        ("devices",),
        ("decode",),
        ("record",),
        ("setup",),
        ("doctor",),
        ("member",),
    ],
)
def test_every_command_has_help(command: tuple[str, ...]) -> None:
    shown = ran(*command, "--help")
    assert shown.returncode == 0
    assert "Usage: scanner-daemon" in shown.stdout


def test_the_demo_sees_every_outcome_it_must() -> None:
    tour = ran("demo", "--exit", "--port", "0")
    assert tour.returncode == 0, tour.stdout + tour.stderr
    assert tour.stdout.count("✓ as expected") == 9
    assert "All steps went as expected." in tour.stdout
    assert tour.stderr == ""


def test_check_config_of_a_right_file(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("lane = { name = 'l' }\ndisplay = [{ driver = 'console' }]\n")
    checked = ran("check-config", str(tmp_path / "c.toml"))
    assert checked.returncode == 0
    assert checked.stdout == f"{tmp_path}/c.toml: no mistakes (0 scanners, 0 card schemes, 1 display)\n"


def test_check_config_names_the_secrets_it_does_not_see(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("lane = { name = 'l' }\n")
    checked = ran("check-config", str(tmp_path / "c.toml"), environ={"PATH": os.environ["PATH"]})
    assert checked.returncode == 0
    assert "GAMEBALL_API_KEY in its environment" in checked.stdout


def test_check_config_of_a_wrong_file(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("lane = { name = 'l' }\n[[scanner]]\nname = 's'\ndriver = 'serail'\n")
    checked = ran("check-config", str(tmp_path / "c.toml"))
    assert checked.returncode == 78
    assert checked.stderr.splitlines() == [
        "scanner-daemon: 1 mistake in the configuration",
        f"  {tmp_path}/c.toml: scanner[s].driver: expected keyboard-wedge | hid-pos | hid-keyboard | serial | replay, "
        "got 'serail' (did you mean 'serial'?)",
    ]


async def test_member_prints_one_look_up(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        config = tmp_path / "c.toml"
        held = f"base_url = '{sandbox.url}', create = 'with-contact'"  # whatever cards do, a person decides here
        config.write_text(f"lane = {{ name = 'l' }}\ngameball = {{ {held} }}\n")

        async def member(*arguments: str) -> tuple[int, str, str]:
            return await _process("member", *arguments, "--config", str(config))

        known = await member("0412345678903")
        assert known[0] == 0
        assert json.loads(known[1])["balance"]["available_points"] == 1200
        unknown = await member("0400000000077")
        assert unknown[0] == 1
        assert "knows no such customer" in unknown[2]
        assert "0400000000077" not in sandbox.customers, "nobody is enrolled unless asked"
        created = await member("0400000000077", "--create")
        assert json.loads(created[1])["created"] is True
        wrong = await member("../x")
        assert wrong[0] == 2
        assert "Traceback" not in known[2] + unknown[2] + wrong[2]


async def _process(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *RUN, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=KEYS
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), err.decode()
