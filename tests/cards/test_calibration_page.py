import io
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from scanner_daemon.cards.calibration_page import calibration_pdf, calibration_png
from scanner_daemon.cards.pictures import pages
from scanner_daemon.cards.proof import read
from scanner_daemon.decoding.calibration.labels import LABELS

SHIPPED = Path(__file__).parents[2] / "scanner_daemon" / "cli" / "pages"


@pytest.mark.parametrize("name", ["calibration.png", "calibration.pdf"])
def test_the_shipped_page_reads_as_the_labels_that_are_inferred_from(name: str) -> None:
    if name.endswith("pdf") and shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is not installed: apt-get install poppler-utils")
    (page,) = pages(SHIPPED / name)
    found = sorted(((one.data.decode(), one.identifier) for one in read(page)), reverse=True)
    assert found == list(zip(LABELS, ("]C0", "]C1"), strict=True))


def test_the_shipped_picture_is_what_is_drawn_today() -> None:
    """Else run tools/make_calibration_page.py again."""
    drawn = Image.open(io.BytesIO(calibration_png()))
    shipped = Image.open(SHIPPED / "calibration.png")
    assert shipped.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert ImageChops.difference(drawn.convert("L"), shipped.convert("L")).getbbox() is None


def test_the_page_is_the_same_whenever_it_is_made() -> None:
    assert calibration_pdf() == calibration_pdf()
