"""A drawing as SVG and PDF, its symbol as one path of exact rectangles."""

import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from scanner_daemon.cards.drawing import MM_PER_INCH, Drawing, Text
from scanner_daemon.cards.sheet import Sheet
from scanner_daemon.cards.typeface import GLYPH_WIDTH, NAME, typeface_file


def svg(drawing: Drawing) -> bytes:
    """Return ``drawing`` as an SVG of its size in mm, whose user units are the printer's dots."""
    path = "".join(f"M{box.x} {box.y}h{box.width}v{box.height}h-{box.width}z" for box in drawing.boxes())
    texts = "\n".join(_svg_text(text) for text in drawing.texts)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{drawing.width_mm:.3f}mm" height="{drawing.height_mm:.3f}mm" \
viewBox="0 0 {drawing.width} {drawing.height}">
<rect width="100%" height="100%" fill="#fff"/>
<path shape-rendering="crispEdges" d="{path}"/>
<g font-family="'{NAME}', monospace" text-anchor="middle" xml:space="preserve">
{texts}
</g>
</svg>
""".encode()


def pdf(drawings: Iterable[Drawing]) -> bytes:
    """Return a PDF with a page of its own for each of ``drawings``; the same drawings give the same bytes."""
    out = io.BytesIO()
    canvas = new_canvas(out)
    for drawing in drawings:
        dot = POINTS_PER_INCH / drawing.dpi
        canvas.setPageSize((drawing.width * dot, drawing.height * dot))
        draw(canvas, drawing, x=0, y=0, page_height=drawing.height)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def pdf_sheets(drawings: Iterable[Drawing], sheet: Sheet) -> bytes:
    """Return a PDF of as many ``sheet`` pages as ``drawings`` fill, row by row; likewise reproducible.

    Each drawing starts on a whole dot of its printer, so that its bars stay on them.
    """
    out = io.BytesIO()
    canvas = new_canvas(out)
    canvas.setPageSize((sheet.width * POINTS_PER_MM, sheet.height * POINTS_PER_MM))
    for page in _pages(drawings, sheet.columns * sheet.rows):
        for drawing, (x, y) in zip(page, sheet.places(), strict=False):
            dots = drawing.dpi / MM_PER_INCH
            draw(canvas, drawing, x=round(x * dots), y=round(y * dots), page_height=sheet.height * dots)
            if sheet.outline:
                _outline(canvas, sheet, x, y)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def new_canvas(out: io.BytesIO) -> Canvas:
    """Return an empty PDF that knows our typeface; the same drawing on it gives the same bytes."""
    with typeface_file() as path:
        pdfmetrics.registerFont(TTFont(NAME, path))
    return Canvas(out, pageCompression=1, invariant=1)


def draw(canvas: Canvas, drawing: Drawing, *, x: int, y: int, page_height: float) -> None:
    """Draw with the upper left corner ``x``, ``y`` dots from that of the page. PDF counts upwards."""
    canvas.saveState()
    canvas.scale(POINTS_PER_INCH / drawing.dpi, POINTS_PER_INCH / drawing.dpi)
    canvas.translate(x, page_height - y)
    for text in drawing.texts:
        canvas.setFont(NAME, text.size)
        canvas.drawCentredString(text.x, -text.baseline, text.text)
    path = canvas.beginPath()  # one path: viewers show no seams between its rectangles
    for box in drawing.boxes():
        path.rect(box.x, -box.y - box.height, box.width, box.height)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()


POINTS_PER_INCH: Final = 72
POINTS_PER_MM: Final = POINTS_PER_INCH / MM_PER_INCH
_CORNER = 3.18 * POINTS_PER_MM  # ISO/IEC 7810


def _svg_text(text: Text) -> str:
    """Return ``text`` as an element that keeps its width where the typeface is absent."""
    width = len(text.text) * text.size * GLYPH_WIDTH
    return (
        f'<text x="{text.x:g}" y="{text.baseline:g}" font-size="{text.size:g}" '
        f'textLength="{width:g}" lengthAdjust="spacingAndGlyphs">{escape(text.text)}</text>'
    )


def _pages(drawings: Iterable[Drawing], size: int) -> Iterator[list[Drawing]]:
    rest = iter(drawings)
    while page := list(islice(rest, size)):
        yield page


def _outline(canvas: Canvas, sheet: Sheet, x: float, y: float) -> None:
    """Show where to cut."""
    canvas.saveState()
    canvas.setLineWidth(0.25)
    canvas.setStrokeGray(0.7)
    left, bottom = x * POINTS_PER_MM, (sheet.height - y - sheet.label_height) * POINTS_PER_MM
    canvas.roundRect(left, bottom, sheet.label_width * POINTS_PER_MM, sheet.label_height * POINTS_PER_MM, _CORNER)
    canvas.restoreState()
