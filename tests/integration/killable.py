"""A daemon in a process of its own that starts in no time, so that it can be killed many times."""

import multiprocessing
import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scanner_daemon.loyalty.outbox import FILE_NAME, Entry, Outbox

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

CONFIGURATION: Final = """
lane = {{ name = "lane-1", state_dir = "{folder}/state", stop_timeout = 1.0 }}
gameball = {{ base_url = "{gameball}", lookup_timeout = {timeout}, misconfigured_pause = 0.1 }}
server = {{ listen = "127.0.0.1:{port}" }}
"""


_IMPORTED: Final = (
    "h2.connection",
    "httpx",
    "phonenumbers",
    "pyudev",
    "scanner_daemon.app",
    "scanner_daemon.cli.run",
    "scanner_daemon.loyalty.gameball",
    "scanner_daemon.server",
    "uvicorn.lifespan.off",
    "uvicorn.protocols.http.h11_impl",
)
"""What is there when it starts: only the time of importing is left out."""


class Daemon:
    """``scanner-daemon run`` on a lane with its state in ``folder``, as often as need be."""

    def __init__(self, folder: Path, *, gameball: str, lookup_timeout: float) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._folder = folder
        text = CONFIGURATION.format(folder=folder, gameball=gameball, timeout=lookup_timeout, port=self._port)
        (folder / "config.toml").write_text(text)
        self._process: ForkServerProcess | None = None
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(_IMPORTED))

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._process = self._context.Process(target=run, args=(self._folder,))
        self._process.start()
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=5).close()
            except OSError:
                assert self._process.is_alive(), (self._folder / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.01)
            else:
                return

    def kill(self) -> None:
        """Kill it: signal 9, nothing is finished."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None

    def outbox(self) -> list[Entry]:
        """Return what is in its outbox, as another process sees it."""
        box = Outbox(file=self._folder / "state" / FILE_NAME, keeper=False)
        try:
            return box.entries()
        finally:
            box.close()

    def resend(self, number: int) -> None:
        """Send a refused one again, as a person would."""
        Outbox(file=self._folder / "state" / FILE_NAME, keeper=False).resend(number)


def run(folder: Path) -> None:
    """Be the daemon."""
    from scanner_daemon.cli.run import run

    os.environ |= {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s", "SCANNER_DAEMON_TOKEN": "t"}
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    run(folder / "config.toml")
