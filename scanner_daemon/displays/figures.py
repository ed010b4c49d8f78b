"""Points and money as people read them. Pure; unknown stays ``None``."""

from decimal import ROUND_DOWN, Decimal
from typing import Final


def points(amount: Decimal | None) -> str | None:
    """Return ``amount`` with thousands separated; whole points without decimals (Gameball's may be fractional).

    >>> points(Decimal("1200.00")), points(Decimal("91.25")), points(Decimal("1E+3"))
    ('1,200', '91.25', '1,000')
    """
    if amount is None:
        return None
    return f"{amount.to_integral_value():,f}" if amount == amount.to_integral_value() else f"{amount.normalize():,f}"


def money(value: Decimal | None, currency: str | None) -> str | None:
    """Return ``value`` with the minor units of ``currency`` (ISO 4217), rounded down: never promise too much.

    >>> money(Decimal("60"), "USD"), money(Decimal("1.2555"), "KWD"), money(Decimal("500"), "JPY")
    ('60.00 USD', '1.255 KWD', '500 JPY')
    """
    if value is None:
        return None
    decimals = _MINOR_UNITS.get(currency or "", 2)
    amount = f"{value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_DOWN):,f}"
    return f"{amount} {currency}" if currency else amount


_MINOR_UNITS: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"), 0),
    **dict.fromkeys(("UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Currencies whose minor unit is not a hundredth (ISO 4217, list one)."""
