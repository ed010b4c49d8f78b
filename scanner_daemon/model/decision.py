"""The pipeline's whole vocabulary: what a scan is to the lane."""

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from scanner_daemon.model.scan import Scan


class RejectReason(Enum):
    """Why a whole, untorn scan goes nowhere."""

    DUPLICATE = "duplicate"
    CHECK_DIGIT = "check_digit"
    NOT_A_MEMBER_LABEL = "not_a_member_label"
    UNSAFE_CHARACTERS = "unsafe_characters"
    TOO_LONG = "too_long"
    PAYMENT_CARD = "payment_card"
    UNKNOWN_CUSTOMER = "unknown_customer"
    TOO_FAST = "too_fast"  # more labels a second than the till may be typed
    NOT_TYPABLE = "not_typable"  # the till's keyboard layout has not got a character of it
    TILL_BUSY = "till_busy"  # too many labels wait to be typed
    TILL_UNAVAILABLE = "till_unavailable"  # there is no keyboard to type with


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A member's label: look ``customer_id`` up. ``card`` names the card scheme that recognised it.

    ``one_time_hash`` is that of a Gameball QR code: for the till alone, never in an event, a log or a file.
    """

    scan: Scan
    card: str
    customer_id: str = field(repr=False)
    one_time_hash: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A scan the lane refuses; ``customer_id`` only where it had been recognised."""

    scan: Scan
    reason: RejectReason
    customer_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedThrough:
    """Not a member's label: the till's business, untouched."""

    scan: Scan


Decision: TypeAlias = Accepted | Rejected | PassedThrough
