"""One checkout lane at run time: read, decide, look up, tell, stop."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from structlog.contextvars import bind_contextvars
from ulid_transform import ulid_now

from scanner_daemon.backoff import exponential
from scanner_daemon.errors import DeviceAccessDenied, DeviceError, LoyaltyError, LoyaltyUnavailable
from scanner_daemon.fanout import Fanout
from scanner_daemon.model import (
    Accepted,
    Claimed,
    Decision,
    Discarded,
    LaneEvent,
    LookupFailed,
    LookupFailedReason,
    Member,
    MemberIdentified,
    PassedThrough,
    Rejected,
    RejectReason,
    Scan,
    ScanAccepted,
    ScanDiscarded,
    ScannerOffline,
    ScannerOnline,
    ScannerReport,
    ScanPassedThrough,
    ScanRejected,
    masked,
)
from scanner_daemon.pipeline import Pipeline
from scanner_daemon.ports import LaneListener, LoyaltyProgram, PassOn, Presence, Recognise, ScannerSource, Service

FIRST_RETRY: Final = 0.25
"""Seconds until a scanner that went away is looked for again; doubled each time."""

SLOWEST_RETRY: Final = 15.0
"""Seconds between looks for a scanner that stays away; a hot-plug event is heard at once."""

DENIED_RETRY: Final = 5.0
"""Seconds at least until a scanner that another program holds, or that we may not open, is tried again."""

MOST_LOOKUPS: Final = 100
"""Look-ups under way at most: no lane has as many customers, but a scanner that babbles may know as many cards."""

MemberCallback = Callable[[MemberIdentified], Awaitable[None]]
Callback = TypeVar("Callback", bound=MemberCallback)
_Ask = Callable[[str], Awaitable[Member | None]]


class Lane:
    """Scanners in, decisions and members out, everybody told.

    ``pass_on`` takes products to the till; without one they are only told of. ``recognise`` hears of each member's
    card before anybody else. ``resources`` are opened before
    anything runs and closed last. ``services`` run beside the lane. ``presence`` wakes whoever waits for a scanner;
    without one, scanners are looked for with growing delays.
    """

    def __init__(
        self,
        *,
        name: str,
        sources: Sequence[ScannerSource],
        pipeline: Pipeline,
        loyalty: LoyaltyProgram,
        listeners: Mapping[str, LaneListener],
        pass_on: PassOn | None = None,
        recognise: Recognise | None = None,
        services: Mapping[str, Service] | None = None,
        resources: Sequence[AbstractAsyncContextManager[Any]] = (),
        presence: Presence | None = None,
        ready: asyncio.Event | None = None,
        stop_timeout: float = 5.0,
    ) -> None:
        self.name = name
        self.ready = ready or asyncio.Event()
        """Set when every scanner was tried once."""
        self._sources = sources
        self._pipeline = pipeline
        self._loyalty = loyalty
        self._fanout = Fanout(listeners)
        self._pass_on = pass_on or _nowhere
        self._recognise = recognise
        self._services = services or {}
        self._resources = resources
        self._presence = presence or _Clock()
        self._stop_timeout = stop_timeout
        self._stopping = asyncio.Event()
        self._sequence = itertools.count(1)
        self._online: dict[str, bool] = {}
        self._rejected: Counter[str] = Counter()
        self._discarded: Counter[str] = Counter()
        self._lookups: set[asyncio.Task[None]] = set()
        self._scanners: dict[str, asyncio.Task[None]] = {}

    def listen(self, name: str, listener: LaneListener) -> None:
        """Tell ``listener`` everything from now on."""
        self._fanout.add(name, listener)

    def publish(self, event: LaneEvent) -> None:
        """Tell everybody of ``event``; never waits."""
        self._fanout.publish(event)

    def health(self) -> dict[str, object]:
        """Return what the health check tells.

        That is whether every scanner was tried, which are online, and how many scans were rejected, or discarded as
        torn, for each reason.
        """
        counted = {"rejected": dict(self._rejected), "discarded": dict(self._discarded)}
        return {"ready": self.ready.is_set(), "scanners": dict(self._online), **counted}

    async def flush(self) -> None:
        """Wait until every listener was told what has happened so far."""
        await self._fanout.flush()

    def on_member(self, callback: Callback) -> Callback:
        """Call ``callback`` with each ``MemberIdentified``, one at a time and in order; for use as a decorator.

        What it raises is logged; what it delays is only itself.
        """
        self.listen(f"callback {getattr(callback, '__name__', callback)}", _OnMember(callback))
        return callback

    def stop(self) -> None:
        """Ask :meth:`run` to end: scanners are let go, then what was scanned is finished and told."""
        self._stopping.set()

    async def run(self) -> None:
        """Run the lane until :meth:`stop`, cancellation, or a bug."""
        async with AsyncExitStack() as stack:
            for resource in self._resources:
                await stack.enter_async_context(resource)
            async with asyncio.TaskGroup() as self._group:
                background = [
                    self._group.create_task(service.serve(), name=name) for name, service in self._services.items()
                ]
                background.append(self._group.create_task(self._fanout.run(), name="fan-out"))
                self._read(self._sources)
                await self._stopping.wait()
                await self._stop(list(self._scanners.values()))
                for task in (*background, *self._lookups):
                    task.cancel()

    async def change(
        self, *, pipeline: Pipeline, pass_on: PassOn | None, gone: Collection[str], sources: Sequence[ScannerSource]
    ) -> None:
        """Decide with ``pipeline`` and ``pass_on`` from the next scan on; let go of ``gone``, then read ``sources``.

        Both are scanners; all others are read on, undisturbed. Only for a lane that runs.
        """
        self._pipeline, self._pass_on = pipeline, pass_on or _nowhere
        let_go = {name: self._scanners.pop(name) for name in gone}
        for scanner in let_go.values():
            scanner.cancel()
        await asyncio.gather(*let_go.values(), return_exceptions=True)
        read_again = {source.name for source in sources}
        for name in let_go:
            self._let_go(name, removed=name not in read_again)
        if not self._stopping.is_set():
            self._read(sources)

    def _let_go(self, name: str, *, removed: bool) -> None:
        """Tell that a scanner is no longer read; of one that is removed also where it had been offline."""
        if self._online.pop(name, None) is not False or removed:
            detail = f"the configuration has it {'no longer' if removed else 'otherwise'}"
            self.publish(ScannerOffline(**self._head(name), detail=detail, removed=removed))

    def _read(self, sources: Sequence[ScannerSource]) -> None:
        for source in sources:
            self._scanners[source.name] = self._group.create_task(self._attend(source), name=f"scanner {source.name}")
        self._check_ready()

    async def _stop(self, scanners: Sequence[asyncio.Task[None]]) -> None:
        """Let go of the scanners, finish what was scanned, tell everybody: in this order, under one deadline."""
        for scanner in scanners:
            scanner.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._stop_timeout):
                await asyncio.gather(*scanners, return_exceptions=True)
                await asyncio.gather(*self._lookups, return_exceptions=True)
                await self.flush()

    async def _attend(self, source: ScannerSource) -> None:
        """Read one scanner for as long as the lane runs, however often it comes and goes."""
        delays = exponential(first=FIRST_RETRY, limit=SLOWEST_RETRY)
        while True:
            try:
                await source.read(self._take)
            except DeviceError as error:
                was_online = self._went_offline(source.name, str(error))
                least = DENIED_RETRY if isinstance(error, DeviceAccessDenied) else 0.0
            else:
                self._went_offline(source.name, "the recording has ended")
                return
            if was_online:
                delays = exponential(first=FIRST_RETRY, limit=SLOWEST_RETRY)
            await self._presence.changed(timeout=max(next(delays), least))

    def _take(self, report: ScannerReport) -> Decision | None:
        match report:
            case Scan():
                return self._decide(report)
            case Discarded(scanner=scanner, reason=reason):
                self._discarded[reason.value] += 1
                self.publish(ScanDiscarded(**self._head(scanner), sequence=next(self._sequence), reason=reason))
            case Claimed(scanner=scanner, device=device):
                self._online[scanner] = True
                self.publish(ScannerOnline(**self._head(scanner), device=device))
                self._check_ready()
        return None

    def _went_offline(self, scanner: str, detail: str) -> bool:
        """Tell it once; return whether the scanner had been online."""
        before = self._online.get(scanner)
        self._online[scanner] = False
        if before is not False:
            self.publish(ScannerOffline(**self._head(scanner), detail=detail))
        self._check_ready()
        return before is True

    def _check_ready(self) -> None:
        if len(self._online) == len(self._scanners):
            self.ready.set()

    def _decide(self, scan: Scan) -> Decision:
        decision = self._pipeline.process(scan)
        if isinstance(decision, PassedThrough):  # the till first: before anybody hears of it
            reason = self._pass_on(scan)
            decision = Rejected(scan=scan, reason=reason) if reason else decision
        sequence, head = next(self._sequence), self._head(scan.scanner)
        match decision:
            case PassedThrough():
                self.publish(
                    ScanPassedThrough(
                        **head,
                        sequence=sequence,
                        label=scan.scan_data_label,
                        scan_data_type=scan.scan_data_type,
                        symbology_identifier=str(scan.symbology_identifier) if scan.symbology_identifier else None,
                    )
                )
            case Rejected(reason=reason, customer_id=customer_id):
                label = _shown(scan, reason, customer_id)
                self._reject(ScanRejected(**head, sequence=sequence, reason=reason, label=label))
            case Accepted(card=card, customer_id=customer_id):
                if self._recognise is not None:
                    self._recognise(sequence, decision)
                self._begin_lookup(scan.scanner, sequence, customer_id)
                self.publish(ScanAccepted(**head, sequence=sequence, card=card))
        return decision

    def _begin_lookup(self, scanner: str, sequence: int, customer_id: str) -> None:
        """Have the question on its way before anybody is told: listeners then work while the programme does."""
        ask = self._loyalty.get_or_create if len(self._lookups) < MOST_LOOKUPS else _too_many
        look_up = self._look_up(ask, scanner, sequence, customer_id)
        task = self._group.create_task(look_up, name=f"look-up {sequence}")
        self._lookups.add(task)
        task.add_done_callback(self._lookups.discard)

    async def _look_up(self, ask: _Ask, scanner: str, sequence: int, customer_id: str) -> None:
        try:
            bind_contextvars(scan=sequence)  # for whoever logs something on the way; the task has a context of its own
            member = await ask(customer_id)
        except LoyaltyError as error:
            self.publish(
                LookupFailed(
                    **self._head(scanner),
                    sequence=sequence,
                    reason=LookupFailedReason(error.reason),
                    detail=str(error),
                    customer_id=customer_id,
                )
            )
            return
        if member is None:
            reason, label = RejectReason.UNKNOWN_CUSTOMER, masked(customer_id)
            head = self._head(scanner)
            self._reject(ScanRejected(**head, sequence=sequence, reason=reason, label=label, customer_id=customer_id))
        else:
            self.publish(MemberIdentified(**self._head(scanner), sequence=sequence, member=member))

    def _reject(self, event: ScanRejected) -> None:
        self._rejected[event.reason.value] += 1
        self.publish(event)

    def _head(self, scanner: str) -> dict[str, Any]:
        """Return what all events have."""
        return {"id": ulid_now(), "lane": self.name, "scanner": scanner, "at": datetime.now(UTC)}


class _OnMember:
    """A listener that hands members, and only members, to a function."""

    def __init__(self, callback: MemberCallback) -> None:
        self._callback = callback

    async def tell(self, event: LaneEvent) -> None:
        if isinstance(event, MemberIdentified):
            await self._callback(event)


class _Clock:
    """Presence where nothing tells of devices: only time passes."""

    async def changed(self, *, timeout: float) -> None:  # noqa: ASYNC109  a longest wait, not a failure
        await asyncio.sleep(timeout)


async def _too_many(_: str) -> Member | None:
    raise LoyaltyUnavailable(f"expected at most {MOST_LOOKUPS} look-ups at a time, got one more")


def _nowhere(_: Scan) -> None:
    """Where products go without a till."""


def _shown(scan: Scan, reason: RejectReason, customer_id: str | None) -> str | None:
    """Return what a refused label may be shown as: its end at most, and nothing where even that is too much."""
    if reason in {RejectReason.PAYMENT_CARD, RejectReason.UNSAFE_CHARACTERS}:
        return None
    return masked(customer_id or scan.scan_data_label)
