"""What a cashier is told, in words: what became of a scan, why, and what to do now. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from scanner_daemon.model import EnrolmentClosedReason, LookupFailedReason, RejectReason


class Tone(Enum):
    """Whether the cashier has to do something."""

    GOOD = "good"
    PLAIN = "plain"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Sentence:
    """``title`` says what happened, ``cure`` why, and what to do about it."""

    title: str
    cure: str
    tone: Tone = Tone.ALERT


REJECTED: Final[Mapping[RejectReason, Sentence]] = {
    RejectReason.DUPLICATE: Sentence("The same card again", "It was read a moment ago. Go on.", Tone.PLAIN),
    RejectReason.CHECK_DIGIT: Sentence(
        "Card misread", "Its check digit is wrong. Scan it again; a card that never works needs to be replaced."
    ),
    RejectReason.NOT_A_MEMBER_LABEL: Sentence(
        "Not a member card", "This scanner is there for member cards only. Scan goods with the other one."
    ),
    RejectReason.UNSAFE_CHARACTERS: Sentence(
        "Code kept from the till",
        "It holds characters that no article has and that could command the till. Enter the article by hand.",
    ),
    RejectReason.TOO_LONG: Sentence(
        "Code kept from the till", "It is longer than any article's. Enter the article by hand."
    ),
    RejectReason.PAYMENT_CARD: Sentence(
        "This looks like a payment card", "Nothing was kept of it. Ask for the member card."
    ),
    RejectReason.UNKNOWN_CUSTOMER: Sentence("Unknown card", "Not registered yet. Press F2 to register."),
    RejectReason.TOO_FAST: Sentence(
        "Code kept from the till", "More codes came in a second than anybody scans. Scan the article again."
    ),
    RejectReason.NOT_TYPABLE: Sentence(
        "Code kept from the till", "The till's keyboard layout lacks a character of it. Enter the article by hand."
    ),
    RejectReason.TILL_BUSY: Sentence(
        "Code kept from the till", "Too many codes are waiting. Let the till catch up, then scan the article again."
    ),
    RejectReason.TILL_UNAVAILABLE: Sentence(
        "The till cannot be reached", "Enter the article by hand, and call whoever looks after this lane."
    ),
}

TORN: Final = Sentence("Scan torn", "The code did not arrive whole. Scan it again.")

LOOKUP_FAILED: Final[Mapping[LookupFailedReason, Sentence]] = {
    LookupFailedReason.UNAVAILABLE: Sentence(
        "No answer from the loyalty programme", "Go on as usual. The customer's points are safe."
    ),
    LookupFailedReason.REFUSED: Sentence(
        "The loyalty programme refuses this card", "Go on as usual. The customer can ask at the service desk."
    ),
    LookupFailedReason.MISCONFIGURED: Sentence(
        "The loyalty programme refuses this lane", "Go on as usual, and call whoever looks after this lane."
    ),
    LookupFailedReason.PROTOCOL: Sentence(
        "An answer that makes no sense", "Go on as usual, and call whoever looks after this lane."
    ),
}

ENROLMENT_CLOSED: Final[Mapping[EnrolmentClosedReason, str]] = {
    EnrolmentClosedReason.CANCELLED: "Registration cancelled. Nothing was stored.",
    EnrolmentClosedReason.EXPIRED: "Registration closed: it was open for too long. Nothing was stored.",
    EnrolmentClosedReason.REPLACED: "Another registration was begun. Nothing of the one before was stored.",
    EnrolmentClosedReason.NOT_KEPT: (
        "Not registered, nothing was stored: scan the card again later, and call whoever looks after the lane."
    ),
    EnrolmentClosedReason.MEMBER_IDENTIFIED: "Registration closed: a member was identified. Nothing was stored.",
}
