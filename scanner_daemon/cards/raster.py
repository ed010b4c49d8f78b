"""A drawing as black and white dots: what is proven, saved as PNG and sent to label and receipt printers."""

import io

from PIL import Image, ImageDraw, ImageFont

from scanner_daemon.cards.drawing import Drawing
from scanner_daemon.cards.typeface import typeface_file


def rasterise(drawing: Drawing) -> Image.Image:
    """Return ``drawing`` as a Pillow image of mode ``1``: one pixel a printer's dot."""
    image = Image.new("1", (drawing.width, drawing.height), 1)
    pen = ImageDraw.Draw(image)
    with typeface_file() as typeface:
        for text in drawing.texts:
            font = ImageFont.truetype(typeface, text.size)
            pen.text((text.x, text.baseline), text.text, fill=0, font=font, anchor="ms")
    for box in drawing.boxes():  # above all text: nothing may cover a module
        pen.rectangle((box.x, box.y, box.x + box.width - 1, box.y + box.height - 1), fill=0)
    return image


def png(image: Image.Image, *, dpi: int) -> bytes:
    """Return ``image`` as a PNG that knows its size on paper."""
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(dpi, dpi), optimize=True)
    return out.getvalue()


def packed_rows(image: Image.Image) -> list[bytes]:
    """Return the lines of ``image`` as printers want them: eight dots a byte, the leftmost highest, 1 is black."""
    stride = (image.width + 7) // 8
    inverted = Image.eval(image.convert("L"), lambda value: 255 - value).convert("1")
    data = inverted.tobytes()
    return [data[start : start + stride] for start in range(0, len(data), stride)]
