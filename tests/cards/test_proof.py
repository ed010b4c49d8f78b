"""The proof finds what a printer must not get."""

from dataclasses import replace
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from scanner_daemon.cards.drawing import Drawing
from scanner_daemon.cards.encoding import encode
from scanner_daemon.cards.layout import CR80, lay_out
from scanner_daemon.cards.proof import prove, read
from scanner_daemon.cards.raster import rasterise
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.cards.vector import pdf
from scanner_daemon.errors import PrinterError
from tests.cards import interpreters

NUMBER, OTHER = "0412345678903", "0412345678910"


def card(symbology: Symbology, number: str = NUMBER) -> Drawing:
    return lay_out(encode(symbology, number), CR80, dpi=300)


@pytest.mark.parametrize("symbology", [Symbology.EAN13, Symbology.CODE128, Symbology.QR, Symbology.PDF417])
def test_another_number_does_not_pass(symbology: Symbology) -> None:
    drawing = card(symbology)
    prove(drawing, rasterise(drawing))
    with pytest.raises(PrinterError, match="does not read back") as refused:
        prove(drawing, rasterise(card(symbology, OTHER)))
    assert "with 13 characters, not the same" in str(refused.value)
    assert not {NUMBER, OTHER} & set(str(refused.value).split())


@pytest.mark.parametrize("symbology", [Symbology.EAN13, Symbology.CODE128, Symbology.QR])
def test_a_scratched_symbol_does_not_pass(symbology: Symbology) -> None:
    drawing = card(symbology)
    image = rasterise(drawing)
    placed = drawing.placed
    ImageDraw.Draw(image).rectangle((placed.x + placed.width // 2, 0, placed.x + placed.width, image.height), fill=1)
    with pytest.raises(PrinterError, match="got nothing"):
        prove(drawing, image)


def test_a_second_symbol_does_not_pass() -> None:
    drawing = card(Symbology.QR)
    image = rasterise(drawing)
    drawn = card(Symbology.CODE128, "77")
    placed = drawn.placed
    bars = rasterise(drawn).crop((placed.x, placed.y, placed.x + placed.width, placed.y + placed.height))
    image.paste(bars, (60, 60))
    assert len(read(image)) == 2
    with pytest.raises(PrinterError, match="expected one qr symbol"):
        prove(drawing, image)


def test_bars_that_only_look_right_on_the_printers_dots_do_not_pass() -> None:
    """Bars a quarter of a module too wide: the decoder reads them dot by dot, and not as softly as a scanner does."""
    drawing = card(Symbology.EAN13)
    image = rasterise(drawing)
    pen = ImageDraw.Draw(image)
    for box in drawing.boxes():
        pen.rectangle((box.x, box.y, box.x + box.width, box.y + box.height - 1), fill=0)
    assert [reading.data for reading in read(image)] == [NUMBER.encode()]
    with pytest.raises(PrinterError, match=r"2\.3 pixels a module.*got nothing"):
        prove(drawing, image)


def test_plain_code_128_is_no_gs1_128() -> None:
    gsrn = card(Symbology.GS1_128, "401234567890123450")
    plain = card(Symbology.CODE128, "8018401234567890123450")
    claimed = replace(
        plain, placed=replace(plain.placed, symbol=replace(plain.placed.symbol, symbology=Symbology.GS1_128))
    )
    assert plain.placed.symbol.data == gsrn.placed.symbol.data
    with pytest.raises(PrinterError, match="expected one gs1-128 symbol"):
        prove(claimed, rasterise(plain))


def test_what_is_also_another_bar_code_does_not_pass() -> None:
    """Six characters of Code 39 may be a Code 32, the Italian pharmacode, and scan as its nine digits."""
    drawing = card(Symbology.CODE39, "MFC9JY")
    with pytest.raises(PrinterError, match="got Code 32"):
        prove(drawing, rasterise(drawing))


def test_nothing_reads_as_nothing() -> None:
    assert read(Image.new("L", (300, 200), 255)) == []


def test_a_right_symbol_is_not_read_as_another_one_too(tmp_path: Path) -> None:
    drawing = lay_out(encode(Symbology.EAN13, "7804940184171"), CR80, dpi=203)
    (page,) = interpreters.pdf(pdf([drawing]), dpi=203, folder=tmp_path)
    shrunk = zxingcpp.read_barcodes(page)
    assert {found.text for found in shrunk} == {"7804940184171", "3881918124111"}, "what the decoder makes of it"
    assert [found.data for found in read(page)] == [b"7804940184171"]
