"""Where a symbol goes on a card, a label or a receipt, or why it cannot."""

import math
from dataclasses import dataclass
from typing import Final

from scanner_daemon.cards.drawing import MM_PER_INCH, Drawing, PlacedSymbol, Text
from scanner_daemon.cards.symbol import SPECIFICATIONS, Symbol
from scanner_daemon.cards.typeface import GLYPH_WIDTH, check_drawable


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is printed on, in mm. ``height`` is ``None`` where the paper is as long as it needs to be.

    Nothing is drawn within ``margin`` of an edge.
    """

    width: float
    height: float | None
    margin: float = 3.0


CR80: Final = Page(width=85.60, height=53.98)
"""The card of ISO/IEC 7810, ID-1."""

RECEIPT: Final = Page(width=72.0, height=None, margin=0.0)
"""What a receipt printer prints on paper of 80 mm."""


def lay_out(symbol: Symbol, page: Page, *, dpi: int, title: str = "") -> Drawing:
    """Return ``symbol`` in the middle of ``page``, its number below it, ``title`` above.

    Raises ``ValueError`` when the symbol does not fit at a module its standard allows, or the printer's dots are too
    coarse for it.
    """
    fit = _Fit(symbol, dpi)
    margin = fit.dots(page.margin)
    width = fit.dots(page.width)
    header = fit.dots(_TITLE_SIZE * _LINE) if title else 0
    footer = 0 if symbol.captions else fit.dots(_NUMBER_SIZE * _LINE)
    room = None if page.height is None else fit.dots(page.height) - 2 * margin - header - footer
    module, bars = fit.module_and_bars(width - 2 * margin, room)

    block = fit.height(module, bars)
    height = margin * 2 + header + block + footer if page.height is None else fit.dots(page.height)
    top = margin + header + (height - 2 * margin - header - footer - block) // 2
    zone = SPECIFICATIONS[symbol.symbology].quiet_zone
    left = (width - fit.width(module)) // 2 + zone.left * module
    placed = PlacedSymbol(symbol=symbol, x=left, y=top + zone.above * module, module=module, bars=bars)
    texts = _captions(placed) if symbol.captions else _number(symbol.text, width, top + block, fit, page)
    texts += _title(title, width, fit, page)
    return Drawing(dpi=dpi, width=width, height=height, placed=placed, texts=texts)


def bare(symbol: Symbol, page: Page, *, dpi: int) -> Drawing:
    """Return ``symbol`` with its quiet zones and its human-readable interpretation, and nothing else.

    Raises ``ValueError`` as :func:`lay_out`, where it would be larger than ``page``.
    """
    fit = _Fit(symbol, dpi)
    room = None if page.height is None else fit.dots(page.height)
    module, bars = fit.module_and_bars(fit.dots(page.width), room)
    zone = SPECIFICATIONS[symbol.symbology].quiet_zone
    placed = PlacedSymbol(symbol=symbol, x=zone.left * module, y=zone.above * module, module=module, bars=bars)
    return Drawing(
        dpi=dpi,
        width=fit.width(module),
        height=fit.height(module, bars),
        placed=placed,
        texts=_captions(placed),
    )


_TITLE_SIZE = 5.0  # mm
_NUMBER_SIZE = 3.0  # mm
_ASCENT = 1.0  # from a line's upper edge to its baseline, likewise
_LINE = 1.6  # a line's height as a share of its typeface's size
_SMALLEST = 0.5  # a line shrinks to this share of its size before it is left out
_MATRIX_SIZE = 28.0  # mm, with quiet zones: easy to find, easy to scan
_TOLERANCE = 0.005  # 0.2502 mm is no different from 0.25


class _Fit:
    """A symbol held against a printer's dots."""

    def __init__(self, symbol: Symbol, dpi: int) -> None:
        self._symbol = symbol
        self._dpi = dpi
        self._specification = SPECIFICATIONS[symbol.symbology]

    def dots(self, millimetres: float) -> int:
        return round(millimetres * self._dpi / MM_PER_INCH)

    def width(self, module: int) -> int:
        """Dots with quiet zones."""
        zone = self._specification.quiet_zone
        return (zone.left + self._symbol.width + zone.right) * module

    def height(self, module: int, bars: int) -> int:
        """Dots with quiet zones and captions."""
        zone = self._specification.quiet_zone
        below = max(zone.below, self._caption_modules())
        return bars + (zone.above + self._symbol.fixed_height + below) * module

    def module_and_bars(self, width: int, height: int | None) -> tuple[int, int]:
        """Return the dots of a module, as near to the preferred size as there is room for, and of the bars."""
        allowed = self._allowed_modules()
        bars_min = self.dots(self._specification.bars_min)
        fitting = [
            module
            for module in allowed
            if self.width(module) <= width and (height is None or self.height(module, bars_min) <= height)
        ]
        if not fitting:
            raise ValueError(self._does_not_fit(allowed[0], bars_min, width, height))
        module = min(fitting, key=lambda module: abs(module * MM_PER_INCH / self._dpi - self._preferred()))
        bars = self.dots(self._specification.bars)
        return module, bars if height is None else min(bars, height - self.height(module, 0))

    def _allowed_modules(self) -> list[int]:
        smallest = self._specification.module_min * (1 - _TOLERANCE)
        largest = self._specification.module_max * (1 + _TOLERANCE)
        sizes = range(1, self.dots(largest) + 1)
        allowed = [size for size in sizes if smallest <= size * MM_PER_INCH / self._dpi <= largest]
        if not allowed:
            raise ValueError(
                f"expected dots that make a module of {self._specification.module_min:g} to "
                f"{self._specification.module_max:g} mm, got {self._dpi} dpi"
            )
        return allowed

    def _preferred(self) -> float:
        """Millimetres."""
        return self._specification.module or _MATRIX_SIZE / self.width(1)

    def _caption_modules(self) -> int:
        """Modules from the lower end of the symbol to that of its captions."""
        return max((math.ceil(caption.baseline) + 1 for caption in self._symbol.captions), default=0)

    def _does_not_fit(self, module: int, bars_min: int, width: int, height: int | None) -> str:
        needed = f"{self._mm(self.width(module))} by {self._mm(self.height(module, bars_min))}"
        got = self._mm(width) if height is None else f"{self._mm(width)} by {self._mm(height)}"
        return f"expected room for {needed} mm, the least this symbol needs at {self._dpi} dpi, got {got} mm"

    def _mm(self, dots: int) -> str:
        return f"{dots * MM_PER_INCH / self._dpi:.1f}"


