from pathlib import Path

import pytest
from structlog.testing import capture_logs

from scanner_daemon.colours import contrast
from scanner_daemon.displays.theme import LARGEST_LOGO, LEAST_CONTRAST, NO_LOGO, Theme


def test_the_page_s_own_colours_can_be_read() -> None:
    theme = Theme()
    assert contrast(theme.accent, theme.paper) >= LEAST_CONTRAST
    assert contrast(theme.accent_dark, theme.paper_dark) >= LEAST_CONTRAST


@pytest.mark.parametrize(
    ("settings", "mistake"),
    [
        ({"accent": "#ffcc00"}, "accent: expected a contrast of 4.5 to #f6f7f4 at least"),
        ({"accent_dark": "#203020"}, "accent_dark: expected a contrast of 4.5"),
        ({"paper": "#444444"}, "expected a contrast of 4.5"),
        ({"accent": "green"}, "accent: expected a colour such as #0a6b4e, got 'green'"),
        ({"accent": "#000;}*{}"}, "accent: expected a colour"),
        ({"logo": Path("logo.png")}, "logo: expected an absolute path"),
        ({"logo": Path("/logo.html")}, "logo: expected an absolute path that ends in .svg"),
        ({"logo": Path("/l.png"), "logo_dark": Path("d.png")}, "logo_dark: expected an absolute path"),
        ({"logo_dark": Path("/d.png")}, "logo: expected one for a light page beside logo_dark, got none"),
    ],
)
def test_what_nobody_could_read_is_refused(settings: dict[str, str], mistake: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        Theme(**settings)  # type: ignore[arg-type]
    assert mistake in str(caught.value)


def test_the_contrast_of_wcag() -> None:
    assert contrast("#777777", "#ffffff") == contrast("#ffffff", "#777777") == 4.48


def test_a_logo_is_part_of_the_page(tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text("<svg/>")
    assert Theme(logo=logo).logo_address() == "data:image/svg+xml;base64,PHN2Zy8+"


def test_a_logo_that_cannot_be_shown_is_told_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(bytes(LARGEST_LOGO + 1))
    with capture_logs() as logs:
        assert Theme(logo=tmp_path / "none.svg").logo_address() == NO_LOGO
        assert Theme(logo=tmp_path / "large.png").logo_address() == NO_LOGO
        assert not Theme(logo=tmp_path / "any.png", logo_dark=tmp_path / "none.svg").dark_logo_style()
    assert [log["event"] for log in logs] == ["logo_unreadable", "logo_too_large", "logo_unreadable"]
