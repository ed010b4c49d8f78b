"""Make the calibration page that the package ships, so that a lane needs no extra package to print it.

Usage: python tools/make_calibration_page.py
"""

from pathlib import Path
from typing import Final

from scanner_daemon.cards.calibration_page import calibration_pdf, calibration_png

FOLDER: Final = Path(__file__).parents[1] / "scanner_daemon" / "cli" / "pages"


def main() -> None:
    """Write both forms of the page."""
    (FOLDER / "calibration.pdf").write_bytes(calibration_pdf())
    (FOLDER / "calibration.png").write_bytes(calibration_png())


if __name__ == "__main__":
    main()
