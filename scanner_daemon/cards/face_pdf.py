"""Sides of cards as a PDF: a page each, vectors but for the logo."""

import io
from collections.abc import Iterable

from reportlab.lib.colors import HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from scanner_daemon.cards import vector
from scanner_daemon.cards.face import Face, Item, Line, Picture, Shape
from scanner_daemon.cards.lettering import typeface
from scanner_daemon.cards.vector import POINTS_PER_MM


def pdf(faces: Iterable[Face]) -> bytes:
    """Return ``faces`` as pages; the same faces give the same bytes."""
    out = io.BytesIO()
    canvas = vector.new_canvas(out)
    for face in faces:
        canvas.setPageSize((face.width * POINTS_PER_MM, face.height * POINTS_PER_MM))
        canvas.saveState()
        canvas.scale(POINTS_PER_MM, POINTS_PER_MM)
        for item in face.items:
            _draw(canvas, item, face.height)
        canvas.restoreState()
        if face.label is not None:
            page_height = face.height * POINTS_PER_MM / (vector.POINTS_PER_INCH / face.dpi)
            vector.draw(canvas, face.label.drawing, x=face.label.x, y=face.label.y, page_height=page_height)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw(canvas: Canvas, item: Item, height: float) -> None:
    """Draw in mm. PDF counts upwards."""
    match item:
        case Shape():
            canvas.setFillColor(HexColor(item.colour))
            y = height - item.y - item.height
            canvas.roundRect(item.x, y, item.width, item.height, item.radius, stroke=0, fill=1)
        case Picture():
            y = height - item.y - item.height
            canvas.drawImage(ImageReader(item.image), item.x, y, item.width, item.height, mask="auto")
        case Line():
            pdfmetrics.registerFont(typeface(item.font))
            canvas.setFont(str(item.font), item.size)
            canvas.setFillColor(HexColor(item.colour))
            put = {"left": canvas.drawString, "middle": canvas.drawCentredString, "right": canvas.drawRightString}
            put[item.anchor](item.x, height - item.baseline, item.text)
