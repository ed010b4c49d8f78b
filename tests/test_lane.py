"""A lane, with parts that stand at its ports."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import pytest

from scanner_daemon.errors import (
    DeviceUnavailable,
    LoyaltyError,
    LoyaltyMisconfigured,
    LoyaltyProtocolError,
    LoyaltyRefused,
    LoyaltyUnavailable,
)
from scanner_daemon.lane import MOST_LOOKUPS, Lane
from scanner_daemon.model import (
    Accepted,
    Claimed,
    Decision,
    Discarded,
    DiscardReason,
    LaneEvent,
    LookupFailed,
    LookupFailedReason,
    Member,
    MemberIdentified,
    PassedThrough,
    Rejected,
    RejectReason,
    Scan,
    ScanDataType,
    ScannerReport,
    ScanRejected,
)
from scanner_daemon.pipeline import DuplicateFilter, Pipeline
from scanner_daemon.pipeline.cards import PatternCard
from scanner_daemon.ports import Deliver, PassOn


@dataclass
class Scanner:
    """A scanner that a test holds in its hand."""

    name: str = "counter"
    plugged: bool = True
    reads: int = 0
    deliver: Deliver | None = None
    _gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, deliver: Deliver) -> None:
        self.reads += 1
        if not self.plugged:
            raise DeviceUnavailable("Failed to open the scanner: expected it to be plugged in, got nothing")
        self._gone.clear()
        self.deliver = deliver
        deliver(Claimed(scanner=self.name, device="/dev/scanner", at=0.0))
        try:
            await self._gone.wait()
        finally:
            self.deliver = None
        raise DeviceUnavailable("Failed to read the scanner: it was unplugged")

    def unplug(self) -> None:
        self.plugged = False
        self._gone.set()

    def scan(self, label: str, at: float = 0.0) -> Decision | None:
        return self._say(
            Scan(
                scanner=self.name,
                scan_data=label.encode(),
                scan_data_label=label,
                scan_data_type=ScanDataType.UNKNOWN,
                symbology_identifier=None,
                at=at,
            )
        )

    def tear(self) -> None:
        self._say(Discarded(scanner=self.name, reason=DiscardReason.OVERFLOW, at=0.0))

    def _say(self, report: ScannerReport) -> Decision | None:
        assert self.deliver is not None
        return self.deliver(report)


class Programme:
    """A loyalty programme whose answers a test gives one by one."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, asyncio.Future[Member | None]] = {}

    async def get_or_create(self, customer_id: str) -> Member | None:
        self.asked.append(customer_id)
        return await self.answers.setdefault(customer_id, asyncio.get_running_loop().create_future())

    def answer(self, customer_id: str, answer: Member | LoyaltyError | None) -> None:
        future = self.answers.setdefault(customer_id, asyncio.get_running_loop().create_future())
        if isinstance(answer, LoyaltyError):
            future.set_exception(answer)
        else:
            future.set_result(answer)


class Audience:
    """Hears everything; a test can wait for what it needs to hear."""

    def __init__(self) -> None:
        self.heard: list[LaneEvent] = []
        self._news = asyncio.Condition()

    async def tell(self, event: LaneEvent) -> None:
        async with self._news:
            self.heard.append(event)
            self._news.notify_all()

    async def until(self, count: int) -> list[LaneEvent]:
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(lambda: len(self.heard) >= count)
        return self.heard


