"""The log's own view of the lane: one line an event, customer ids masked."""

from dataclasses import dataclass

import structlog

from scanner_daemon.model import (
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
    masked,
)

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Journal:
    """A listener that logs what happens, with nothing in it that a log should not hold."""

    async def tell(self, event: LaneEvent) -> None:
        """Log one line; ``id`` is the event's on every channel, ``scan`` is the same in all lines of one scan."""
        fields = {"id": event.id, "lane": event.lane, "scanner": event.scanner, **_details(event)}
        sequence = getattr(event, "sequence", None)
        if sequence is not None:
            fields["scan"] = sequence
        if isinstance(event, LookupFailed | ScannerOffline | EnrolmentRefused | CardNotPrinted):
            _log.warning(event.type, **fields)
        else:
            _log.info(event.type, **fields)


def _details(event: LaneEvent) -> dict[str, object]:  # noqa: PLR0911  one case an event
    match event:
        case ScannerOnline(device=device):
            return {"device": device}
        case ScannerOffline(detail=detail):
            return {"detail": detail}
        case ScanDiscarded(reason=discarded):
            return {"reason": discarded.value}
        case ScanRejected(reason=rejected, label=label):
            return {"reason": rejected.value, "label": label}
        case ScanPassedThrough(scan_data_type=scan_data_type):
            return {"scan_data_type": scan_data_type.name}
        case ScanAccepted(card=card):
            return {"card": card}
        case MemberIdentified(member=member):
            return {"customer_id": masked(member.customer_id), "created": member.created, "stale": member.stale}
        case LookupFailed(reason=failed, detail=detail, customer_id=customer_id):
            return {"reason": failed.value, "detail": detail, "customer_id": masked(customer_id)}
        case CardIssued() | CardPrinted() | CardNotPrinted():
            return _card(event)
        case _:
            return _enrolment(event)


def _card(event: CardEvent) -> dict[str, object]:
    told = {"detail": event.detail, "waiting": event.waiting} if isinstance(event, CardNotPrinted) else {}
    return {"label": event.label, **told}


def _enrolment(event: EnrolmentEvent) -> dict[str, object]:
    fields: dict[str, object] = {"enrolment": event.enrolment, "label": event.label}
    match event:
        case EnrolmentClosed(reason=reason):
            return fields | {"reason": reason.value}
        case EnrolmentDone(created=created):
            return fields | {"created": created}
        case EnrolmentRefused(detail=detail):
            return fields | {"detail": detail}
        case EnrolmentOpened() | EnrolmentQueued():
            return fields
