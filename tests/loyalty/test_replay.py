"""Bringing what is in the outbox, on a real file, to a programme whose answers a test chooses."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from scanner_daemon.errors import LoyaltyError, LoyaltyMisconfigured, LoyaltyRefused, LoyaltyUnavailable, StorageError
from scanner_daemon.loyalty.outbox import FILE_NAME, Counts, Outbox
from scanner_daemon.loyalty.outbox_thread import OutboxThread
from scanner_daemon.loyalty.replay import Outcome, Replay
from scanner_daemon.model import Balance, Enrolment, Member

NOTHING_KNOWN = Balance(
    available_points=None, available_value=None, pending_points=None, pending_value=None,
    total_points=None, total_value=None, currency=None, points_name=None, next_expiring=None,
)  # fmt: skip


class Programme:
    """Answers with the next of the customer's answers, and with a new member when there are none left."""

    create: Literal["always", "never", "with-contact"] = "with-contact"

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None, bool]] = []
        self.times: list[float] = []
        self.answers: dict[str, list[LoyaltyError | Member]] = {}
        self.while_asked: Callable[[], None] = lambda: None
        self._one_more = asyncio.Event()

    async def was_asked(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.asked) < count:
                self._one_more.clear()
                await self._one_more.wait()

    async def find(self, customer_id: str) -> Member | None:
        raise NotImplementedError("nobody here asks for it")

    async def get_or_create(self, customer_id: str) -> Member | None:
        raise NotImplementedError("nobody here asks for it")

    async def enrol(self, enrolment: Enrolment, *, patient: bool) -> Member:
        self.asked.append((enrolment.customer_id, enrolment.email, patient))
        self.times.append(asyncio.get_running_loop().time())
        self._one_more.set()
        self.while_asked()
        left = self.answers.get(enrolment.customer_id, [])
        answer = left.pop(0) if left else member(enrolment.customer_id)
        if isinstance(answer, LoyaltyError):
            raise answer
        return answer


def member(customer_id: str, *, created: bool = True, balance: Balance | None = NOTHING_KNOWN) -> Member:
    return Member(customer_id=customer_id, created=created, balance=balance, as_of=datetime.now(UTC))


class Stage:
    """An outbox that is being emptied."""

    def __init__(self, file: Path) -> None:
        self.programme = Programme()
        self.outbox = OutboxThread(outbox=Outbox(file=file))
        self.replay = Replay(outbox=self.outbox, programme=self.programme)
        self.outcomes: list[tuple[int, Outcome]] = []
        self._running: asyncio.Task[None] | None = None
        self._one_more = asyncio.Condition()

    async def put(self, customer_id: str, email: str | None = "a@doe.com", *, old: bool = False) -> int:
        at = datetime.now(UTC) - (timedelta(hours=1) if old else timedelta())
        enrolment = Enrolment(customer_id=customer_id, email=email)
        entry = await self.outbox(Outbox.put, enrolment, enrolment_id=f"{customer_id} {email}", at=at)
        self.replay.wake()
        return entry.number

    def start(self) -> None:
        self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async for entry, outcome in self.replay.outcomes():
            async with self._one_more:
                self.outcomes.append((entry.number, outcome))
                self._one_more.notify_all()

    async def settled(self, count: int) -> list[int]:
        async with asyncio.timeout(20), self._one_more:
            await self._one_more.wait_for(lambda: len(self.outcomes) >= count)
        return [number for number, _ in self.outcomes]

    async def end(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        await self.outbox(Outbox.close)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / FILE_NAME)
    yield stage
    await stage.end()


async def test_they_are_brought_in_the_order_they_were_accepted(stage: Stage) -> None:
    for customer_id, email in (("1", "a@doe.com"), ("2", "b@doe.com"), ("1", "c@doe.com"), ("3", "d@doe.com")):
        await stage.put(customer_id, email)
    stage.start()
    assert sorted(await stage.settled(4)) == [1, 2, 3, 4]
    assert [email for customer, email, _ in stage.programme.asked if customer == "1"] == ["a@doe.com", "c@doe.com"]
    assert await stage.outbox(Outbox.counts) == Counts(waiting=0, refused=0)


