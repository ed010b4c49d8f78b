"""Where the lane's cards are printed: the table ``[cards.printer]``. Data only: nothing here loads what draws."""

from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from scanner_daemon.cards.form import Form
from scanner_daemon.cards.layout import Page
from scanner_daemon.cards.printers import TIMEOUT, CardPrinter, printer_at


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterSettings:
    """A printer, the language it takes (``form``) and what it prints on.

    ``width`` and ``height`` are in mm: a bank card, for ``escpos`` 72 mm of paper as long as needed, unless told.
    ``dpi`` is the printer's resolution. ``timeout`` is in seconds without progress.
    """

    address: str
    form: Form
    dpi: Annotated[int, Field(ge=90, le=2400)] | None = None
    width: Annotated[float, Field(ge=10, le=300)] | None = None
    height: Annotated[float, Field(ge=10, le=300)] | None = None
    timeout: Annotated[float, Field(gt=0, le=600)] = TIMEOUT

    def __post_init__(self) -> None:
        printer_at(self.address, self.form)

    @property
    def page(self) -> Page:
        """What is printed on."""
        page = self.form.page
        return replace(page, width=self.width or page.width, height=self.height or page.height)

    @property
    def dots_per_inch(self) -> int:
        """The printer's resolution."""
        return self.dpi or self.form.dpi

    def printer(self) -> CardPrinter:
        """Return the printer; opens nothing yet."""
        return printer_at(self.address, self.form, timeout=self.timeout)
