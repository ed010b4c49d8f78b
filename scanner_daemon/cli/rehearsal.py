"""A lane's events, made up: one for each state a customer display has."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypedDict

from ulid_transform import ulid_now

from scanner_daemon.model import (
    Balance,
    DiscardReason,
    ExpiringPoints,
    LaneEvent,
    LookupFailed,
    LookupFailedReason,
    Member,
    MemberIdentified,
    RejectReason,
    ScanAccepted,
    ScanDiscarded,
    ScanRejected,
)

_REJECTED = {
    "unknown card": RejectReason.UNKNOWN_CUSTOMER,
    "refused": RejectReason.NOT_A_MEMBER_LABEL,
    "payment card": RejectReason.PAYMENT_CARD,
}


class _Head(TypedDict):
    id: str
    lane: str
    scanner: str
    at: datetime
    sequence: int


def every_state(lane: str) -> Iterator[tuple[str, LaneEvent]]:
    """Yield what each state is called and an event that leads to it; of a member whose balance has all there can be."""
    now = datetime.now(UTC)

    def head(sequence: int) -> _Head:
        return _Head(id=ulid_now(), lane=lane, scanner="test", at=now, sequence=sequence)

    yield "recognising", ScanAccepted(card="test", **head(1))
    yield "welcome", MemberIdentified(member=_member(now), **head(2))
    yesterday = now - timedelta(hours=20)
    yield "welcome, last known balance", MemberIdentified(member=_member(yesterday, stale=True), **head(3))
    yield "welcome, new member", MemberIdentified(member=_member(now, created=True), **head(4))
    for sequence, (name, reason) in enumerate(_REJECTED.items(), 5):
        yield name, ScanRejected(reason=reason, label=None, **head(sequence))
    yield "try again", ScanDiscarded(reason=DiscardReason.IDLE_GAP, **head(8))
    failed = LookupFailedReason.UNAVAILABLE
    yield "no answer", LookupFailed(reason=failed, detail="a test", customer_id="test", **head(9))


def _member(as_of: datetime, *, created: bool = False, stale: bool = False) -> Member:
    balance = Balance(
        available_points=Decimal(1200),
        available_value=Decimal(60),
        pending_points=Decimal(300),
        pending_value=Decimal(15),
        total_points=Decimal(1500),
        total_value=Decimal(75),
        currency="USD",
        points_name=None,
        next_expiring=ExpiringPoints(
            points=Decimal(200), value=Decimal(10), on=(datetime.now(UTC) + timedelta(days=30)).date()
        ),
    )
    return Member(customer_id="test", created=created, display_name="Ada", balance=balance, as_of=as_of, stale=stale)
