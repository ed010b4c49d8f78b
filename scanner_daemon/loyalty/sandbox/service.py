"""What stands behind the sandbox's address: an ASGI application that answers, or does not, and keeps a log."""

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, cast
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from scanner_daemon.loyalty.sandbox.account import Account, Operation, Question, Reply
from scanner_daemon.loyalty.sandbox.options import SandboxOptions
from scanner_daemon.loyalty.sandbox.troubles import Dice, RateLimits, spoiled, too_many

LOG_LENGTH: Final = 10_000
"""Requests that are remembered, the newest."""

MAX_BODY: Final = 1 << 20

Manner: TypeAlias = Literal["whole", "half", "close", "lost-answer", "hang"]
"""How an answer is given, or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """A request to Gameball's API, as it was served.

    ``path`` is as it was sent, percent-encoded. ``status`` is ``None`` where no whole answer was given.
    ``connection`` is the client's port. Times are ``CLOCK_MONOTONIC`` seconds: the request read, the answer sent.
    """

    method: str
    path: str
    status: int | None
    connection: int
    started: float
    finished: float


@dataclass(slots=True, kw_only=True)
class Service:
    """The API, below ``/api``. ``hang_up`` ends the connection of the client at a port."""

    account: Account
    options: SandboxOptions
    hang_up: Callable[[int], None]
    requests: deque[LoggedRequest] = field(init=False, default_factory=lambda: deque(maxlen=LOG_LENGTH))
    _one_more: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _limits: RateLimits = field(init=False, default_factory=RateLimits)
    _dice: Dice = field(init=False, default_factory=Dice)

    def change(self, **changes: object) -> None:
        """Change some options. Raises pydantic's ``ValidationError`` with every mistake, and then changes none."""
        self.options = SandboxOptions.model_validate({**self.options.model_dump(), **changes})

    async def served(self, count: int) -> None:
        """Wait until at least ``count`` requests are in the log."""
        while len(self.requests) < count:
            self._one_more.clear()
            await self._one_more.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        started = time.monotonic()
        status: int | None = None
        try:
            status = await self._serve(scope, receive, send)
        finally:
            self.requests.append(
                LoggedRequest(
                    method=scope["method"],
                    path=scope["raw_path"].decode("ascii"),
                    status=status,
                    connection=scope["client"][1],
                    started=started,
                    finished=time.monotonic(),
                )
            )
            self._one_more.set()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> int | None:
        """Answer; return the status, ``None`` where no whole answer was given."""
        body = await _body(receive)
        reply, manner = self._decide(scope, body)
        if manner != "hang" and not await _leaves(receive, within=self.options.latency / 1000):
            if manner in {"whole", "half"}:
                await _send(reply, send, whole=manner == "whole")
            if manner == "whole":
                return reply.status
            self.hang_up(scope["client"][1])
        await _leaves(receive, within=None)
        return None

    def _decide(self, scope: Scope, body: bytes) -> tuple[Reply, Manner]:
        """Do what is asked, and say how it is answered."""
        if self.options.down:
            return _NOTHING, "close"
        match = _PATH.fullmatch(scope["raw_path"].decode("ascii"))
        if match is None:
            return Reply(status=404), "whole"
        operation: Operation = "create" if match["id"] is None else "balance"
        if scope["method"] != _METHOD[operation]:
            return Reply(status=405), "whole"
        question = Question(
            operation=operation,
            version=match["version"],
            customer_id=unquote(match["id"] or ""),
            headers=Headers(scope=scope),
            body=body,
        )
        return self._answer(question, now=time.monotonic())

    def _answer(self, question: Question, *, now: float) -> tuple[Reply, Manner]:
        options = self.options
        if options.rate_limits and not self._limits.allow(question.operation, now=now):
            return too_many(options), "whole"
        if not self._dice.fails(question.operation, options):
            return self.account.answer(question, options, now=now), "whole"
        self.change(fail_next=max(0, options.fail_next - 1))
        reply = spoiled(options.failure, self.account, options)
        if reply is not None:
            return reply, "whole"
        manner = cast("Manner", options.failure)  # those without an answer of their own
        done = manner in {"half", "lost-answer"}
        return (self.account.answer(question, options, now=now) if done else _NOTHING), manner


_NOTHING: Final = Reply(status=503)
_METHOD: Final[dict[Operation, str]] = {"balance": "GET", "create": "POST"}
_PATH = re.compile(r"/api/(?P<version>v4\.[01])/integrations/customers(/(?P<id>[^/]+)/balance)?")


async def _body(receive: Receive) -> bytes:
    body = b""
    while len(body) <= MAX_BODY:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


async def _leaves(receive: Receive, *, within: float | None) -> bool:
    """Tell whether the client is gone within so many seconds; ``None`` waits until it is."""
    if within == 0:
        return False
    try:
        async with asyncio.timeout(within):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def _send(reply: Reply, send: Send, *, whole: bool) -> None:
    kind = {"content-type": reply.content_type} if reply.body else {}
    headers = {**kind, "content-length": str(len(reply.body)), **reply.headers}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    body = reply.body if whole else reply.body[: len(reply.body) // 2]
    await send({"type": "http.response.body", "body": body, "more_body": not whole})
