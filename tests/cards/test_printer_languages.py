"""ZPL and ESC/POS carry exactly the proven dots, and nothing a text could turn into a command."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scanner_daemon.cards.printer_languages import escpos, zpl
from tests.cards import interpreters


@st.composite
def pictures(draw: st.DrawFn) -> Image.Image:
    """Return black and white pictures, lines of which often repeat or end in white."""
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 30))
    stride = (width + 7) // 8
    row = st.one_of(st.just(bytes(stride)), st.just(b"\xff" * stride), st.binary(min_size=stride, max_size=stride))
    some = draw(st.lists(row, min_size=1, max_size=3))
    data = b"".join(draw(st.sampled_from(some)) for _ in range(height))
    return Image.frombytes("1", (width, height), data)


@settings(max_examples=300)
@given(image=pictures())
def test_zpl_prints_the_dots(image: Image.Image) -> None:
    assert interpreters.zpl(zpl(image)).tobytes() == image.convert("L").tobytes()


@settings(max_examples=300)
@given(image=pictures())
def test_escpos_prints_the_dots(image: Image.Image) -> None:
    printed = interpreters.escpos(escpos(image))
    assert printed.crop((0, 0, image.width, image.height)).tobytes() == image.convert("L").tobytes()
    beyond = printed.crop((image.width, 0, printed.width, image.height))
    assert set(beyond.tobytes()) <= {255}


@pytest.mark.parametrize("size", [(2022, 1275), (8, 5000)])
def test_large_pictures_are_cut_into_what_printers_take(size: tuple[int, int]) -> None:
    image = Image.effect_noise(size, 200).convert("1")
    assert interpreters.zpl(zpl(image)).tobytes() == image.convert("L").tobytes()
    assert interpreters.escpos(escpos(image)).crop((0, 0, *size)).tobytes() == image.convert("L").tobytes()
