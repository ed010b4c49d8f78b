"""From a number to a card in a printer's tray."""

from dataclasses import dataclass

from scanner_daemon.cards import two_sided
from scanner_daemon.cards.form import Form
from scanner_daemon.cards.layout import CR80
from scanner_daemon.cards.rendering import render
from scanner_daemon.cards.settings import PrinterSettings
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.cards.template import Template
from scanner_daemon.cards.two_sides import TwoSides


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Prints cards with ``symbology`` as ``settings`` say; each is proven before the printer gets any of it.

    With a ``template``, a printer of bank cards that takes PDF gets cards of two sides.
    """

    settings: PrinterSettings
    symbology: Symbology
    template: Template | None = None

    def render(self, number: str, form: Form | None = None, *, name: str = "") -> bytes:
        """Return the card of ``number`` as the printer takes it, or in ``form``; ``name`` is for cards of two sides.

        Raises ``OSError`` and ``ValueError`` when no such card can be made, ``PrinterError`` when it does not read
        back.
        """
        settings, form = self.settings, form or self.settings.form
        if self.template is not None and settings.form in two_sided.FORMS and settings.page == CR80:
            sides = TwoSides(template=self.template, symbology=self.symbology, dpi=settings.dots_per_inch)
            return two_sided.render(sides, number, form, name=name)
        return render(self.symbology, number, form, page=settings.page, dpi=settings.dots_per_inch)

    def send(self, card: bytes) -> None:
        """Hand a rendered card over. Raises ``PrinterError`` when the printer does not take all of it."""
        self.settings.printer().send(card)
