"""Cards of two sides: proven as a whole, then a PDF of two pages a card, or a picture of both sides."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from shutil import which

from PIL import Image

from scanner_daemon.cards import face_pdf, face_raster, raster, rendering
from scanner_daemon.cards.face import Face
from scanner_daemon.cards.form import Form
from scanner_daemon.cards.pictures import pdf_pages
from scanner_daemon.cards.proof import read
from scanner_daemon.cards.two_sides import TwoSides
from scanner_daemon.errors import PrinterError

FORMS = frozenset({Form.PDF, Form.PNG})
"""What they can be given out as."""


def render(sides: TwoSides, number: str, form: Form, *, name: str = "") -> bytes:
    """Return one card. Raises as :meth:`TwoSides.faces`, and ``PrinterError`` when it does not read back."""
    return output(form, proven(sides.faces(number, name)))


def proven(faces: tuple[Face, Face]) -> tuple[Face, Face]:
    """Return the two sides, read back: the bar code by itself, and each side as a whole. Raises ``PrinterError``."""
    for face in faces:
        if face.label is not None:
            rendering.proven(face.label.drawing)
        _check(face, face_raster.picture(face, smooth=1))
    return faces


def output(form: Form, faces: Sequence[Face]) -> bytes:
    """Return proven sides in one of ``FORMS``: a page each, or one below the other.

    Where ``pdftoppm`` is installed, every page of the PDF is read back once more. Raises ``PrinterError``.
    """
    if form is Form.PNG:
        return raster.png(face_raster.preview(faces), dpi=faces[0].dpi)
    made = face_pdf.pdf(faces)
    if which("pdftoppm") is not None:
        _check_pages(made, faces)
    return made


def _check_pages(made: bytes, faces: Sequence[Face]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cards.pdf"
        file.write_bytes(made)
        for face, page in zip(faces, pdf_pages(file, dpi=faces[0].dpi), strict=True):
            _check(face, page)


def _check(face: Face, page: Image.Image) -> None:
    """Raise ``PrinterError`` unless ``page`` reads as the label of ``face``, or nothing, and nothing else."""
    expected = [face.label.drawing.placed.symbol.data] if face.label else []
    found = read(page)
    if [reading.data for reading in found] != expected:
        got = ", ".join(reading.symbology for reading in found) or "nothing"
        side = "back" if face.label else "front"
        raise PrinterError(
            f"The card was not made, for its {side} does not read back as a whole: expected {len(expected)} symbols "
            f"with the given number, got {got}"
        )
