"""A shop's logo from its file."""

import io
from pathlib import Path
from typing import Final

from PIL import Image

LARGEST: Final = 4 * 1024 * 1024
"""Bytes."""

SVG_WIDTH: Final = 1200
"""Pixels an SVG is drawn with: on a card that is more than any printer's dots."""


def logo(file: Path) -> Image.Image:
    """Return the picture in ``file``, an SVG or what Pillow reads, with what of it is transparent.

    Raises ``OSError`` when it cannot be read, ``ValueError`` when it is no picture.
    """
    data = file.read_bytes()
    if len(data) > LARGEST:
        raise ValueError(f"expected a logo of at most {LARGEST // 1024} KiB, got {len(data) // 1024} KiB")
    try:
        with Image.open(io.BytesIO(_drawn(data) if file.suffix.lower() == ".svg" else data)) as picture:
            return picture.convert("RGBA")
    except (OSError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
        raise ValueError(f"expected a picture for a logo, got {file} ({error})") from None


def _drawn(svg: bytes) -> bytes:
    from resvg_py import svg_to_bytes

    return bytes(svg_to_bytes(svg_string=svg.decode("utf-8"), width=SVG_WIDTH))
