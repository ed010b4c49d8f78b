"""What a lane tells the world: one frozen type an event.

``sequence`` counts the scans of this lane since its start, in the order they were decided; all events of one scan
carry its number. A display that shows only the highest it has seen can never show an older member after a newer scan.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import ClassVar, TypeAlias

from scanner_daemon.model.decision import RejectReason
from scanner_daemon.model.member import Member
from scanner_daemon.model.scan import DiscardReason, ScanDataType


class LookupFailedReason(Enum):
    """Why the loyalty programme gave no member."""

    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    MISCONFIGURED = "misconfigured"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """What all events have: a ULID, the lane's name, wall-clock time in UTC; the scanner's name where one has part."""

    type: ClassVar[str]
    id: str
    lane: str
    scanner: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _ScannerEvent(_Event):
    """An event of one scanner."""

    scanner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerOnline(_ScannerEvent):
    """A scanner is claimed and read; ``device`` is the path it was found at."""

    type = "scanner_online"
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerOffline(_ScannerEvent):
    """A scanner went away or cannot be claimed; told once. ``detail`` is a sentence with the cure.

    ``removed`` when it will not come back: the configuration has it no longer.
    """

    type = "scanner_offline"
    detail: str
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanDiscarded(_ScannerEvent):
    """A torn scan was thrown away."""

    type = "scan_discarded"
    sequence: int
    reason: DiscardReason


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRejected(_ScannerEvent):
    """A whole scan was refused. ``label`` is masked; ``None`` where even that would tell too much.

    ``customer_id`` is there for an unknown customer only, for those who enrol them; no channel carries it.
    """

    type = "scan_rejected"
    sequence: int
    reason: RejectReason
    label: str | None
    customer_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanPassedThrough(_ScannerEvent):
    """A product's (or any other) label, for the till."""

    type = "scan_passed_through"
    sequence: int
    label: str
    scan_data_type: ScanDataType
    symbology_identifier: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanAccepted(_ScannerEvent):
    """A member's card was recognised by the scheme ``card`` and its look-up has begun. Names no customer."""

    type = "scan_accepted"
    sequence: int
    card: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberIdentified(_ScannerEvent):
    """The loyalty programme knows (or has just enrolled) the member."""

    type = "member_identified"
    sequence: int
    member: Member


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupFailed(_ScannerEvent):
    """The loyalty programme gave no member. ``detail`` is a sentence for the person who looks after the lane."""

    type = "lookup_failed"
    sequence: int
    reason: LookupFailedReason
    detail: str
    customer_id: str = field(repr=False)


class EnrolmentClosedReason(Enum):
    """Why nothing came of an enrolment that was open."""

    CANCELLED = "cancelled"  # by the cashier
    EXPIRED = "expired"  # nobody finished it in time
    REPLACED = "replaced"  # another one was opened
    NOT_KEPT = "not_kept"  # the card was to be enrolled later, and the disk did not take it: scan it again
    MEMBER_IDENTIFIED = "member_identified"  # somebody else's card was scanned, or it was no new member


@dataclass(frozen=True, slots=True, kw_only=True)
class _EnrolmentEvent(_Event):
    """An event of one enrolment, which ``enrolment`` names (a ULID, the same in all its events).

    ``label`` is the card's number, masked; ``None`` while no card belongs to it.
    """

    enrolment: str
    label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentOpened(_EnrolmentEvent):
    """Contact details are awaited; told again when a card was scanned into an enrolment that had none.

    ``sequence`` is that of the card's scan.
    """

    type = "enrolment_opened"
    sequence: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentClosed(_EnrolmentEvent):
    """An enrolment was open and is no longer; nothing was stored or sent."""

    type = "enrolment_closed"
    reason: EnrolmentClosedReason


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentQueued(_EnrolmentEvent):
    """An enrolment is safely on disk and will be brought to the loyalty programme, however long that takes."""

    type = "enrolment_queued"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentDone(_EnrolmentEvent):
    """The loyalty programme has the member; ``created`` is false where it had them already and nothing was changed."""

    type = "enrolment_done"
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRefused(_EnrolmentEvent):
    """The loyalty programme will not have it as it is; it is kept for a person to mend. ``detail`` is a sentence."""

    type = "enrolment_refused"
    detail: str


EnrolmentEvent: TypeAlias = EnrolmentOpened | EnrolmentClosed | EnrolmentQueued | EnrolmentDone | EnrolmentRefused
"""All events of enrolments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _CardEvent(_Event):
    """An event of a new member's card; ``label`` is its number, masked."""

    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardIssued(_CardEvent):
    """A customer who has no card was enrolled with a number of the lane's own, which is safely on disk.

    ``customer_id`` and ``display_name`` are for those who make the card; no channel carries them.
    """

    type = "card_issued"
    customer_id: str = field(repr=False)
    display_name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPrinted(_CardEvent):
    """The lane's printer has all of a card; ``again``: something of it came out before, which is to be destroyed."""

    type = "card_printed"
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardNotPrinted(_CardEvent):
    """A card waits for the printer, and so do all after it: ``waiting`` in all. ``detail`` is a sentence."""

    type = "card_not_printed"
    detail: str
    waiting: int


CardEvent: TypeAlias = CardIssued | CardPrinted | CardNotPrinted
"""All events of new cards."""

LaneEvent: TypeAlias = (
    ScannerOnline
    | ScannerOffline
    | ScanDiscarded
    | ScanRejected
    | ScanPassedThrough
    | ScanAccepted
    | MemberIdentified
    | LookupFailed
    | EnrolmentEvent
    | CardEvent
)
