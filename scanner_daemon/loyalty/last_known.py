"""A loyalty programme that answers with the last known balance while the real one does not answer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar

import structlog

from scanner_daemon.errors import LoyaltyMisconfigured, LoyaltyProtocolError, LoyaltyUnavailable, StorageError
from scanner_daemon.loyalty.balance_cache import BalanceCache
from scanner_daemon.model import Member, masked
from scanner_daemon.ports import LoyaltyProgram

RECALL_WITHIN: Final = 0.5
"""Seconds that a balance may take to be read from the disk: nobody waits for a disk that hangs."""

WRITE_AFTER: Final = 0.1
"""Seconds from a balance until it is written: it is shown first, and a busy lane writes several at once."""

UNWRITTEN: Final = 1000
"""Balances that wait for the disk at most; then the oldest is dropped."""

_log = structlog.get_logger()

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class LastKnown:
    """``programme``, and where that gives no answer what is in ``cache``.

    The disk's work is done in a thread of its own, after the answer: no look-up waits for a balance to be written. What
    the disk does not take is told in the log and forgotten. ``async with`` writes what is left at the end; it does not
    open or close ``programme``.
    """

    programme: LoyaltyProgram
    cache: BalanceCache
    _thread: ThreadPoolExecutor = field(init=False, repr=False)
    _unwritten: dict[str, Member] = field(init=False, default_factory=dict, repr=False)
    _writing: asyncio.Task[None] | None = field(init=False, default=None, repr=False)
    _writes: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="balances")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=RECALL_WITHIN)
        self._thread.submit(self.cache.close)
        self._thread.shutdown(wait=False)

    async def get_or_create(self, customer_id: str) -> Member | None:
        """See :class:`scanner_daemon.ports.LoyaltyProgram`; may take ``RECALL_WITHIN`` seconds more than ``programme``.

        A member who is ``stale`` is known to the programme, and what they own may have changed since.
        """
        try:
            member = await self.programme.get_or_create(customer_id)
        except (LoyaltyUnavailable, LoyaltyMisconfigured, LoyaltyProtocolError) as error:
            known = await self._last(customer_id)
            if known is None:
                raise
            _log.warning("last_known_balance_shown", reason=error.reason, detail=str(error))
            return known
        if member is not None and member.balance is not None:
            self._keep(member)
        return member

    async def forget(self, customer_id: str) -> int:
        """Erase what is known of ``customer_id``; return how many balances there were. Raises ``StorageError``."""
        waiting = self._unwritten.pop(customer_id, None)
        erased = await self._on_disk(partial(self.cache.forget, customer_id))
        return max(erased, 1 if waiting else 0)

    async def _last(self, customer_id: str) -> Member | None:
        if customer_id in self._unwritten:
            return replace(self._unwritten[customer_id], created=False, stale=True)
        try:
            async with asyncio.timeout(RECALL_WITHIN):
                return await self._on_disk(partial(self.cache.last, customer_id, now=datetime.now(UTC)))
        except TimeoutError:
            _log.warning("last_known_balance_too_slow", customer_id=masked(customer_id), waited=RECALL_WITHIN)
        except StorageError as error:
            self._tell(error)
        return None

    def _keep(self, member: Member) -> None:
        self._unwritten.pop(member.customer_id, None)  # the newest is the last
        self._unwritten[member.customer_id] = member
        if len(self._unwritten) > UNWRITTEN:
            del self._unwritten[next(iter(self._unwritten))]
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="keep balances")

    async def _write(self) -> None:
        """Write in batches: whatever comes while the disk is at work is the next one."""
        while self._unwritten:
            await asyncio.sleep(WRITE_AFTER)
            members, self._unwritten = self._unwritten, {}
            try:
                await self._on_disk(partial(self.cache.keep, list(members.values()), now=datetime.now(UTC)))
            except StorageError as error:
                self._tell(error)
            else:
                self._tell(None)

    def _tell(self, error: StorageError | None) -> None:
        """Log that balances are no longer kept, or are again."""
        if error and self._writes:
            _log.warning("balances_not_kept", detail=str(error))
        elif not error and not self._writes:
            _log.info("balances_kept_again")
        self._writes = error is None

    async def _on_disk(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
