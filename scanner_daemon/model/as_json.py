"""Events and members as the JSON objects that every channel carries."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from scanner_daemon.model.events import (
    CardEvent,
    CardIssued,
    CardNotPrinted,
    CardPrinted,
    EnrolmentClosed,
    EnrolmentDone,
    EnrolmentEvent,
    EnrolmentOpened,
    EnrolmentQueued,
    EnrolmentRefused,
    LaneEvent,
    LookupFailed,
    MemberIdentified,
    ScanAccepted,
    ScanDiscarded,
    ScannerOffline,
    ScannerOnline,
    ScanPassedThrough,
    ScanRejected,
)
from scanner_daemon.model.member import Balance, ExpiringPoints, Member


def as_json_object(event: LaneEvent) -> dict[str, Any]:
    """Return ``event`` as the JSON object every channel carries.

    Points are JSON numbers, money is a decimal string (no binary rounding), times are ISO 8601 in UTC, unknown is
    ``null``.
    """
    head = {
        "type": event.type,
        "id": event.id,
        "lane": event.lane,
        "scanner": event.scanner,
        "at": timestamp(event.at),
    }
    return head | _body(event)


def member_as_json_object(member: Member) -> dict[str, Any]:
    """Return ``member`` as the JSON object inside a ``member_identified`` event."""
    return {
        "customer_id": member.customer_id,
        "created": member.created,
        "display_name": member.display_name,
        "stale": member.stale,
        "as_of": timestamp(member.as_of),
        "balance": _balance(member.balance) if member.balance else None,
    }


def timestamp(moment: datetime) -> str:
    """Return ``moment`` as every channel writes it: ISO 8601 in UTC, with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _body(event: LaneEvent) -> dict[str, Any]:  # noqa: PLR0911  one case an event
    match event:
        case ScannerOnline():
            return {"device": event.device}
        case ScannerOffline():
            return {"detail": event.detail, "removed": event.removed}
        case ScanDiscarded():
            return {"sequence": event.sequence, "reason": event.reason.value}
        case ScanRejected():
            return {"sequence": event.sequence, "reason": event.reason.value, "label": event.label}
        case ScanPassedThrough():
            return {
                "sequence": event.sequence,
                "label": event.label,
                "scan_data_type": event.scan_data_type.name,
                "symbology_identifier": event.symbology_identifier,
            }
        case ScanAccepted():
            return {"sequence": event.sequence, "card": event.card}
        case MemberIdentified():
            return {"sequence": event.sequence, "member": member_as_json_object(event.member)}
        case LookupFailed():
            return {
                "sequence": event.sequence,
                "reason": event.reason.value,
                "detail": event.detail,
                "customer_id": event.customer_id,
            }
        case CardIssued() | CardPrinted() | CardNotPrinted():
            return _card(event)
        case _:
            return {"enrolment": event.enrolment, "label": event.label, **_enrolment(event)}


def _enrolment(event: EnrolmentEvent) -> dict[str, Any]:
    match event:
        case EnrolmentOpened():
            return {"sequence": event.sequence}
        case EnrolmentClosed():
            return {"reason": event.reason.value}
        case EnrolmentQueued():
            return {}
        case EnrolmentDone():
            return {"created": event.created}
        case EnrolmentRefused():
            return {"detail": event.detail}


def _card(event: CardEvent) -> dict[str, Any]:
    match event:
        case CardIssued():
            return {"label": event.label}
        case CardPrinted():
            return {"label": event.label, "again": event.again}
        case CardNotPrinted():
            return {"label": event.label, "detail": event.detail, "waiting": event.waiting}


def _balance(balance: Balance) -> dict[str, Any]:
    return {
        "available_points": _number(balance.available_points),
        "available_value": _money(balance.available_value),
        "pending_points": _number(balance.pending_points),
        "pending_value": _money(balance.pending_value),
        "total_points": _number(balance.total_points),
        "total_value": _money(balance.total_value),
        "currency": balance.currency,
        "points_name": balance.points_name,
        "next_expiring": _expiring(balance.next_expiring) if balance.next_expiring else None,
    }


def _expiring(expiring: ExpiringPoints) -> dict[str, Any]:
    return {
        "points": _number(expiring.points),
        "value": _money(expiring.value),
        "date": expiring.on.isoformat() if expiring.on else None,
    }


def _number(points: Decimal | None) -> int | float | None:
    if points is None:
        return None
    return int(points) if points == points.to_integral_value() else float(points)


def _money(value: Decimal | None) -> str | None:
    """Money has at least two decimals on the wire; more are kept as they came."""
    if value is None:
        return None
    exponent = value.normalize().as_tuple().exponent
    decimals = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{value:.{decimals}f}"
