"""From an enrolment that somebody wants to one that is on disk, and on to what became of it."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from ulid_transform import ulid_now

from scanner_daemon.enrolment.announcer import Announcer
from scanner_daemon.loyalty.outbox import Counts, Entry, Outbox
from scanner_daemon.loyalty.outbox_thread import OutboxThread
from scanner_daemon.loyalty.replay import Outcome, Replay
from scanner_daemon.model import Enrolment, Member

WAIT: Final = 2.0
"""Seconds that whoever told the details waits to hear that all is done: longer, and the customer may have left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An enrolment that is safely on disk; ``created`` when the programme has the member by now."""

    customer_id: str = field(repr=False)
    enrolment_id: str
    state: Literal["queued", "created"]


@dataclass(slots=True, kw_only=True)
class Intake:
    """Takes enrolments into ``outbox``; as a service of the lane, tells what became of them."""

    outbox: OutboxThread
    replay: Replay
    announcer: Announcer
    _wait: float = field(init=False, default=WAIT)
    _waiting: dict[str, asyncio.Future[Outcome]] = field(init=False, default_factory=dict, repr=False)

    async def serve(self) -> None:
        """Bring what is on disk to the programme until cancelled."""
        async for entry, outcome in self.replay.outcomes():
            self._tell(entry, outcome)

    async def keep(self, enrolment: Enrolment, *, enrolment_id: str | None = None) -> Entry:
        """Return what stands for ``enrolment`` on the disk from now on. Raises ``StorageError``: nothing was kept."""
        entry = await self.outbox(Outbox.put, enrolment, enrolment_id=enrolment_id or ulid_now(), at=datetime.now(UTC))
        self.announcer.queued(entry)
        self.replay.wake()
        return entry

    async def take(self, enrolment: Enrolment, *, enrolment_id: str, sequence: int | None) -> Taken:
        """Keep ``enrolment`` and wait a little for what becomes of it.

        Whose card was the scan ``sequence`` is then told to be the member at the lane. Raises as :meth:`keep`.
        """
        entry = await self.keep(enrolment, enrolment_id=enrolment_id)
        outcome = await self._outcome(entry)
        if isinstance(outcome, Member) and enrolment.scanner is not None and sequence is not None:
            self.announcer.identified(outcome, scanner=enrolment.scanner, sequence=sequence)
        state: Literal["queued", "created"] = "created" if isinstance(outcome, Member) else "queued"
        return Taken(customer_id=enrolment.customer_id, enrolment_id=entry.enrolment_id, state=state)

    async def counts(self) -> Counts:
        """Count what is on disk. Raises ``StorageError``."""
        return await self.outbox(Outbox.counts)

    async def _outcome(self, entry: Entry) -> Outcome | None:
        """Return what became of ``entry``, ``None`` where that is not known in time."""
        outcome = self._waiting.setdefault(entry.enrolment_id, asyncio.get_running_loop().create_future())
        with suppress(TimeoutError):
            async with asyncio.timeout(self._wait):
                return await asyncio.shield(outcome)
        self._waiting.pop(entry.enrolment_id, None)
        return None

    def _tell(self, entry: Entry, outcome: Outcome) -> None:
        if isinstance(outcome, Member):
            self.announcer.done(entry, outcome)
        else:
            self.announcer.refused(entry, str(outcome))
        waiting = self._waiting.pop(entry.enrolment_id, None)
        if waiting is not None:
            waiting.set_result(outcome)
