"""A brand's own look: logo and colours, refused where a customer could not read them."""

import base64
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import structlog

from scanner_daemon.colours import contrast, is_colour

LEAST_CONTRAST: Final = 4.5
"""Between text and what is behind it (WCAG 2.2, 1.4.3, level AA)."""

LARGEST_LOGO: Final = 512 * 1024
"""Bytes; the picture is a part of the page."""

NO_LOGO: Final = "data:,"
"""The address of nothing; the page's style knows it."""

_KINDS: Final = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}

_TEXTS: Final = {"light": ("#16211c", "#4c5a54", "#8f4a00"), "dark": ("#edf3ef", "#a7b5ae", "#f0b26b")}
"""The page's other colours of text, by scheme: as in ``display.css``."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The table ``theme`` of a kiosk.

    ``logo`` is the absolute path of a picture: svg, png, jpg or webp. Colours are written ``#rrggbb``; ``accent`` is
    that of the points, ``paper`` what all stands on. Each has a twin for screens that ask for a dark page; without
    ``logo_dark``, ``logo`` is shown there, too.
    """

    logo: Path | None = None
    logo_dark: Path | None = None
    accent: str = "#0a6b4e"
    accent_dark: str = "#74d9b1"
    paper: str = "#f6f7f4"
    paper_dark: str = "#101614"

    def __post_init__(self) -> None:
        for name, logo in (("logo", self.logo), ("logo_dark", self.logo_dark)):
            if logo is not None and not (logo.is_absolute() and logo.suffix.lower() in _KINDS):
                raise ValueError(
                    f"{name}: expected an absolute path that ends in {' '.join(_KINDS)}, got {str(logo)!r}"
                )
        if self.logo_dark is not None and self.logo is None:
            raise ValueError("logo: expected one for a light page beside logo_dark, got none")
        for name in (field.name for field in fields(self) if "logo" not in field.name):
            if not is_colour(getattr(self, name)):
                raise ValueError(f"{name}: expected a colour such as #0a6b4e, got {getattr(self, name)!r}")
        self._check_contrast("accent", self.accent, self.paper)
        self._check_contrast("accent_dark", self.accent_dark, self.paper_dark)
        for name, scheme in (("paper", "light"), ("paper_dark", "dark")):
            for colour in _TEXTS[scheme]:
                self._check_contrast(name, getattr(self, name), colour)

    def _check_contrast(self, name: str, colour: str, other: str) -> None:
        if (got := contrast(colour, other)) < LEAST_CONTRAST:
            raise ValueError(
                f"{name}: expected a contrast of {LEAST_CONTRAST:g} to {other} at least, so that people can read it, "
                f"got {colour}, which has {got:.1f}"
            )

    @property
    def style(self) -> str:
        """The rules that go behind the page's own."""
        light = f":root{{--accent:{self.accent};--paper:{self.paper}}}"
        dark = f":root{{--accent:{self.accent_dark};--paper:{self.paper_dark}}}"
        return f"{light}@media (prefers-color-scheme:dark){{{dark}}}"

    def logo_address(self) -> str:
        """Return the logo as a ``data:`` address; ``NO_LOGO`` where there is none, or none that can be read."""
        return _address(self.logo)

    def dark_logo_style(self) -> str:
        """Return the rule that puts ``logo_dark`` in the place of ``logo``; none where it cannot be read."""
        address = _address(self.logo_dark)
        if address == NO_LOGO:
            return ""
        return f"@media (prefers-color-scheme:dark){{.logo{{content:url({address})}}}}"


def _address(logo: Path | None) -> str:
    if logo is None:
        return NO_LOGO
    try:
        picture = logo.read_bytes()
    except OSError as error:
        _log.warning("logo_unreadable", path=str(logo), reason=error.strerror)
        return NO_LOGO
    if len(picture) > LARGEST_LOGO:
        _log.warning("logo_too_large", path=str(logo), bytes=len(picture), limit=LARGEST_LOGO)
        return NO_LOGO
    return f"data:{_KINDS[logo.suffix.lower()]};base64,{base64.b64encode(picture).decode()}"
