"""Bring what is in the outbox to the loyalty programme, for as long as it takes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import structlog

from scanner_daemon.backoff import exponential
from scanner_daemon.errors import LoyaltyError, LoyaltyRefused, LoyaltyUnavailable, StorageError
from scanner_daemon.loyalty.lookup import Postponed
from scanner_daemon.loyalty.outbox import Entry, Outbox
from scanner_daemon.loyalty.outbox_thread import OutboxThread
from scanner_daemon.model import Member, masked
from scanner_daemon.ports import EnrollingProgram

FIRST_RETRY: Final = 0.5
"""Seconds until the next is tried after one could not be brought; doubled each time."""

SLOWEST_RETRY: Final = 15.0
"""Seconds between tries during a long outage: what was accepted meanwhile is brought within these after its end."""

AT_ONCE: Final = timedelta(seconds=10)
"""How long somebody may still be waiting for what was accepted."""

LOOK_AGAIN: Final = 30.0
"""Seconds until an outbox that was empty is looked into again, for what a person has put back into it."""

LONGEST_PEACE: Final = 300.0
"""Seconds that a ``Retry-After`` is heeded for: one of a year would be a mistake."""

Outcome: TypeAlias = Member | LoyaltyRefused

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Replay:
    """Takes one enrolment after the other out of ``outbox``, each once ``programme`` has it or refuses it for good.

    What cannot be brought now stays, and the next customer's is tried: after a pause that grows while nothing succeeds,
    and that is never shorter than the programme asks for.
    """

    outbox: OutboxThread
    programme: EnrollingProgram
    _woken: asyncio.Event = field(init=False, default_factory=asyncio.Event, repr=False)
    _unseen: set[str] = field(init=False, default_factory=set, repr=False)
    _stuck: bool = field(init=False, default=False)

    def wake(self) -> None:
        """Look now: something was put in, or the programme was heard to answer."""
        self._woken.set()

    async def outcomes(self) -> AsyncIterator[tuple[Entry, Outcome]]:
        """Yield what became of each enrolment, for ever; once yielded, it no longer waits."""
        after, pauses = 0, _pauses()
        while True:
            self._woken.clear()
            entry, outcome = None, None
            try:
                entry = await self.outbox(Outbox.next, after=after)
                outcome = await self._settle(entry) if entry else None
            except (LoyaltyError, StorageError) as error:
                self._now_stuck(error)
                await self._rest(next(pauses), least=_asked_for(error))
            else:
                pauses = _pauses()
                if entry is None:
                    await self._woken_within(LOOK_AGAIN)
            after = entry.number if entry else 0
            if entry and outcome:
                self._moves_again()
                yield entry, outcome

    async def _settle(self, entry: Entry) -> Outcome:
        try:
            member = await self.programme.enrol(entry.enrolment, patient=_is_patient(entry))
        except LoyaltyRefused as error:
            await self.outbox(Outbox.refuse, entry, str(error))
            return error
        if member.balance is None:  # not there to be seen: it stays, and is looked for again
            self._unseen.add(entry.enrolment_id)
            who = masked(entry.enrolment.customer_id)
            raise LoyaltyUnavailable(
                f"enrolment of {who}: expected to find the member after creating them, got none yet"
            )
        created = member.created or entry.enrolment_id in self._unseen
        await self.outbox(Outbox.done, entry)
        self._unseen.discard(entry.enrolment_id)
        return replace(member, created=created)

    async def _rest(self, pause: float, *, least: float) -> None:
        await asyncio.sleep(least)
        await self._woken_within(max(0.0, pause - least))

    async def _woken_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    def _now_stuck(self, error: LoyaltyError | StorageError) -> None:
        if isinstance(error, Postponed):  # it is let wait for others, not held up
            return
        if not self._stuck:
            _log.warning("outbox_stuck", detail=str(error))
        self._stuck = True

    def _moves_again(self) -> None:
        if self._stuck:
            _log.info("outbox_moves_again")
        self._stuck = False


def _pauses() -> Iterator[float]:
    return exponential(first=FIRST_RETRY, limit=SLOWEST_RETRY)


def _is_patient(entry: Entry) -> bool:
    """Tell whether nobody stands at the lane any more and waits for ``entry``."""
    return not entry.enrolment.has_contact or datetime.now(UTC) - entry.accepted_at > AT_ONCE


def _asked_for(error: LoyaltyError | StorageError) -> float:
    """Return the seconds of peace that the programme asks for."""
    asked = error.retry_after if isinstance(error, LoyaltyUnavailable) else None
    return min(asked or 0.0, LONGEST_PEACE)
