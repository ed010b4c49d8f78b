"""How the ``cards`` commands end when something is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from scanner_daemon.cli.exits import fail
from scanner_daemon.errors import PrinterError

BAD_INPUT: Final = 2
"""What these commands end with when they cannot use what they were given; 1 is a card that does not read back."""


@contextmanager
def sentences() -> Iterator[None]:
    """Turn what may go wrong into one sentence and a status."""
    try:
        yield
    except ModuleNotFoundError as error:
        needed = (error.name or "").partition(".")[0]
        if needed == "cryptography":
            fail("wallet passes need it: install the extra with pip install 'scanner-daemon[wallet]'", status=2)
        if needed not in {"PIL", "arabic_reshaper", "bidi", "reportlab", "resvg_py", "segno", "zxingcpp"}:
            raise
        fail(f"making cards needs {needed}: install the extra with pip install 'scanner-daemon[cards]'", status=2)
    except ValueError as error:
        fail(f"cannot make the card: {error}", status=BAD_INPUT)
    except PrinterError as error:
        fail(str(error))
    except OSError as error:
        fail(f"cannot use {error.filename}: {error.strerror}", status=BAD_INPUT)
