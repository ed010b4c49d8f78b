"""What printers and viewers make of each output, written from the formats' own references."""

import io
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image, ImageDraw

from scanner_daemon.cards.form import Form


def drawn(form: Form, made: bytes, *, dpi: int, folder: Path) -> Image.Image:
    """Return what ``made`` looks like on paper, at the printer's dots."""
    match form:
        case Form.PNG:
            return Image.open(io.BytesIO(made)).convert("L")
        case Form.SVG:
            return svg(made)
        case Form.PDF:
            (page,) = pdf(made, dpi=dpi, folder=folder)
            return page
        case Form.ZPL:
            return zpl(made)
        case Form.ESCPOS:
            return escpos(made)


def svg(made: bytes) -> Image.Image:
    """Draw the one path of rectangles that our SVGs have."""
    root = ET.fromstring(made)  # noqa: S314  our own document
    _, _, width, height = map(int, root.attrib["viewBox"].split())
    image = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(image)
    path = root.find("{http://www.w3.org/2000/svg}path")
    assert path is not None
    drawn_to = 0
    for rectangle in re.finditer(r"M(\d+) (\d+)h(\d+)v(\d+)h-(\d+)z", path.attrib["d"]):
        assert rectangle.start() == drawn_to, "nothing but rectangles"
        drawn_to = rectangle.end()
        x, y, across, down, back = map(int, rectangle.groups())
        assert across == back
        pen.rectangle((x, y, x + across - 1, y + down - 1), fill=0)
    assert drawn_to == len(path.attrib["d"])
    return image


def pdf(made: bytes, *, dpi: int, folder: Path) -> list[Image.Image]:
    """Draw the pages with poppler."""
    program = shutil.which("pdftoppm")
    if program is None:
        pytest.skip("pdftoppm draws PDF pages and is not installed: apt-get install poppler-utils")
    file = folder / "made.pdf"
    file.write_bytes(made)
    for old in folder.glob("page-*"):
        old.unlink()
    subprocess.run([program, "-r", str(dpi), "-gray", file, folder / "page"], check=True, timeout=100)
    return [Image.open(io.BytesIO(page.read_bytes())) for page in sorted(folder.glob("page-*"))]


def zpl(made: bytes) -> Image.Image:
    """Interpret one label: ^PW, ^LL, and graphic fields at their field origins (ZPL II Programming Guide)."""
    label = re.fullmatch(r"\^XA\^LH0,0\^PW(\d+)\^LL(\d+)(.*)\^XZ", made.decode("ascii").replace("\n", ""))
    assert label is not None
    image = Image.new("L", (int(label[1]), int(label[2])), 255)
    rest = label[3]
    while rest:
        field = re.match(r"\^FO(\d+),(\d+)\^GFA,(\d+),(\d+),(\d+),([0-9A-F,:]*)\^FS", rest)
        assert field is not None
        x, y, sent, total, stride = map(int, field.groups()[:5])
        assert sent == total <= 99_999
        data = _hexadecimal_rows(field[6], stride)
        assert len(data) == total
        _paste(image, data, stride, x=x, y=y)
        rest = rest[field.end() :]
    return image


def escpos(made: bytes) -> Image.Image:
    """Interpret one receipt of raster images, which print one below the other (Epson ESC/POS reference, GS v 0)."""
    assert made.startswith(b"\x1b@\x1ba\x01")
    assert made.endswith(b"\x1bd\x03\x1dVB\x00")
    rest = made[5:-7]
    bands: list[tuple[bytes, int, int]] = []
    while rest:
        assert rest[:4] == b"\x1dv0\x00"
        stride, height = int.from_bytes(rest[4:6], "little"), int.from_bytes(rest[6:8], "little")
        assert 0 < height <= 2303
        bands.append((rest[8 : 8 + stride * height], stride, height))
        rest = rest[8 + stride * height :]
    image = Image.new("L", (bands[0][1] * 8, sum(height for _, _, height in bands)), 255)
    y = 0
    for data, stride, height in bands:
        _paste(image, data, stride, x=0, y=y)
        y += height
    return image


def _hexadecimal_rows(written: str, stride: int) -> bytes:
    """Undo Zebra's alternative compression: ``,`` fills a line with zeros, ``:`` repeats the line above."""
    rows: list[bytes] = []
    digits = ""
    for character in written:
        if character == ":":
            assert not digits
            rows.append(rows[-1])
            continue
        digits = digits.ljust(stride * 2, "0") if character == "," else digits + character
        if len(digits) == stride * 2:
            rows.append(bytes.fromhex(digits))
            digits = ""
    assert not digits
    return b"".join(rows)


def _paste(image: Image.Image, data: bytes, stride: int, *, x: int, y: int) -> None:
    """Print ``data``: eight dots a byte, the leftmost highest, 1 is black."""
    dots = Image.frombytes("1", (stride * 8, len(data) // stride), data).convert("L")
    image.paste(Image.eval(dots, lambda value: 255 - value), (x, y))
