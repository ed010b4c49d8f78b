"""Events on standard output: for people, or one JSON object a line for programs."""

import asyncio
import json
import os
import select
from dataclasses import dataclass, field
from typing import Literal

import structlog

from scanner_daemon.displays.figures import money, points
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
    Member,
    MemberIdentified,
    ScanAccepted,
    ScanDiscarded,
    ScannerOffline,
    ScannerOnline,
    ScanPassedThrough,
    ScanRejected,
    as_json_object,
    masked,
)

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Console:
    """Writes each event as one line to standard output, at once.

    ``text`` masks customer ids and shows what cannot be printed as an escape, so that no label can command a terminal;
    ``json`` is the event as on every other channel. Waits while nobody reads; is silent once the reader has gone.
    """

    format: Literal["text", "json"] = "text"
    _fd: int | None = field(init=False, default=None)
    _closed: bool = field(init=False, default=False)

    async def tell(self, event: LaneEvent) -> None:
        """Write ``event``; waits without blocking the loop as long as the pipe or terminal is full."""
        if self._closed:
            return
        line = as_text(event) if self.format == "text" else json.dumps(as_json_object(event))
        if self._fd is None:
            self._fd = os.dup(1)  # an event loop has one waiting writer a descriptor: this one is ours
        try:
            await _write(self._fd, f"{line}\n".encode())
        except ConnectionError:
            self._closed = True
            _log.warning("console_closed", detail="Nobody reads standard output any more; events go elsewhere only.")


def as_text(event: LaneEvent) -> str:
    """Return ``event`` as one printable line, its time in the host's zone."""
    line = f"{event.at.astimezone():%H:%M:%S}  {event.scanner or event.lane}  {_sentence(event)}"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _sentence(event: LaneEvent) -> str:  # noqa: PLR0911  one case an event
    match event:
        case ScannerOnline(device=device):
            return f"scanner online: {device}"
        case ScannerOffline(detail=detail):
            return f"scanner offline: {detail}"
        case ScanDiscarded(reason=discarded):
            return f"torn scan thrown away: {discarded.value}"
        case ScanRejected(reason=rejected, label=label):
            return f"refused: {rejected.value}{f' {label}' if label else ''}"
        case ScanPassedThrough(label=label):
            return f"for the till: {label}"
        case ScanAccepted(card=card):
            return f"card recognised: {card}"
        case MemberIdentified(member=member):
            return f"{'new member' if member.created else 'member'} {masked(member.customer_id)}: {_worth(member)}"
        case LookupFailed(customer_id=customer_id, reason=failed, detail=detail):
            return f"no answer for {masked(customer_id)}: {failed.value}: {detail}"
        case CardIssued() | CardPrinted() | CardNotPrinted():
            return f"card {event.label}: {_card(event)}"
        case _:
            return f"enrolment {event.label or 'without a card'}: {_progress(event)}"


def _progress(event: EnrolmentEvent) -> str:
    match event:
        case EnrolmentOpened():
            return "contact details are awaited"
        case EnrolmentClosed(reason=reason):
            return f"closed, {reason.value}"
        case EnrolmentQueued():
            return "on disk, on its way"
        case EnrolmentDone(created=created):
            return "done" if created else "a member already"
        case EnrolmentRefused(detail=detail):
            return f"refused: {detail}"


def _card(event: CardEvent) -> str:
    match event:
        case CardIssued():
            return "issued"
        case CardPrinted(again=again):
            return "printed again, destroy what came out of it before" if again else "printed"
        case CardNotPrinted(detail=detail):
            return f"waits for the printer: {detail}"


def _worth(member: Member) -> str:
    balance = member.balance
    if balance is None or balance.available_points is None:
        return "balance unknown"
    value = money(balance.available_value, balance.currency)
    worth = f"{points(balance.available_points)} points" + (f", worth {value}" if value else "")
    return f"{worth}, last known {member.as_of.astimezone():%Y-%m-%d %H:%M}" if member.stale else worth


async def _write(fd: int, data: bytes) -> None:
    """Write to a descriptor that others share and that must therefore stay blocking.

    A descriptor that polls writable takes ``PIPE_BUF`` bytes without blocking (POSIX, write and poll).
    """
    for start in range(0, len(data), select.PIPE_BUF):
        piece = data[start : start + select.PIPE_BUF]
        while piece:
            await _writable(fd)
            piece = piece[os.write(fd, piece) :]


async def _writable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_writer(fd, ready.set)
    except PermissionError:  # a file: epoll has no use for what never blocks
        return
    try:
        await ready.wait()
    finally:
        loop.remove_writer(fd)
