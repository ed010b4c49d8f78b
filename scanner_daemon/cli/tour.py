"""The demo's tour: what a lane meets on a day, each step with the outcome it must have."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.model import (
    DiscardReason,
    EnrolmentDone,
    EnrolmentQueued,
    LaneEvent,
    LookupFailed,
    LookupFailedReason,
    MemberIdentified,
    RejectReason,
    ScanDiscarded,
    ScannerOffline,
    ScannerOnline,
    ScanPassedThrough,
    ScanRejected,
)

KNOWN_MEMBER: Final = "0412345678903"
NEW_MEMBER: Final = "0400000000077"
PRODUCT: Final = "4006381333931"
WRONG_CHECK_DIGIT: Final = "0412345678904"
OUTCOME_WITHIN: Final = 10.0
"""Seconds a step's outcome may take; the longest, a look-up that fails, takes its time budget of 3."""


class Programme(Protocol):
    """A loyalty programme that can be taken down and brought back."""

    async def start(self) -> None:
        """Come back."""

    async def stop(self) -> None:
        """Go down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done, and what must then be seen, in this order; other events may stand between."""

    title: str
    act: Callable[[], Awaitable[None]]
    outcomes: Sequence[Callable[[LaneEvent], bool]]


class Audience:
    """A listener that a step can wait on."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[LaneEvent] = asyncio.Queue()

    async def tell(self, event: LaneEvent) -> None:
        """Keep ``event`` for the step that waits."""
        self._events.put_nowait(event)

    async def sees(self, step: Step) -> bool:
        """Act the step out; tell whether its outcomes came in time."""
        await step.act()
        try:
            async with asyncio.timeout(OUTCOME_WITHIN):
                for outcome in step.outcomes:
                    while not outcome(await self._events.get()):
                        pass
        except TimeoutError:
            return False
        return True


def steps(scanner: VirtualScanner, programme: Programme) -> list[Step]:
    """Return the tour."""

    def scan(*labels: str) -> Callable[[], Awaitable[None]]:
        async def act() -> None:
            for label in labels:
                scanner.scan(label)

        return act

    async def pull_the_cable() -> None:
        scanner.scan("04123", terminator="")
        await asyncio.sleep(0.05)  # let the half scan arrive before the line goes dead
        scanner.unplug()
        await asyncio.sleep(0.3)
        scanner.plug()

    async def programme_down() -> None:
        await programme.stop()
        scanner.scan("0400000000015")

    async def programme_back() -> None:
        await programme.start()

    return [
        Step(title="The scanner is there", act=_nothing, outcomes=[_is(ScannerOnline)]),
        Step(title="A known member", act=scan(KNOWN_MEMBER), outcomes=[_member(created=False)]),
        Step(title="A new member", act=scan(NEW_MEMBER), outcomes=[_member(created=True)]),
        Step(title="The same card twice", act=scan(NEW_MEMBER), outcomes=[_rejected(RejectReason.DUPLICATE)]),
        Step(
            title="A product, twice",
            act=scan(PRODUCT, PRODUCT),
            outcomes=[_is(ScanPassedThrough), _is(ScanPassedThrough)],
        ),
        Step(title="A wrong check digit", act=scan(WRONG_CHECK_DIGIT), outcomes=[_rejected(RejectReason.CHECK_DIGIT)]),
        Step(
            title="The cable is pulled in the middle of a scan, and put back",
            act=pull_the_cable,
            outcomes=[_discarded(DiscardReason.DEVICE_LOST), _is(ScannerOffline), _is(ScannerOnline)],
        ),
        Step(
            title="Gameball is down: a card is kept",
            act=programme_down,
            outcomes=[_failed(LookupFailedReason.UNAVAILABLE), _is(EnrolmentQueued)],
        ),
        Step(
            title="Gameball is back: that card is a member after all", act=programme_back, outcomes=[_is(EnrolmentDone)]
        ),
    ]


async def _nothing() -> None:
    pass


def _is(kind: type[LaneEvent]) -> Callable[[LaneEvent], bool]:
    return lambda event: isinstance(event, kind)


def _member(*, created: bool) -> Callable[[LaneEvent], bool]:
    return lambda event: isinstance(event, MemberIdentified) and event.member.created is created


def _rejected(reason: RejectReason) -> Callable[[LaneEvent], bool]:
    return lambda event: isinstance(event, ScanRejected) and event.reason is reason


def _discarded(reason: DiscardReason) -> Callable[[LaneEvent], bool]:
    return lambda event: isinstance(event, ScanDiscarded) and event.reason is reason


def _failed(reason: LookupFailedReason) -> Callable[[LaneEvent], bool]:
    return lambda event: isinstance(event, LookupFailed) and event.reason is reason
