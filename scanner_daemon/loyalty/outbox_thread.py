"""The outbox's disk work, away from the loop that moves scans."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from scanner_daemon.loyalty.outbox import Outbox

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class OutboxThread:
    """An outbox in a thread of its own: a disk that hangs holds up neither the loop nor anybody else's thread.

    >>> await outbox(Outbox.put, enrolment, enrolment_id=id, at=now)  # doctest: +SKIP

    What was begun is finished, also when the caller is cancelled. ``async with`` lets go of the file at the end.
    """

    outbox: Outbox
    _executor: ThreadPoolExecutor = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="outbox")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.submit(self.outbox.close)
        self._executor.shutdown(wait=False)

    async def __call__(self, work: Callable[Concatenate[Outbox, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Have ``work`` done on the outbox, after all that was asked before. Raises what it raises."""
        call = partial(work, self.outbox, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)
