"""The seams of a lane: what may be plugged in, one method each.

An adapter is one class whose fields are its settings; the driver table of its folder maps its name to it.
"""

from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from scanner_daemon.model import Accepted, Decision, Enrolment, LaneEvent, Member, RejectReason, Scan, ScannerReport

Deliver: TypeAlias = Callable[[ScannerReport], Decision | None]
"""Takes what a scanner says, at once and without waiting.

Returns what was decided of a ``Scan``, for scanners that tell the cashier, and ``None`` for all else.
"""

PassOn: TypeAlias = Callable[[Scan], RejectReason | None]
"""Hands a product to the till, at once and without waiting; returns why the till does not get it."""

Recognise: TypeAlias = Callable[[int, Accepted], None]
"""Hears of a member's card and the number of its scan, at once and without waiting, before its look-up has begun."""


class ScannerSource(Protocol):
    """A scanner: anything that turns a device into scans.

    A scanner that is a keyboard types into the till by itself, whenever nobody grabs it. Its class says so, with
    ``is_keyboard: ClassVar[bool] = True``, and it delivers its grabs in ``Claimed``.

    A device that must be silent for a while before it is claimed may say so with ``settles: ClassVar[bool] = True``: it
    is then read from before the lane runs, so that both are ready sooner. What it delivers waits for the lane.
    """

    @property
    def name(self) -> str:
        """The scanner's name in the configuration."""

    async def read(self, deliver: Deliver) -> None:
        """Claim the device and deliver what it sends, ``Claimed`` first, until it is gone.

        Returns when there is nothing more to read (the end of a recording). Cancelling it lets go of the device at
        once. A scan in progress when the device goes is delivered as ``Discarded``.

        Raises ``DeviceUnavailable`` when the device is absent or unplugged, ``DeviceAccessDenied`` when it is there
        but may not be used.
        """


class Till(Protocol):
    """A way to have text typed into the till."""

    def type(self, text: str) -> RejectReason | None:
        """Have ``text`` typed, whole and after all before; never waits. Returns why it will not be."""

    def standing_in(self, source: ScannerSource) -> ScannerSource:
        """Return the same scanner, which is a keyboard, as one that is left to the till while nobody can type for it.

        Once claimed, it is given back between two scans, however the daemon ends.
        """

    async def serve(self) -> None:
        """Type until cancelled, then finish what was taken. Raising stops the daemon."""


class LoyaltyProgram(Protocol):
    """A loyalty programme."""

    async def get_or_create(self, customer_id: str) -> Member | None:
        """Return the member, enrolled now if need be; ``None`` when unknown and enrolling is not wanted.

        Raises a ``LoyaltyError``: its ``reason`` is told to the lane. Never takes longer than the programme's
        configured time budget.
        """


@runtime_checkable
class EnrollingProgram(LoyaltyProgram, Protocol):
    """A loyalty programme that can make a member of a customer who tells how to be reached."""

    @property
    def create(self) -> Literal["always", "never", "with-contact"]:
        """What becomes of an unknown card: it is enrolled at once, or is unknown, or waits for contact details."""

    async def find(self, customer_id: str) -> Member | None:
        """Return the member, ``None`` when unknown; enrols nobody. Raises as :meth:`get_or_create`."""

    async def enrol(self, enrolment: Enrolment, *, patient: bool) -> Member:
        """Return the member, enrolled now with these details if unknown; one that is known is left as they are.

        May be asked again for what was done already. One whose ``balance`` is ``None`` was created but is not to be
        seen there yet: whoever needs to be certain asks again. When ``patient`` nobody waits for it. Raises as
        :meth:`get_or_create`: ``LoyaltyRefused`` when asking again changes nothing.
        """


class NumberIssuer(Protocol):
    """Gives customers without a card their numbers."""

    async def issue(self) -> str:
        """Return a customer id that was never given to anybody and never will be again.

        Raises ``StorageError`` when that cannot be kept, ``IssuingError`` when there is no such number now.
        """


class Forgets(Protocol):
    """Keeps something about customers, and can give it up."""

    def forget(self, customer_id: str) -> int:
        """Erase all of ``customer_id``, for good; return how many things that were. Blocks on the disk.

        Raises ``StorageError`` when the disk does not do its work.
        """


@runtime_checkable
class LaneListener(Protocol):
    """Whoever wants to know what happens at the lane: a display, a web hook, a callback."""

    async def tell(self, event: LaneEvent) -> None:
        """Take one event. Each listener has its own mailbox and task: being slow or raising hurts nobody else."""


@runtime_checkable
class MissesNothing(LaneListener, Protocol):
    """A listener whose mailbox drops no event of the types ``never_dropped``, however many there are."""

    @property
    def never_dropped(self) -> tuple[type[LaneEvent], ...]:
        """The types."""


class Presence(Protocol):
    """Knows when a device may have come or gone."""

    async def changed(self, *, timeout: float) -> None:  # noqa: ASYNC109  a longest wait, not a failure
        """Return as soon as some device came, went or changed its permissions, at the latest after ``timeout`` s."""


@runtime_checkable
class Service(Protocol):
    """Something that runs beside the lane for as long as the lane does."""

    async def serve(self) -> None:
        """Serve until cancelled. Raising stops the daemon."""
