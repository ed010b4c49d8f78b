"""Cards through a real CUPS scheduler of the test's own to a network printer, which may be off for a while."""

from collections.abc import Callable, Iterator

import pytest

from scanner_daemon.cards.form import Form
from scanner_daemon.cards.printers import printer_at
from scanner_daemon.cards.proof import read
from scanner_daemon.cards.rendering import render
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.errors import PrinterError
from tests.cards import interpreters
from tests.cards.printers import VirtualPrinter
from tests.integration.scheduler import free_port, needs_cups, queue_to, said, scheduler, until

NUMBER = "0412345678903"
pytestmark = needs_cups


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Make the queue ``cards``, to the printer at an address."""
    with scheduler(monkeypatch):
        yield lambda address: queue_to(address.replace("tcp:", "socket:"))


def card() -> bytes:
    return render(Symbology.EAN13, NUMBER, Form.ZPL, page=Form.ZPL.page, dpi=203)


def test_a_card_goes_through_cups_untouched(queue: Callable[[str], None]) -> None:
    with VirtualPrinter() as printer:
        queue(printer.address)
        printer_at("cups:cards", Form.ZPL).send(card())
        until(lambda: bool(printer.printed))
    assert printer.printed == [card()]
    assert [found.data.decode() for found in read(interpreters.zpl(printer.printed[0]))] == [NUMBER]


def test_cups_keeps_a_card_until_its_printer_is_on(queue: Callable[[str], None]) -> None:
    port = free_port()
    queue(f"tcp://127.0.0.1:{port}")
    printer_at("cups:cards", Form.ZPL).send(card())
    assert "cards-1" in said("lpstat", "-o")
    with VirtualPrinter(port=port) as printer:
        until(lambda: bool(printer.printed))
    assert printer.printed == [card()]


def test_a_queue_that_is_not_there(queue: Callable[[str], None]) -> None:
    queue("tcp://127.0.0.1:9")
    with pytest.raises(PrinterError, match=r"Failed to print at queue other: .* lp says"):
        printer_at("cups:other", Form.ZPL).send(card())