def _captions(placed: PlacedSymbol) -> tuple[Text, ...]:
    return tuple(
        Text(
            text=caption.text,
            x=placed.x + caption.centre * placed.module,
            baseline=placed.y + placed.height + caption.baseline * placed.module,
            size=caption.size * placed.module,
        )
        for caption in placed.symbol.captions
    )


def _number(text: str, width: int, top: int, fit: _Fit, page: Page) -> tuple[Text, ...]:
    """Return the number of a matrix symbol as a line; none where it would be too small to read, as for a link."""
    size = min(fit.dots(_NUMBER_SIZE), _widest(text, width, fit, page))
    if size < _SMALLEST * fit.dots(_NUMBER_SIZE):
        return ()
    return (Text(text=text, x=width / 2, baseline=top + size * _ASCENT, size=size),)


def _title(text: str, width: int, fit: _Fit, page: Page) -> tuple[Text, ...]:
    if not text:
        return ()
    check_drawable(text)
    size = min(fit.dots(_TITLE_SIZE), _widest(text, width, fit, page))
    if size < _SMALLEST * fit.dots(_TITLE_SIZE):
        raise ValueError(f"expected a title that fits, got {len(text)} characters")
    return (Text(text=text, x=width / 2, baseline=fit.dots(page.margin) + size * _ASCENT, size=size),)


def _widest(text: str, width: int, fit: _Fit, page: Page) -> float:
    """Return the size at which ``text`` fills the width between the margins."""
    return (width - 2 * fit.dots(page.margin)) / (GLYPH_WIDTH * len(text))
