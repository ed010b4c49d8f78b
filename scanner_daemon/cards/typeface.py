"""The typeface of all text on cards: DejaVu Sans Mono, which python-barcode ships.

It tells 0 from O and 1 from l, and all its glyphs are of one width, so that a line's width is known without drawing.
"""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

NAME: Final = "DejaVu Sans Mono"

GLYPH_WIDTH: Final = 0.602
"""The width of every glyph, as a share of the typeface's size."""

CAP_HEIGHT: Final = 0.73
"""The height of capital letters and digits, likewise."""


@contextmanager
def typeface_file() -> Iterator[Path]:
    """Give the path of its TrueType file."""
    with as_file(files("barcode") / "fonts" / "DejaVuSansMono.ttf") as path:
        yield path


def check_drawable(text: str) -> None:
    """Raise ``ValueError`` for what would be drawn wrong: scripts from right to left, and those it has no glyphs of."""
    strangers = sorted({character for character in text if not _is_drawable(character)})
    if strangers:
        shown = " ".join(f"{stranger!r} ({unicodedata.name(stranger, 'unnamed')})" for stranger in strangers[:3])
        raise ValueError(f"expected a title in Latin, Greek or Cyrillic letters, got {shown}")


_CYRILLIC_END = 0x0530
_PUNCTUATION = frozenset("‐‑‒–—‘’‚“”„†‡•…‹›€№™")


def _is_drawable(character: str) -> bool:
    in_blocks = ord(character) < _CYRILLIC_END and not unicodedata.combining(character)
    return character.isprintable() and (in_blocks or character in _PUNCTUATION)
