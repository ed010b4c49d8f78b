"""All that a cashier wants to see of the lane, kept up to date event by event. Pure, clockless.

Customer ids and labels are masked here: what leaves this module may stand on a screen that others can read.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, TypeAlias

from scanner_daemon.displays.cashier_words import ENROLMENT_CLOSED, LOOKUP_FAILED, REJECTED, TORN, Sentence, Tone
from scanner_daemon.displays.figures import money, points
from scanner_daemon.model import (
    EnrolmentClosed,
    EnrolmentDone,
    EnrolmentEvent,
    EnrolmentOpened,
    EnrolmentQueued,
    EnrolmentRefused,
    LaneEvent,
    LookupFailed,
    LookupFailedReason,
    Member,
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

View: TypeAlias = dict[str, object]
"""What a browser is sent, as JSON: every value is text that needs no further thought."""

SCANS: Final = 14
"""Newest scans that are kept."""

REFUSALS: Final = 4
"""Newest scans with something to do about them that are kept, beside those."""

_ScanEvent: TypeAlias = (
    ScanAccepted | ScanDiscarded | ScanRejected | ScanPassedThrough | MemberIdentified | LookupFailed
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """One scan and what has become of it so far."""

    sequence: int
    at: datetime
    scanner: str
    label: str | None
    said: Sentence


@dataclass(slots=True, kw_only=True)
class Board:
    """One lane's state, for its cashier."""

    _scanners: dict[str, ScannerOnline | ScannerOffline] = field(init=False, default_factory=dict)
    _scans: deque[_Scan] = field(init=False, default_factory=lambda: deque(maxlen=SCANS))
    _refusals: deque[_Scan] = field(init=False, default_factory=lambda: deque(maxlen=REFUSALS))
    _customer: _ScanEvent | None = field(init=False, default=None)
    _trouble: LookupFailed | None = field(init=False, default=None)
    _enrolment: EnrolmentOpened | None = field(init=False, default=None)
    _progress: EnrolmentEvent | None = field(init=False, default=None)

    def feed(self, event: LaneEvent) -> None:
        """Take one event."""
        match event:
            case ScannerOnline() | ScannerOffline():
                self._scanners[event.scanner] = event
            case EnrolmentOpened():
                self._enrolment, self._progress = event, event
            case EnrolmentClosed() | EnrolmentQueued() | EnrolmentDone() | EnrolmentRefused():
                self._progress = event
                if self._enrolment is not None and self._enrolment.enrolment == event.enrolment:
                    self._enrolment = None
            case _:
                self._take_scan(event)

    def forget_customer(self) -> None:
        """Show no customer any more: they have left."""
        self._customer = None

    @property
    def customer_sequence(self) -> int | None:
        """The number of the scan that the customer shown was found by; ``None`` while none is shown."""
        return self._customer.sequence if self._customer else None

    def view(self) -> View:
        """Return what the cashier's page shows."""
        return {
            "scanners": [_scanner(event) for _, event in sorted(self._scanners.items())],
            "customer": _customer(self._customer) if self._customer else None,
            "trouble": _trouble(self._trouble) if self._trouble else None,
            "refusals": [_row(scan) for scan in self._refusals],
            "scans": [_row(scan) for scan in self._scans],
            "enrolment": _enrolment(self._enrolment) if self._enrolment else None,
            "progress": _progress(self._progress) if self._progress else None,
        }

    def _take_scan(self, event: _ScanEvent) -> None:
        said = _sentence(event)
        scan = _Scan(sequence=event.sequence, at=event.at, scanner=event.scanner, label=_label(event), said=said)
        before = next((known for known in self._scans if known.sequence == event.sequence), None)
        if before is None:
            self._scans.appendleft(scan)
        else:  # its look-up has ended
            self._scans[self._scans.index(before)] = replace(scan, at=before.at)
        if said.tone is Tone.ALERT:
            self._refusals.appendleft(scan)
        if _is_about_customer(event) and event.sequence >= (self.customer_sequence or 0):
            self._customer = event
        if isinstance(event, LookupFailed):
            self._trouble = event
        elif isinstance(event, MemberIdentified) and not event.member.stale:
            self._trouble = None


