"""Lines that fit: the first typeface that has the glyphs, smaller where need be, cut where that is not enough."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from reportlab.pdfbase.ttfonts import TTFError, TTFont

from scanner_daemon.cards.face import Line
from scanner_daemon.cards.writing import ELLIPSIS, cleaned, drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a line may stand: at most ``width``, of ``size`` or else at least ``smallest``. In mm."""

    x: float
    baseline: float
    width: float
    size: float
    smallest: float
    anchor: Literal["left", "middle", "right"]
    colour: str


def regular(fonts: Sequence[Path]) -> tuple[Path, ...]:
    """Return the typefaces for a line of text, the shop's ``fonts`` first."""
    return (*fonts, _file("reportlab", "Vera.ttf"), monospaced())


def bold(fonts: Sequence[Path]) -> tuple[Path, ...]:
    """Return those for a line that stands out."""
    return (*fonts, _file("reportlab", "VeraBd.ttf"), monospaced())


def monospaced() -> Path:
    """Return the typeface of numbers, which has Latin, Greek, Cyrillic and Arabic letters as well."""
    return _file("barcode", "DejaVuSansMono.ttf")


def line(text: str, place: Place, fonts: Sequence[Path]) -> Line | None:
    """Return ``text`` at ``place``; ``None`` where it is empty or no typeface of ``fonts`` can draw it.

    Raises ``ValueError`` for a file that is no typeface.
    """
    text = cleaned(text)
    for file in fonts:
        font = typeface(file)
        glyphs = drawn(text)
        if not glyphs or not _has(font, glyphs):
            continue
        size = min(place.size, place.width / font.stringWidth(glyphs, 1.0))
        if size < place.smallest:
            glyphs, size = _cut(text, font, place), place.smallest
        return Line(
            text=glyphs,
            font=file,
            size=size,
            x=place.x,
            baseline=place.baseline,
            anchor=place.anchor,
            colour=place.colour,
        )
    return None


@cache
def typeface(file: Path) -> TTFont:
    """Return the typeface of ``file``, by the name ``str(file)``. Raises ``ValueError`` when it is none."""
    try:
        return TTFont(str(file), str(file))
    except (TTFError, OSError) as error:
        raise ValueError(f"expected a TrueType typeface, got {file} ({error})") from None


def _file(package: str, name: str) -> Path:
    return Path(str(files(package) / "fonts" / name))


def _has(font: TTFont, glyphs: str) -> bool:
    return all(ord(glyph) in font.face.charToGlyph for glyph in glyphs)


def _cut(text: str, font: TTFont, place: Place) -> str:
    """Return as many of the first letters as fit in the smallest size, with an ellipsis where the font has one."""
    mark = ELLIPSIS if _has(font, ELLIPSIS) else ""
    for end in range(len(text), 0, -1):
        glyphs = drawn(text[:end].rstrip() + mark) or ""
        if font.stringWidth(glyphs, place.smallest) <= place.width:
            return glyphs
    return mark
