"""A picture before it is PNG, SVG, PDF, ZPL or ESC/POS: dark boxes and lines of text on the printer's own dots."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from scanner_daemon.cards.symbol import Symbol

MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A dark rectangle: its left and upper edge, its width and height, in whole dots."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line of text, centred on ``x``, standing on ``baseline``, in dots. ``size`` is that of the typeface's em."""

    text: str
    x: float
    baseline: float
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedSymbol:
    """A symbol on a drawing: where its first module is, how many dots a module has, how high its bars are."""

    symbol: Symbol
    x: int
    y: int
    module: int
    bars: int

    @property
    def width(self) -> int:
        """Dots, without quiet zones."""
        return self.symbol.width * self.module

    @property
    def height(self) -> int:
        """Dots, without quiet zones and captions."""
        return self.symbol.fixed_height * self.module + self.bars


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A card, a label or a receipt; sizes in dots of 1/``dpi`` inch, the origin is the upper left corner."""

    dpi: int
    width: int
    height: int
    placed: PlacedSymbol
    texts: tuple[Text, ...] = ()

    @property
    def width_mm(self) -> float:
        """The width in millimetres."""
        return self.width * MM_PER_INCH / self.dpi

    @property
    def height_mm(self) -> float:
        """The height in millimetres."""
        return self.height * MM_PER_INCH / self.dpi

    def boxes(self) -> Iterator[Box]:
        """Yield the symbol's dark boxes: neighbouring modules of a row are one."""
        y = self.placed.y
        for row in self.placed.symbol.rows:
            height = self.placed.bars if row.height is None else row.height * self.placed.module
            yield from self._runs(row.modules, y, height)
            y += height

    def _runs(self, modules: str, y: int, height: int) -> Iterator[Box]:
        x = self.placed.x
        for module, run in groupby(modules):
            width = len(list(run)) * self.placed.module
            if module == "1":
                yield Box(x=x, y=y, width=width, height=height)
            x += width