def _is_about_customer(event: _ScanEvent) -> bool:
    match event:
        case ScanAccepted() | MemberIdentified() | LookupFailed():
            return True
        case ScanRejected(reason=reason):
            return reason is RejectReason.UNKNOWN_CUSTOMER
        case ScanDiscarded() | ScanPassedThrough():
            return False


def _sentence(event: _ScanEvent) -> Sentence:
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


def _label(event: _ScanEvent) -> str | None:
    """Return the end of what was read, where that is known and may be shown."""
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


def _scanner(event: ScannerOnline | ScannerOffline) -> View:
    online = isinstance(event, ScannerOnline)
    return {"name": event.scanner, "online": online, "detail": "" if isinstance(event, ScannerOnline) else event.detail}


def _row(scan: _Scan) -> View:
    return {
        "time": _time(scan.at),
        "scanner": scan.scanner,
        "label": scan.label or "",
        "title": scan.said.title,
        "cure": scan.said.cure,
        "tone": scan.said.tone.value,
    }


def _customer(event: _ScanEvent) -> View:
    said = _sentence(event)
    shown: View = {"title": said.title, "message": said.cure, "tone": said.tone.value, "label": _label(event) or ""}
    if isinstance(event, ScanAccepted):
        shown["message"] = "Looking them up…"
    if isinstance(event, MemberIdentified):
        shown |= _member(event.member)
    return shown


def _member(member: Member) -> View:
    shown: View = {"title": member.display_name or ("New member" if member.created else "Member"), "figures": []}
    notes = ["Newly registered" if member.created else ""]
    if member.stale:
        local = member.as_of.astimezone()
        notes.append(f"Last known balance, {_day(local)}, {local:%H:%M}")
    if (balance := member.balance) is None:
        notes.append("Balance not known")
    else:
        soon = balance.next_expiring
        shown["figures"] = [
            ["Points", _lines(points(balance.available_points), money(balance.available_value, balance.currency))],
            ["Pending", _lines(points(balance.pending_points), money(balance.pending_value, balance.currency))],
            ["Next to expire", _lines(points(soon.points), _day(soon.on) if soon.on else None) if soon else "–"],
        ]
    return shown | {"message": " ".join(filter(None, notes))}


def _trouble(event: LookupFailed) -> View:
    said = LOOKUP_FAILED[event.reason]
    since = f"since {_time(event.at)}" if event.reason is LookupFailedReason.UNAVAILABLE else f"at {_time(event.at)}"
    return {"title": f"{said.title} {since}", "cure": said.cure}


def _enrolment(event: EnrolmentOpened) -> View:
    return {"id": event.enrolment, "label": event.label}


def _progress(event: EnrolmentEvent) -> View:
    """Return how far the newest registration has come."""
    text, tone = _step(event)
    return {"enrolment": event.enrolment, "text": text, "tone": tone.value}


def _step(event: EnrolmentEvent) -> tuple[str, Tone]:
    who = event.label or "the new member"
    match event:
        case EnrolmentOpened(label=label):
            return f"Registration open for card {label}." if label else "Registration open: scan a card.", Tone.PLAIN
        case EnrolmentClosed(reason=reason):
            return ENROLMENT_CLOSED[reason], Tone.PLAIN
        case EnrolmentQueued():
            return f"Stored: {who} is registered as soon as the loyalty programme answers.", Tone.GOOD
        case EnrolmentDone(created=created):
            return f"Registered: {who}." if created else f"{who} was a member already.", Tone.GOOD
        case EnrolmentRefused(detail=detail):
            return f"The loyalty programme refuses {who}: {detail}", Tone.ALERT


def _lines(figure: str | None, worth: str | None) -> str:
    return f"{figure or '–'}\n{worth or ''}".rstrip()


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _time(moment: datetime) -> str:
    """Return ``moment`` in the lane's own time zone."""
    return f"{moment.astimezone():%H:%M:%S}"
