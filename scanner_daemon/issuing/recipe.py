"""What a new card number looks like: the table ``[cards]``. Pure.

A number is a prefix, digits that count or are drawn, and what the lane's check digit makes of them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from pydantic import Field

from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.pipeline.check_digits import CheckDigit


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How numbers are made: an EAN-13 or a GSRN with a ``prefix`` of the shop's own, or any other number.

    04 is a prefix of restricted circulation, free for a shop's own use (GS1 General Specifications 1.4.2, GS1
    prefixes); a GSRN begins with the company prefix that GS1 licensed to the shop. For ``number``, ``digits`` says
    how many follow the prefix, and ``check_digit`` what follows them: it is that of prefix and digits where the prefix
    has digits only, else of the digits alone, but for Code 39's, which is of all. ``symbology`` is the bar code of the
    cards: EAN-13, GS1-128 or Code 128 unless told. ``first`` is where a sequence begins.
    """

    scheme: Literal["ean13", "gsrn", "number"] = "ean13"
    prefix: Annotated[str, Field(max_length=32)] = "04"
    digits: Annotated[int, Field(ge=3, le=18)] | None = None
    check_digit: CheckDigit | None = None
    order: Literal["random", "sequence"] = "random"
    first: Annotated[int, Field(ge=1)] = 1
    symbology: Symbology | None = None
    _width: int = field(init=False, repr=False)
    _check: CheckDigit = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix):
            raise ValueError(f"prefix: expected letters, digits, '-' and '.', got {self.prefix!r}")
        fixed, shortest = _SHAPES.get(self.scheme, (None, 0))
        if fixed is None:
            if self.digits is None:
                raise ValueError("digits: expected how many digits follow the prefix, got nothing")
        elif self.digits is not None or self.check_digit is not None:
            raise ValueError(f"expected no digits and no check_digit, which {self.scheme} has of its own, got some")
        elif not re.fullmatch(rf"[0-9]{{{shortest},{fixed - 4}}}", self.prefix):  # leaves a thousand numbers at least
            raise ValueError(f"prefix: expected {shortest} to {fixed - 4} digits, got {self.prefix!r}")
        object.__setattr__(self, "_width", self.digits if fixed is None else fixed - 1 - len(self.prefix))
        check = CheckDigit.EAN if fixed else self.check_digit or CheckDigit.NONE
        object.__setattr__(self, "_check", check)
        if self.first >= self.count:
            raise ValueError(
                f"first: expected less than {self.count}, as that many numbers there are, got {self.first}"
            )

    @property
    def count(self) -> int:
        """How many places there are: 0 up to, not including, this one."""
        return int(10**self._width)

    @property
    def bar_code(self) -> Symbology:
        """What the cards carry."""
        return self.symbology or _SYMBOLOGIES[self.scheme]

    def number(self, place: int) -> str | None:
        """Return the number at ``place``; ``None`` where none is: all zeros have no check digit."""
        digits = f"{place:0{self._width}}"
        body = self.prefix + digits
        whole = self._check is CheckDigit.CODE39 or body.isdigit()
        covered = body if whole else digits
        fitting = (character for character in _candidates(self._check) if self._check.holds(covered + character))
        character = next(iter(fitting), None)
        return None if character is None else body + character


_PREFIX = re.compile(r"[0-9A-Za-z.-]*", re.ASCII)
_SHAPES: Final[Mapping[str, tuple[int, int]]] = {"ean13": (13, 2), "gsrn": (18, 4)}  # digits, those of a prefix
_SYMBOLOGIES: Final[Mapping[str, Symbology]] = {
    "ean13": Symbology.EAN13,
    "gsrn": Symbology.GS1_128,
    "number": Symbology.CODE128,
}


def _candidates(check: CheckDigit) -> Iterable[str]:
    """Return what a check digit may be. The pipeline that takes it back says which is right."""
    match check:
        case CheckDigit.NONE:
            return ("",)
        case CheckDigit.MOD97:  # ISO/IEC 7064, MOD 97-10: 02 to 98
            return (f"{number:02}" for number in range(2, 99))
        case CheckDigit.CODE39:
            return (
                "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-."  # the others may shift what follows: such numbers are skipped
            )
        case _:
            return "0123456789"
