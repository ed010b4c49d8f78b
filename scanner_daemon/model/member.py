"""A member of the loyalty programme and what they own."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final

CUSTOMER_ID_MAX_LENGTH: Final = 100


def masked(customer_id: str) -> str:
    """Return ``customer_id`` with all but its last four characters hidden, fit for a log.

    >>> masked("0412345678901")
    '…8901'
    >>> masked("1234")
    '…'
    """
    visible = customer_id[-4:] if len(customer_id) > 4 else ""  # noqa: PLR2004
    return f"…{visible}"


def is_customer_id(text: str) -> bool:
    """Tell whether ``text`` can address a customer, and only that customer, at Gameball.

    Gameball takes at most 100 characters. A slash, backslash, percent sign or a dot segment may be read as part of
    the address by a server on the way, so that another customer would answer: such ids are never sent.
    """
    return (
        0 < len(text) <= CUSTOMER_ID_MAX_LENGTH
        and text.isprintable()
        and text == text.strip()
        and text not in {".", ".."}
        and not set(text) & set("/\\%")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiringPoints:
    """The next batch of points to expire; ``on`` has no time zone, as Gameball gives none."""

    points: Decimal | None
    value: Decimal | None
    on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Points and their worth. Unknown is ``None`` and never zero."""

    available_points: Decimal | None
    available_value: Decimal | None
    pending_points: Decimal | None
    pending_value: Decimal | None
    total_points: Decimal | None
    total_value: Decimal | None
    currency: str | None
    points_name: str | None
    next_expiring: ExpiringPoints | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A customer the programme knows.

    ``created`` is true when this look-up enrolled them. ``balance`` is ``None`` when the programme did not tell.
    ``stale`` is true when ``balance`` is the last known one of ``as_of`` (UTC), not the present one.
    """

    customer_id: str = field(repr=False)
    created: bool
    display_name: str | None = field(default=None, repr=False)
    balance: Balance | None
    as_of: datetime
    stale: bool = False
