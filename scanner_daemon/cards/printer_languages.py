"""Proven dots in the languages of label and receipt printers.

A printer's own bar code commands are not used: what its firmware makes of them cannot be proven here, and no text
that is printed can then be taken for a command.
"""

from typing import Final

from PIL import Image

from scanner_daemon.cards.raster import packed_rows

ZPL_FIELD_MAX: Final = 99_999
"""Bytes in one graphic field (ZPL II Programming Guide, ^GF)."""

ESCPOS_BAND: Final = 1024
"""Lines in one raster image: fewer than the 2303 that ``GS v 0`` takes, and within small printers' memory."""


def zpl(image: Image.Image) -> bytes:
    """Return one label in ZPL II: ``image`` as graphic fields (^GF, ASCII hexadecimal), as large as itself.

    A line equal to the one above is ``:``, zeros up to the end of a line are ``,``.
    """
    rows = packed_rows(image)
    stride = len(rows[0])
    per_field = ZPL_FIELD_MAX // stride
    fields = "".join(
        _graphic_field(rows[start : start + per_field], stride, y=start) for start in range(0, len(rows), per_field)
    )
    return f"^XA\n^LH0,0\n^PW{image.width}\n^LL{image.height}\n{fields}^XZ\n".encode("ascii")


def escpos(image: Image.Image) -> bytes:
    """Return ``image`` for a receipt printer, centred, then paper fed and cut.

    ESC @ (initialise), ESC a (centre), GS v 0 (raster image), ESC d (feed lines), GS V (cut): Epson ESC/POS reference.
    """
    rows = packed_rows(image)
    stride = len(rows[0])
    out = bytearray(b"\x1b@\x1ba\x01")
    for start in range(0, len(rows), ESCPOS_BAND):
        band = rows[start : start + ESCPOS_BAND]
        out += b"\x1dv0\x00" + stride.to_bytes(2, "little") + len(band).to_bytes(2, "little") + b"".join(band)
    return bytes(out + b"\x1bd\x03\x1dVB\x00")


def _graphic_field(rows: list[bytes], stride: int, *, y: int) -> str:
    total = stride * len(rows)
    lines = [":" if above == row else _hexadecimal(row) for above, row in zip([None, *rows], rows, strict=False)]
    return f"^FO0,{y}^GFA,{total},{total},{stride},{''.join(lines)}^FS\n"


def _hexadecimal(row: bytes) -> str:
    digits = row.hex().upper()
    kept = digits.rstrip("0")
    return digits if kept == digits else f"{kept},"
