"""Sides of cards as pictures."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from scanner_daemon.cards import raster
from scanner_daemon.cards.drawing import MM_PER_INCH
from scanner_daemon.cards.face import Face, Item, Line, Picture, Shape
from scanner_daemon.colours import WHITE

SMOOTH = 3
"""Pixels a dot has, each way, before it gets its colour."""

CORNER = 3.18
"""Millimetres (ISO/IEC 7810)."""


def picture(face: Face, *, smooth: int = SMOOTH) -> Image.Image:
    """Return ``face`` in the printer's dots; its label is exactly what was proven, without any grey."""
    scale = smooth * face.dpi / MM_PER_INCH
    large = Image.new("RGB", (smooth * face.dots(face.width), smooth * face.dots(face.height)), WHITE)
    for item in face.items:
        _draw(large, item, scale)
    image = large.reduce(smooth)
    if face.label is not None:
        image.paste(raster.rasterise(face.label.drawing), (face.label.x, face.label.y))
    return image


def preview(faces: Sequence[Face]) -> Image.Image:
    """Return ``faces`` one below the other, as cards lie on a table."""
    cards = [picture(face) for face in faces]
    gap = faces[0].dots(4.0)
    width = max(card.width for card in cards) + 2 * gap
    table = Image.new("RGB", (width, sum(card.height + gap for card in cards) + gap), "#dfe3e0")
    y = gap
    for card in cards:
        corners = Image.new("L", card.size, 0)
        radius = faces[0].dots(CORNER)
        ImageDraw.Draw(corners).rounded_rectangle((0, 0, card.width - 1, card.height - 1), radius, fill=255)
        table.paste(card, (gap, y), corners)
        y += card.height + gap
    return table


def _draw(image: Image.Image, item: Item, scale: float) -> None:
    pen = ImageDraw.Draw(image)
    box = [] if isinstance(item, Line) else [item.x, item.y, item.x + item.width, item.y + item.height]
    left, top, right, bottom = [round(edge * scale) for edge in box] or [0, 0, 0, 0]
    match item:
        case Shape():
            pen.rounded_rectangle((left, top, right - 1, bottom - 1), item.radius * scale, fill=item.colour)
        case Picture():
            scaled = item.image.resize((right - left, bottom - top), Image.Resampling.LANCZOS)
            image.paste(scaled, (left, top), scaled)
        case Line():
            # Its letters are joined and in their order already: a layout engine would turn them round once more.
            font = ImageFont.truetype(item.font, item.size * scale, layout_engine=ImageFont.Layout.BASIC)
            anchor = {"left": "ls", "middle": "ms", "right": "rs"}[item.anchor]
            pen.text((item.x * scale, item.baseline * scale), item.text, fill=item.colour, font=font, anchor=anchor)
