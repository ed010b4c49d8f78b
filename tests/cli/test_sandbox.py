import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

COMMAND = [sys.executable, "-m", "scanner_daemon", "sandbox"]
KEYS = {"APIKey": "any", "SecretKey": "any"}


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run the command; yield its process, its address and the rest of its welcome."""
    environ = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *arguments], stdout=subprocess.PIPE, text=True, env=environ
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Add a member"):
                break
        yield process, lines[0].split()[5].rstrip(","), "".join(lines)
        process.kill()


def failing(*arguments: str) -> str:
    """Run the command, which must fail with status 1; return its sentence."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    with running() as (process, url, welcome):
        balance = httpx.get(f"{url}/api/v4.0/integrations/customers/0412345678903/balance", headers=KEYS)
        assert balance.json()["availablePointsBalance"] == 1200
        assert "GAMEBALL_API_KEY=" in welcome
        assert "/sandbox/options" in welcome
        process.send_signal(number)
        assert process.wait(5) == 0


def test_its_options_are_those_of_the_sandbox(tmp_path: Path) -> None:
    data = tmp_path / "members.json"
    data.write_text(json.dumps([{"customerId": "12345", "availablePoints": 7}]))
    chosen = [*("--data", str(data), "--latency", "1", "--fail", "0.5", "--seed", "3", "--failure", "503")]
    spelt = [*("--spelling", "misspelled", "--not-found", "4004", "--create-answer", "profile", "--no-rate-limits")]
    with running(*chosen, *spelt) as (_, url, welcome):
        options = httpx.get(f"{url}/sandbox/options").json()
        assert httpx.get(f"{url}/sandbox/customers/12345").json()["availablePoints"] == 7
    assert "Members: 12345\n" in welcome
    assert options["latency"] == 1
    assert (options["fail_rate"], options["failure"], options["seed"]) == (0.5, "503", 3)
    assert (options["spelling"], options["not_found"], options["create_answer"]) == ("misspelled", "4004", "profile")
    assert options["rate_limits"] is False


def test_a_port_in_use_is_told_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert failing("--port", str(port)) == (
            f"scanner-daemon: cannot listen on port {port}: address already in use; "
            "choose another with --port, 0 takes a free one\n"
        )


def test_a_file_that_cannot_be_used_is_told_in_one_sentence(tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    assert f"cannot read {missing}: no such file or directory" in failing("--data", str(missing))
    wrong = tmp_path / "wrong.json"
    wrong.write_text('[{"points": 1}]')
    assert "0.customerId Field required; 0.points Extra inputs are not permitted" in failing("--data", str(wrong))
