"""Gameball as a lane's loyalty programme."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Annotated, Final, Literal, Self

import structlog
from pydantic import Field, SecretStr

from scanner_daemon.errors import LoyaltyError, LoyaltyMisconfigured, LoyaltyUnavailable
from scanner_daemon.loyalty import wire
from scanner_daemon.loyalty.breaker import Breaker, BreakerState
from scanner_daemon.loyalty.lookup import LookUp, Postponed
from scanner_daemon.loyalty.rate_limits import FOR_LATER, RateLimit, Window
from scanner_daemon.loyalty.transport import Method, Transport
from scanner_daemon.model import Enrolment, Member, masked

_PUBLISHED: Final[Mapping[Method, tuple[Window, ...]]] = {
    "GET": (Window(100, 1.0), Window(1200, 30.0)),
    "POST": (Window(30, 1.0), Window(360, 30.0)),
}
"""What an account may ask of its customers (Gameball API reference v4.0, rate limiting)."""

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Gameball:
    """A Gameball account, asked over its REST API; the settings are the table ``[gameball]``.

    ``base_url`` is scheme and host. ``version`` is ``v4.1`` where the account asks for it. ``lookup_timeout`` is in
    seconds, for a whole get-or-create. Unless ``create`` is ``always``, a look-up leaves an unknown customer unknown.
    ``merge_by_contact`` is for accounts that merge customers by e-mail address or mobile number: these want them at the
    top level of a request too. After an answer that tells of wrong keys, account or address nothing is asked for
    ``misconfigured_pause`` seconds, and after some look-ups in a row without an answer for two seconds or what the
    server asks for; then one look-up may try whether that was mended.

    Use as ``async with gameball:``, which opens connections when they are needed and closes them at the end.
    """

    base_url: str = "https://api.gameball.co"
    version: Literal["v4.0", "v4.1"] = "v4.0"
    api_key: SecretStr
    secret_key: SecretStr
    lookup_timeout: Annotated[float, Field(gt=0, le=60)] = 3.0
    create: Literal["always", "never", "with-contact"] = "always"
    merge_by_contact: bool = False
    misconfigured_pause: Annotated[float, Field(gt=0)] = 300.0
    _transport: Transport = field(init=False, repr=False)
    _look_ups: dict[tuple[str, bool], asyncio.Task[Member | None]] = field(init=False, default_factory=dict, repr=False)
    _limits: Mapping[Method, RateLimit] = field(init=False, repr=False)
    _breaker: Breaker = field(init=False, default_factory=Breaker, repr=False)
    _trouble: LoyaltyMisconfigured | LoyaltyUnavailable | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for an address or keys that no request could carry."""
        headers = {"APIKey": _key("api_key", self.api_key), "SecretKey": _key("secret_key", self.secret_key)}
        self._transport = Transport(base_url=self.base_url, headers=headers)
        self._limits = {method: RateLimit(windows) for method, windows in _PUBLISHED.items()}

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        look_ups = list(self._look_ups.values())
        for look_up in look_ups:
            look_up.cancel()
        await asyncio.gather(*look_ups, return_exceptions=True)
        await self._transport.__aexit__(kind, error, trace)

    async def get_or_create(self, customer_id: str) -> Member | None:
        """Return the member, enrolled now if need be; ``None`` when unknown and ``create`` is not ``always``.

        Look-ups of one customer at the same time are one look-up, which goes on when one of its callers is
        cancelled. A member whose first balance does not show in time has ``balance`` ``None``.

        Raises ``LoyaltyUnavailable``, at the latest after ``lookup_timeout``, ``LoyaltyRefused``,
        ``LoyaltyMisconfigured`` or ``LoyaltyProtocolError``.
        """
        return await self._joined(customer_id, create=self.create == "always")

    async def find(self, customer_id: str) -> Member | None:
        """Return the member, ``None`` when unknown. Joins, takes its time and raises as :meth:`get_or_create`."""
        return await self._joined(customer_id, create=False)

    async def enrol(self, enrolment: Enrolment, *, patient: bool) -> Member:
        """Return the member, enrolled now with these details if unknown; one that is known is left as they are.

        When ``patient`` it leaves most of the published limits to others. Takes its time and raises as
        :meth:`get_or_create`.
        """
        body = wire.create_body(
            enrolment.customer_id,
            display_name=enrolment.display_name,
            email=enrolment.email,
            mobile=enrolment.mobile,
            merge_by_contact=self.merge_by_contact,
        )
        share = FOR_LATER if patient else 1.0
        question = self._question(enrolment.customer_id, create_body=body, share=share)
        async with self._watched():
            return await question.get_or_create()

    @property
    def breaker_state(self) -> BreakerState:
        """Whether look-ups are sent at this moment."""
        return self._breaker.state(asyncio.get_running_loop().time())

    async def _joined(self, customer_id: str, *, create: bool) -> Member | None:
        key = (customer_id, create)
        look_up = self._look_ups.get(key)
        if look_up is None:
            asking = self._look_up(customer_id, create=create)
            look_up = asyncio.create_task(asking, name=f"look up {masked(customer_id)}")
            self._look_ups[key] = look_up
            look_up.add_done_callback(partial(self._forget, key))
        return await asyncio.shield(look_up)

    def _forget(self, key: tuple[str, bool], look_up: asyncio.Task[Member | None]) -> None:
        del self._look_ups[key]
        if not look_up.cancelled():
            look_up.exception()  # all its callers may be gone: asyncio should not complain that nobody looked

    async def _look_up(self, customer_id: str, *, create: bool) -> Member | None:
        question = self._question(customer_id)
        async with self._watched():
            return await (question.get_or_create() if create else question.get())

    def _question(self, customer_id: str, *, create_body: bytes | None = None, share: float = 1.0) -> LookUp:
        return LookUp(
            transport=self._transport,
            limits=self._limits,
            share=share,
            root=f"/api/{self.version}/integrations",
            customer_id=customer_id,
            timeout=self.lookup_timeout,
            create_body=create_body,
        )

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[None]:
        """Ask nothing while that is known to be of no use; learn from what comes of asking."""
        self._raise_while_open()
        try:
            yield
        except (asyncio.CancelledError, Postponed):
            self._breaker.gave_up()
            raise
        except (LoyaltyMisconfigured, LoyaltyUnavailable) as error:
            self._failed(error)
            raise
        except LoyaltyError:
            self._answered()
            raise
        self._answered()

    def _raise_while_open(self) -> None:
        wait = self._breaker.wait(asyncio.get_running_loop().time())
        if wait and self._trouble:
            said = f"{self._trouble} (not asked again for {wait:.0f} s)"
            if isinstance(self._trouble, LoyaltyMisconfigured):
                raise LoyaltyMisconfigured(said)
            raise LoyaltyUnavailable(said, retry_after=wait)

    def _failed(self, error: LoyaltyMisconfigured | LoyaltyUnavailable) -> None:
        now, before = asyncio.get_running_loop().time(), self._trouble
        if isinstance(error, LoyaltyMisconfigured):
            self._breaker.open(now, pause=self.misconfigured_pause)
        else:
            self._breaker.failed(now, retry_after=error.retry_after)
        if self._breaker.state(now) is BreakerState.CLOSED:
            return
        self._trouble = error
        if before is None or before.reason != error.reason:
            level = _log.error if isinstance(error, LoyaltyMisconfigured) else _log.warning
            level(f"gameball_{error.reason}", detail=str(error), ask_again_in=round(self._breaker.left(now), 1))

    def _answered(self) -> None:
        self._breaker.answered()
        if self._trouble is not None:
            _log.info("gameball_asked_again")
        self._trouble = None


def _key(name: str, secret: SecretStr) -> str:
    """Return the key as a header's value. Raises ``ValueError`` for what none can hold, without telling it."""
    key = secret.get_secret_value()
    if not key or not key.isascii() or not key.isprintable() or key != key.strip():
        raise ValueError(f"{name}: expected a key of printable ASCII characters, got something else")
    return key
