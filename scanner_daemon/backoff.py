"""How long to wait before trying again."""

import random
from collections.abc import Iterator


def exponential(*, first: float, limit: float, jitter: float = 0.2) -> Iterator[float]:
    """Yield growing delays in seconds, for ever: ``first``, doubled each time up to ``limit``, each ± ``jitter``.

    The jitter keeps a shop's lanes from knocking all at the same moment after an outage.
    """
    delay = first
    while True:
        yield delay * random.uniform(1 - jitter, 1 + jitter)  # noqa: S311  spreading load, not secrecy
        delay = min(delay * 2, limit)
