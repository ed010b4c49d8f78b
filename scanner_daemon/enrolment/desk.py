"""The lane's registration desk: which enrolment is open, and what cards and details mean for it.

It stands between the lane and its loyalty programme, so that nobody is enrolled without contact details while somebody
is asked for them; and it listens to the lane, so that it hears of unknown cards as everybody else does.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeAlias

import structlog
from ulid_transform import ulid_now

from scanner_daemon.enrolment.details import Details
from scanner_daemon.enrolment.intake import Intake, Taken
from scanner_daemon.enrolment.opened import Card, Opened
from scanner_daemon.enrolment.settings import EnrolmentSettings
from scanner_daemon.errors import IssuingError, Mistake, StorageError
from scanner_daemon.model import (
    Enrolment,
    EnrolmentClosedReason,
    LaneEvent,
    LookupFailed,
    LookupFailedReason,
    Member,
    MemberIdentified,
    RejectReason,
    ScanRejected,
    masked,
)
from scanner_daemon.ports import EnrollingProgram, NumberIssuer

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class NotOpen:
    """The enrolment that details were told for is not the open one: they may be of another customer."""


Answer: TypeAlias = Taken | NotOpen | list[Mistake]


@dataclass(slots=True, kw_only=True)
class Desk:
    """At most one open enrolment. ``numbers`` gives one to a customer without a card."""

    programme: EnrollingProgram
    intake: Intake
    settings: EnrolmentSettings = field(default_factory=EnrolmentSettings)
    numbers: NumberIssuer | None = None
    opened: Opened | None = field(init=False, default=None)
    _expiry: asyncio.TimerHandle | None = field(init=False, default=None, repr=False)
    _keeping: set[asyncio.Task[None]] = field(init=False, default_factory=set, repr=False)

    async def get_or_create(self, customer_id: str) -> Member | None:
        """Ask the programme, see there; while an enrolment is open, an unknown customer is ``None``."""
        if self.opened is not None:
            return await self.programme.find(customer_id)
        return await self.programme.get_or_create(customer_id)

    @property
    def never_dropped(self) -> tuple[type[LaneEvent], ...]:
        """What would cost a member: where every card is enrolled, one that could not be looked up is kept."""
        return (LookupFailed,) if self.programme.create == "always" else ()

    async def tell(self, event: LaneEvent) -> None:
        """Open an enrolment for an unknown card, keep one whose look-up failed, close what a member has overtaken."""
        match event:
            case ScanRejected(reason=RejectReason.UNKNOWN_CUSTOMER, customer_id=str(customer_id)):
                self._unknown(Card(customer_id=customer_id, scanner=event.scanner, sequence=event.sequence))
            case LookupFailed(customer_id=customer_id, reason=reason) if reason is not LookupFailedReason.REFUSED:
                await self._unanswered(Card(customer_id=customer_id, scanner=event.scanner, sequence=event.sequence))
            case MemberIdentified(member=member, sequence=sequence):
                self._member(member, sequence)

    def open(self, card: Card | None = None) -> None:
        """Open an enrolment, for ``card`` or for one that is to be scanned, in place of any other."""
        self.close(EnrolmentClosedReason.REPLACED)
        self._await_details(Opened(id=ulid_now(), opened_at=datetime.now(UTC), card=card))
        self._announce()

    def close(self, reason: EnrolmentClosedReason = EnrolmentClosedReason.CANCELLED) -> None:
        """Close the enrolment that is open, if one is. Its card is enrolled by number where every card is."""
        opened = self._take_off()
        if opened is None:
            return
        self.intake.announcer.closed(opened, reason)
        if opened.card is not None and self.programme.create == "always":
            keeping = asyncio.get_running_loop().create_task(self._keep(opened.id, opened.card), name="keep a card")
            self._keeping.add(keeping)
            keeping.add_done_callback(self._keeping.discard)

    async def accept(self, details: Details) -> Answer:
        """Enrol the customer with these details: now or later, but certainly.

        Raises ``StorageError`` when that cannot be kept on the disk, ``IssuingError`` when a customer without a card
        cannot be given a number: then nothing has changed.
        """
        if details.enrolment is not None and (self.opened is None or self.opened.id != details.enrolment):
            return NotOpen()
        opened = self.opened if self._is_meant(details) else None
        card = opened.card if opened else None
        if card is not None and details.customer_id not in {None, card.customer_id}:
            return [_mistake("the number of the card that was scanned, or none", "another one")]
        if card is None and details.customer_id is None and self.numbers is None:
            return [_mistake("a number, or a card that is scanned first: this lane issues none", "neither")]
        if opened is not None:
            self._take_off()  # before anything is awaited: its card's number is nobody else's
        try:
            return await self._take(details, opened.id if opened else ulid_now(), card)
        except (StorageError, IssuingError):
            if opened is not None and self.opened is None:
                self._await_details(opened)
            raise

    def _is_meant(self, details: Details) -> bool:
        """Tell whether ``details`` are for the open enrolment, if there is one."""
        card = self.opened.card if self.opened else None
        by_card = card is not None and card.customer_id == details.customer_id
        return details.enrolment is not None or details.customer_id is None or by_card

    async def _take(self, details: Details, enrolment_id: str, card: Card | None) -> Taken:
        customer_id = details.customer_id or (card.customer_id if card else None)
        has_card = customer_id is not None
        if customer_id is None:
            assert self.numbers is not None  # noqa: S101  accept() saw to it
            customer_id = await self.numbers.issue()
        enrolment = details.of(customer_id, scanner=card.scanner if card else None)
        sequence = card.sequence if card else None
        taken = await self.intake.take(enrolment, enrolment_id=enrolment_id, sequence=sequence)
        if not has_card:
            self.intake.announcer.card_issued(enrolment)
        return taken

    def _unknown(self, card: Card) -> None:
        """Take a card that is certainly no member's: the newest one is the one that counts."""
        opened = self.opened
        if opened is None:
            if self.programme.create == "with-contact":
                self.open(card)
        elif opened.card is None:
            self._fill(opened, card)
        elif card.customer_id != opened.card.customer_id and card.sequence > opened.card.sequence:
            self.open(card)

    async def _unanswered(self, card: Card) -> None:
        """Take a card that may be a member's: whoever knows that will be asked before it is enrolled."""
        if self.opened is not None and self.opened.card is None:
            self._fill(self.opened, card)
        elif self.programme.create == "always":
            await self._keep(ulid_now(), card)

    def _member(self, member: Member, sequence: int) -> None:
        """Take it that whoever was to be enrolled is gone, or is a member already: a wrong ID is worse than no ID."""
        if not member.stale:
            self.intake.replay.wake()
        opened = self.opened
        if opened and not member.created and (opened.card is None or sequence > opened.card.sequence):
            self.close(EnrolmentClosedReason.MEMBER_IDENTIFIED)

    def _fill(self, opened: Opened, card: Card) -> None:
        self.opened = replace(opened, card=card)
        self._announce()

    def _await_details(self, opened: Opened) -> None:
        self.opened = opened
        loop = asyncio.get_running_loop()
        self._expiry = loop.call_later(self.settings.open_for, self.close, EnrolmentClosedReason.EXPIRED)

    def _take_off(self) -> Opened | None:
        """Return the enrolment that was open; now none is."""
        opened, self.opened = self.opened, None
        if self._expiry is not None:
            self._expiry.cancel()
        return opened

    def _announce(self) -> None:
        if self.opened is not None:
            self.intake.announcer.opened(self.opened)

    async def _keep(self, enrolment_id: str, card: Card) -> None:
        """Keep a card's number, so that the member exists later; else tell that it was not kept."""
        enrolment = Enrolment(customer_id=card.customer_id, scanner=card.scanner)
        try:
            await self.intake.keep(enrolment, enrolment_id=enrolment_id)
        except StorageError as error:
            _log.error("enrolment_not_kept", customer_id=masked(card.customer_id), detail=str(error))
            lost = Opened(id=enrolment_id, opened_at=datetime.now(UTC), card=card)
            self.intake.announcer.closed(lost, EnrolmentClosedReason.NOT_KEPT)


def _mistake(expected: str, got: str) -> Mistake:
    return Mistake(file="", key="customer_id", expected=expected, got=got)
