import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_scanners_is_what_the_recordings_say() -> None:
    """If not: python tools/make_scanner_table.py."""
    tool = ROOT / "tools" / "make_scanner_table.py"
    made = subprocess.run([sys.executable, tool, "--check"], capture_output=True, text=True, check=False)
    assert (made.returncode, made.stderr) == (0, "")
