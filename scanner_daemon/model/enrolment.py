"""A customer who is to become a member."""

from dataclasses import dataclass, field

from scanner_daemon.model.member import masked


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What a loyalty programme needs to make ``customer_id`` a member; ``None`` is not told.

    ``mobile`` is in E.164 form. ``scanner`` names the scanner that read the card, ``None`` where the number was typed
    or issued. The ``repr`` is fit for a log: it holds no whole id and no contact details.
    """

    customer_id: str
    display_name: str | None = field(default=None)
    email: str | None = field(default=None)
    mobile: str | None = field(default=None)
    scanner: str | None = None

    @property
    def has_contact(self) -> bool:
        """Whether the customer can be reached."""
        return bool(self.email or self.mobile)

    def __repr__(self) -> str:
        return f"Enrolment({masked(self.customer_id)}, scanner={self.scanner!r}, has_contact={self.has_contact})"
