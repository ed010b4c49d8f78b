"""One look-up: find the member, or enrol them and read their first balance.

Source: Gameball's guide for points of sale, "Customer Management": get the balance; if there is no such customer,
create them. The create answer tells no balance, so the balance is asked for again.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Final

import stamina

from scanner_daemon.errors import (
    LoyaltyError,
    LoyaltyMisconfigured,
    LoyaltyProtocolError,
    LoyaltyRefused,
    LoyaltyUnavailable,
)
from scanner_daemon.loyalty import wire
from scanner_daemon.loyalty.rate_limits import RateLimit
from scanner_daemon.loyalty.transport import Answer, Method, Transport
from scanner_daemon.loyalty.wire import ErrorAnswer, ErrorKind
from scanner_daemon.model import Balance, Member, masked

_ATTEMPTS: Final = 3
_FIRST_WAIT: Final = 0.15  # seconds, then doubled: under a second in all when every attempt is refused at once
_JITTER: Final = 0.1
_RATE_WINDOW: Final = 1.0  # seconds; the published limits are per second, and per 30, which no till waits
_WAITS_FOR_FIRST_BALANCE: Final[Sequence[float]] = (0.0, 0.15, 0.35)  # seconds; a new customer shows a little late


class Postponed(LoyaltyUnavailable):
    """Nothing was asked: within the time there is no room in the programme's limits."""


