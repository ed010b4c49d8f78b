"""Pictures from files."""

from pathlib import Path

import pytest
from PIL import Image

from scanner_daemon.cards.encoding import encode
from scanner_daemon.cards.layout import CR80, lay_out
from scanner_daemon.cards.pictures import pages
from scanner_daemon.cards.proof import read
from scanner_daemon.cards.raster import rasterise
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.errors import PrinterError


def test_every_frame_is_read(tmp_path: Path) -> None:
    numbers = ["0412345678903", "0412345678910"]
    first, second = (rasterise(lay_out(encode(Symbology.QR, number), CR80, dpi=203)) for number in numbers)
    first.save(tmp_path / "two.tif", save_all=True, append_images=[second])
    assert [read(page)[0].data.decode() for page in pages(tmp_path / "two.tif")] == numbers


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"%PDF-1.4 torn"])
def test_what_is_no_picture_is_told(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    with pytest.raises(PrinterError, match=f"cannot read {file}: "):
        list(pages(file))


def test_a_torn_picture_is_told(tmp_path: Path) -> None:
    file = tmp_path / "torn.png"
    Image.effect_noise((200, 200), 50).save(file)
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(PrinterError, match="cannot read"):
        list(pages(file))


def test_a_picture_that_would_fill_the_memory_is_told(tmp_path: Path) -> None:
    file = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(file)
    with pytest.raises(PrinterError, match="cannot read"):
        list(pages(file))
