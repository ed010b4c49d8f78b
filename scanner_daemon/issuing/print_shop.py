"""The print shop: prints the cards that wait.

The daemon runs it as a process of its own, ``python -m scanner_daemon.issuing.print_shop``, with an order on standard
input. So the daemon loads nothing that draws, and a printer that hangs holds up nobody. Customers' numbers are in the
order, not on a command line that others can see.
"""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import TypeAdapter

from scanner_daemon.cards.form import Form
from scanner_daemon.cards.layout import CR80
from scanner_daemon.cards.printing import Press
from scanner_daemon.cards.rendering import render
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.errors import PrinterError, StorageError
from scanner_daemon.issuing.ledger import Ledger, PrintJob
from scanner_daemon.issuing.order import Order, Printed, read_order
from scanner_daemon.model import masked

QR_DPI = 300


def print_waiting(ledger: Ledger, press: Press) -> Iterator[Printed]:
    """Print what waits, in turn, and yield what became of each card; a card that is not taken is the last one.

    A card is struck off the list only when the printer has all of it. Nobody else prints meanwhile. Raises
    ``StorageError``.
    """
    with _alone(ledger):
        for job in ledger.waiting():
            label = masked(job.number)
            try:
                _print(job, ledger, press)
            except (PrinterError, ValueError, OSError) as error:
                yield Printed(label=label, again=job.begun, detail=str(error))
                return
            yield Printed(label=label, again=job.begun)


def main() -> None:
    """Do the order on standard input: one line of JSON a card, or an SVG. The status is 1 when it was not done."""
    order = read_order(sys.stdin.buffer.read())
    try:
        if order.qr is not None:
            made = render(Symbology.QR, order.qr, Form.SVG, page=CR80, dpi=QR_DPI, symbol_only=True)
            sys.stdout.buffer.write(made)
        elif order.printer is not None:
            _print_all(order, Press(settings=order.printer, symbology=order.symbology, template=order.template))
    except (PrinterError, StorageError, ValueError) as error:
        sys.exit(str(error))


def _print_all(order: Order, press: Press) -> None:
    for printed in print_waiting(Ledger(file=order.ledger), press):
        sys.stdout.buffer.write(TypeAdapter(Printed).dump_json(printed) + b"\n")
        sys.stdout.buffer.flush()


def _print(job: PrintJob, ledger: Ledger, press: Press) -> None:
    made = press.render(job.number, name=job.name)
    ledger.begin_print(job.number)
    press.send(made)
    ledger.printed(job.number)


@contextmanager
def _alone(ledger: Ledger) -> Iterator[None]:
    """Wait until no other process prints from ``ledger``: else a card might come out twice."""
    try:
        ledger.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ledger.file.with_suffix(".printing").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(f"Failed to print from {ledger.file}: expected its lock, got {reason}.") from None


if __name__ == "__main__":
    main()
