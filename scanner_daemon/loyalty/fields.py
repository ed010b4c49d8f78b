"""Reading single fields out of somebody else's JSON: exactly, and safely whatever it holds. Pure."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from scanner_daemon.errors import LoyaltyProtocolError


def parse(body: bytes) -> object:
    """Return ``body`` as JSON, every number a ``Decimal``. Raises ``LoyaltyProtocolError`` for anything else."""
    try:
        return json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError):  # no JSON, or numbers or nesting beyond reason
        got = f"{len(body)} bytes of something else" if body.strip() else "an empty body"
        raise LoyaltyProtocolError(f"expected JSON, got {got}") from None


def number(answer: Mapping[str, object], *names: str) -> Decimal | None:
    """Return the first of the fields ``names`` that is known, digit for digit; numeric strings are numbers too.

    Raises ``LoyaltyProtocolError`` if it is no number, or one of absurd length or size.
    """
    for name in names:
        value = answer.get(name)
        if isinstance(value, str):
            value = value.strip() or None
            if value and _NUMBER.fullmatch(value):
                value = Decimal(value)
        if value is None:
            continue
        if isinstance(value, Decimal) and _is_sane(value):
            return value
        raise LoyaltyProtocolError(f"{name}: expected a number, got {kind(value)}")
    return None


def text(answer: Mapping[str, object], name: str) -> str | None:
    """Return the field ``name`` without outer white space; ``None`` if blank or absent.

    Raises ``LoyaltyProtocolError`` if it is no string.
    """
    value = answer.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise LoyaltyProtocolError(f"{name}: expected a string, got {kind(value)}")
    return value.encode(errors="replace").decode().strip() or None  # JSON can hold half a surrogate pair, UTF-8 not


def kind(value: object) -> str:
    """Return what ``value`` is, for an error's sentence that must not quote it."""
    if isinstance(value, Decimal) and not _is_sane(value):
        return "a number beyond reason"
    return _KINDS.get(type(value), "null")


_KINDS: Final[Mapping[type, str]] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "true or false",
    Decimal: "a number",
}

_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)
_MAX_DIGITS = 60
_MAX_EXPONENT = 30


def _is_sane(value: Decimal) -> bool:
    """Tell whether ``value`` may be written out: 1E+999999999 would fill the memory with zeros."""
    _, digits, exponent = value.as_tuple()
    return isinstance(exponent, int) and abs(exponent) <= _MAX_EXPONENT and len(digits) <= _MAX_DIGITS


def _no_number(constant: str) -> object:
    raise ValueError(constant)  # NaN and the infinities are no JSON
