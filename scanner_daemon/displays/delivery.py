"""Deliver events to somebody who may not take them at once: each by itself, again and again, and not for ever."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from itertools import islice
from typing import Final, TypeAlias

import structlog

from scanner_daemon.backoff import exponential
from scanner_daemon.model import LaneEvent

Outcome: TypeAlias = Callable[[], Awaitable[str | None]]
"""Waits, for a limited time, until an event was taken; returns ``None`` or, as half a sentence, why it was not."""

Send: TypeAlias = Callable[[LaneEvent], Outcome]
"""Tries once to deliver an event, begins with it at once, and returns what waits for the outcome."""

GivenUp: TypeAlias = Callable[[LaneEvent, str], None]
"""Hears of an event that is delivered no more, and why, as half a sentence; at once and without waiting."""

FIRST_RETRY: Final = 1.0
"""Seconds until an event that was not taken is sent again; doubled each time."""

SLOWEST_RETRY: Final = 600.0
"""Seconds between attempts, at most."""

FRESH_AT_ONCE: Final = 16
"""First attempts that are on their way at a time."""

RETRIES_AT_ONCE: Final = 4
"""Further attempts that are on their way at a time; they never take a place from a first one."""

CAPACITY: Final = 1000
"""Events that wait for their first attempt, and as many for another; beyond, the oldest is given up."""

_Tasks: TypeAlias = dict[str, asyncio.Task[None]]
"""What is under way by the id of its event, the oldest first."""

_log = structlog.get_logger()


class Delivery:
    """Delivers events by ``send``, in tasks of ``group``; ``to`` is what the log calls the receiver.

    What was not taken in ``attempts`` attempts is given up, and so is what still waits when the group ends: the log
    names each such event, and ``given_up`` hears of it. The log tells of the receiver once when it stops taking
    events, and once when it takes them again.
    """

    def __init__(
        self,
        send: Send,
        group: asyncio.TaskGroup,
        *,
        to: str,
        attempts: int,
        given_up: GivenUp,
        first_retry: float = FIRST_RETRY,
    ) -> None:
        self._send = send
        self._group = group
        self._to = to
        self._attempts = attempts
        self._given_up = given_up
        self._first_retry = first_retry
        self._fresh: _Tasks = {}
        self._retried: _Tasks = {}
        self._places = asyncio.Semaphore(FRESH_AT_ONCE)
        self._places_to_retry = asyncio.Semaphore(RETRIES_AT_ONCE)
        self._problem: str | None = None

    def begin(self, event: LaneEvent) -> None:
        """Have ``event`` delivered; never waits. It is sent right now unless too many are on their way."""
        outcome = self._send(event) if len(self._fresh) < FRESH_AT_ONCE else None
        self._start(self._fresh, event, self._deliver(event, outcome))

    async def finish(self, *, within: float) -> None:
        """Wait for first attempts, at most ``within`` seconds."""
        if self._fresh:
            await asyncio.wait(self._fresh.values(), timeout=within)

    def _start(self, tasks: _Tasks, event: LaneEvent, work: Coroutine[None, None, None]) -> None:
        if len(tasks) >= CAPACITY:
            tasks.pop(next(iter(tasks))).cancel()
        task = self._group.create_task(work, name=f"event {event.id} to {self._to}")
        tasks[event.id] = task
        task.add_done_callback(partial(self._ended, tasks, event))

    def _ended(self, tasks: _Tasks, event: LaneEvent, task: asyncio.Task[None]) -> None:
        if tasks.get(event.id) is task:
            del tasks[event.id]
        if task.cancelled():  # perhaps before it had begun
            self._give_up(event, "the lane has stopped, or too many events wait")

    async def _deliver(self, event: LaneEvent, outcome: Outcome | None) -> None:
        async with self._places:
            problem = await self._attempt(outcome or self._send(event))
        if problem is not None:
            self._start(self._retried, event, self._retry(event, problem))

    async def _retry(self, event: LaneEvent, problem: str | None) -> None:
        for delay in islice(exponential(first=self._first_retry, limit=SLOWEST_RETRY), self._attempts - 1):
            await asyncio.sleep(delay)
            async with self._places_to_retry:
                problem = await self._attempt(self._send(event))
            if problem is None:
                return
        self._give_up(event, f"{self._attempts} attempts; {problem}")

    async def _attempt(self, outcome: Outcome) -> str | None:
        problem = await outcome()
        if problem is not None and self._problem is None:
            _log.warning("receiver_does_not_answer", to=self._to, detail=problem)
        elif problem is None and self._problem is not None:
            _log.info("receiver_answers_again", to=self._to)
        self._problem = problem
        return problem

    def _give_up(self, event: LaneEvent, why: str) -> None:
        _log.error("event_given_up", to=self._to, id=event.id, event_type=event.type, detail=why)
        self._given_up(event, why)
