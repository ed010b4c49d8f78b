"""Colours as people see them: which can be read on which. Pure."""

import re
from typing import Final

WHITE: Final = "#ffffff"
INK: Final = "#16211c"
"""Nearly black."""


def is_colour(text: str) -> bool:
    """Tell whether ``text`` is written ``#rrggbb``."""
    return re.fullmatch(r"#[0-9A-Fa-f]{6}", text) is not None


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return round((lighter + 0.05) / (darker + 0.05), 2)


def ink_on(ground: str) -> str:
    """Return the colour of text that is read best on ``ground``, white where both do; its contrast is 4 at least."""
    return max(WHITE, INK, key=lambda ink: contrast(ink, ground))


def mixed(one: str, other: str, share: float) -> str:
    """Return ``one`` with so much of ``other`` in it.

    >>> mixed("#000000", "#ffffff", 0.2)
    '#333333'
    """
    pairs = zip(channels(one), channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def channels(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _luminance(colour: str) -> float:
    """Return relative luminance (WCAG 2.2)."""
    shares = (channel / 255 for channel in channels(colour))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)  # noqa: PLR2004
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
