"""The lane in numbers, for Prometheus: ``GET /metrics``. Names scanners and reasons, never a customer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Enum, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from scanner_daemon.model import (
    EnrolmentClosed,
    EnrolmentClosedReason,
    LaneEvent,
    LookupFailed,
    MemberIdentified,
    RejectReason,
    ScanAccepted,
    ScanDiscarded,
    ScannerOffline,
    ScannerOnline,
    ScanPassedThrough,
    ScanRejected,
)

BREAKER_STATES: Final = ("closed", "half_open", "open")

_SECONDS: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
_MOST_ASKED: Final = 1000  # look-ups whose answer was never told are forgotten


@dataclass(slots=True, kw_only=True)
class Metrics:
    """A listener that counts.

    ``breaker`` tells one of ``BREAKER_STATES``, ``outbox`` how many enrolments are in which state there.
    """

    breaker: Callable[[], str] | None = None
    outbox: Callable[[], Awaitable[Mapping[str, int]]] | None = None
    _registry: CollectorRegistry = field(init=False, repr=False)
    _scans: Counter = field(init=False, repr=False)
    _rejected: Counter = field(init=False, repr=False)
    _torn: Counter = field(init=False, repr=False)
    _look_ups: Counter = field(init=False, repr=False)
    _look_up_time: Histogram = field(init=False, repr=False)
    _not_kept: Counter = field(init=False, repr=False)
    _up: Gauge = field(init=False, repr=False)
    _asked: dict[int, float] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        to = self._registry = CollectorRegistry()
        scanner = ("scanner",)
        name = "scanner_daemon_{}".format
        self._scans = Counter(name("scans"), "Scans by what became of them", (*scanner, "outcome"), registry=to)
        self._rejected = Counter(name("scans_rejected"), "Whole scans refused", (*scanner, "reason"), registry=to)
        self._torn = Counter(name("scans_torn"), "Torn scans thrown away", (*scanner, "reason"), registry=to)
        self._look_ups = Counter(name("lookups"), "Look-ups by outcome", ("outcome",), registry=to)
        self._look_up_time = Histogram(name("lookup_seconds"), "From card to answer", buckets=_SECONDS, registry=to)
        self._not_kept = Counter(name("enrolments_not_kept"), "Cards the disk did not take", registry=to)
        self._up = Gauge(name("scanner_up"), "Whether a scanner is read", scanner, registry=to)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """What the local server is to serve."""
        return [Route("/metrics", self._metrics)]

    async def tell(self, event: LaneEvent) -> None:  # noqa: C901  one case an event
        """Count ``event``."""
        match event:
            case ScannerOffline(removed=True):
                with suppress(KeyError):  # it was never online
                    self._up.remove(event.scanner)
            case ScannerOnline() | ScannerOffline():
                self._up.labels(event.scanner).set(isinstance(event, ScannerOnline))
            case ScanAccepted():
                self._count(event.scanner, "accepted")
                self._ask(event.sequence)
            case ScanPassedThrough():
                self._count(event.scanner, "passed_through")
            case ScanDiscarded(reason=torn):
                self._count(event.scanner, "torn")
                self._torn.labels(event.scanner, torn.value).inc()
            case ScanRejected(reason=RejectReason.UNKNOWN_CUSTOMER):  # it was counted when it was accepted
                self._answer(event.sequence, "unknown")
            case ScanRejected(reason=reason):
                self._count(event.scanner, "rejected")
                self._rejected.labels(event.scanner, reason.value).inc()
            case MemberIdentified(member=member):
                found = "last_known" if member.stale else "new_member" if member.created else "member"
                self._answer(event.sequence, found)
            case LookupFailed(reason=failed):
                self._answer(event.sequence, failed.value)
            case EnrolmentClosed(reason=EnrolmentClosedReason.NOT_KEPT):
                self._not_kept.inc()

    def _count(self, scanner: str, outcome: str) -> None:
        self._scans.labels(scanner, outcome).inc()

    def _ask(self, sequence: int) -> None:
        self._asked[sequence] = asyncio.get_running_loop().time()
        if len(self._asked) > _MOST_ASKED:
            del self._asked[next(iter(self._asked))]

    def _answer(self, sequence: int, outcome: str) -> None:
        asked = self._asked.pop(sequence, None)
        if asked is not None:  # a member enrolled later was looked up before
            self._look_ups.labels(outcome).inc()
            self._look_up_time.observe(asyncio.get_running_loop().time() - asked)

    async def _metrics(self, _: Request) -> Response:
        return Response(generate_latest(self._registry) + await self._of_this_moment(), media_type=CONTENT_TYPE_LATEST)

    async def _of_this_moment(self) -> bytes:
        """Return what is asked for, not counted."""
        now = CollectorRegistry()
        if self.breaker is not None:
            said = "Whether the loyalty programme is asked"
            Enum("scanner_daemon_breaker", said, states=BREAKER_STATES, registry=now).state(self.breaker())
        if self.outbox is not None:
            depth = Gauge("scanner_daemon_outbox", "Enrolments in the outbox", ("state",), registry=now)
            for state, count in (await self.outbox()).items():
                depth.labels(state).set(count)
        return generate_latest(now)
