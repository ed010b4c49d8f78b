"""A number in, a proven card out, in the form that was asked for."""

from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image

from scanner_daemon.cards import layout, printer_languages, raster, vector
from scanner_daemon.cards.drawing import Drawing
from scanner_daemon.cards.encoding import encode
from scanner_daemon.cards.form import Form
from scanner_daemon.cards.layout import Page
from scanner_daemon.cards.proof import prove
from scanner_daemon.cards.symbol import Symbology


def render(
    symbology: Symbology, text: str, form: Form, *, page: Page, dpi: int, title: str = "", symbol_only: bool = False
) -> bytes:
    """Return the card of ``text`` in ``form``, or with ``symbol_only`` the bare symbol.

    Raises ``ValueError`` when the text cannot be carried or does not fit, ``PrinterError`` when it does not read back.
    """
    symbol = encode(symbology, text)
    drawing = layout.bare(symbol, page, dpi=dpi) if symbol_only else layout.lay_out(symbol, page, dpi=dpi, title=title)
    return output(form, drawing, proven(drawing))


def proven(drawing: Drawing) -> Image.Image:
    """Return the raster of ``drawing``, read back. Raises ``PrinterError`` when it does not read as it should."""
    image = raster.rasterise(drawing)
    prove(drawing, image)
    return image


def output(form: Form, drawing: Drawing, image: Image.Image) -> bytes:
    """Return a proven ``drawing``, whose raster is ``image``, in ``form``."""
    return _OUTPUTS[form](drawing, image)


_OUTPUTS: Final[Mapping[Form, Callable[[Drawing, Image.Image], bytes]]] = {
    Form.PNG: lambda drawing, image: raster.png(image, dpi=drawing.dpi),
    Form.SVG: lambda drawing, _: vector.svg(drawing),
    Form.PDF: lambda drawing, _: vector.pdf([drawing]),
    Form.ZPL: lambda _, image: printer_languages.zpl(image),
    Form.ESCPOS: lambda _, image: printer_languages.escpos(image),
}
