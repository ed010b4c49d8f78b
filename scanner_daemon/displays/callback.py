"""A Python function as a listener."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from scanner_daemon.model import LaneEvent

Event = TypeVar("Event", bound=LaneEvent)


@dataclass(slots=True, kw_only=True)
class Callback(Generic[Event]):
    """Awaits ``function`` with each event of the type ``of``, one at a time; what it raises is the fan-out's to log."""

    of: type[Event]
    function: Callable[[Event], Awaitable[None]]

    async def tell(self, event: LaneEvent) -> None:
        """Hand ``event`` over if it is of the type asked for."""
        if isinstance(event, self.of):
            await self.function(event)
