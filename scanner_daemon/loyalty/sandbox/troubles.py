"""When a request fails on purpose, and when there were too many."""

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from scanner_daemon.loyalty.sandbox.account import UNAUTHORIZED, Account, Operation, Reply
from scanner_daemon.loyalty.sandbox.options import Failure, SandboxOptions

_PUBLISHED: Final[dict[Operation, tuple[tuple[float, int], ...]]] = {
    "balance": ((1.0, 100), (30.0, 1200)),
    "create": ((1.0, 30), (30.0, 360)),
}
"""Seconds and requests in them (API reference, rate limiting: customers GET and POST)."""


@dataclass(slots=True)
class RateLimits:
    """The published limits, per account."""

    _granted: dict[Operation, deque[float]] = field(default_factory=lambda: {"balance": deque(), "create": deque()})

    def allow(self, operation: Operation, *, now: float) -> bool:
        """Tell whether one more request may be made at ``now``, and count it if so."""
        granted = self._granted[operation]
        while granted and granted[0] <= now - _PUBLISHED[operation][-1][0]:
            granted.popleft()
        for seconds, limit in _PUBLISHED[operation]:
            if len(granted) >= limit and granted[-limit] > now - seconds:
                return False
        granted.append(now)
        return True


@dataclass(slots=True)
class Dice:
    """Decides which requests fail."""

    _seed: int | None = None
    _random: random.Random = field(default_factory=random.Random)

    def fails(self, operation: Operation, options: SandboxOptions) -> bool:
        """Tell whether this request is one of the failing ones; a new ``seed`` starts their row anew."""
        if options.seed != self._seed:
            self._seed = options.seed
            self._random = random.Random(options.seed)  # noqa: S311  which test fails is no secret
        if options.fail_on not in {"any", operation}:
            return False
        return options.fail_next > 0 or self._random.random() < options.fail_rate


def too_many(options: SandboxOptions) -> Reply:
    """Return the 429, of which Gameball documents neither body nor headers."""
    return Reply(status=429, headers=_retry_after(options))


def spoiled(failure: Failure, account: Account, options: SandboxOptions) -> Reply | None:
    """Return the answer that ``failure`` gives; ``None`` where it is none at all, or a broken one."""
    if failure in _ERRORS:
        reply = account.error(*_ERRORS[failure])
        return replace(reply, headers=_retry_after(options)) if failure == "503" else reply
    return too_many(options) if failure == "429" else _REPLIES.get(failure)


_ERRORS: Final[Mapping[Failure, tuple[int, int, str, str]]] = {
    "500": (500, 5000, "SERVER_ERROR", "Something went wrong."),
    "503": (503, 5003, "SERVER_ERROR", "The service is unavailable."),
    "disabled": (422, 6000, "GENERAL_ERROR", "Gameball is disabled for this account."),
    "concurrent": (422, 2001, "GENERAL_ERROR", "A concurrent request for this customer is in progress."),
    "inactive": (422, 3009, "CUSTOMER_ERROR", "The customer is inactive."),
    "exists": (422, 7001, "CUSTOMER_ERROR", "The customer exists already."),
}
_PAGE: Final = b"<!doctype html><title>Sign in</title><p>Welcome to our Wi-Fi."
_REPLIES: Final[Mapping[Failure, Reply]] = {
    "401": UNAUTHORIZED,
    "html": Reply(status=200, body=_PAGE, content_type="text/html"),
    "empty": Reply(status=200),
}


def _retry_after(options: SandboxOptions) -> dict[str, str]:
    return {} if options.retry_after is None else {"Retry-After": str(options.retry_after)}
