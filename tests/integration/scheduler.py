"""A CUPS scheduler of a test's own, with one queue."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

QUEUE = "cards"

needs_cups = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("cupsd") is None or shutil.which("lpadmin") is None,
    reason="starts a CUPS scheduler: run as root, with apt-get install cups cups-client",
)

CUPSD = """
Listen 127.0.0.1:{port}
DefaultAuthType None
Browsing Off
WebInterface No
<Location />
Order allow,deny
Allow all
</Location>
<Location /admin>
Order allow,deny
Allow all
</Location>
<Policy default>
<Limit All>
Order allow,deny
Allow all
</Limit>
</Policy>
"""
FILES = """
User lp
Group lp
SystemGroup root
ServerRoot {folder}
RequestRoot {folder}/spool
CacheDir {folder}/cache
StateDir {folder}/run
TempDir {folder}/tmp
AccessLog {folder}/log/access
ErrorLog {folder}/log/error
PageLog {folder}/log/page
Sandboxing relaxed
"""


@contextmanager
def scheduler(monkeypatch: pytest.MonkeyPatch, *, directives: str = "") -> Iterator[None]:
    """Run a scheduler that all of CUPS' programs then speak with; ``directives`` are more of cupsd.conf(5)."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="cups-"))
    folder.chmod(0o711)
    for name in ("spool", "cache", "run", "tmp", "log"):
        (folder / name).mkdir()
        shutil.chown(folder / name, "lp", "lp")
    (folder / "cupsd.conf").write_text(CUPSD.format(port=port) + directives)
    (folder / "cups-files.conf").write_text(FILES.format(folder=folder))
    monkeypatch.setenv("CUPS_SERVER", f"127.0.0.1:{port}")
    command = ["cupsd", "-f", "-c", f"{folder}/cupsd.conf", "-s", f"{folder}/cups-files.conf"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            until(lambda: "is running" in said("lpstat", "-r"))
            yield
        finally:
            running.terminate()
            running.wait(timeout=20)
            shutil.rmtree(folder)


def queue_to(address: str) -> None:
    """Make the queue, to the printer at ``address``."""
    subprocess.run(["lpadmin", "-p", QUEUE, "-E", "-v", address], check=True, capture_output=True, timeout=20)


def said(*command: str) -> str:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=20).stdout


def until(true: Callable[[], bool], *, within: float = 90.0) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)  # another program's state, which tells nobody when it changes


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