async def test_what_comes_later_is_brought_at_once(stage: Stage) -> None:
    stage.start()
    await asyncio.sleep(0.05)  # it sleeps now
    await stage.put("1")
    async with asyncio.timeout(2):
        assert await stage.settled(1) == [1]


async def test_one_that_always_fails_holds_only_its_own_customer_up(stage: Stage) -> None:
    stage.programme.answers["1"] = [LoyaltyUnavailable("no")] * 1000
    for customer_id in ("1", "1", "2", "3", "4"):
        await stage.put(customer_id, f"{len(customer_id)}@doe.com" if customer_id != "1" else None)
    await stage.put("1", "x@doe.com")
    stage.start()
    numbers = await stage.settled(3)
    assert len(set(numbers)) == 3
    assert Counter(customer for customer, _, _ in stage.programme.asked if customer != "1") == {"2": 1, "3": 1, "4": 1}
    assert (await stage.outbox(Outbox.counts)).waiting == 1


async def test_a_refusal_is_kept_and_nobody_waits_for_it(stage: Stage) -> None:
    stage.programme.answers["1"] = [LoyaltyRefused("422, code 3008")]
    await stage.put("1")
    await stage.put("2")
    stage.start()
    assert await stage.settled(2) == [1, 2]
    assert isinstance(stage.outcomes[0][1], LoyaltyRefused)
    assert [entry.refused for entry in await stage.outbox(Outbox.entries)] == ["422, code 3008"]


async def test_pauses_grow_and_end_when_somebody_knows_better(stage: Stage) -> None:
    stage.programme.answers["1"] = [LoyaltyMisconfigured("401")] * 4
    await stage.put("1")
    stage.start()
    await stage.programme.was_asked(3)
    first, second, third = stage.programme.times[:3]
    assert 0.4 <= second - first <= 1.0
    assert 0.8 <= third - second <= 1.6
    stage.replay.wake()  # the third pause would be of two seconds
    await stage.programme.was_asked(4)
    assert stage.programme.times[3] - third < 1.0


async def test_the_peace_that_the_programme_asks_for_is_kept_whoever_wakes(stage: Stage) -> None:
    refusal = LoyaltyUnavailable("503", retry_after=1.0)
    stage.programme.answers["1"] = [refusal]
    await stage.put("1")
    stage.start()
    await stage.programme.was_asked(1)
    for customer_id in ("2", "3"):
        await stage.put(customer_id)
    await stage.settled(3)
    first, *rest = stage.programme.times
    assert min(rest) - first >= 1.0


async def test_who_was_created_but_is_not_to_be_seen_stays_until_they_are(stage: Stage) -> None:
    stage.programme.answers["1"] = [member("1", balance=None), member("1", created=False)]
    await stage.put("1")
    stage.start()
    await stage.settled(1)
    outcome = stage.outcomes[0][1]
    assert isinstance(outcome, Member)
    assert outcome.created, "it was us"
    assert len(stage.programme.asked) == 2


async def test_details_that_come_while_the_number_alone_is_on_its_way_are_not_dropped_unsaid(stage: Stage) -> None:
    loop = asyncio.get_running_loop()
    coming: list[asyncio.Task[int]] = []

    def details_come() -> None:
        stage.programme.while_asked = lambda: None
        coming.append(loop.create_task(stage.put("1", "a@doe.com")))

    stage.programme.while_asked = details_come
    await stage.put("1", None)
    stage.start()
    await stage.settled(2)
    assert [email for _, email, _ in stage.programme.asked] == [None, "a@doe.com"]
    await coming[0]


async def test_only_who_may_still_stand_there_is_served_before_others(stage: Stage) -> None:
    await stage.put("1", old=True)
    await stage.put("2")
    await stage.put("3", None)
    stage.start()
    await stage.settled(3)
    assert {customer: patient for customer, _, patient in stage.programme.asked} == {"1": True, "2": False, "3": True}


async def test_a_disk_that_fails_is_tried_again(stage: Stage) -> None:
    await stage.put("1")
    (stage.outbox.outbox.file).rename(stage.outbox.outbox.file.with_suffix(".away"))
    stage.outbox.outbox.file.mkdir()
    with pytest.raises(StorageError):
        await stage.outbox(Outbox.counts)
    stage.start()
    await asyncio.sleep(0.1)
    stage.outbox.outbox.file.rmdir()
    await stage.put("2")
    await stage.settled(1)
