"""Deliver events to somebody who may not take them at once: each by itself, again and again, and not for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Final, TypeAlias

import structlog

from scanner_daemon.backoff import exponential
from scanner_daemon.model import LaneEvent

Send: TypeAlias = Callable[[LaneEvent], Awaitable[str | None]]
"""Tries once to deliver an event, in limited time; returns ``None`` or, as half a sentence, why it was not taken."""

FIRST_RETRY: Final = 1.0
"""Seconds until an event that was not taken is sent again; doubled each time."""

SLOWEST_RETRY: Final = 600.0
"""Seconds between attempts, at most."""

FRESH_AT_ONCE: Final = 16
"""First attempts that are on their way at a time."""

RETRIES_AT_ONCE: Final = 4
"""Further attempts that are on their way at a time; they never take a place from a first one."""

CAPACITY: Final = 1000
"""Events that wait for another attempt; beyond, the oldest is given up."""

_log = structlog.get_logger()


class Delivery:
    """Delivers events by ``send``, in tasks of ``group``; ``to`` is what the log calls the receiver.

    What was not taken in ``attempts`` attempts is given up, and so is what still waits when the group ends: the log
    names each such event. It tells of the receiver once when it stops taking events, and once when it takes them again.
    """

    def __init__(
        self, send: Send, group: asyncio.TaskGroup, *, to: str, attempts: int, first_retry: float = FIRST_RETRY
    ) -> None:
        self._send = send
        self._group = group
        self._to = to
        self._attempts = attempts
        self._first_retry = first_retry
        self._fresh: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, asyncio.Task[None]] = {}  # oldest first
        self._places = asyncio.Semaphore(FRESH_AT_ONCE)
        self._places_to_retry = asyncio.Semaphore(RETRIES_AT_ONCE)
        self._problem: str | None = None

    def begin(self, event: LaneEvent) -> None:
        """Have ``event`` delivered; never waits."""
        task = self._group.create_task(self._deliver(event), name=f"event {event.id} to {self._to}")
        self._fresh.add(task)
        task.add_done_callback(self._fresh.discard)

    async def finish(self, *, within: float) -> None:
        """Wait for first attempts, at most ``within`` seconds."""
        if self._fresh:
            await asyncio.wait(self._fresh, timeout=within)

    async def _deliver(self, event: LaneEvent) -> None:
        try:
            async with self._places:
                problem = await self._attempt(event)
        except asyncio.CancelledError:
            self._give_up(event, "the lane has stopped", attempts=1)
            raise
        if problem is not None:
            self._retry_later(event, problem)

    def _retry_later(self, event: LaneEvent, problem: str) -> None:
        if len(self._waiting) >= CAPACITY:
            next(iter(self._waiting.values())).cancel()
        task = self._group.create_task(self._retry(event, problem), name=f"event {event.id} to {self._to}, again")
        self._waiting[event.id] = task
        task.add_done_callback(lambda _: self._waiting.pop(event.id))

    async def _retry(self, event: LaneEvent, problem: str | None) -> None:
        done = 1
        try:
            delays = exponential(first=self._first_retry, limit=SLOWEST_RETRY)
            for done, delay in enumerate(islice(delays, self._attempts - 1), 2):  # noqa: B007  told at the end
                await asyncio.sleep(delay)
                async with self._places_to_retry:
                    problem = await self._attempt(event)
                if problem is None:
                    return
        except asyncio.CancelledError:
            self._give_up(event, "the lane has stopped, or too many wait", attempts=done)
            raise
        self._give_up(event, str(problem), attempts=done)

    async def _attempt(self, event: LaneEvent) -> str | None:
        problem = await self._send(event)
        if problem is not None and self._problem is None:
            _log.warning("receiver_does_not_answer", to=self._to, detail=problem)
        elif problem is None and self._problem is not None:
            _log.info("receiver_answers_again", to=self._to)
        self._problem = problem
        return problem

    def _give_up(self, event: LaneEvent, why: str, *, attempts: int) -> None:
        _log.error("event_given_up", to=self._to, id=event.id, event_type=event.type, attempts=attempts, detail=why)
