"""Scan → decision, in three steps: safety, cards, duplicates."""

from collections.abc import Collection, Sequence

from scanner_daemon.model import (
    Accepted,
    Decision,
    PassedThrough,
    Rejected,
    RejectReason,
    Scan,
    is_customer_id,
)
from scanner_daemon.pipeline.cards import CardScheme, GameballQrCard
from scanner_daemon.pipeline.duplicates import DuplicateFilter
from scanner_daemon.pipeline.safety import refusal


class Pipeline:
    """What a lane makes of its scans.

    ``cards`` are tried in order, the first that recognises a label decides. ``cards_only`` names the scanners that
    pass nothing through to the till: anything but a member's card is refused there.
    """

    def __init__(
        self, *, cards: Sequence[CardScheme], duplicates: DuplicateFilter, cards_only: Collection[str] = ()
    ) -> None:
        self._cards = tuple(cards)
        self._duplicates = duplicates
        self._cards_only = frozenset(cards_only)

    def process(self, scan: Scan) -> Decision:
        """Decide what ``scan`` is. Two products of one kind are two scans: only member cards are debounced."""
        reason = refusal(scan)
        if reason is not None:
            return Rejected(scan=scan, reason=reason)
        for card in self._cards:
            found = card.recognise(scan)
            if isinstance(found, str):
                return self._member(scan, card, found)
            if found is not None:
                return Rejected(scan=scan, reason=found)
        if scan.scanner in self._cards_only:
            return Rejected(scan=scan, reason=RejectReason.NOT_A_MEMBER_LABEL)
        return PassedThrough(scan=scan)

    def _member(self, scan: Scan, card: CardScheme, customer_id: str) -> Decision:
        if not is_customer_id(customer_id):
            return Rejected(scan=scan, reason=RejectReason.UNSAFE_CHARACTERS)
        if self._duplicates.seen_again(customer_id, scan.at):
            return Rejected(scan=scan, reason=RejectReason.DUPLICATE, customer_id=customer_id)
        one_time_hash = card.one_time_hash(scan) if isinstance(card, GameballQrCard) else None
        return Accepted(scan=scan, card=card.name, customer_id=customer_id, one_time_hash=one_time_hash)
