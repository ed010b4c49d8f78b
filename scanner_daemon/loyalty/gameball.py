"""Gameball as a lane's loyalty programme."""

import asyncio
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Annotated, Literal, Self

import structlog
from pydantic import Field, SecretStr

from scanner_daemon.errors import LoyaltyError, LoyaltyMisconfigured
from scanner_daemon.loyalty.lookup import LookUp
from scanner_daemon.loyalty.transport import Transport
from scanner_daemon.model import Member, masked

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Gameball:
    """A Gameball account, asked over its REST API; the settings are the table ``[gameball]``.

    ``base_url`` is scheme and host. ``version`` is ``v4.1`` where the account asks for it. ``lookup_timeout`` is in
    seconds, for a whole get-or-create. With ``create="never"`` an unknown customer stays unknown. After an answer
    that tells of wrong keys, account or address nothing is asked for ``misconfigured_pause`` seconds; then one
    look-up may try whether that was mended.

    Use as ``async with gameball:``, which opens connections when they are needed and closes them at the end.
    """

    base_url: str = "https://api.gameball.co"
    version: Literal["v4.0", "v4.1"] = "v4.0"
    api_key: SecretStr
    secret_key: SecretStr
    lookup_timeout: Annotated[float, Field(gt=0, le=60)] = 3.0
    create: Literal["always", "never"] = "always"
    misconfigured_pause: Annotated[float, Field(gt=0)] = 300.0
    _transport: Transport = field(init=False, repr=False)
    _look_ups: dict[str, asyncio.Task[Member | None]] = field(init=False, default_factory=dict, repr=False)
    _misconfigured: LoyaltyMisconfigured | None = field(init=False, default=None, repr=False)
    _ask_again_at: float = field(init=False, default=0.0, repr=False)

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for an address or keys that no request could carry."""
        headers = {"APIKey": _key("api_key", self.api_key), "SecretKey": _key("secret_key", self.secret_key)}
        self._transport = Transport(base_url=self.base_url, headers=headers)

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
        """Return the member, enrolled now if need be; ``None`` when unknown and ``create`` is ``never``.

        Look-ups of one customer at the same time are one look-up, which goes on when one of its callers is
        cancelled. A member whose first balance does not show in time has ``balance`` ``None``.

        Raises ``LoyaltyUnavailable``, at the latest after ``lookup_timeout``, ``LoyaltyRefused``,
        ``LoyaltyMisconfigured`` or ``LoyaltyProtocolError``.
        """
        look_up = self._look_ups.get(customer_id)
        if look_up is None:
            look_up = asyncio.create_task(self._look_up(customer_id), name=f"look up {masked(customer_id)}")
            self._look_ups[customer_id] = look_up
            look_up.add_done_callback(partial(self._forget, customer_id))
        return await asyncio.shield(look_up)

    def _forget(self, customer_id: str, look_up: asyncio.Task[Member | None]) -> None:
        del self._look_ups[customer_id]
        if not look_up.cancelled():
            look_up.exception()  # all its callers may be gone: asyncio should not complain that nobody looked

    async def _look_up(self, customer_id: str) -> Member | None:
        look_up = LookUp(
            transport=self._transport,
            root=f"/api/{self.version}/integrations",
            customer_id=customer_id,
            timeout=self.lookup_timeout,
        )
        self._raise_while_misconfigured()
        try:
            member = await (look_up.get() if self.create == "never" else look_up.get_or_create())
        except LoyaltyMisconfigured as error:
            self._stop_asking(error)
            raise
        except LoyaltyError:
            self._ask_on()
            raise
        self._ask_on()
        return member

    def _raise_while_misconfigured(self) -> None:
        if self._misconfigured is None:
            return
        now = asyncio.get_running_loop().time()
        if now < self._ask_again_at:
            raise LoyaltyMisconfigured(f"{self._misconfigured} (not asked again for {self._ask_again_at - now:.0f} s)")
        self._ask_again_at = now + self.misconfigured_pause  # only this look-up tries

    def _stop_asking(self, error: LoyaltyMisconfigured) -> None:
        if self._misconfigured is None:
            _log.error("gameball_misconfigured", detail=str(error), ask_again_in=self.misconfigured_pause)
        self._misconfigured = error
        self._ask_again_at = asyncio.get_running_loop().time() + self.misconfigured_pause

    def _ask_on(self) -> None:
        if self._misconfigured is not None:
            _log.info("gameball_asked_again")
        self._misconfigured = None


def _key(name: str, secret: SecretStr) -> str:
    """Return the key as a header's value. Raises ``ValueError`` for what none can hold, without telling it."""
    key = secret.get_secret_value()
    if not key or not key.isascii() or not key.isprintable() or key != key.strip():
        raise ValueError(f"{name}: expected a key of printable ASCII characters, got something else")
    return key
