"""Members for tests that need no programme to ask."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from scanner_daemon.model import Balance, ExpiringPoints, Member

NOW: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

BALANCE: Final = Balance(
    available_points=Decimal("1200.25"),
    available_value=Decimal("60.0125"),
    pending_points=Decimal(300),
    pending_value=None,
    total_points=Decimal("1E+3"),
    total_value=Decimal(0),
    currency="SAR",
    points_name="نقاط",
    next_expiring=ExpiringPoints(points=Decimal(200), value=None, on=date(2026, 12, 22)),
)


def member(customer_id: str, *, as_of: datetime = NOW, balance: Balance | None = BALANCE) -> Member:
    return Member(customer_id=customer_id, created=False, balance=balance, as_of=as_of)