@dataclass(slots=True, kw_only=True)
class LookUp:
    """A question about one customer, to be answered within ``timeout`` seconds from now.

    ``root`` is the path before ``/customers``. Each request waits for its turn in ``limits``, of which this look-up may
    use ``share``. ``create_body`` creates the customer, if not their id alone. Raises ``LoyaltyRefused``, before
    anything is sent, for an id that :func:`scanner_daemon.loyalty.wire.customer_path` does not take.
    """

    transport: Transport
    limits: Mapping[Method, RateLimit]
    share: float = 1.0
    root: str
    customer_id: str = field(repr=False)
    timeout: float
    create_body: bytes | None = field(default=None, repr=False)
    _path: str = field(init=False, repr=False)
    _deadline: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        try:
            self._path = wire.customer_path(self.customer_id)
        except ValueError as error:
            raise LoyaltyRefused(f"look-up of {masked(self.customer_id)}: {error}") from None
        self._deadline = asyncio.get_running_loop().time() + self.timeout

    async def get(self) -> Member | None:
        """Return the member, ``None`` if there is none. One request."""
        async with self._in_time():
            balance = await self._balance()
        return self._member(balance, created=False) if balance is not None else None

    async def get_or_create(self) -> Member:
        """Return the member, enrolled first if there is none. One request for a known member, three for a new one."""
        member = await self.get()
        if member is not None:
            return member
        async with self._in_time():
            created = await self._create()
        return self._member(await self._first_balance(), created=created)

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout_at(self._deadline):
                yield
        except TimeoutError:
            raise LoyaltyUnavailable(
                f"look-up of {masked(self.customer_id)}: expected an answer within {self.timeout:g} s, got none;"
                " check the network and lookup_timeout"
            ) from None

    def _member(self, balance: Balance | None, *, created: bool) -> Member:
        return Member(customer_id=self.customer_id, created=created, balance=balance, as_of=datetime.now(UTC))

    async def _balance(self) -> Balance | None:
        answer = await self._ask("GET", f"{self._path}/balance")
        if isinstance(answer, ErrorAnswer):
            if answer.kind in {ErrorKind.NOT_FOUND, ErrorKind.NO_SUCH_PATH}:
                return None
            raise self._error("GET", answer)
        try:
            return wire.balance_from(answer.body)
        except LoyaltyProtocolError as error:
            raise LoyaltyProtocolError(self._sentence("GET", str(error))) from None

    async def _create(self) -> bool:
        """Enrol the customer; tell whether it was us who did. Creating twice is creating once (an upsert)."""
        body = self.create_body or wire.create_body(self.customer_id)
        answer = await self._ask("POST", "/customers", body)
        if isinstance(answer, ErrorAnswer):
            if answer.kind is ErrorKind.ALREADY_EXISTS:
                return False
            raise self._error("POST", answer)
        try:
            wire.check_create_answer(answer.body)
        except LoyaltyProtocolError as error:
            raise LoyaltyProtocolError(self._sentence("POST", str(error))) from None
        return True

    async def _first_balance(self) -> Balance | None:
        """Return the balance of a customer just created; ``None`` if it does not show in time: they are a member."""
        try:
            async with self._in_time():
                for wait in _WAITS_FOR_FIRST_BALANCE:
                    await asyncio.sleep(wait)
                    balance = await self._balance()
                    if balance is not None:
                        return balance
        except LoyaltyUnavailable:
            pass
        return None

    async def _ask(self, method: Method, path: str, content: bytes | None = None) -> Answer | ErrorAnswer:
        """Return what the server says, asked again while it cannot say anything and there is time."""
        async for attempt in stamina.retry_context(
            on=partial(_pause_after, deadline=self._deadline),
            attempts=_ATTEMPTS,
            timeout=None,
            wait_initial=_FIRST_WAIT,
            wait_jitter=_JITTER,
        ):
            with attempt:
                return await self._ask_once(method, path, content)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _ask_once(self, method: Method, path: str, content: bytes | None) -> Answer | ErrorAnswer:
        await self._turn(method)
        try:
            answer = await self.transport.request(method, self.root + path, content)
        except LoyaltyError as error:
            raise type(error)(self._sentence(method, str(error))) from None
        if HTTPStatus(200) <= answer.status < HTTPStatus(300):
            return answer
        said = wire.error_from(answer.status, answer.body, about=self.customer_id)
        if said.kind not in {ErrorKind.UNAVAILABLE, ErrorKind.CONCURRENT}:
            return said
        sentence = self._sentence(method, f"expected 200, got {said}: {said.kind.value}")
        pause = answer.retry_after
        if pause is None and answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            pause = _RATE_WINDOW * random.uniform(1.0, 1.2)  # noqa: S311  keeps a shop's lanes apart
        if pause is not None:
            raise LoyaltyUnavailable(f"{sentence}, in {pause:.3g} s", retry_after=pause)
        raise LoyaltyUnavailable(sentence)

    async def _turn(self, method: Method) -> None:
        """Wait until one more request is within the limits."""
        loop = asyncio.get_running_loop()
        while wait := self.limits[method].wait(loop.time(), share=self.share):
            if loop.time() + wait >= self._deadline:
                full = f"expected room in the published limits within {self.timeout:g} s, got some in {wait:.3g} s"
                raise Postponed(self._sentence(method, full), retry_after=wait)
            await asyncio.sleep(wait)

    def _error(self, method: Method, answer: ErrorAnswer) -> LoyaltyError:
        """Return the exception for an answer that is no expected outcome of ``method``."""
        sentence = self._sentence(method, f"expected 200, got {answer}")
        match answer.kind:
            case ErrorKind.MISCONFIGURED:
                return LoyaltyMisconfigured(f"{sentence}; {_CURES.get(answer.code, _CURE)}")
            case ErrorKind.NOT_FOUND | ErrorKind.NO_SUCH_PATH:  # creating a customer finds no customer missing
                return LoyaltyMisconfigured(f"{sentence}; check base_url and version")
            case ErrorKind.PROTOCOL:
                return LoyaltyProtocolError(f"{sentence}; check base_url, and what stands between it and here")
            case _:
                return LoyaltyRefused(sentence)

    def _sentence(self, method: Method, what: str) -> str:
        rest = f"/{masked(self.customer_id)}/balance" if method == "GET" else f" for {masked(self.customer_id)}"
        return f"{method} {self.root}/customers{rest}: {what}"


_CURE: Final = "check api_key and secret_key, and whether the account asks for version v4.1"
_CURES: Final[Mapping[int | None, str]] = {
    1000: "check api_key: test and live keys differ, and a key that was replaced stops at once",
    1001: "check secret_key",
    1006: "check secret_key",
    6000: "Gameball is switched off for this account: see its dashboard",
    8000: "the account's plan does not include this: see its dashboard",
}


def _pause_after(error: Exception, *, deadline: float) -> bool | float:
    """Say whether to ask again after ``error``: ``True`` after the usual pause, or after so many seconds."""
    if not isinstance(error, LoyaltyUnavailable) or isinstance(error, Postponed):
        return False
    if error.retry_after is None:
        return True
    return error.retry_after if asyncio.get_running_loop().time() + error.retry_after < deadline else False
