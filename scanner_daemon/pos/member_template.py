"""The member, typed into the till: a line of text that the person who integrates the till chooses.

A till that takes a customer by keyboard has a form for it, such as ``%L`` and the number. What comes from outside in
that line, the member's values, passes the keystroke firewall with a list of its own, so that no value can be taken for
the form around it. The one-time hash of a Gameball QR code goes this way and no other: it is in no event.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from string import Formatter
from typing import Annotated, Final

import structlog
from pydantic import Field

from scanner_daemon.model import (
    Accepted,
    LaneEvent,
    LookupFailed,
    Member,
    MemberIdentified,
    RejectReason,
    ScanRejected,
    masked,
    member_as_json_object,
)
from scanner_daemon.pos.firewall import FirewallRules

FIELDS: Final = (
    "customer_id",
    "hash",
    "display_name",
    "available_points",
    "available_value",
    "pending_points",
    "pending_value",
    "total_points",
    "total_value",
    "currency",
)
"""What a template may hold. What is not known is typed as nothing, a ``hash`` too where the card has none."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTemplate:
    """The key ``member`` of ``[till]``: ``template`` alone, or a table.

    ``template`` is printable ASCII with at least one of :data:`FIELDS` in braces. The till's terminator follows; a line
    feed at the end stands for it and may be left out. ``allow`` lists the characters that values may hold, as
    :class:`~scanner_daemon.pos.firewall.FirewallRules` does; a member with any other is not typed at all, nor is one
    whose text is longer than ``max_length``.
    """

    template: str
    allow: Annotated[str, Field(min_length=1)] = "0-9A-Za-z@+._ -"
    max_length: Annotated[int, Field(ge=1, le=1024)] = 256
    _parts: tuple[tuple[str, str | None], ...] = field(init=False, repr=False)
    _values: FirewallRules = field(init=False, repr=False)
    _whole: FirewallRules = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_values", FirewallRules(allow=self.allow, max_length=self.max_length))
        object.__setattr__(self, "_whole", FirewallRules(max_length=self.max_length))
        object.__setattr__(self, "_parts", _parts(self.template, self._whole))

    def text(self, member: Member, one_time_hash: str | None) -> str | RejectReason:
        """Return what is typed for ``member``, or why nothing is."""
        values = {**_values_of(member), "hash": one_time_hash}
        text = ""
        for literal, name in self._parts:
            value = "" if name is None or values[name] is None else str(values[name])
            reason = self._values.refusal(value)
            if reason is not None:
                return reason
            text += literal + value
        return self._whole.refusal(text) or text


class MemberToTill:
    """A listener that has each member typed, while they are the one whose card was recognised last.

    ``to_till`` is :meth:`scanner_daemon.ports.Till.type`. A hash is kept until its card's look-up has ended, at most
    until the next card.
    """

    def __init__(self, template: MemberTemplate, *, to_till: Callable[[str], RejectReason | None]) -> None:
        self._template = template
        self._to_till = to_till
        self._newest = 0
        self._hash: str | None = None

    def recognise(self, sequence: int, accepted: Accepted) -> None:
        """Take the card of the scan ``sequence``, before anybody hears of it: it is the newest."""
        self._newest, self._hash = sequence, accepted.one_time_hash

    async def tell(self, event: LaneEvent) -> None:
        """Type the member of the newest card. An older one's look-up that took longer is nobody's at the till now."""
        if isinstance(event, _ENDS) and event.sequence == self._newest:
            one_time_hash, self._hash = self._hash, None
            if isinstance(event, MemberIdentified):
                self._type(event.member, one_time_hash)

    def _type(self, member: Member, one_time_hash: str | None) -> None:
        text = self._template.text(member, one_time_hash)
        reason = text if isinstance(text, RejectReason) else self._to_till(text)
        if reason is not None:
            _log.warning("member_not_typed", reason=reason.value, customer_id=masked(member.customer_id))


_ENDS: Final = (MemberIdentified, LookupFailed, ScanRejected)
"""How a look-up ends."""


def _parts(template: str, rules: FirewallRules) -> tuple[tuple[str, str | None], ...]:
    """Return pairs of a text and the field after it. Raises ``ValueError``."""
    expected = f"template: expected printable ASCII with at least one of {' '.join(f'{{{name}}}' for name in FIELDS)}"
    try:
        parsed = list(Formatter().parse(template.removesuffix("\n")))
    except ValueError as error:
        raise ValueError(f"{expected}, got {template!r} ({error})") from None
    names = [name for _, name, _, _ in parsed if name is not None]
    plain = not any(spec or conversion for _, _, spec, conversion in parsed)
    if not names or not set(names) <= set(FIELDS) or not plain or rules.refusal("".join(text for text, *_ in parsed)):
        raise ValueError(f"{expected}, got {template!r}")
    return tuple((text, name) for text, name, _, _ in parsed)


def _values_of(member: Member) -> dict[str, object]:
    told = member_as_json_object(member)
    return dict.fromkeys(FIELDS) | told | (told["balance"] or {})
