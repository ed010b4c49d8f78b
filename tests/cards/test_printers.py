"""Each way to a printer, whole and with its faults."""

import os
import shutil
import socket
import threading
from pathlib import Path

import pytest

from scanner_daemon.cards.form import Form
from scanner_daemon.cards.printers import CupsQueue, DevicePrinter, Folder, NetworkPrinter, printer_at
from scanner_daemon.errors import PrinterError
from tests.cards.printers import VirtualPrinter

CARD = b"^XA" + os.urandom(300_000).hex().encode() + b"^XZ"


@pytest.mark.parametrize(
    ("address", "printer"),
    [
        ("tcp://10.0.0.9", NetworkPrinter(host="10.0.0.9", port=9100)),
        ("tcp://printer.shop.example:6101", NetworkPrinter(host="printer.shop.example", port=6101)),
        ("tcp://[fe80::1]:9100", NetworkPrinter(host="fe80::1", port=9100)),
        ("/dev/usb/lp0", DevicePrinter(device=Path("/dev/usb/lp0"))),
        ("cups:Zebra_ZC300", CupsQueue(queue="Zebra_ZC300")),
        ("folder:/var/spool/cards", Folder(folder=Path("/var/spool/cards"), suffix="pdf")),
    ],
)
def test_addresses(address: str, printer: object) -> None:
    assert printer_at(address, Form.PDF) == printer


@pytest.mark.parametrize("address", ["", "10.0.0.9", "http://x", "cups:", "cups:-o raw", "folder:here", "tcp://a b"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ValueError, match=r"address: expected tcp://host:9100, /dev/usb/lp0, .*, got"):
        printer_at(address, Form.ZPL)


def test_a_network_printer_gets_every_byte() -> None:
    with VirtualPrinter() as printer:
        for _ in range(3):
            printer_at(printer.address, Form.ZPL).send(CARD)
    assert printer.printed == [CARD] * 3


def test_a_printer_that_is_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        address = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
    with pytest.raises(PrinterError, match=r"nobody answers there .*; see that it is on and at this address"):
        printer_at(address, Form.ZPL).send(CARD)


def test_a_printer_without_paper_stops_taking_and_is_told() -> None:
    with (
        VirtualPrinter("stuck") as printer,
        pytest.raises(PrinterError, match=r"it took nothing more for 0\.3 s; see that it is on, has paper"),
    ):
        printer_at(printer.address, Form.ZPL, timeout=0.3).send(CARD * 10)
    assert printer.printed == []


def test_a_printer_that_was_full_gets_nothing_more_of_a_card_that_was_given_up() -> None:
    """Else the kernel goes on sending, and the card comes out besides the one that is printed again."""
    with VirtualPrinter("full") as printer:
        with pytest.raises(PrinterError, match=r"it took nothing more for 0\.3 s"):
            printer_at(printer.address, Form.ZPL, timeout=0.3).send(CARD)
        printer.refill()
        printer_at(printer.address, Form.ZPL).send(CARD)
    assert printer.printed == [CARD]
    assert [len(torn) < len(CARD) for torn in printer.torn] == [True]


def test_a_printer_that_was_full_for_a_moment_prints_the_card_once() -> None:
    with VirtualPrinter("full") as printer:
        refilling = threading.Timer(0.5, printer.refill)
        refilling.start()
        printer_at(printer.address, Form.ZPL, timeout=10).send(CARD)
        refilling.join()
    assert (printer.printed, printer.torn) == ([CARD], [])


def test_a_printer_that_never_speaks_may_end_its_side_at_once() -> None:
    with VirtualPrinter("mute") as printer:
        printer_at(printer.address, Form.ZPL).send(CARD)
    assert printer.printed == [CARD]


def test_a_printer_that_ends_its_side_and_takes_nothing_has_not_taken_the_card() -> None:
    with (
        VirtualPrinter("deaf") as printer,
        pytest.raises(PrinterError, match=r"it took nothing more for 0\.3 s"),
    ):
        printer_at(printer.address, Form.ZPL, timeout=0.3).send(CARD)
    assert printer.printed == []


@pytest.mark.parametrize(("fault", "card"), [("reset", CARD), ("reset", b"^XA^XZ"), ("half", CARD)])
def test_a_printer_that_hangs_up_has_not_taken_the_card(fault: str, card: bytes) -> None:
    with (
        VirtualPrinter(fault) as printer,  # type: ignore[arg-type]  # one of its faults
        pytest.raises(
            PrinterError, match=r"expected the printer to take a whole card, but it hung up .* see that it is on"
        ),
    ):
        printer_at(printer.address, Form.ZPL).send(card)
    assert printer.printed == []


def test_a_printer_that_hangs_up_is_told_at_whichever_step_that_is() -> None:
    """It depends on which of the two is first, so that one try shows nothing."""
    tries = 300
    with VirtualPrinter(*["reset"] * tries) as printer:  # type: ignore[arg-type]  # each is a fault
        for _ in range(tries):
            with pytest.raises(PrinterError, match=r"but it hung up in the middle of it"):
                printer_at(printer.address, Form.ZPL).send(b"^XA^XZ")
    assert printer.printed == []


def test_a_device_gets_every_byte(tmp_path: Path) -> None:
    device = tmp_path / "lp0"
    os.mkfifo(device)
    taken: list[bytes] = []
    reader = threading.Thread(target=lambda: taken.append(device.read_bytes()))
    reader.start()
    printer = DevicePrinter(device=device)
    while True:  # a FIFO has nobody at its end until the reader is there
        try:
            printer.send(CARD)
        except PrinterError as error:
            assert "no such device" in str(error)  # noqa: PT017  the only one that may be
        else:
            break
    reader.join()
    assert taken == [CARD]


def test_a_device_that_takes_nothing_more_is_told(tmp_path: Path) -> None:
    device = tmp_path / "lp0"
    os.mkfifo(device)
    nobody_reads = os.open(device, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(PrinterError, match=r"it took nothing more for 0\.2 s"):
            DevicePrinter(device=device, timeout=0.2).send(CARD)
    finally:
        os.close(nobody_reads)


def test_a_device_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PrinterError, match="no such file or directory"):
        DevicePrinter(device=tmp_path / "lp0").send(CARD)


def test_a_full_device() -> None:
    with pytest.raises(PrinterError, match="it has no paper, or no room"):
        DevicePrinter(device=Path("/dev/full")).send(CARD)


def test_a_folder_gets_whole_files_in_order(tmp_path: Path) -> None:
    folder = Folder(folder=tmp_path, suffix="pdf")
    cards = [b"card %d" % number for number in range(200)]
    for card in cards:
        folder.send(card)
    assert [file.read_bytes() for file in sorted(tmp_path.iterdir())] == cards
    with pytest.raises(PrinterError, match="no such file"):
        Folder(folder=tmp_path / "absent", suffix="pdf").send(CARD)


def test_a_queue_that_cups_does_not_know() -> None:
    if shutil.which("lp") is None:
        with pytest.raises(PrinterError, match=r"lp is not installed \(cups-client\)"):
            CupsQueue(queue="nowhere").send(CARD)
        return
    with pytest.raises(PrinterError, match=r"Failed to print at queue nowhere: .* lp says"):
        CupsQueue(queue="nowhere").send(CARD)
