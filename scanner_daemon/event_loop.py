"""The daemon's event loop: what would wake it thousands of times a second, it takes several at a time.

Network cards do so too and call it interrupt moderation (``ethtool -C``). A keyboard wedge sends each key by itself:
with dozens of them, most of the work is to wake up.
"""

import asyncio
import selectors
import time
from typing import Final

MOST: Final = 1500
"""Wake-ups a second in the long run: one scanner sends 1,000 reports at most (USB full speed has frames of 1 ms)."""

AT_ONCE: Final = 100
"""Wake-ups that may come faster for a moment: a scan (two reports a key), its look-up, a page that loads."""


class ModeratedSelector(selectors.EpollSelector):
    """Waits like any selector, but no oftener than ``MOST`` times a second for long.

    Whoever asks oftener is kept waiting for up to ``1 / MOST`` seconds, then has all that came meanwhile: far less than
    the kernel queues of a scanner's (64 events or reports). A ``timeout`` may end so much later, too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._left = float(AT_ONCE)
        self._asked = time.monotonic()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """See :meth:`selectors.BaseSelector.select`; a ``timeout`` of 0 only looks, and is not counted."""
        if timeout is None or timeout > 0:
            now = time.monotonic()
            self._left = min(self._left + (now - self._asked) * MOST, AT_ONCE) - 1
            self._asked = now
            if self._left < 0:
                time.sleep(-self._left / MOST)
        return super().select(timeout)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return the daemon's loop; the ``loop_factory`` of an :class:`asyncio.Runner`."""
    return asyncio.SelectorEventLoop(ModeratedSelector())
