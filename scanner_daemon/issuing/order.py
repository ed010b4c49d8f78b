"""What the print shop is to do, as the running daemon tells it: data only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from scanner_daemon.cards.settings import PrinterSettings
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.cards.template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Print the cards that wait in the ledger at ``ledger``, or draw a QR code of the number ``qr``."""

    ledger: Path
    symbology: Symbology
    printer: PrinterSettings | None = None
    template: Template | None = None
    qr: Annotated[str | None, Field(repr=False)] = None

    def as_json(self) -> bytes:
        """Return the order as :func:`read_order` takes it."""
        return TypeAdapter(Order).dump_json(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What became of one card. ``detail``: the printer did not take it, for this reason. ``label`` is masked."""

    label: str
    again: bool = False
    detail: str | None = None


def read_order(written: bytes) -> Order:
    """Return the order that was written. Raises ``ValueError``."""
    return TypeAdapter(Order).validate_json(written)


def read_printed(line: bytes) -> Printed:
    """Return what became of a card, from a line of the print shop's. Raises ``ValueError``."""
    return TypeAdapter(Printed).validate_json(line)
