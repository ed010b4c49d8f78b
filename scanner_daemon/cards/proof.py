"""The proof: a card is read back by an independent decoder before anybody gets it.

The decoder (zxing-cpp) shares no code or table with what drew the linear symbols and QR codes. It reads whatever it
knows, so that a symbol which also reads as something else does not pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import zxingcpp
from PIL import Image, ImageFilter

from scanner_daemon.cards.drawing import Drawing
from scanner_daemon.cards.symbol import SPECIFICATIONS
from scanner_daemon.errors import PrinterError

BLUR: Final = 0.25
"""Of a module: the standard deviation of the blur by a scanner's optics and by ink that spreads.

At the nominal 0.33 mm that is as soft as the 0.15 mm aperture which symbols are graded with (ISO/IEC 15416).
"""

LINEAR_SCALES: Final = (2.3, 3.7)
MATRIX_SCALES: Final = (7.4, 9.4)
"""Pixels a module has in a scanner's eye: neither the printer's dots nor a whole number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One symbol in a picture: its name, AIM identifier, and what a scanner would send for it."""

    symbology: str
    identifier: str
    data: bytes


def read(image: Image.Image) -> list[Reading]:
    """Return every symbol that the decoder finds in ``image``.

    Only where it finds none it looks at the picture shrunk as well: shrunk to little more than a pixel a module, an
    EAN-13 that reads right may read as another one too.
    """
    picture = image if image.mode in {"L", "RGB"} else image.convert("L")
    found = zxingcpp.read_barcodes(picture, try_downscale=False) or zxingcpp.read_barcodes(picture)
    return [Reading(symbology=str(one.format), identifier=one.symbology_identifier, data=one.bytes) for one in found]


def prove(drawing: Drawing, image: Image.Image) -> None:
    """Read ``image``, the raster of ``drawing``, as printed and as a scanner would see it.

    Raises ``PrinterError`` unless each time exactly its symbol is found, and its data, byte for byte.
    """
    symbol = drawing.placed.symbol
    expected = SPECIFICATIONS[symbol.symbology].identifier
    for view, seen in _views(drawing, image.convert("L")):
        found = read(seen)
        if len(found) == 1 and found[0].data == symbol.data and found[0].identifier.startswith(expected):
            continue
        got = ", ".join(f"{one.symbology} {_comparison(one.data, symbol.data)}" for one in found) or "nothing"
        raise PrinterError(
            f"The card was not made, for it does not read back ({view}): expected one {symbol.symbology.value} symbol "
            f"with the given {len(symbol.data)} characters, got {got}"
        )


def _views(drawing: Drawing, image: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    yield "as printed", image
    region = image.crop(_region(drawing))
    module = drawing.placed.module
    blurred = region.filter(ImageFilter.GaussianBlur(BLUR * module))
    for pixels in LINEAR_SCALES if SPECIFICATIONS[drawing.placed.symbol.symbology].bars else MATRIX_SCALES:
        scale = pixels / module
        size = (round(region.width * scale), round(region.height * scale))
        yield f"at {pixels:g} pixels a module", blurred.resize(size, Image.Resampling.BILINEAR)


def _region(drawing: Drawing) -> tuple[int, int, int, int]:
    """Return the symbol with its quiet zones, which it needs, and nothing else, which it must not need."""
    placed = drawing.placed
    zone = SPECIFICATIONS[placed.symbol.symbology].quiet_zone
    return (
        placed.x - zone.left * placed.module,
        placed.y - zone.above * placed.module,
        placed.x + placed.width + zone.right * placed.module,
        placed.y + placed.height + zone.below * placed.module,
    )


def _comparison(data: bytes, expected: bytes) -> str:
    if data == expected:
        return "with the right ones"
    return f"with {len(data)} characters, not the same" if len(data) == len(expected) else f"with {len(data)}"
