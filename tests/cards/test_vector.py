"""SVG and PDF: exact, of the right size, reproducible."""

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from scanner_daemon.cards.drawing import Drawing
from scanner_daemon.cards.encoding import encode
from scanner_daemon.cards.layout import CR80, Page, lay_out
from scanner_daemon.cards.proof import read
from scanner_daemon.cards.sheet import SHEETS
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.cards.vector import pdf, pdf_sheets, svg
from tests.cards import interpreters
from tests.cards.numbers import checked


def card(symbology: Symbology, number: str = "0412345678903", *, title: str = "", page: Page = CR80) -> Drawing:
    return lay_out(encode(symbology, number), page, dpi=300, title=title)


def test_an_svg_is_well_formed_whatever_it_says() -> None:
    title = '<Müller> & "Söhne" ]]> ‘Ω’'
    root = ET.fromstring(svg(card(Symbology.CODE128, "<&>\"'", title=title)))  # noqa: S314  our own
    texts = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["<&>\"'", title]
    assert root.attrib["width"] == "85.598mm"
    assert root.attrib["height"] == "54.017mm"


def test_a_pdf_is_the_card_of_its_size_and_the_same_each_time(tmp_path: Path) -> None:
    made = pdf([card(Symbology.EAN13, title="Bäckerei Ωμέγα")])
    assert made == pdf([card(Symbology.EAN13, title="Bäckerei Ωμέγα")])
    (page,) = interpreters.pdf(made, dpi=300, folder=tmp_path)
    assert page.size == (1011, 638)


def test_a_pdfs_numbers_can_be_copied(tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed: apt-get install poppler-utils")
    file = tmp_path / "card.pdf"
    file.write_bytes(pdf([card(Symbology.QR, title="Bäckerei")]))
    text = subprocess.run(["pdftotext", file, "-"], capture_output=True, check=True, text=True).stdout
    assert text.split() == ["Bäckerei", "0412345678903"]


@pytest.mark.parametrize("name", SHEETS)
@pytest.mark.parametrize("symbology", [Symbology.EAN13, Symbology.QR])
def test_sheets_scan_label_by_label(name: str, symbology: Symbology, tmp_path: Path) -> None:
    sheet = SHEETS[name]
    count = sheet.columns * sheet.rows + 1
    numbers = [checked(f"04{number:010}") for number in range(1, count + 1)]
    made = pdf_sheets((card(symbology, number, page=sheet.label) for number in numbers), sheet)
    first, second = interpreters.pdf(made, dpi=300, folder=tmp_path)
    assert first.size == pytest.approx((sheet.width / 25.4 * 300, sheet.height / 25.4 * 300), abs=1)
    dots = 300 / 25.4
    for number, (x, y) in zip(numbers, sheet.places(), strict=False):
        label = first.crop((x * dots, y * dots, (x + sheet.label_width) * dots, (y + sheet.label_height) * dots))
        assert [found.data for found in read(label)] == [number.encode()]
    assert [found.data for found in read(second)] == [numbers[-1].encode()]


@pytest.mark.parametrize("name", SHEETS)
def test_labels_lie_on_their_sheet_and_not_on_each_other(name: str) -> None:
    sheet = SHEETS[name]
    assert sheet.pitch_x >= sheet.label_width
    assert sheet.pitch_y >= sheet.label_height
    right = sheet.left + (sheet.columns - 1) * sheet.pitch_x + sheet.label_width
    bottom = sheet.top + (sheet.rows - 1) * sheet.pitch_y + sheet.label_height
    assert right == pytest.approx(sheet.width - sheet.left, abs=0.5)
    assert bottom == pytest.approx(sheet.height - sheet.top, abs=0.5)


def test_a_pdf_has_its_bars_as_vectors() -> None:
    assert b"/Subtype /Image" not in pdf([card(Symbology.EAN13)])
    assert re.search(rb"/MediaBox \[ 0 0 242\.64 153\.12 \]", pdf([card(Symbology.EAN13)]))
