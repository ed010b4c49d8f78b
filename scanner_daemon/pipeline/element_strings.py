"""GS1 element strings: what a GS1-128, GS1 DataMatrix or GS1 QR code symbol carries."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

GS: Final = "\x1d"
"""What FNC1 is sent as where it separates elements."""


def element_strings(data: str) -> Iterator[str]:
    """Yield each application identifier with its value.

    An element ends at its predefined length where its identifier has one, else at the next GS or the end (GS1 General
    Specifications, 7.8.5). Whether its value is right is not looked at.

    >>> list(element_strings("010400638133393121A7" + GS + "8018806101000000000013"))
    ['0104006381333931', '21A7', '8018806101000000000013']
    """
    rest = data.removeprefix(GS)
    while rest:
        length = _PREDEFINED_LENGTHS.get(rest[:2])
        if length is None:
            element, _, rest = rest.partition(GS)
        else:
            element, rest = rest[:length], rest[length:].removeprefix(GS)
        yield element


_PREDEFINED_LENGTHS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "00": 20,
        **dict.fromkeys(("01", "02", "03"), 16),
        "04": 18,
        **{str(identifier): 8 for identifier in range(11, 20)},
        "20": 4,
        **{str(identifier): 10 for identifier in range(31, 37)},
        "41": 16,
    }
)
"""First two digits of the application identifier → characters of the element, identifier included."""
