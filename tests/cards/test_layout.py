"""Sizes: GS1's, on the printer's dots, with quiet zones nobody draws in."""

from dataclasses import replace
from itertools import groupby

import pytest
from PIL import Image

from scanner_daemon.cards.drawing import Drawing
from scanner_daemon.cards.encoding import encode
from scanner_daemon.cards.layout import CR80, RECEIPT, Page, bare, lay_out
from scanner_daemon.cards.raster import rasterise
from scanner_daemon.cards.symbol import SPECIFICATIONS, Symbology

NUMBERS = {
    Symbology.EAN13: "0412345678903",
    Symbology.GS1_128: "401234567890123450",
    Symbology.ITF: "041234567890",
    Symbology.CODE39: "AB0412345",
}
LINEAR = [Symbology.CODE128, Symbology.CODE39, Symbology.EAN13, Symbology.GS1_128, Symbology.ITF]
MODULE_MM = {  # what the standards allow: see SPECIFICATIONS for the sources
    Symbology.EAN13: (0.264, 0.660),
    Symbology.CODE128: (0.249, 0.495),
    Symbology.GS1_128: (0.249, 0.495),
    Symbology.CODE39: (0.249, 0.495),
    Symbology.ITF: (0.249, 0.495),
    Symbology.PDF417: (0.249, 0.660),
}


def card(symbology: Symbology, *, dpi: int = 300, page: Page = CR80, title: str = "") -> Drawing:
    return lay_out(encode(symbology, NUMBERS.get(symbology, "0412345678903")), page, dpi=dpi, title=title)


@pytest.mark.parametrize("dpi", [180, 203, 300, 600])
@pytest.mark.parametrize("symbology", Symbology)
def test_modules_are_whole_dots_within_the_standards_limits(symbology: Symbology, dpi: int) -> None:
    placed = card(symbology, dpi=dpi, page=RECEIPT if dpi == 180 else CR80).placed
    smallest, largest = MODULE_MM.get(symbology, (0.374, 0.99))
    assert smallest <= placed.module * 25.4 / dpi <= largest


@pytest.mark.parametrize("symbology", LINEAR)
def test_every_bar_and_space_is_a_multiple_of_the_module(symbology: Symbology) -> None:
    drawing = card(symbology)
    image = rasterise(drawing).convert("L")
    y = drawing.placed.y + drawing.placed.height // 2
    line = image.crop((0, y, image.width, y + 1)).tobytes().strip(b"\xff")
    assert {len(list(run)) % drawing.placed.module for _, run in groupby(line)} == {0}


@pytest.mark.parametrize("title", ["", "Corner Bakery"])
@pytest.mark.parametrize("symbology", Symbology)
def test_quiet_zones_are_quiet(symbology: Symbology, title: str) -> None:
    drawing = card(symbology, title=title)
    placed, zone = drawing.placed, SPECIFICATIONS[symbology].quiet_zone
    image = rasterise(drawing).convert("L")
    left, top = placed.x - zone.left * placed.module, placed.y - zone.above * placed.module
    right = placed.x + placed.width + zone.right * placed.module
    bottom = placed.y + placed.height + zone.below * placed.module
    assert left >= 0
    assert right <= image.width
    beside = placed.y + placed.bars if symbology is Symbology.EAN13 else bottom  # its first digit stands below the bars
    for zone_box in (
        (left, top, placed.x, beside),
        (placed.x + placed.width, top, right, beside),
        (left, top, right, placed.y),
        (left, placed.y + placed.height, right, bottom),
    ):
        assert _is_light(image, zone_box)


@pytest.mark.parametrize("symbology", Symbology)
def test_the_symbol_with_its_quiet_zones_is_in_the_middle(symbology: Symbology) -> None:
    drawing = card(symbology)
    placed, zone = drawing.placed, SPECIFICATIONS[symbology].quiet_zone
    left = placed.x - zone.left * placed.module
    right = drawing.width - placed.x - placed.width - zone.right * placed.module
    assert abs(left - right) <= 1


def _is_light(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    return image.crop(box).getextrema() in {(255, 255), (None, None)} or box[1] >= box[3]


@pytest.mark.parametrize("symbology", LINEAR)
def test_bars_are_as_high_as_there_is_room_for(symbology: Symbology) -> None:
    bars, least = (22.85, 18.28) if symbology is Symbology.EAN13 else (15.0, 12.7)
    assert card(symbology).placed.bars * 25.4 / 300 == pytest.approx(bars, abs=0.05)
    low = card(symbology, page=replace(CR80, height=30 if symbology is Symbology.EAN13 else 24))
    assert least - 0.05 <= low.placed.bars * 25.4 / 300 < bars


def test_all_lies_within_the_margins() -> None:
    for symbology in Symbology:
        drawing = card(symbology, title="Corner Bakery")
        assert (drawing.width, drawing.height) == (1011, 638)
        dark = Image.eval(rasterise(drawing).convert("L"), lambda value: 255 - value).getbbox()
        assert dark is not None
        assert dark[0] >= 35
        assert dark[1] >= 35
        assert dark[2] <= 1011 - 35
        assert dark[3] <= 638 - 35


@pytest.mark.parametrize(
    ("text", "page", "dpi", "sentence"),
    [
        (
            "A" * 30,
            CR80,
            300,
            r"expected room for 97\.8 by 15\.5 mm, the least this symbol needs at 300 dpi, got 79\.7 by 48\.1 mm",
        ),
        ("A", CR80, 50, r"expected dots that make a module of 0\.25 to 0\.495 mm, got 50 dpi"),
        ("A", replace(CR80, height=15), 300, r"expected room for 16\.8 by 15\.5 mm, .* got 79\.7 by 9\.1 mm"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, page: Page, dpi: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        lay_out(encode(Symbology.CODE128, text), page, dpi=dpi)


def test_a_bare_symbol_is_no_larger_than_the_paper() -> None:
    symbol = encode(Symbology.CODE128, "A" * 20)
    drawing = bare(symbol, RECEIPT, dpi=203)
    assert drawing.width == (10 + symbol.width + 10) * drawing.placed.module
    with pytest.raises(ValueError, match="expected room"):
        bare(symbol, replace(RECEIPT, width=48.0), dpi=203)


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("x" * 200, "expected a title that fits, got 200 characters"),
        ("مخبز", r"expected a title in Latin, Greek or Cyrillic letters, got '.' \(ARABIC LETTER"),
        ("a\nb", "expected a title"),
    ],
)
def test_titles_that_would_be_drawn_wrong_are_refused(title: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        card(Symbology.QR, title=title)


def test_a_number_too_long_to_read_is_left_out() -> None:
    link = encode(Symbology.QR, "https://id.gs1.org/8018/401234567890123450?" + "x" * 60)
    assert lay_out(link, CR80, dpi=300).texts == ()
    assert [text.text for text in card(Symbology.QR).texts] == ["0412345678903"]
