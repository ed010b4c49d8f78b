"""The two sides of a member's card: whose shop and member on the front, the bar code on the back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from PIL import Image

from scanner_daemon.cards import layout
from scanner_daemon.cards.drawing import Drawing
from scanner_daemon.cards.encoding import encode
from scanner_daemon.cards.face import Face, Item, Label, Line, Picture, Shape
from scanner_daemon.cards.layout import CR80, Page
from scanner_daemon.cards.lettering import Place, bold, line, monospaced, regular
from scanner_daemon.cards.logo import logo
from scanner_daemon.cards.symbol import Symbol, Symbology
from scanner_daemon.cards.template import Template
from scanner_daemon.colours import ink_on


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoSides:
    """Cards of one ``template`` for a printer of ``dpi``. Raises ``OSError`` and ``ValueError`` for its files."""

    template: Template
    symbology: Symbology
    dpi: int
    _logo: Image.Image | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_logo", logo(self.template.logo) if self.template.logo else None)
        for text in (self.template.shop, self.template.title, self.template.note):
            if text and line(text, _start(0.0, 5.0, 9.9, ""), bold(self.template.bold_fonts)) is None:
                raise ValueError(f"expected words that some typeface of [cards.template] can draw, got {text!r}")

    def faces(self, number: str, name: str = "") -> tuple[Face, Face]:
        """Return the front and the back of the card ``number`` of the member ``name``.

        A name that is too long is cut, and one that no typeface can draw is left out. Raises ``ValueError`` where the
        symbology cannot carry the number, or there is no room for its symbol.
        """
        label = self.label(number)
        return self._front(label.placed.symbol, name), self._back(label)

    def label(self, number: str) -> Drawing:
        """Return the bar code of the card ``number``. Raises ``ValueError`` likewise."""
        height = (_NOTE_TOP if self.template.note else _HEIGHT - _GAP) - _BAND - _GAP
        room = Page(width=CR80.width, height=height, margin=1.5)
        return layout.lay_out(encode(self.symbology, number), room, dpi=self.dpi)

    def _front(self, symbol: Symbol, name: str) -> Face:
        template, ink = self.template, ink_on(self.template.colour)
        shown = name if template.show_name else ""
        heading, beside = self._headings()
        lines = (
            line(beside, _end(_TITLE, 3.0, 28.0, ink), regular(template.fonts)),
            None if self._logo else line(heading, _start(_TITLE + 1.2, 6.4, 44.0, ink), bold(template.bold_fonts)),
            line(shown, _start(41.5, 4.6, CR80.width - 2 * _MARGIN, ink), bold(template.bold_fonts)),
            line(symbol.text, _start(47.6, 3.4, CR80.width - 2 * _MARGIN, ink), (monospaced(),)),
        )
        return self._face([*self._ground(), *self._emblem(), *filter(None, lines)])

    def _ground(self) -> Iterator[Shape]:
        colour = self.template.colour
        yield Shape(x=0, y=0, width=CR80.width, height=_HEIGHT, colour=colour)
        for (x, y, radius), shade in zip(_CIRCLES, self.template.shades, strict=True):
            yield Shape(x=x - radius, y=y - radius, width=2 * radius, height=2 * radius, radius=radius, colour=shade)

    def _emblem(self) -> Iterator[Picture]:
        """Yield the logo, as large as its box allows."""
        if self._logo is None:
            return
        width, height = _LOGO
        scale = min(width / self._logo.width, height / self._logo.height)
        width, height = self._logo.width * scale, self._logo.height * scale
        yield Picture(image=self._logo, x=_MARGIN, y=_MARGIN, width=width, height=height)

    def _headings(self) -> tuple[str, str]:
        """Return what is written large, and what beside it."""
        template = self.template
        return (template.shop, template.title) if template.shop or self._logo else (template.title, "")

    def _back(self, label: Drawing) -> Face:
        template, ink = self.template, ink_on(self.template.colour)
        heading, beside = self._headings()
        note = Place(
            x=CR80.width / 2,
            baseline=50.6,
            width=CR80.width - 2 * _MARGIN,
            size=2.5,
            smallest=1.8,
            anchor="middle",
            colour=_SMALL_PRINT,
        )
        lines = (
            line(heading, _start(_BAND - 3.1, 3.6, 46.0, ink), bold(template.bold_fonts)),
            line(beside, _end(_BAND - 3.1, 2.8, 25.0, ink), regular(template.fonts)),
            line(template.note, note, regular(template.fonts)),
        )
        band = Shape(x=0, y=0, width=CR80.width, height=_BAND, colour=template.colour)
        face = self._face([band, *filter(None, lines)])
        return replace(face, label=Label(drawing=label, x=0, y=face.dots(_BAND + _GAP)))

    def _face(self, items: Sequence[Item]) -> Face:
        placed = tuple(map(_mirrored, items) if self.template.from_right else items)
        return Face(width=CR80.width, height=_HEIGHT, dpi=self.dpi, items=placed)


_HEIGHT: Final = CR80.height or 0.0
_MARGIN: Final = 6.0
_TITLE: Final = 11.0  # the baseline of the first line
_BAND: Final = 9.0  # the band of colour on the back
_GAP: Final = 1.0  # between the bar code's panel and what is above and below
_NOTE_TOP: Final = 47.5
_LOGO: Final = (40.0, 14.0)
_SMALL_PRINT: Final = "#4c5a54"
_SHRINKS: Final = 0.6  # a line shrinks to this share of its size before it is cut
_CIRCLES: Final = ((74.0, 52.0, 33.0), (86.0, 31.0, 17.0))
"""Their centres and radii; the first line is above them."""

_OPPOSITE: Final[dict[str, Literal["left", "middle", "right"]]] = {"left": "right", "middle": "middle", "right": "left"}


def _start(baseline: float, size: float, width: float, colour: str) -> Place:
    return Place(
        x=_MARGIN,
        baseline=baseline,
        width=width,
        size=size,
        smallest=size * _SHRINKS,
        anchor="left",
        colour=colour,
    )


def _end(baseline: float, size: float, width: float, colour: str) -> Place:
    return replace(_start(baseline, size, width, colour), x=CR80.width - _MARGIN, anchor="right")


def _mirrored(item: Item) -> Item:
    """Return ``item`` where it stands on a card that reads from right to left."""
    if isinstance(item, Line):
        return replace(item, x=CR80.width - item.x, anchor=_OPPOSITE[item.anchor])
    return replace(item, x=CR80.width - item.x - item.width)
