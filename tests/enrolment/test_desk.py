"""The registration desk: which card and which details belong together. Its outbox is a real file."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from scanner_daemon.enrolment.announcer import Announcer
from scanner_daemon.enrolment.desk import Desk, NotOpen
from scanner_daemon.enrolment.details import Details
from scanner_daemon.enrolment.intake import Intake, Taken
from scanner_daemon.loyalty.outbox import FILE_NAME, Outbox
from scanner_daemon.loyalty.outbox_thread import OutboxThread
from scanner_daemon.loyalty.replay import Replay
from scanner_daemon.model import (
    Enrolment,
    LaneEvent,
    LookupFailed,
    LookupFailedReason,
    Member,
    MemberIdentified,
    RejectReason,
    ScanRejected,
)

A, B, C = "0400000000015", "0400000000022", "0400000000039"
MAIL = {"email": "a@doe.com"}


class Programme:
    """Knows nobody, and says what it was asked."""

    def __init__(self, create: Literal["always", "never", "with-contact"]) -> None:
        self.create: Literal["always", "never", "with-contact"] = create
        self.asked: list[str] = []

    async def get_or_create(self, customer_id: str) -> Member | None:
        self.asked.append(f"get or create {customer_id}")
        return None

    async def find(self, customer_id: str) -> Member | None:
        self.asked.append(f"find {customer_id}")
        return None

    async def enrol(self, enrolment: Enrolment, *, patient: bool) -> Member:
        raise NotImplementedError("nobody here asks for it")


class Place:
    """A desk whose outbox nobody empties."""

    def __init__(self, folder: Path, create: Literal["always", "never", "with-contact"]) -> None:
        self.told: list[LaneEvent] = []
        self.outbox = OutboxThread(outbox=Outbox(file=folder / FILE_NAME))
        self.programme = Programme(create)
        announcer = Announcer(lane="lane-1")
        announcer.publish = self.told.append
        replay = Replay(outbox=self.outbox, programme=self.programme)
        intake = Intake(outbox=self.outbox, replay=replay, announcer=announcer)
        intake._wait = 0.01  # nothing here is ever done
        self.desk = Desk(programme=self.programme, intake=intake)

    @property
    def card(self) -> str | None:
        """The card that the open enrolment is for."""
        opened = self.desk.opened
        return opened.card.customer_id if opened and opened.card else None

    @property
    def kinds(self) -> list[str]:
        return [event.type for event in self.told]

    async def unknown(self, customer_id: str, sequence: int) -> None:
        reason = RejectReason.UNKNOWN_CUSTOMER
        await self.desk.tell(
            ScanRejected(**head(), sequence=sequence, reason=reason, label="…", customer_id=customer_id)
        )

    async def failed(self, customer_id: str, sequence: int, reason: LookupFailedReason) -> None:
        await self.desk.tell(
            LookupFailed(**head(), sequence=sequence, reason=reason, detail="", customer_id=customer_id)
        )

    async def identified(self, customer_id: str, sequence: int, *, stale: bool = False) -> None:
        member = Member(customer_id=customer_id, created=False, balance=None, as_of=datetime.now(UTC), stale=stale)
        await self.desk.tell(MemberIdentified(**head(), sequence=sequence, member=member))

    async def kept(self) -> list[Enrolment]:
        return [entry.enrolment for entry in await self.outbox(Outbox.entries)]


def head() -> dict[str, Any]:
    return {"id": "01", "lane": "lane-1", "scanner": "counter", "at": datetime.now(UTC)}


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(tmp_path, "with-contact")
    yield place
    await place.outbox(Outbox.close)


async def test_the_newest_unknown_card_is_the_one_that_counts(place: Place) -> None:
    await place.unknown(B, 2)
    await place.unknown(A, 1)  # its look-up took longer
    assert place.card == B
    await place.unknown(B, 3)
    assert place.kinds == ["enrolment_opened"], "the same card again is the same enrolment"
    await place.unknown(C, 4)
    assert (place.card, place.kinds) == (C, ["enrolment_opened", "enrolment_closed", "enrolment_opened"])


@pytest.mark.parametrize("stale", [False, True])
async def test_a_member_ends_it_unless_their_card_was_scanned_before(place: Place, stale: bool) -> None:  # noqa: FBT001
    await place.unknown(B, 2)
    await place.identified(A, 1, stale=stale)
    assert place.card == B
    await place.identified(A, 3, stale=stale)
    assert place.desk.opened is None


async def test_details_that_name_another_number_leave_the_open_one_alone(place: Place) -> None:
    await place.unknown(A, 1)
    taken = await place.desk.accept(Details(customer_id=B, **MAIL))
    assert isinstance(taken, Taken)
    assert place.card == A
    assert await place.kept() == [Enrolment(customer_id=B, **MAIL)]


async def test_details_that_name_the_cards_number_or_none_are_its_own(place: Place) -> None:
    for sequence, details in enumerate((Details(customer_id=A, **MAIL), Details(**MAIL)), 1):
        await place.unknown(A, sequence)
        taken = await place.desk.accept(details)
        assert isinstance(taken, Taken)
        assert (taken.customer_id, place.desk.opened) == (A, None)
    assert await place.kept() == [Enrolment(customer_id=A, scanner="counter", **MAIL)]


async def test_details_told_twice_for_one_enrolment_are_taken_once(place: Place) -> None:
    await place.unknown(A, 1)
    assert place.desk.opened is not None
    details = Details(enrolment=place.desk.opened.id, **MAIL)
    assert isinstance(await place.desk.accept(details), Taken)
    assert isinstance(await place.desk.accept(details), NotOpen)
    assert len(await place.kept()) == 1


async def test_a_customer_without_a_card_gets_a_number_where_there_are_some(place: Place) -> None:
    refused = await place.desk.accept(Details(**MAIL))
    assert isinstance(refused, list)
    assert [mistake.key for mistake in refused] == ["customer_id"]

    class Issuer:
        last = 0

        async def issue(self) -> str:
            self.last += 1
            return f"issued-{self.last}"

    place.desk.numbers = Issuer()
    numbers = []
    for mail in ("a@doe.com", "b@doe.com"):
        taken = await place.desk.accept(Details(email=mail))
        assert isinstance(taken, Taken)
        numbers.append(taken.customer_id)
    assert numbers == ["issued-1", "issued-2"]
    await place.unknown(A, 1)
    taken = await place.desk.accept(Details(email="c@doe.com"))
    assert isinstance(taken, Taken)
    assert taken.customer_id == A, "whose card is there needs no other number"


async def test_nobody_is_enrolled_by_a_scan_while_details_are_awaited(tmp_path: Path) -> None:
    place = Place(tmp_path, "always")
    await place.desk.get_or_create(A)
    place.desk.open()
    await place.desk.get_or_create(A)
    place.desk.close()
    await place.desk.get_or_create(A)
    assert place.programme.asked == [f"get or create {A}", f"find {A}", f"get or create {A}"]


@pytest.mark.parametrize(
    ("reason", "kept"), [("unavailable", True), ("misconfigured", True), ("protocol", True), ("refused", False)]
)
async def test_a_card_whose_look_up_failed_is_kept_unless_it_is_no_use(tmp_path: Path, reason: str, kept: bool) -> None:  # noqa: FBT001
    place = Place(tmp_path, "always")
    await place.failed(A, 1, LookupFailedReason(reason))
    assert await place.kept() == ([Enrolment(customer_id=A, scanner="counter")] if kept else [])
    await place.outbox(Outbox.close)