class Hands:
    """Presence that a test moves."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        self._moved = asyncio.Event()

    async def changed(self, *, timeout: float) -> None:  # noqa: ASYNC109  the port's name
        self.waited.append(timeout)
        await self._moved.wait()
        self._moved.clear()

    def move(self) -> None:
        self._moved.set()


@dataclass
class Stage:
    """A running lane and its parts."""

    lane: Lane
    scanner: Scanner
    programme: Programme
    audience: Audience
    hands: Hands


def a_member(customer_id: str, *, created: bool = False) -> Member:
    return Member(customer_id=customer_id, created=created, balance=None, as_of=datetime.now(UTC))


@asynccontextmanager
async def a_lane(*, scanner: Scanner | None = None, pass_on: PassOn | None = None) -> AsyncIterator[Stage]:
    scanner, programme, audience, hands = scanner or Scanner(), Programme(), Audience(), Hands()
    lane = Lane(
        name="lane-1",
        sources=[scanner],
        pipeline=Pipeline(cards=[PatternCard(name="plastic", pattern="M.+")], duplicates=DuplicateFilter(2.0)),
        loyalty=programme,
        listeners={"audience": audience},
        pass_on=pass_on,
        presence=hands,
        stop_timeout=0.5,
    )
    async with asyncio.TaskGroup() as group:
        running = group.create_task(lane.run())
        async with asyncio.timeout(5):
            await lane.ready.wait()
        yield Stage(lane, scanner, programme, audience, hands)
        lane.stop()
        await running


def kinds(events: list[LaneEvent]) -> list[str]:
    return [event.type for event in events]


async def test_a_card_becomes_a_member() -> None:
    async with a_lane() as stage:
        stage.scanner.scan("M1")
        stage.programme.answer("M1", a_member("M1"))
        events = await stage.audience.until(3)
    assert kinds(events) == ["scanner_online", "scan_accepted", "member_identified"]
    assert {event.lane for event in events} == {"lane-1"}
    assert len({event.id for event in events}) == 3


async def test_what_is_not_a_card_goes_to_the_till_and_asks_nobody() -> None:
    async with a_lane() as stage:
        stage.scanner.scan("4006381333931")
        stage.scanner.tear()
        events = await stage.audience.until(3)
        assert stage.programme.asked == []
    assert kinds(events) == ["scanner_online", "scan_passed_through", "scan_discarded"]


async def test_a_scanner_hears_at_once_what_became_of_its_scan() -> None:
    async with a_lane() as stage:
        assert isinstance(stage.scanner.scan("M1"), Accepted)
        assert isinstance(stage.scanner.scan("4006381333931"), PassedThrough)
        assert isinstance(stage.scanner.scan("M1"), Rejected)


async def test_lookups_never_queue_behind_each_other() -> None:
    async with a_lane() as stage:
        stage.scanner.scan("M1")
        stage.scanner.scan("M2")
        stage.programme.answer("M2", a_member("M2"))
        events = await stage.audience.until(4)
        assert isinstance(events[3], MemberIdentified)
        assert events[3].member.customer_id == "M2"
        stage.programme.answer("M1", a_member("M1"))
        late = (await stage.audience.until(5))[4]
    assert isinstance(late, MemberIdentified)
    assert late.sequence < events[3].sequence, "a display can tell the older member from the newer scan"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (LoyaltyUnavailable("down"), LookupFailedReason.UNAVAILABLE),
        (LoyaltyRefused("no"), LookupFailedReason.REFUSED),
        (LoyaltyMisconfigured("keys"), LookupFailedReason.MISCONFIGURED),
        (LoyaltyProtocolError("nonsense"), LookupFailedReason.PROTOCOL),
    ],
)
async def test_a_failed_lookup_says_why_and_the_lane_goes_on(error: LoyaltyError, reason: LookupFailedReason) -> None:
    async with a_lane() as stage:
        stage.scanner.scan("M1")
        stage.programme.answer("M1", error)
        failed = (await stage.audience.until(3))[2]
        assert isinstance(failed, LookupFailed)
        assert failed.reason is reason
        assert failed.detail == str(error)
        stage.scanner.scan("M2")
        stage.programme.answer("M2", a_member("M2"))
        assert kinds(await stage.audience.until(5))[3:] == ["scan_accepted", "member_identified"]


async def test_a_flood_of_cards_does_not_become_a_flood_of_questions() -> None:
    async with a_lane() as stage:
        for number in range(MOST_LOOKUPS + 50):
            stage.scanner.scan(f"MEMBER{number}", at=float(number))
        heard = await stage.audience.until(1 + MOST_LOOKUPS + 50 + 50)
        assert len(stage.programme.asked) == MOST_LOOKUPS
        failed = [event for event in heard if isinstance(event, LookupFailed)]
        assert len(failed) == 50
        assert {event.reason for event in failed} == {LookupFailedReason.UNAVAILABLE}


async def test_an_unknown_customer_is_a_rejected_scan() -> None:
    async with a_lane() as stage:
        stage.scanner.scan("M123456")
        stage.programme.answer("M123456", None)
        rejected = (await stage.audience.until(3))[2]
    assert isinstance(rejected, ScanRejected)
    assert (rejected.reason, rejected.label) == (RejectReason.UNKNOWN_CUSTOMER, "…3456")


async def test_a_payment_card_leaves_no_digit_anywhere() -> None:
    async with a_lane() as stage:
        stage.scanner.scan("4111111111111111")
        rejected = (await stage.audience.until(2))[1]
    assert isinstance(rejected, ScanRejected)
    assert rejected.reason is RejectReason.PAYMENT_CARD
    assert rejected.label is None
    assert "41111" not in repr(rejected)


async def test_a_scanner_goes_and_comes_and_each_is_told_once() -> None:
    async with a_lane() as stage:
        stage.scanner.unplug()
        await stage.audience.until(2)
        for looks in (1, 2, 3):  # looked for in vain, more and more seldom
            await _until(partial(_waited, stage.hands, looks))
            stage.hands.move()
        await _until(partial(_waited, stage.hands, 4))
        stage.scanner.plugged = True
        stage.hands.move()
        events = await stage.audience.until(3)
        assert kinds(events) == ["scanner_online", "scanner_offline", "scanner_online"]
        assert stage.hands.waited == sorted(stage.hands.waited)


async def test_no_scanner_at_boot_is_not_an_error() -> None:
    async with a_lane(scanner=Scanner(plugged=False)) as stage:
        events = await stage.audience.until(1)
        assert kinds(events) == ["scanner_offline"]
        stage.scanner.plugged = True
        await _until(lambda: stage.hands.waited != [])
        stage.hands.move()
        assert kinds(await stage.audience.until(2))[1:] == ["scanner_online"]


async def test_stopping_finishes_what_was_scanned() -> None:
    async with a_lane() as stage:
        stage.scanner.scan("M1")
        await stage.audience.until(2)
        stage.lane.stop()
        await _until(lambda: stage.scanner.deliver is None)
        stage.programme.answer("M1", a_member("M1"))
    assert kinds(stage.audience.heard)[-1] == "member_identified"


async def test_stopping_has_a_deadline() -> None:
    async with asyncio.timeout(3), a_lane() as stage:
        stage.scanner.scan("M1")
        await stage.audience.until(2)
    assert kinds(stage.audience.heard) == ["scanner_online", "scan_accepted"]


async def test_on_member_is_called_with_members_only_and_may_fail() -> None:
    async with a_lane() as stage:
        met: asyncio.Queue[str] = asyncio.Queue()

        @stage.lane.on_member
        async def show(event: MemberIdentified) -> None:
            met.put_nowait(event.member.customer_id)
            raise RuntimeError("a callback's bug")

        for customer in ("M1", "M2"):
            stage.scanner.scan(customer)
            stage.programme.answer(customer, a_member(customer))
        async with asyncio.timeout(5):
            assert [await met.get(), await met.get()] == ["M1", "M2"]


async def test_a_bug_in_a_scanner_stops_the_daemon() -> None:
    class Broken:
        name = "broken"

        async def read(self, deliver: Deliver) -> None:  # noqa: ARG002  the port's name
            raise ZeroDivisionError

    lane = Lane(
        name="lane-1",
        sources=[Broken()],
        pipeline=Pipeline(cards=[], duplicates=DuplicateFilter(2.0)),
        loyalty=Programme(),
        listeners={},
    )
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(lane.run(), 5)
    assert caught.group_contains(ZeroDivisionError)


class Till:
    """A till that a test looks at; ``heard`` is what the audience knew each time."""

    def __init__(self, answer: RejectReason | None = None) -> None:
        self.answer = answer
        self.taken: list[str] = []

    def pass_on(self, scan: Scan) -> RejectReason | None:
        self.taken.append(scan.scan_data_label)
        return self.answer


async def test_products_reach_the_till_before_anybody_hears_of_them() -> None:
    till = Till()
    async with a_lane(pass_on=till.pass_on) as stage:
        for label in ("4006381333931", "M1", "4006381333931"):
            stage.scanner.scan(label)
        assert till.taken == ["4006381333931", "4006381333931"], "at once, in order, cards never, twice is twice"
        assert kinds(stage.audience.heard) == ["scanner_online"]
        await stage.audience.until(4)
    assert kinds(stage.audience.heard)[1:] == ["scan_passed_through", "scan_accepted", "scan_passed_through"]


async def test_a_look_up_that_hangs_does_not_keep_products_from_the_till() -> None:
    till = Till()
    async with a_lane(pass_on=till.pass_on) as stage:
        stage.scanner.scan("M1")
        await stage.audience.until(2)
        assert stage.programme.asked == ["M1"]
        stage.scanner.scan("4006381333931")
        assert till.taken == ["4006381333931"]


@pytest.mark.parametrize("reason", [RejectReason.TOO_FAST, RejectReason.NOT_TYPABLE, RejectReason.UNSAFE_CHARACTERS])
async def test_what_the_till_does_not_get_is_told_counted_and_answered_to_the_scanner(reason: RejectReason) -> None:
    async with a_lane(pass_on=Till(reason).pass_on) as stage:
        answer = stage.scanner.scan("4006381333931")
        assert isinstance(answer, Rejected)
        stage.scanner.scan("4006381333931")
        rejected = (await stage.audience.until(3))[1:]
        assert stage.lane.health()["rejected"] == {reason.value: 2}
    for event in rejected:
        assert isinstance(event, ScanRejected)
        assert event.reason is reason
        assert event.label == (None if reason is RejectReason.UNSAFE_CHARACTERS else "…3931")


async def test_a_scan_thrown_away_is_counted() -> None:
    async with a_lane() as stage:
        stage.scanner.tear()
        await stage.audience.until(2)
        assert stage.lane.health()["discarded"] == {"overflow": 1}


def _waited(hands: Hands, times: int) -> bool:
    return len(hands.waited) == times


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  the parts have no event for this
            await asyncio.sleep(0.001)
