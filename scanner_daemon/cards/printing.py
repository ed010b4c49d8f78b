"""From a number to a card in a printer's tray."""

from dataclasses import dataclass

from scanner_daemon.cards.form import Form
from scanner_daemon.cards.rendering import render
from scanner_daemon.cards.settings import PrinterSettings
from scanner_daemon.cards.symbol import Symbology


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Prints cards with ``symbology`` as ``settings`` say; each is proven before the printer gets any of it."""

    settings: PrinterSettings
    symbology: Symbology

    def render(self, number: str, form: Form | None = None) -> bytes:
        """Return the card of ``number`` as the printer takes it, or in ``form``.

        Raises ``ValueError`` when no such card can be made, ``PrinterError`` when it does not read back.
        """
        settings = self.settings
        return render(self.symbology, number, form or settings.form, page=settings.page, dpi=settings.dots_per_inch)

    def send(self, card: bytes) -> None:
        """Hand a rendered card over. Raises ``PrinterError`` when the printer does not take all of it."""
        self.settings.printer().send(card)

    def print(self, number: str) -> None:
        """Render and send. Raises as both."""
        self.send(self.render(number))
