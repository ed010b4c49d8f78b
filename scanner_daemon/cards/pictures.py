"""Pictures from files, page by page, to be read back."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image

from scanner_daemon.errors import PrinterError

PDF_DPI: Final = 300
PDF_TIMEOUT: Final = 120.0
"""Seconds."""


def pages(file: Path) -> Iterator[Image.Image]:
    """Yield the pages of the PDF at ``file``, drawn by poppler's ``pdftoppm``, or the frames of another picture.

    Raises ``OSError`` when the file cannot be read, ``PrinterError`` when it is no picture or ``pdftoppm`` is absent.
    """
    with file.open("rb") as opened:
        is_pdf = opened.read(5) == b"%PDF-"
    yield from pdf_pages(file, dpi=PDF_DPI) if is_pdf else _frames(file)


def pdf_pages(file: Path, *, dpi: int) -> Iterator[Image.Image]:
    """Yield the pages of the PDF at ``file`` as ``pdftoppm`` draws them. Raises ``PrinterError`` as :func:`pages`."""
    program = shutil.which("pdftoppm")
    if program is None:
        raise PrinterError(f"cannot read {file}: pdftoppm draws PDF pages and is not installed (poppler-utils)")
    with tempfile.TemporaryDirectory() as folder:
        drawn = subprocess.run(  # noqa: S603  our own arguments
            [program, "-r", str(dpi), "-gray", "--", str(file.absolute()), f"{folder}/page"],
            capture_output=True,
            timeout=PDF_TIMEOUT,
            check=False,
        )
        if drawn.returncode != 0:
            reason = drawn.stderr.decode(errors="replace").strip().partition("\n")[0]
            raise PrinterError(f"cannot read {file}: expected a PDF, got one that pdftoppm refuses ({reason})")
        for page in sorted(Path(folder).iterdir()):
            yield from _frames(page)


def _frames(file: Path) -> Iterator[Image.Image]:
    try:
        with Image.open(file) as image:
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                yield image.convert("L")
    except (OSError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
        raise PrinterError(
            f"cannot read {file}: expected a PNG, another raster picture or a PDF, got {error}"
        ) from None
