"""All that a cashier wants to know of the lane, kept up to date event by event. Pure, clockless."""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeAlias

from scanner_daemon.displays.cashier_words import LOOKUP_FAILED, REJECTED, TORN, Sentence, Tone
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
    RejectReason,
    ScanAccepted,
    ScanDiscarded,
    ScannerOffline,
    ScannerOnline,
    ScanPassedThrough,
    ScanRejected,
    masked,
)

SCANS: Final = 14
"""Newest scans that are kept."""

REFUSALS: Final = 4
"""Newest scans with something to do about them that are kept, beside those."""

ScanEvent: TypeAlias = ScanAccepted | ScanDiscarded | ScanRejected | ScanPassedThrough | MemberIdentified | LookupFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """One scan and what has become of it so far."""

    sequence: int
    at: datetime
    scanner: str
    label: str | None
    said: Sentence


@dataclass(slots=True, kw_only=True)
class Board:
    """One lane's state, for its cashier."""

    scanners: dict[str, ScannerOnline | ScannerOffline] = field(init=False, default_factory=dict)
    scans: deque[Scanned] = field(init=False, default_factory=lambda: deque(maxlen=SCANS))
    refusals: deque[Scanned] = field(init=False, default_factory=lambda: deque(maxlen=REFUSALS))
    customer: ScanEvent | None = field(init=False, default=None)
    trouble: LookupFailed | None = field(init=False, default=None)
    enrolment: EnrolmentOpened | None = field(init=False, default=None)
    progress: EnrolmentEvent | None = field(init=False, default=None)
    card: CardEvent | None = field(init=False, default=None)

    def feed(self, event: LaneEvent) -> None:
        """Take one event."""
        match event:
            case ScannerOffline(removed=True):
                self.scanners.pop(event.scanner, None)
            case ScannerOnline() | ScannerOffline():
                self.scanners[event.scanner] = event
            case EnrolmentOpened():
                self.enrolment, self.progress = event, event
            case EnrolmentClosed() | EnrolmentQueued() | EnrolmentDone() | EnrolmentRefused():
                self.progress = event
                if self.enrolment is not None and self.enrolment.enrolment == event.enrolment:
                    self.enrolment = None
            case CardIssued() | CardPrinted() | CardNotPrinted():
                self.card = event
            case _:
                self._take_scan(event)

    def forget_customer(self) -> None:
        """Show no customer any more: they have left."""
        self.customer = None

    @property
    def customer_sequence(self) -> int | None:
        """The number of the scan that the customer shown was found by; ``None`` while none is shown."""
        return self.customer.sequence if self.customer else None

    def _take_scan(self, event: ScanEvent) -> None:
        said = sentence(event)
        scan = Scanned(sequence=event.sequence, at=event.at, scanner=event.scanner, label=label_of(event), said=said)
        before = next((known for known in self.scans if known.sequence == event.sequence), None)
        if before is None:
            self.scans.appendleft(scan)
        else:  # its look-up has ended
            self.scans[self.scans.index(before)] = replace(scan, at=before.at)
        self.refusals = deque((r for r in self.refusals if r.sequence != event.sequence), maxlen=REFUSALS)
        if said.tone is Tone.ALERT:
            self.refusals.appendleft(scan)
        if _is_about_customer(event) and event.sequence >= (self.customer_sequence or 0):
            self.customer = event
        if isinstance(event, LookupFailed):
            self.trouble = event
        elif isinstance(event, MemberIdentified) and not event.member.stale:
            self.trouble = None


def sentence(event: ScanEvent) -> Sentence:
    """Return what became of a scan, in words."""
    match event:
        case ScanAccepted():
            return Sentence("Card recognised", "", Tone.PLAIN)
        case ScanDiscarded():
            return TORN
        case ScanRejected(reason=reason):
            return REJECTED[reason]
        case ScanPassedThrough():
            return Sentence("For the till", "", Tone.PLAIN)
        case MemberIdentified(member=member):
            return Sentence("New member" if member.created else "Member", "", Tone.GOOD)
        case LookupFailed(reason=failed):
            return LOOKUP_FAILED[failed]


def label_of(event: ScanEvent) -> str | None:
    """Return the end of what was read, masked, where that is known and may be shown."""
    match event:
        case ScanRejected(label=label):
            return label
        case ScanPassedThrough(label=product):
            return masked(product)
        case MemberIdentified(member=member):
            return masked(member.customer_id)
        case LookupFailed(customer_id=customer_id):
            return masked(customer_id)
        case ScanAccepted() | ScanDiscarded():
            return None


def _is_about_customer(event: ScanEvent) -> bool:
    match event:
        case ScanAccepted() | MemberIdentified() | LookupFailed():
            return True
        case ScanRejected(reason=reason):
            return reason is RejectReason.UNKNOWN_CUSTOMER
        case ScanDiscarded() | ScanPassedThrough():
            return False
