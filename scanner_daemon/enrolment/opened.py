"""An enrolment that waits for contact details, and the card it is for."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card that was scanned and is no member's, as far as anybody knows; ``sequence`` is its scan's."""

    customer_id: str = field(repr=False)
    scanner: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An open enrolment; ``card`` is ``None`` while none was scanned into it. ``opened_at`` is in UTC."""

    id: str
    opened_at: datetime
    card: Card | None = None
