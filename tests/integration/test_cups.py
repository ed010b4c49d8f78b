"""Cards through a real CUPS scheduler of the test's own to a network printer, which may be off for a while."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanner_daemon.cards.form import Form
from scanner_daemon.cards.printers import printer_at
from scanner_daemon.cards.proof import read
from scanner_daemon.cards.rendering import render
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.errors import PrinterError
from tests.cards import interpreters
from tests.cards.printers import VirtualPrinter

NUMBER = "0412345678903"
pytestmark = pytest.mark.skipif(
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


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Make the queue ``cards``, to the printer at an address."""
    port = _free_port()
    folder = Path(tempfile.mkdtemp(prefix="cups-"))
    folder.chmod(0o711)
    for name in ("spool", "cache", "run", "tmp", "log"):
        (folder / name).mkdir()
        shutil.chown(folder / name, "lp", "lp")
    (folder / "cupsd.conf").write_text(CUPSD.format(port=port))
    (folder / "cups-files.conf").write_text(FILES.format(folder=folder))
    monkeypatch.setenv("CUPS_SERVER", f"127.0.0.1:{port}")
    command = ["cupsd", "-f", "-c", f"{folder}/cupsd.conf", "-s", f"{folder}/cups-files.conf"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as scheduler:
        try:
            _until(lambda: "is running" in _said("lpstat", "-r"))
            yield lambda address: _queue_to(address.replace("tcp:", "socket:"))
        finally:
            scheduler.terminate()
            scheduler.wait(timeout=20)
            shutil.rmtree(folder)


def card() -> bytes:
    return render(Symbology.EAN13, NUMBER, Form.ZPL, page=Form.ZPL.page, dpi=203)


def test_a_card_goes_through_cups_untouched(queue: Callable[[str], None]) -> None:
    with VirtualPrinter() as printer:
        queue(printer.address)
        printer_at("cups:cards", Form.ZPL).send(card())
        _until(lambda: bool(printer.printed))
    assert printer.printed == [card()]
    assert [found.data.decode() for found in read(interpreters.zpl(printer.printed[0]))] == [NUMBER]


def test_cups_keeps_a_card_until_its_printer_is_on(queue: Callable[[str], None]) -> None:
    port = _free_port()
    queue(f"tcp://127.0.0.1:{port}")
    printer_at("cups:cards", Form.ZPL).send(card())
    assert "cards-1" in _said("lpstat", "-o")
    with VirtualPrinter(port=port) as printer:
        _until(lambda: bool(printer.printed))
    assert printer.printed == [card()]


def test_a_queue_that_is_not_there(queue: Callable[[str], None]) -> None:
    queue("tcp://127.0.0.1:9")
    with pytest.raises(PrinterError, match=r"Failed to print at queue other: .* lp says"):
        printer_at("cups:other", Form.ZPL).send(card())


def _queue_to(address: str) -> None:
    subprocess.run(["lpadmin", "-p", "cards", "-E", "-v", address], check=True, capture_output=True, timeout=20)


def _said(*command: str) -> str:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=20).stdout


def _until(true: Callable[[], bool], *, within: float = 60.0) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)  # another program's state, which tells nobody when it changes


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
