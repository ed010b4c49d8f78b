"""Matrix and stacked symbols: segno's QR codes, zxing-cpp's PDF417, Aztec and Data Matrix, as plain rows."""

from collections.abc import Mapping
from functools import partial
from itertools import groupby
from typing import Final

import segno
import zxingcpp
from PIL import Image

from scanner_daemon.cards.symbol import Row, Symbol, Symbology


def qr(text: str) -> Symbol:
    """Return a QR code (ISO/IEC 18004) that stands 15 % damage or more. Raises ``ValueError`` for too much text."""
    return _from_segno(Symbology.QR, text, partial(segno.make_qr, error="m"))


def micro_qr(text: str) -> Symbol:
    """Return a Micro QR code that corrects errors, so no M1. Raises ``ValueError`` for too much text."""
    return _from_segno(Symbology.MICRO_QR, text, partial(segno.make_micro, error="l"))


def from_zxing(symbology: Symbology, text: str) -> Symbol:
    """Return a PDF417 (ISO/IEC 15438), an Aztec code (24778) or a Data Matrix (16022).

    Raises ``ValueError`` for too much text.
    """
    try:
        barcode = zxingcpp.create_barcode(text, _FORMATS[symbology])
    except ValueError:
        raise _too_much(text) from None
    image = Image.fromarray(barcode.to_image(scale=1, add_quiet_zones=False))
    pixels = image.tobytes()
    lines = [
        "".join("0" if light else "1" for light in pixels[start : start + image.width])
        for start in range(0, len(pixels), image.width)
    ]
    rows = tuple(Row(modules=modules, height=len(list(same))) for modules, same in groupby(lines))
    return Symbol(symbology=symbology, data=text.encode(), text=text, rows=rows)


_FORMATS: Final[Mapping[Symbology, zxingcpp.BarcodeFormat]] = {
    Symbology.PDF417: zxingcpp.BarcodeFormat.PDF417,
    Symbology.AZTEC: zxingcpp.BarcodeFormat.Aztec,
    Symbology.DATA_MATRIX: zxingcpp.BarcodeFormat.DataMatrix,
}


def _from_segno(symbology: Symbology, text: str, make: "partial[segno.QRCode]") -> Symbol:
    try:
        code = make(text)
    except segno.DataOverflowError:
        raise _too_much(text) from None
    rows = tuple(Row(modules="".join("1" if module else "0" for module in line), height=1) for line in code.matrix)
    return Symbol(symbology=symbology, data=text.encode(), text=text, rows=rows)


def _too_much(text: str) -> ValueError:
    return ValueError(f"expected as much as the symbol can hold, got {len(text)} characters")
