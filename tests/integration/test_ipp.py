"""Cards through CUPS to a printer that speaks IPP and is off, stopped or out of paper: none lost, none twice."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scanner_daemon.cards.form import Form
from scanner_daemon.cards.printing import Press
from scanner_daemon.cards.proof import read
from scanner_daemon.cards.settings import PrinterSettings
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.cards.template import Template
from scanner_daemon.issuing.ledger import Ledger
from scanner_daemon.issuing.print_shop import print_waiting
from tests.cards import interpreters
from tests.cards.numbers import checked
from tests.integration.scheduler import QUEUE, free_port, needs_cups, queue_to, said, scheduler, until

pytestmark = [
    needs_cups,
    pytest.mark.skipif(
        shutil.which("ippeveprinter") is None or shutil.which("dbus-daemon") is None,
        reason="a printer made of software: apt-get install cups-ipp-utils dbus",
    ),
]

BUS = """
<busconfig>
  <listen>unix:path={folder}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
"""``ippeveprinter`` ends where there is no system bus to ask for DNS-SD on; nobody has to answer there."""

PRINT = """#!/bin/sh
if [ -e {folder}/no-paper ]; then
    echo "STATE: +media-empty-error" >&2
    touch {folder}/out-of-paper
    while [ -e {folder}/no-paper ]; do sleep 0.1; done
    echo "STATE: -media-empty-error" >&2
fi
while [ -e {folder}/slow ]; do touch {folder}/printing; sleep 0.1; done
kill -0 "$PPID" || exit 1  # it lost its power
cp "$1" {folder}/printed
mv {folder}/printed "{folder}/tray/$(date +%s.%N).pdf"  # whole
"""


