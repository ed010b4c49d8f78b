"""One side of a card before it is PDF or PNG: shapes, pictures and lines in millimetres, the bar code on whole dots."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from PIL import Image

from scanner_daemon.cards.drawing import MM_PER_INCH, Drawing


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A filled rectangle; with a ``radius`` of half its sides it is a circle. What is beyond the card is cut off."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    radius: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture, stretched over its place."""

    image: Image.Image
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of text as it is drawn, glyph by glyph from the left; ``x`` is where its ``anchor`` stands."""

    text: str
    font: Path
    size: float
    x: float
    baseline: float
    anchor: Literal["left", "middle", "right"]
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A bar code with its quiet zones and number: a white panel, whose first dot is at ``x`` and ``y``."""

    drawing: Drawing
    x: int
    y: int


Item: TypeAlias = Shape | Picture | Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One side; later items lie on earlier ones, and the label on all."""

    width: float
    height: float
    dpi: int
    items: tuple[Item, ...]
    label: Label | None = None

    def dots(self, millimetres: float) -> int:
        """Return a length in the printer's dots."""
        return round(millimetres * self.dpi / MM_PER_INCH)
