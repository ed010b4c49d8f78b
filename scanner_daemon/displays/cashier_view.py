"""The board in words and figures, ready to be put on the cashier's screen. Pure.

Customer ids and labels are masked: what leaves this module may stand on a screen that others can read.
"""

from datetime import date, datetime
from typing import TypeAlias

from scanner_daemon.displays.cashier_board import Board, ScanEvent, Scanned, label_of, sentence
from scanner_daemon.displays.cashier_words import ENROLMENT_CLOSED, LOOKUP_FAILED, Tone
from scanner_daemon.displays.figures import money, points
from scanner_daemon.model import (
    CardEvent,
    CardIssued,
    CardNotPrinted,
    CardPrinted,
    EnrolmentClosed,
    EnrolmentClosedReason,
    EnrolmentDone,
    EnrolmentEvent,
    EnrolmentOpened,
    EnrolmentQueued,
    EnrolmentRefused,
    LookupFailed,
    LookupFailedReason,
    Member,
    MemberIdentified,
    ScanAccepted,
    ScannerOffline,
    ScannerOnline,
)

View: TypeAlias = dict[str, object]
"""What a browser is sent, as JSON: every value is text that needs no further thought."""


def view(board: Board) -> View:
    """Return what the cashier's page shows."""
    return {
        "scanners": [_scanner(event) for _, event in sorted(board.scanners.items())],
        "customer": _customer(board.customer) if board.customer else None,
        "troubles": [*_offline(board), *([_trouble(board.trouble)] if board.trouble else [])],
        "refusals": [_row(scan) for scan in board.refusals],
        "scans": [_row(scan) for scan in board.scans],
        "enrolment": _enrolment(board.enrolment) if board.enrolment else None,
        "progress": _progress(board.progress) if board.progress else None,
        "card": _card(board.card) if board.card else None,
    }


def _scanner(event: ScannerOnline | ScannerOffline) -> View:
    return {"name": event.scanner, "online": isinstance(event, ScannerOnline)}


def _offline(board: Board) -> list[View]:
    events = (event for _, event in sorted(board.scanners.items()) if isinstance(event, ScannerOffline))
    return [{"title": f"{event.scanner} is offline since {_time(event.at)}", "cure": event.detail} for event in events]


def _row(scan: Scanned) -> View:
    return {
        "time": _time(scan.at),
        "scanner": scan.scanner,
        "label": scan.label or "",
        "title": scan.said.title,
        "cure": scan.said.cure,
        "tone": scan.said.tone.value,
    }


def _customer(event: ScanEvent) -> View:
    said = sentence(event)
    shown: View = {"title": said.title, "message": said.cure, "tone": said.tone.value, "label": label_of(event) or ""}
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
            tone = Tone.ALERT if reason is EnrolmentClosedReason.NOT_KEPT else Tone.PLAIN
            return ENROLMENT_CLOSED[reason], tone
        case EnrolmentQueued():
            return f"Stored: {who} is registered as soon as the loyalty programme answers.", Tone.GOOD
        case EnrolmentDone(created=created):
            return f"Registered: {who}." if created else f"{who} was a member already.", Tone.GOOD
        case EnrolmentRefused(detail=detail):
            return f"The loyalty programme refuses {who}: {detail}", Tone.ALERT


def _card(event: CardEvent) -> View:
    """Return what became of the newest card, and whether the printer is to be tried again."""
    match event:
        case CardIssued():
            return {"text": "", "tone": Tone.PLAIN.value, "waits": False}
        case CardPrinted(again=again):
            spoilt = " It was begun before: destroy what came out then." if again else ""
            return {"text": f"Card {event.label} printed.{spoilt}", "tone": Tone.GOOD.value, "waits": False}
        case CardNotPrinted():
            others = f" {event.waiting} cards wait." if event.waiting > 1 else ""
            text = f"Card {event.label} waits for the printer.{others} {event.detail}"
            return {"text": text, "tone": Tone.ALERT.value, "waits": True}


def _lines(figure: str | None, worth: str | None) -> str:
    return f"{figure or '–'}\n{worth or ''}".rstrip()


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _time(moment: datetime) -> str:
    """Return ``moment`` in the lane's own time zone."""
    return f"{moment.astimezone():%H:%M:%S}"