class IppPrinter:
    """A printer that is on while :meth:`on` is, and has no paper while there is a file ``no-paper``.

    While there is a file ``slow`` no card gets done."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        for name in ("tray", "spool"):
            (folder / name).mkdir()
        (folder / "bus.conf").write_text(BUS.format(folder=folder))
        command = folder / "print"
        command.write_text(PRINT.format(folder=folder))
        command.chmod(0o755)

    @contextmanager
    def on(self) -> Iterator[None]:
        environ = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder}/bus"}
        bus = ["dbus-daemon", "--nofork", f"--config-file={self.folder}/bus.conf"]
        options = ["-r", "off", "-n", "localhost", "-p", str(self.port), "-d", str(self.folder / "spool")]
        takes = ["-f", "application/pdf", "-c", str(self.folder / "print")]
        null = subprocess.DEVNULL
        with subprocess.Popen(bus, stdout=null, stderr=null) as bus_running:
            until((self.folder / "bus").exists)
            command = ["ippeveprinter", *options, *takes, "cards"]
            with subprocess.Popen(command, env=environ, stdout=null, stderr=null) as running:
                try:
                    yield
                finally:
                    running.terminate()
                    bus_running.terminate()

    def tray(self) -> list[bytes]:
        return [card.read_bytes() for card in sorted((self.folder / "tray").iterdir())]


@pytest.fixture
def printer(monkeypatch: pytest.MonkeyPatch) -> Iterator[IppPrinter]:
    with scheduler(monkeypatch), a_printer() as printer:
        yield printer


@contextmanager
def a_printer() -> Iterator[IppPrinter]:
    folder = Path(tempfile.mkdtemp(prefix="ipp-"))
    try:
        printer = IppPrinter(folder)
        queue_to(f"ipp://localhost:{printer.port}/ipp/print")
        yield printer
    finally:
        shutil.rmtree(folder)


def test_every_card_comes_out_once_and_in_turn(printer: IppPrinter, tmp_path: Path) -> None:
    ledger, press, numbers = waiting(tmp_path, 6)
    for number in numbers[:3]:
        ledger.to_print(number, name="Zoë")
    assert [printed.detail for printed in print_waiting(ledger, press)] == [None] * 3, "it is off: CUPS keeps them"

    no_paper = printer.folder / "no-paper"
    with printer.on():
        until(lambda: len(printer.tray()) == 3)
        no_paper.touch()
        for number in numbers[3:]:
            ledger.to_print(number)
        assert [printed.detail for printed in print_waiting(ledger, press)] == [None] * 3
        until((printer.folder / "out-of-paper").exists)
        assert len(printer.tray()) == 3
        no_paper.unlink()
        until(lambda: len(printer.tray()) >= 6)

    read_back = []
    for card in printer.tray():
        front, back = interpreters.pdf(card, dpi=300, folder=tmp_path)
        assert read(front) == []
        read_back += [found.data.decode() for found in read(back)]
    assert read_back == numbers


def test_a_queue_that_was_stopped_keeps_its_cards_and_one_that_rejects_takes_none(
    printer: IppPrinter, tmp_path: Path
) -> None:
    ledger, press, numbers = waiting(tmp_path, 3)
    subprocess.run(["cupsdisable", QUEUE], check=True, timeout=20)
    ledger.to_print(numbers[0])
    assert [printed.detail for printed in print_waiting(ledger, press)] == [None], "a stopped queue keeps it"
    subprocess.run(["cupsreject", QUEUE], check=True, timeout=20)
    for number in numbers[1:]:
        ledger.to_print(number)
    (refused,) = print_waiting(ledger, press)
    assert "lp says" in str(refused.detail)
    assert "not accepting" in str(refused.detail)
    assert f"cupsaccept {QUEUE}" in str(refused.detail)
    assert [job.number for job in ledger.waiting()] == numbers[1:]

    subprocess.run(["cupsaccept", QUEUE], check=True, timeout=20)
    subprocess.run(["cupsenable", QUEUE], check=True, timeout=20)
    with printer.on():
        assert [printed.detail for printed in print_waiting(ledger, press)] == [None] * 2
        until(lambda: len(printer.tray()) >= 3)
    assert backs(printer, tmp_path) == numbers


def test_a_scheduler_that_has_as_many_jobs_as_it_may_takes_cards_again_when_some_are_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ledger, press, numbers = waiting(tmp_path, 3)
    with scheduler(monkeypatch, directives="MaxJobs 2\n"), a_printer() as printer:
        for number in numbers:
            ledger.to_print(number)
        *taken, refused = print_waiting(ledger, press)
        assert [printed.detail for printed in taken] == [None] * 2
        assert "Too many active jobs" in str(refused.detail)
        assert f"lpstat -o {QUEUE} tells the jobs that still wait" in str(refused.detail)
        assert [job.number for job in ledger.waiting()] == numbers[2:]

        with printer.on():
            until(lambda: len(printer.tray()) >= 2 and said("lpstat", "-o", QUEUE) == "")
            assert [printed.detail for printed in print_waiting(ledger, press)] == [None]
            until(lambda: len(printer.tray()) >= 3)
        assert backs(printer, tmp_path) == numbers


def test_a_printer_that_loses_its_power_with_a_card_in_its_memory(printer: IppPrinter, tmp_path: Path) -> None:
    """It had said that it took the card, so CUPS is done with it: that one has to be asked for again, no other."""
    ledger, press, numbers = waiting(tmp_path, 3)
    for number in numbers:
        ledger.to_print(number)
    slow = printer.folder / "slow"
    slow.touch()
    with printer.on():
        assert [printed.detail for printed in print_waiting(ledger, press)] == [None] * 3
        until((printer.folder / "printing").exists)
        assert printer.tray() == []
    slow.unlink()
    with printer.on():
        until(lambda: said("lpstat", "-o") == "" and len(printer.tray()) >= 2)
        came = backs(printer, tmp_path)
        assert came[-2:] == numbers[1:]
        for number in numbers:
            if number not in came:
                ledger.to_print(number)
        again = [printed.detail for printed in print_waiting(ledger, press)]
        assert again == [None] * (3 - len(came))
        until(lambda: len(printer.tray()) >= 3)
    assert sorted(backs(printer, tmp_path)) == numbers


def waiting(folder: Path, count: int) -> tuple[Ledger, Press, list[str]]:
    settings = PrinterSettings(address=f"cups:{QUEUE}", form=Form.PDF)
    press = Press(settings=settings, symbology=Symbology.EAN13, template=Template(shop="Corner Bakery"))
    return Ledger(file=folder / "cards.db"), press, [checked(f"04{place:010}") for place in range(1, count + 1)]


def backs(printer: IppPrinter, folder: Path) -> list[str]:
    """Return the numbers in the tray, from the bottom up."""
    return [
        found.data.decode()
        for card in printer.tray()
        for found in read(interpreters.pdf(card, dpi=300, folder=folder)[1])
    ]
