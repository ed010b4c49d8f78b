"""Cards of two sides: what is on them, that it fits, and that they scan as a whole."""

import io
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scanner_daemon.cards import face_pdf, face_raster, two_sided
from scanner_daemon.cards.face import Face, Line, Picture, Shape
from scanner_daemon.cards.form import Form
from scanner_daemon.cards.lettering import typeface
from scanner_daemon.cards.proof import read
from scanner_daemon.cards.symbol import SPECIFICATIONS, Symbology
from scanner_daemon.cards.template import Template
from scanner_daemon.cards.two_sides import TwoSides
from scanner_daemon.errors import PrinterError
from tests.cards import interpreters

NUMBER, OTHER = "0412345678903", "0412345678910"
TEMPLATE = Template(shop="Corner Bakery", note="If found, please leave it at any Corner Bakery.")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#f00"/></svg>'


def sides(symbology: Symbology = Symbology.EAN13, *, template: Template = TEMPLATE, dpi: int = 300) -> TwoSides:
    return TwoSides(template=template, symbology=symbology, dpi=dpi)


def written(face: Face) -> list[str]:
    return [item.text for item in face.items if isinstance(item, Line)]


@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("symbology", [Symbology.EAN13, Symbology.CODE128, Symbology.QR, Symbology.PDF417])
def test_the_whole_back_scans_as_the_number(symbology: Symbology, dpi: int, tmp_path: Path) -> None:
    made = two_sided.render(sides(symbology, dpi=dpi), NUMBER, Form.PDF, name="Zoë Müller")
    front, back = interpreters.pdf(made, dpi=dpi, folder=tmp_path)
    assert read(front) == []
    assert [found.data.decode() for found in read(back)] == [NUMBER]


def test_a_picture_shows_both_sides() -> None:
    picture = Image.open(io.BytesIO(two_sided.render(sides(), NUMBER, Form.PNG)))
    assert picture.height > 2 * picture.width / 2 > 500
    assert [found.data.decode() for found in read(picture)] == [NUMBER]


def test_a_wrong_bar_code_is_not_given_out() -> None:
    front, back = sides().faces(NUMBER)
    _, other = sides().faces(OTHER)
    assert back.label is not None
    assert other.label is not None
    symbol = replace(back.label.drawing.placed.symbol, rows=other.label.drawing.placed.symbol.rows)
    placed = replace(back.label.drawing.placed, symbol=symbol)
    wrong = replace(back, label=replace(back.label, drawing=replace(back.label.drawing, placed=placed)))
    with pytest.raises(PrinterError, match="does not read back"):
        two_sided.proven((front, wrong))


def test_a_second_bar_code_in_the_logo_is_not_given_out(tmp_path: Path) -> None:
    front, back = sides().faces(NUMBER)
    label = sides().faces(OTHER)[1]
    logo = tmp_path / "logo.png"
    face_raster.picture(label).crop((100, 110, 911, 560)).save(logo)
    with pytest.raises(PrinterError, match="its front does not read back as a whole"):
        two_sided.render(sides(template=replace(TEMPLATE, logo=logo), dpi=600), NUMBER, Form.PDF)
    assert two_sided.proven((front, back)) == (front, back)


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="draws PDF pages: apt-get install poppler-utils")
def test_every_page_of_a_pdf_is_read_once_more() -> None:
    front, back = sides().faces(NUMBER)
    with pytest.raises(PrinterError, match="its front does not read back as a whole"):
        two_sided._check_pages(face_pdf.pdf([back, back]), [front, back])  # its own making cannot be made wrong


@settings(deadline=None, max_examples=60)
@given(name=st.text(max_size=60))
def test_no_name_covers_anything_or_leaves_the_card(name: str) -> None:
    for face in sides().faces(NUMBER, name):
        for item in face.items:
            if isinstance(item, Line):
                width = typeface(item.font).stringWidth(item.text, item.size)
                left = item.x - {"left": 0, "middle": width / 2, "right": width}[item.anchor]
                assert left >= 5.9, item
                assert left + width <= face.width - 5.9, item


@pytest.mark.parametrize("symbology", Symbology)
def test_nothing_stands_in_the_quiet_zone(symbology: Symbology) -> None:
    number = {Symbology.GS1_128: "952000000000000019", Symbology.ITF: "04123456789034"}.get(symbology, NUMBER)
    _, back = sides(symbology).faces(number, "Zoë")
    label = back.label
    assert label is not None
    zone = SPECIFICATIONS[symbology].quiet_zone
    placed = label.drawing.placed
    mm = 25.4 / back.dpi
    top = (label.y + placed.y - zone.above * placed.module) * mm
    bottom = (label.y + placed.y + placed.height + zone.below * placed.module) * mm
    for item in back.items:
        low = item.baseline - item.size if isinstance(item, Line) else item.y
        high = item.baseline + 0.3 * item.size if isinstance(item, Line) else item.y + item.height
        assert high <= top or low >= bottom, item


