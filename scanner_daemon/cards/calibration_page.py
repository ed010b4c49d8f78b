"""The calibration page: an A4 sheet with the labels from which ``scanner-daemon setup`` learns how a scanner is set."""

from dataclasses import replace
from typing import Final

from PIL import Image

from scanner_daemon.cards import layout, raster, vector
from scanner_daemon.cards.drawing import MM_PER_INCH, Drawing, Text
from scanner_daemon.cards.encoding import encode
from scanner_daemon.cards.rendering import proven
from scanner_daemon.cards.sheet import Sheet
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.decoding.calibration.labels import LAYOUT_LABEL

DPI: Final = 300


def calibration_pdf() -> bytes:
    """Return the page as a PDF; its labels are read back first, as every card's. Raises ``PrinterError``."""
    drawings = _drawings()
    for drawing in drawings:
        proven(drawing)
    return vector.pdf_sheets(drawings, _SHEET)


def calibration_png() -> bytes:
    """Return the page as a PNG that knows its size. Raises ``PrinterError``."""
    page = Image.new("1", (_dots(_SHEET.width), _dots(_SHEET.height)), 1)
    for drawing, (x, y) in zip(_drawings(), _SHEET.places(), strict=True):
        page.paste(proven(drawing), (_dots(x), _dots(y)))
    return raster.png(page, dpi=DPI)


def _drawings() -> list[Drawing]:
    return [
        _noted(layout.lay_out(encode(symbology, text), _SHEET.label, dpi=DPI, title=title), note)
        for symbology, text, title, note in _LABELS
    ]


def _noted(drawing: Drawing, note: str) -> Drawing:
    """Add ``note`` below the bar code."""
    line = Text(text=note, x=drawing.width / 2, baseline=drawing.height - _dots(4), size=_dots(_NOTE_SIZE))
    return replace(drawing, texts=(*drawing.texts, line))


def _dots(millimetres: float) -> int:
    return round(millimetres * DPI / MM_PER_INCH)


_LABELS: Final = (
    (Symbology.CODE128, LAYOUT_LABEL, "Label 1", "Tells keyboard layout, prefix and terminator."),
    (
        Symbology.GS1_128,
        "(8018)952000000000000019(8019)12",
        "Label 2",
        "Tells how the separator of GS1 and the symbology are sent.",
    ),
)
"""Symbology, what is encoded, what is written above and below."""

_NOTE_SIZE: Final = 3.5  # mm
_SHEET: Final = Sheet(
    width=210.0,
    height=297.0,
    columns=1,
    rows=2,
    left=15.0,
    top=25.0,
    pitch_x=180.0,
    pitch_y=110.0,
    label_width=180.0,
    label_height=60.0,
)
"""The labels are far apart, so that a scanner that reads over a wide field takes one at a time."""
