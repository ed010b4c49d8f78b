"""A display that does its work beside the test, and what it says in the log."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from scanner_daemon.ports import Service

Worker = TypeVar("Worker", bound=Service)


@asynccontextmanager
async def at_work(display: Worker) -> AsyncIterator[Worker]:
    """Have ``display`` serve until the block ends."""
    serving = asyncio.create_task(display.serve())
    try:
        yield display
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def said(logs: Sequence[MutableMapping[str, Any]], what: str) -> None:
    """Wait until the log has the event ``what``."""
    async with asyncio.timeout(20):
        while what not in {log["event"] for log in logs}:  # noqa: ASYNC110  a log has no event to wait for
            await asyncio.sleep(0.01)
