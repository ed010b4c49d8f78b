"""When the next request may be sent, so that a programme's published limits are never reached. Pure: time comes in."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

FOR_LATER: Final = 0.1
"""Share of a limit for requests nobody waits for: a shop's lanes have one account, and their outboxes fill together."""

_MARGIN: Final = 0.95  # requests sent evenly may arrive a little closer together


class Window(NamedTuple):
    """At most ``requests`` within any ``seconds``."""

    requests: int
    seconds: float


@dataclass(slots=True)
class RateLimit:
    """Sliding windows, which all hold at the same time. Remembers no more moments than the largest allows requests."""

    windows: Sequence[Window]
    _sent: deque[float] = field(init=False)

    def __post_init__(self) -> None:
        self._sent = deque(maxlen=max(window.requests for window in self.windows))

    def wait(self, now: float, *, share: float = 1.0) -> float:
        """Return for how many seconds to wait and then ask again; 0 is a leave to send, and counts as sent.

        ``now`` is of a clock that never goes back. ``share`` is how much of each window the request may help to fill.
        """
        wait = max(self._wait(window, now, share) for window in self.windows)
        if wait <= 0.0:
            self._sent.append(now)
        return max(wait, 0.0)

    def _wait(self, window: Window, now: float, share: float) -> float:
        """Return the seconds until the window has room: until the request that fills its share has left it."""
        room = max(1, int(window.requests * _MARGIN * share))
        return self._sent[-room] + window.seconds - now if len(self._sent) >= room else 0.0
