"""The same card held under the scanner is one scan, not twenty."""


class DuplicateFilter:
    """Same-symbol time-out per lane and card: a card is new again once it was out of sight for ``timeout`` seconds.

    The time restarts at each sighting, so a card left lying in a presentation scanner stays one scan. Another card
    is never held up. Memory is bounded: a card is forgotten with its time-out.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._last_seen: dict[str, float] = {}  # oldest sighting first

    def seen_again(self, customer_id: str, at: float) -> bool:
        """Note a sighting at monotonic second ``at``; tell whether the last one was within the time-out."""
        self._forget(at)
        again = self._last_seen.pop(customer_id, None) is not None
        self._last_seen[customer_id] = at
        return again

    def __len__(self) -> int:
        """Return how many cards are remembered."""
        return len(self._last_seen)

    def _forget(self, now: float) -> None:
        while self._last_seen:
            oldest = next(iter(self._last_seen))
            if now - self._last_seen[oldest] < self._timeout:
                return
            del self._last_seen[oldest]
