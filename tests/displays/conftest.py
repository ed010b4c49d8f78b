"""Events to feed displays with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypedDict

import pytest

from scanner_daemon.model import (
    Balance,
    DiscardReason,
    ExpiringPoints,
    LookupFailed,
    LookupFailedReason,
    Member,
    MemberIdentified,
    RejectReason,
    ScanAccepted,
    ScanDataType,
    ScanDiscarded,
    ScannerOffline,
    ScannerOnline,
    ScanPassedThrough,
    ScanRejected,
)


class Head(TypedDict):
    id: str
    lane: str
    scanner: str
    at: datetime


@dataclass(frozen=True)
class Events:
    """Makes events of the scan ``sequence``; the ids count on for ever."""

    next_id: Callable[[], str]

    def head(self) -> Head:
        return Head(
            id=self.next_id(),
            lane="lane-1",
            scanner="counter",
            at=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
        )

    def online(self) -> ScannerOnline:
        return ScannerOnline(device="/dev/input/event5", **self.head())

    def offline(self, detail: str = "unplugged: plug it in") -> ScannerOffline:
        return ScannerOffline(detail=detail, **self.head())

    def accepted(self, sequence: int) -> ScanAccepted:
        return ScanAccepted(sequence=sequence, card="plastic", **self.head())

    def discarded(self, sequence: int) -> ScanDiscarded:
        return ScanDiscarded(sequence=sequence, reason=DiscardReason.IDLE_GAP, **self.head())

    def rejected(self, sequence: int, reason: RejectReason, label: str | None = "…8901") -> ScanRejected:
        return ScanRejected(sequence=sequence, reason=reason, label=label, **self.head())

    def passed_through(self, sequence: int, label: str = "4006381333931") -> ScanPassedThrough:
        return ScanPassedThrough(
            sequence=sequence,
            label=label,
            scan_data_type=ScanDataType.EAN13,
            symbology_identifier="]E0",
            **self.head(),
        )

    def member(self, sequence: int, **fields: Any) -> MemberIdentified:
        values: dict[str, Any] = {
            "customer_id": "0412345678901",
            "created": False,
            "display_name": "Ada",
            "balance": self.balance(),
            "as_of": datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
        }
        return MemberIdentified(sequence=sequence, member=Member(**values | fields), **self.head())

    def failed(self, sequence: int) -> LookupFailed:
        return LookupFailed(
            sequence=sequence,
            reason=LookupFailedReason.UNAVAILABLE,
            detail="no answer in 3 s",
            customer_id="0412345678901",
            **self.head(),
        )

    def balance(self, **fields: Any) -> Balance:
        """The balance of Gameball's own example (REST API v4.0, customer balance)."""
        values: dict[str, Any] = {
            "available_points": Decimal(1200),
            "available_value": Decimal(60),
            "pending_points": Decimal(300),
            "pending_value": Decimal(15),
            "total_points": Decimal(1500),
            "total_value": Decimal(75),
            "currency": "USD",
            "points_name": "Reward Points",
            "next_expiring": ExpiringPoints(points=Decimal(200), value=Decimal(10), on=date(2024, 12, 1)),
        }
        return Balance(**values | fields)


@pytest.fixture
def events() -> Events:
    count = iter(range(1, 1_000_000))
    return Events(next_id=lambda: f"01J{next(count):023}")
