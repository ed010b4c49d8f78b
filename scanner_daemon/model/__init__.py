"""The nouns of a lane: frozen, slotted, keyword-only.

Times called ``at`` are ``CLOCK_MONOTONIC`` seconds until a value becomes an event; events carry wall-clock time
in UTC. Names follow UnifiedPOS (devices), GS1 (data), ISO/IEC 15424 (symbology) and Gameball (members).
"""

from scanner_daemon.model.decision import Accepted, Decision, PassedThrough, Rejected, RejectReason
from scanner_daemon.model.enrolment import Enrolment
from scanner_daemon.model.events import (
    EnrolmentClosed,
    EnrolmentClosedReason,
    EnrolmentDone,
    EnrolmentEvent,
    EnrolmentOpened,
    EnrolmentQueued,
    EnrolmentRefused,
    LaneEvent,
    LookupFailed,
    LookupFailedReason,
    MemberIdentified,
    ScanAccepted,
    ScanDiscarded,
    ScannerOffline,
    ScannerOnline,
    ScanPassedThrough,
    ScanRejected,
    as_json_object,
    member_as_json_object,
)
from scanner_daemon.model.member import Balance, ExpiringPoints, Member, is_customer_id, masked
from scanner_daemon.model.scan import (
    Claimed,
    Discarded,
    DiscardReason,
    Grab,
    KeyStroke,
    Scan,
    ScanDataType,
    ScannerReport,
    SymbologyIdentifier,
)

__all__ = [
    "Accepted",
    "Balance",
    "Claimed",
    "Decision",
    "DiscardReason",
    "Discarded",
    "Enrolment",
    "EnrolmentClosed",
    "EnrolmentClosedReason",
    "EnrolmentDone",
    "EnrolmentEvent",
    "EnrolmentOpened",
    "EnrolmentQueued",
    "EnrolmentRefused",
    "ExpiringPoints",
    "Grab",
    "KeyStroke",
    "LaneEvent",
    "LookupFailed",
    "LookupFailedReason",
    "Member",
    "MemberIdentified",
    "PassedThrough",
    "RejectReason",
    "Rejected",
    "Scan",
    "ScanAccepted",
    "ScanDataType",
    "ScanDiscarded",
    "ScanPassedThrough",
    "ScanRejected",
    "ScannerOffline",
    "ScannerOnline",
    "ScannerReport",
    "SymbologyIdentifier",
    "as_json_object",
    "is_customer_id",
    "masked",
    "member_as_json_object",
]
