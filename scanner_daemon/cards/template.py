"""How a shop's cards look: the table ``[cards.template]``. Data only: nothing here loads what draws."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from scanner_daemon.colours import contrast, ink_on, is_colour, mixed

LOGOS: Final = (".png", ".svg", ".jpg", ".jpeg", ".webp")

SHADES: Final = (0.16, 0.30)
"""How much of the accent is in the circles on the front."""

LEAST_CONTRAST: Final = 3.0
"""Between a circle and the large text on it (WCAG 2.2, 1.4.3, level AA)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A card of two sides, the member's on the front, the bar code on the back.

    ``logo``, an absolute path, stands where else ``shop``, its name, would. Colours are written ``#rrggbb``: ``colour``
    is that of the front and of the back's band, ``accent`` that of the circles on the front; text on them is white or
    nearly black, whichever is read better. ``fonts`` and ``bold_fonts`` are TrueType files, asked in turn before those
    that are always there. ``note`` is small print on the back. A card whose ``shop`` or ``title`` is written from right
    to left is laid out so.
    """

    shop: Annotated[str, Field(max_length=80)] = ""
    title: Annotated[str, Field(max_length=40)] = "Member card"
    note: Annotated[str, Field(max_length=160)] = ""
    logo: Path | None = None
    colour: str = "#0a6b4e"
    accent: str | None = None
    fonts: tuple[Path, ...] = ()
    bold_fonts: tuple[Path, ...] = ()
    show_name: bool = True

    def __post_init__(self) -> None:
        for name, colour in (("colour", self.colour), ("accent", self.accent)):
            if colour is not None and not is_colour(colour):
                raise ValueError(f"{name}: expected a colour such as #0a6b4e, got {colour!r}")
        for shade in self.shades:
            if (got := contrast(shade, ink_on(self.colour))) < LEAST_CONTRAST:
                expected = f"a contrast of {LEAST_CONTRAST:g} between text and the circles"
                raise ValueError(f"accent: expected {expected}, got {self.accent}, which leaves {got:.1f}")
        if self.logo is not None and not (self.logo.is_absolute() and self.logo.suffix.lower() in LOGOS):
            raise ValueError(f"logo: expected an absolute path that ends in {' '.join(LOGOS)}, got {str(self.logo)!r}")
        for font in (*self.fonts, *self.bold_fonts):
            if not (font.is_absolute() and font.suffix.lower() == ".ttf"):
                raise ValueError(f"fonts: expected absolute paths of TrueType files (.ttf), got {str(font)!r}")

    @property
    def shades(self) -> tuple[str, ...]:
        """The colours of the circles."""
        accent = self.accent or mixed(self.colour, ink_on(self.colour), 0.5)
        return tuple(mixed(self.colour, accent, share) for share in SHADES)

    @property
    def from_right(self) -> bool:
        """Whether it reads from right to left."""
        directions = (unicodedata.bidirectional(letter) for letter in self.shop + self.title)
        return next((direction in {"R", "AL"} for direction in directions if direction in {"L", "R", "AL"}), False)
