"""Another label in place of a member's: the same to every rule of a lane, and nobody's.

What survives: the length, which characters are digits, capitals or small letters, all other characters, the first
four digits of a long number (they tell what kind of number it is), the scheme and host of a link, and the GS1
application identifiers of service relations. A long number that checks still checks, and one that does not still does
not: GS1's check digit and Luhn's (ISO/IEC 7812-1), also over the part after an application identifier. So it is with
``mod97``, ``verhoeff`` and ``damm`` over the whole, but for a number that is right by several of them by accident.

A *long* number has at least eight digits. Shorter ones change entirely and check or not as it falls out.
"""

import re
import string
from random import Random
from typing import Final

from stdnum import damm, verhoeff

LONG: Final = 8
"""Digits of the shortest number whose kind and check digit survive."""

KIND: Final = 4
"""Digits at its beginning that stay."""


def disguised(text: str, random: Random) -> str:
    """Return another text in the place of ``text``.

    >>> disguised("]E04006381333931", Random(1))[:3]
    ']E0'
    """
    return _PART.sub(lambda part: _other(part, random), text)


def _other(part: re.Match[str], random: Random) -> str:
    text = part[0]
    if part["kept"]:
        return text
    if part["letter"]:
        return random.choice(string.ascii_lowercase if text.islower() else string.ascii_uppercase)
    if len(text) < LONG:
        return _digits(len(text), random)
    return _number(text, random)


def _number(number: str, random: Random) -> str:
    """Return another number that checks wherever ``number`` does. The two common check digits come first."""
    right, sums = _right(number), _sums(number)
    best, best_rank = "", -1
    for _ in range(_ATTEMPTS):
        other = _completed(number[:KIND] + _digits(len(number) - KIND - 2, random), sums)
        if not other or other == number:
            continue
        rank = len(right & _right(other)) * 10 - len(_right(other) - right)
        if rank > best_rank or not best:
            best, best_rank = other, rank
        if rank == len(right) * 10:
            break
    return best


def _completed(head: str, sums: tuple[int, int]) -> str:
    """Return ``head`` and two more digits, so that it has these ``sums``; ``""`` where no two do."""
    gs1, luhn = _sums(f"{head}00")
    for tens in range(10):
        units = (sums[0] - gs1 - 3 * tens) % 10
        if (luhn + units + _DOUBLED[tens]) % 10 == sums[1]:
            return f"{head}{tens}{units}"
    return ""


def _sums(number: str) -> tuple[int, int]:
    """Return what GS1 (General Specifications 7.9) and Luhn add up, modulo 10.

    Equal sums keep a number right or wrong also without its first ``KIND`` digits.
    """
    digits = [ord(digit) - ord("0") for digit in reversed(number)]
    odd, even = sum(digits[::2]), digits[1::2]
    return (odd + 3 * sum(even)) % 10, (odd + sum(_DOUBLED[digit] for digit in even)) % 10


def _right(number: str) -> set[str]:
    """Return which of ISO 7064 MOD 97-10, Verhoeff and Damm ``number`` is right by."""
    found = {"mod97": int(number) % 97 == 1, "verhoeff": verhoeff.is_valid(number), "damm": damm.is_valid(number)}
    return {name for name, holds in found.items() if holds}


def _digits(count: int, random: Random) -> str:
    return "".join(random.choice(string.digits) for _ in range(count))


_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""The sum of the digits of a doubled digit."""

_ATTEMPTS: Final = 10_000
"""One number in a hundred is right by MOD 97-10, but not by Verhoeff or Damm besides: a thousand may hold none."""

_PART: Final = re.compile(
    r"(?P<kept>\A\][A-Za-z][0-9A-Za-z]|\A(?:\][A-Za-z][0-9A-Za-z])?https?://[^/]*/?"
    r"|(?:(?<=/)|(?<=\x1d))80(?:17|18|19)(?=/|[0-9]))|(?P<number>[0-9]+)|(?P<letter>[A-Za-z])",
    re.IGNORECASE | re.ASCII,
)
