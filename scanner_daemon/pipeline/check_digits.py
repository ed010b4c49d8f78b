"""The check digits a card number may carry."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

from stdnum import damm, luhn, verhoeff
from stdnum.iso7064 import mod_97_10


class CheckDigit(Enum):
    """A check digit scheme, by its name in the configuration."""

    NONE = "none"
    EAN = "ean"  # GS1 General Specifications 7.9.1, any length
    LUHN = "luhn"  # ISO/IEC 7812-1 annex B
    MOD97 = "mod97"  # ISO/IEC 7064 MOD 97-10, two digits
    VERHOEFF = "verhoeff"
    DAMM = "damm"
    CODE39 = "code39"  # ISO/IEC 16388 annex A, modulo 43

    def holds(self, number: str) -> bool:
        """Tell whether the last character (two, for mod97) of ``number`` is right. Non-ASCII digits never are.

        All zeros pass most schemes and are never a card: they are refused by every scheme but ``none``.
        """
        if self is CheckDigit.NONE:
            return True
        return number.isascii() and bool(number.strip("0")) and _HOLDS[self](number)


def gs1_mod10_holds(digits: str) -> bool:
    """Tell whether ``digits``, of any length, end in the right GS1 check digit."""
    if not (digits.isascii() and digits.isdigit() and len(digits) > 1):
        return False
    return (sum(map(int, digits[::-2])) + 3 * sum(map(int, digits[-2::-2]))) % 10 == 0


_CODE39 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"


def _code39_holds(number: str) -> bool:
    if len(number) < 2 or not set(number) <= set(_CODE39):  # noqa: PLR2004  data and check character
        return False
    total = sum(_CODE39.index(character) for character in number[:-1])
    return _CODE39[total % 43] == number[-1]


_HOLDS: Final[Mapping[CheckDigit, Callable[[str], bool]]] = {
    CheckDigit.EAN: gs1_mod10_holds,
    CheckDigit.LUHN: luhn.is_valid,
    CheckDigit.MOD97: mod_97_10.is_valid,
    CheckDigit.VERHOEFF: verhoeff.is_valid,
    CheckDigit.DAMM: damm.is_valid,
    CheckDigit.CODE39: _code39_holds,
}