def test_a_long_name_shrinks_and_then_ends_in_an_ellipsis() -> None:
    sizes = []
    for name in ("Zoë", "Zoë Wilhelmina Katharina von Hohenfels", "Zoë " * 40):
        front, _ = sides().faces(NUMBER, name)
        (line,) = (item for item in front.items if isinstance(item, Line) and item.text.startswith("Zoë"))
        sizes.append(line.size)
        assert line.text == name or (name == "Zoë " * 40 and line.text.endswith("…"))
    assert sizes[0] == pytest.approx(4.6)
    assert sizes[0] > sizes[1] > sizes[2] == pytest.approx(4.6 * 0.6)


def test_arabic_letters_are_joined_and_run_from_the_right() -> None:
    front, _ = sides(template=Template(shop="مخبز", title="بطاقة")).faces(NUMBER, "محمد 7")
    shop, title = (
        next(item for item in front.items if isinstance(item, Line) and item.text == text)
        for text in ("\ufeb0\ufe92\ufea8\ufee3", "\ufe94\ufed7\ufe8e\ufec4\ufe91")
    )
    assert (shop.anchor, title.anchor) == ("right", "left")
    assert shop.x > title.x
    assert "7 \ufeaa\ufee4\ufea4\ufee3" in written(front), "the number stays a number, on the left"


def test_what_cannot_be_drawn_is_left_out_and_never_drawn_wrong() -> None:
    for name in ("नमस्ते", "😀", "\u202egnirts"):
        front, _ = sides().faces(NUMBER, name)
        assert name not in written(front)
    front, _ = sides().faces(NUMBER, "\u202egnirts")
    assert "gnirts" in written(front), "what turns text round is taken out"
    with pytest.raises(ValueError, match="words that some typeface"):
        sides(template=Template(shop="नमस्ते"))


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_logo_keeps_its_proportions(kind: str, tmp_path: Path) -> None:
    logo = tmp_path / f"logo.{kind}"
    if kind == "svg":
        logo.write_bytes(SVG)
    else:
        Image.new("RGBA", (400, 200), (255, 0, 0, 255)).save(logo)
    front, _ = sides(template=replace(TEMPLATE, logo=logo)).faces(NUMBER)
    (picture,) = (item for item in front.items if isinstance(item, Picture))
    assert (picture.width, picture.height) == pytest.approx((28.0, 14.0))
    assert "Corner Bakery" not in written(front)
    seen = face_raster.picture(front)
    assert seen.getpixel((front.dots(20), front.dots(12))) == (255, 0, 0)
    pages = two_sided.output(Form.PDF, [front])
    assert pages == two_sided.output(Form.PDF, [front]), "the same card gives the same bytes"


@pytest.mark.parametrize(("data", "said"), [(b"no picture", "expected a picture"), (b"\0" * 5_000_000, "at most 4096")])
def test_a_logo_that_is_none(data: bytes, said: str, tmp_path: Path) -> None:
    for kind in ("svg", "png"):
        logo = tmp_path / f"logo.{kind}"
        logo.write_bytes(data)
        with pytest.raises(ValueError, match=said):
            sides(template=replace(TEMPLATE, logo=logo))


def test_a_typeface_that_is_none(tmp_path: Path) -> None:
    font = tmp_path / "font.ttf"
    font.write_bytes(b"no typeface")
    with pytest.raises(ValueError, match="expected a TrueType typeface"):
        sides(template=replace(TEMPLATE, fonts=(font,))).faces(NUMBER)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"colour": "green"}, "colour: expected a colour such as"),
        ({"accent": "#12"}, "accent: expected a colour such as"),
        ({"colour": "#767676", "accent": "#ffffff"}, "accent: expected a contrast of 3"),
        ({"logo": Path("logo.png")}, "logo: expected an absolute path"),
        ({"fonts": (Path("/a.otf"),)}, "fonts: expected absolute paths"),
    ],
)
def test_a_template_that_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Template(**settings)


def test_without_any_setting_a_card_says_what_it_is() -> None:
    front, back = sides(template=Template()).faces(NUMBER)
    assert "Member card" in written(front)
    assert "Member card" in written(back)
    assert isinstance(front.items[0], Shape)
