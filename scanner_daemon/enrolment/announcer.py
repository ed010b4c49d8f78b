"""Tells the lane's listeners of enrolments."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ulid_transform import ulid_now

from scanner_daemon.enrolment.opened import Opened
from scanner_daemon.loyalty.outbox import Entry
from scanner_daemon.model import (
    CardIssued,
    Enrolment,
    EnrolmentClosed,
    EnrolmentClosedReason,
    EnrolmentDone,
    EnrolmentOpened,
    EnrolmentQueued,
    EnrolmentRefused,
    LaneEvent,
    Member,
    MemberIdentified,
    masked,
)


@dataclass(slots=True, kw_only=True)
class Announcer:
    """Makes events of what happens to enrolments, for ``publish``; ``lane`` is the lane's name."""

    lane: str
    publish: Callable[[LaneEvent], None] = field(init=False, default=lambda _: None)

    def opened(self, opened: Opened) -> None:
        """Tell that contact details are awaited."""
        sequence = opened.card.sequence if opened.card else None
        self.publish(EnrolmentOpened(**self._of_opened(opened), sequence=sequence))

    def closed(self, opened: Opened, reason: EnrolmentClosedReason) -> None:
        """Tell that they no longer are."""
        self.publish(EnrolmentClosed(**self._of_opened(opened), reason=reason))

    def queued(self, entry: Entry) -> None:
        """Tell that an enrolment is on disk."""
        self.publish(EnrolmentQueued(**self._of_entry(entry)))

    def done(self, entry: Entry, member: Member) -> None:
        """Tell that the programme has the member."""
        self.publish(EnrolmentDone(**self._of_entry(entry), created=member.created))

    def refused(self, entry: Entry, detail: str) -> None:
        """Tell that the programme will not have it."""
        self.publish(EnrolmentRefused(**self._of_entry(entry), detail=detail))

    def card_issued(self, enrolment: Enrolment) -> None:
        """Tell that a customer who had no card has a number of the lane's own."""
        who = enrolment.customer_id
        self.publish(
            CardIssued(**self._head(None), label=masked(who), customer_id=who, display_name=enrolment.display_name)
        )

    def identified(self, member: Member, *, scanner: str, sequence: int) -> None:
        """Tell who stands at the lane: the member whose card was the scan ``sequence``."""
        self.publish(MemberIdentified(**self._head(scanner), sequence=sequence, member=member))

    def _of_opened(self, opened: Opened) -> dict[str, Any]:
        card = opened.card
        label = masked(card.customer_id) if card else None
        return {**self._head(card.scanner if card else None), "enrolment": opened.id, "label": label}

    def _of_entry(self, entry: Entry) -> dict[str, Any]:
        label = masked(entry.enrolment.customer_id)
        return {**self._head(entry.enrolment.scanner), "enrolment": entry.enrolment_id, "label": label}

    def _head(self, scanner: str | None) -> dict[str, Any]:
        return {"id": ulid_now(), "lane": self.lane, "scanner": scanner, "at": datetime.now(UTC)}
