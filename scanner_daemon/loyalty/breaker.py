"""A circuit breaker: whether to ask a server that did not answer the last times. Pure: time comes in.

Source: M. Nygard, "Release It!", second edition, chapter 5 (Circuit Breaker), with its names of the states.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

FAILURES: Final = 3
"""Questions in a row without an answer that open the breaker."""

PAUSE: Final = 2.0
"""Seconds it stays open: an outage that is over is noticed about as soon."""

LONGEST_PAUSE: Final = 300.0
"""Seconds that a server may ask for at most; one that asks for a day is mistaken."""


class BreakerState(Enum):
    """Whether questions are asked."""

    CLOSED = "closed"  # all of them
    OPEN = "open"  # none
    HALF_OPEN = "half_open"  # one, to see


@dataclass(slots=True)
class Breaker:
    """Opens after ``failures`` in a row for ``pause`` seconds, then lets one question through, which decides.

    All times are seconds of one clock that never goes back.
    """

    failures: int = FAILURES
    pause: float = PAUSE
    _in_a_row: int = field(init=False, default=0)
    _open_until: float | None = field(init=False, default=None)
    _probing: bool = field(init=False, default=False)

    def state(self, now: float) -> BreakerState:
        """Return the state at ``now``."""
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self._open_until else BreakerState.HALF_OPEN

    def left(self, now: float) -> float:
        """Return for how many seconds it stays open."""
        return max(0.0, (self._open_until or now) - now)

    def wait(self, now: float) -> float:
        """Return how many seconds not to ask yet; 0 is a leave to ask, and whoever has it tells how that went."""
        if self._open_until is None:
            return 0.0
        if now < self._open_until:
            return self.left(now)
        if self._probing:
            return self.pause
        self._probing = True
        return 0.0

    def answered(self) -> None:
        """Note an answer, whatever it says: the server is there."""
        self._in_a_row, self._open_until, self._probing = 0, None, False

    def failed(self, now: float, *, retry_after: float | None = None) -> None:
        """Note that no answer came; after ``retry_after`` seconds the server wants to be asked again, if it said so."""
        self._in_a_row += 1
        if self._probing or self._in_a_row >= self.failures or retry_after is not None:
            self.open(now, pause=max(self.pause, min(retry_after or 0.0, LONGEST_PAUSE)))

    def open(self, now: float, *, pause: float) -> None:
        """Ask nothing for ``pause`` seconds."""
        until = now + pause
        self._open_until = max(until, self._open_until or until)
        self._probing = False

    def gave_up(self) -> None:
        """Note that a question was withdrawn before it was answered or not: the next one may probe."""
        self._probing = False
