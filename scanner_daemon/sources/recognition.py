"""Tell a scanner from a person's keyboard, as far as names and USB ids can."""

import functools
import re
from collections.abc import Mapping
from importlib import resources
from typing import Final

_SCANNER_NAME: Final = re.compile(r"scanner|bar ?code|imager|\b[12]d\b", re.IGNORECASE)
_PERSONAL_NAME: Final = re.compile(r"keyboard|kbd|mouse|receiver|wireless|gaming", re.IGNORECASE)
_BUS_I8042: Final = 0x11  # linux/input.h: the controller of built-in and PS/2 keyboards
_BUS_VIRTUAL: Final = 0x06  # linux/input.h


def is_known_scanner(*, vendor: str, product: str, name: str) -> bool:
    """Return whether USB ids (four hexadecimal digits each) or the device's ``name`` say that this is a scanner."""
    known = usb_scanners()
    vendor, product = vendor.lower(), product.lower()
    return (vendor, product) in known or (vendor, "*") in known or _SCANNER_NAME.search(name) is not None


def is_personal_keyboard(*, vendor: str, product: str, name: str, bus: int) -> bool:
    """Return whether this is clearly what a person types on.

    That is a device of which nothing says that it scans, and which either hangs on the keyboard controller or calls
    itself a keyboard, a mouse or their receiver. Many cheap scanners have no name at all: they are not refused. A few
    call themselves a keyboard: they are, and need the user's word.
    """
    if is_known_scanner(vendor=vendor, product=product, name=name):
        return False
    return bus == _BUS_I8042 or _PERSONAL_NAME.search(name) is not None


def is_virtual(*, bus: int) -> bool:
    """Return whether this is a keyboard that a program has made, such as the one through which we type to the till."""
    return bus == _BUS_VIRTUAL


@functools.cache
def usb_scanners() -> Mapping[tuple[str, str], str]:
    """Return vendor and product id → name of known scanners; product ``*`` is all that a vendor makes."""
    table = resources.files(__package__).joinpath("usb_scanners.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return {(vendor, product): name for vendor, product, name in rows}
