"""From what happens at the lane to what its customer sees. Pure, clockless.

What a customer sees is about their own card only: products, other scanners and a card seen twice change nothing.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from scanner_daemon.model import (
    CardEvent,
    EnrolmentEvent,
    LaneEvent,
    LookupFailed,
    Member,
    MemberIdentified,
    RejectReason,
    ScanAccepted,
    ScanDiscarded,
    ScannerOffline,
    ScannerOnline,
    ScanRejected,
)

NOTICE_HOLD: Final = 8.0
"""Seconds a sentence without a balance stays, at most."""

CARD_HOLD: Final = 60.0
"""Seconds a new member's card stays: time to find the telephone and take a picture."""


class PageState(Enum):
    """What a customer display can show. A page that cannot reach the daemon says so by itself."""

    IDLE = "idle"
    RECOGNISING = "recognising"
    WELCOME = "welcome"
    WELCOME_NEW = "welcome_new"
    UNKNOWN = "unknown"
    TRY_AGAIN = "try_again"
    REFUSED = "refused"
    PAYMENT_CARD = "payment_card"
    OFFLINE_LOOKUP = "offline_lookup"
    CARD = "card"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What to show now, and for how many seconds (``None``: until something else is to be shown).

    ``sequence`` is the scan's: a page never gives way to one of a lower number. ``member`` is there in the
    states ``WELCOME`` and ``WELCOME_NEW`` only, ``picture`` in ``CARD``: the address of a QR code.
    """

    state: PageState
    sequence: int
    hold_for: float | None
    member: Member | None = None
    picture: str | None = None


IDLE: Final = Page(state=PageState.IDLE, sequence=0, hold_for=None)
"""What is shown to nobody."""


@dataclass(slots=True, kw_only=True)
class Presenter:
    """Turns the events of one lane into pages.

    ``hold`` is how long a balance stays, in seconds; so does "one moment", should no answer ever come.
    """

    hold: float
    _newest: int = field(init=False, default=0)

    def feed(self, event: LaneEvent) -> Page | None:
        """Return the page to show from now on, or ``None`` where ``event`` changes nothing for the customer.

        An event of an older scan than the newest that concerned a customer changes nothing: whose card was
        scanned last is who stands there.
        """
        if isinstance(event, ScannerOnline | ScannerOffline | EnrolmentEvent | CardEvent):
            return None
        state = _state(event)
        if state is None or event.sequence < self._newest:
            return None
        self._newest = event.sequence
        long = state in {PageState.RECOGNISING, PageState.WELCOME, PageState.WELCOME_NEW}
        return Page(
            state=state,
            sequence=event.sequence,
            hold_for=self.hold if long else min(self.hold, NOTICE_HOLD),
            member=event.member if isinstance(event, MemberIdentified) else None,
        )

    def card(self, picture: str) -> Page:
        """Return the page that shows a new member's card, until the next scan that concerns a customer."""
        return Page(state=PageState.CARD, sequence=self._newest, hold_for=CARD_HOLD, picture=picture)


def _state(event: LaneEvent) -> PageState | None:
    match event:
        case ScanAccepted():
            return PageState.RECOGNISING
        case MemberIdentified(member=member):
            return PageState.WELCOME_NEW if member.created else PageState.WELCOME
        case LookupFailed():
            return PageState.OFFLINE_LOOKUP
        case ScanDiscarded():
            return PageState.TRY_AGAIN
        case ScanRejected(reason=reason):
            return _REJECTED[reason]
        case _:
            return None


_REJECTED: Final = {
    RejectReason.DUPLICATE: None,
    RejectReason.CHECK_DIGIT: PageState.TRY_AGAIN,
    RejectReason.NOT_A_MEMBER_LABEL: PageState.REFUSED,
    RejectReason.UNSAFE_CHARACTERS: PageState.REFUSED,
    RejectReason.TOO_LONG: PageState.REFUSED,
    RejectReason.PAYMENT_CARD: PageState.PAYMENT_CARD,
    RejectReason.UNKNOWN_CUSTOMER: PageState.UNKNOWN,
    # A product that did not reach the till is the cashier's business.
    RejectReason.TOO_FAST: None,
    RejectReason.NOT_TYPABLE: None,
    RejectReason.TILL_BUSY: None,
    RejectReason.TILL_UNAVAILABLE: None,
}
