"""Gives new customers their numbers."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import structlog

from scanner_daemon.errors import IssuingError, LoyaltyError, StorageError
from scanner_daemon.issuing.ledger import Ledger, NewCard
from scanner_daemon.issuing.recipe import Recipe
from scanner_daemon.issuing.taken_back import taken_back
from scanner_daemon.model import Member
from scanner_daemon.pipeline import CardScheme

ATTEMPTS: Final = 100
"""Draws for one number. Where so many are taken, the numbers are used up or the lane takes none of them back."""

RETRY_SECONDS: Final = 60.0
"""Between two tries to fill the stock."""

T = TypeVar("T")

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Issuer:
    """Issues the numbers of ``recipe``, written down in ``ledger``, that the lane's ``schemes`` take back.

    ``find`` asks the loyalty programme for a customer and enrols nobody. While the lane runs, ``stock`` numbers that
    nobody has are kept ready, so that a customer gets one also while the programme does not answer.
    """

    recipe: Recipe
    ledger: Ledger
    schemes: Sequence[CardScheme]
    find: Callable[[str], Awaitable[Member | None]]
    stock: int = 5
    _lock: asyncio.Lock = field(init=False, default_factory=asyncio.Lock, repr=False)
    _used: asyncio.Event = field(init=False, default_factory=asyncio.Event, repr=False)

    async def issue(self) -> str:
        """Return a customer id that was never given to anybody and never will be again.

        Raises ``StorageError`` when that cannot be kept, ``IssuingError`` when there is no such number, or none is
        ready while the loyalty programme cannot be asked.
        """
        return (await self.issue_card()).customer_id

    async def issue_card(self) -> NewCard:
        """Return a new card, likewise."""
        async with self._lock:
            for _ in range(ATTEMPTS):
                card = await self._checked()
                if card is not None and await self._blocking(self.ledger.give_out, card):
                    self._used.set()
                    return card
        raise self._exhausted()

    async def restock(self) -> None:
        """Fill the stock. Raises as :meth:`issue`."""
        async with self._lock:
            ready = await self._blocking(self.ledger.ready)
            for _ in range(self.stock - len(ready)):
                await self._new()

    async def serve(self) -> None:
        """Keep the stock filled until cancelled."""
        while True:
            self._used.clear()
            waiting: float | None = None
            try:
                await self.restock()
            except (StorageError, IssuingError) as error:
                _log.warning("card_numbers_not_stocked", detail=str(error))
                waiting = RETRY_SECONDS
            await self._until_used(waiting)

    async def _checked(self) -> NewCard | None:
        """Return a card nobody has: the oldest that is ready, asked about once more where that can be done."""
        ready = await self._blocking(self.ledger.ready)
        if not ready:
            return await self._new()
        card = ready[0]
        try:
            known = await self._is_known(card)
        except IssuingError:
            known = False  # nobody had it when it was made ready, and nobody else was given it
        if known or not self._is_ours(card):
            await self._blocking(self.ledger.strike, card)
            return None
        return card

    async def _is_known(self, card: NewCard) -> bool:
        """Tell whether somebody has the card. Raises ``IssuingError`` when nobody can tell."""
        try:
            return await self.find(card.customer_id) is not None
        except LoyaltyError as error:
            raise IssuingError(f"Failed to see whether a new card number is anybody's already: {error}") from error

    def _is_ours(self, card: NewCard) -> bool:
        """Tell whether the card is still one of this configuration, which may have changed since it was made ready."""
        customer_id = taken_back(card.number, self.recipe.bar_code, self.schemes)
        return card.number.startswith(self.recipe.prefix) and customer_id == card.customer_id

    async def _new(self) -> NewCard:
        """Return a card that is new, ready to be given out."""
        for _ in range(ATTEMPTS):
            card = await self._drawn()
            if card is None or not await self._blocking(self.ledger.claim, card):
                continue
            if not await self._is_known(card):
                await self._blocking(self.ledger.keep_ready, card)
                return card
        raise self._exhausted()

    async def _drawn(self) -> NewCard | None:
        place = await self._place()
        number = self.recipe.number(place) if place < self.recipe.count else None
        customer_id = number and taken_back(number, self.recipe.bar_code, self.schemes)
        return NewCard(number=number, customer_id=customer_id) if number and customer_id else None

    async def _place(self) -> int:
        if self.recipe.order == "random":
            return secrets.randbelow(self.recipe.count)
        return await self._blocking(lambda: self.ledger.place_after(self.recipe.prefix, first=self.recipe.first))

    async def _blocking(self, work: Callable[..., T], *args: object) -> T:
        """Do disk work in a thread; begun, it is finished, also when the caller is cancelled."""
        return await asyncio.shield(asyncio.to_thread(work, *args))

    async def _until_used(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._used.wait()
        except TimeoutError:
            return

    def _exhausted(self) -> IssuingError:
        example = self.recipe.number(self.recipe.first) or "none"
        return IssuingError(
            f"Failed to find a new card number in {ATTEMPTS} tries: expected numbers such as {example} as "
            f"{self.recipe.bar_code.value} to be new and to be taken back by a [[card]] of this lane, got none; check "
            "[cards] against the pattern, symbologies and check digit of [[card]], and whether the numbers are used up"
        )
