"""Deliver what happens to whoever listens: one mailbox and one task per listener.

A listener that is slow, hangs or raises hurts only itself: its mailbox keeps the newest events and drops the oldest,
but never one of those that the listener must not miss.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Final

import structlog

from scanner_daemon.model import LaneEvent
from scanner_daemon.ports import LaneListener, MissesNothing

CAPACITY: Final = 1024
"""Events a mailbox keeps for a listener that does not keep up."""

_log = structlog.get_logger()


class Fanout:
    """The lane's listeners by name, and the events on their way to them."""

    def __init__(self, listeners: Mapping[str, LaneListener], *, capacity: int = CAPACITY) -> None:
        self._mailboxes = [_Mailbox(name, listener, capacity) for name, listener in listeners.items()]
        self._capacity = capacity
        self._added = 0
        self._group: asyncio.TaskGroup | None = None

    def add(self, name: str, listener: LaneListener) -> None:
        """Add a listener; it hears what is published from now on, before those that were there from the start.

        A program that listens has something to show; what this daemon brings along draws pages and counts.
        """
        mailbox = _Mailbox(name, listener, self._capacity)
        self._mailboxes.insert(self._added, mailbox)
        self._added += 1
        self._start(mailbox)

    def publish(self, event: LaneEvent) -> None:
        """Put ``event`` into every mailbox; never waits."""
        for mailbox in self._mailboxes:
            mailbox.put(event)

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as self._group:
            for mailbox in self._mailboxes:
                self._start(mailbox)
            await asyncio.Event().wait()

    async def flush(self) -> None:
        """Wait until every listener was told everything, also what listeners had to say; for ever if one hangs."""
        while not all(mailbox.empty.is_set() for mailbox in self._mailboxes):
            for mailbox in self._mailboxes:
                await mailbox.empty.wait()

    def _start(self, mailbox: "_Mailbox") -> None:
        if self._group is not None:
            self._group.create_task(mailbox.deliver(), name=f"listener {mailbox.name}")


class _Mailbox:
    """One listener's events, oldest first. ``empty`` is set while it was told all of them."""

    def __init__(self, name: str, listener: LaneListener, capacity: int) -> None:
        self.name = name
        self.empty = asyncio.Event()
        self.empty.set()
        self._listener = listener
        self._capacity = capacity
        self._never_dropped = listener.never_dropped if isinstance(listener, MissesNothing) else ()
        self._events: deque[LaneEvent] = deque()
        self._arrival: asyncio.Future[None] | None = None  # each event passes here, and an asyncio.Event costs more
        self._dropping = False

    def put(self, event: LaneEvent) -> None:
        if len(self._events) >= self._capacity:
            if not self._dropping:
                self._dropping = True
                _log.warning("listener_too_slow", listener=self.name, kept=len(self._events))
            if not self._make_room() and not isinstance(event, self._never_dropped):
                return
        self._events.append(event)
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)
        self.empty.clear()

    def _make_room(self) -> bool:
        """Drop the oldest; tell whether that may be done."""
        if isinstance(self._events[0], self._never_dropped):
            return False
        self._events.popleft()
        return True

    async def deliver(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self._events:
                self._arrival = loop.create_future()
                await self._arrival
            while self._events:
                event = self._events.popleft()
                try:
                    await self._listener.tell(event)
                except Exception:  # noqa: BLE001  a listener's bug is its own: the lane and the other listeners go on
                    _log.exception("listener_failed", listener=self.name, event_type=event.type)
            self._dropping = False
            self.empty.set()
