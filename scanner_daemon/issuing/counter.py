"""The counter: where a new member's card is printed, drawn for a telephone, and seen for the first time.

It hears of new cards as any listener does, and what it prints it prints behind the lane's back: an enrolment is done
whatever the printer does.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Container
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from ulid_transform import ulid_now

from scanner_daemon.errors import StorageError
from scanner_daemon.issuing.ledger import Ledger
from scanner_daemon.issuing.order import Order, Printed, read_printed
from scanner_daemon.model import CardIssued, CardNotPrinted, CardPrinted, LaneEvent, MemberIdentified, masked

PRINT_SHOP: Final = (sys.executable, "-m", "scanner_daemon.issuing.print_shop")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterSettings:
    """The table ``[cards.counter]``.

    ``print`` prints the card of a customer who was enrolled without one, on ``[cards.printer]``. With ``scan_back`` a
    card is active only once it was scanned at the lane.
    """

    print: bool = False
    scan_back: bool = False


@dataclass(slots=True, kw_only=True)
class Counter:
    """Prints as ``order`` says, and notes in ``ledger`` what it hears."""

    lane: str
    settings: CounterSettings
    order: Order
    ledger: Ledger
    publish: Callable[[LaneEvent], None] = field(init=False, default=lambda _: None)
    _wake: asyncio.Event = field(init=False, default_factory=asyncio.Event, repr=False)
    _listed: set[str] = field(init=False, default_factory=set, repr=False)

    async def tell(self, event: LaneEvent) -> None:
        """Put a new card on the list of those to print; note one that comes back."""
        try:
            if isinstance(event, CardIssued) and self.settings.print:
                await self._put_on_list(event)
            elif isinstance(event, MemberIdentified) and self.settings.scan_back:
                await self._scanned(event.member.customer_id)
        except StorageError as error:
            _log.error("card_not_noted", detail=str(error))

    async def serve(self) -> None:
        """Print what waits whenever that is asked for, until cancelled; cards of an earlier day only then."""
        await self._tell_of_earlier_ones()
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._print()
            except (OSError, ValueError) as error:  # no process, or none of ours: the lane goes on all the same
                await self._tell_not_printed(f"Failed to run the print shop: {error}.")

    def print(self) -> None:
        """Have everything printed that waits; returns at once."""
        self._wake.set()

    async def picture(self, customer_id: str) -> bytes | None:
        """Return an SVG with the QR code of a customer's card, read back; ``None`` where it cannot be made."""
        try:
            number = await asyncio.to_thread(self.ledger.number_of, customer_id)
        except StorageError as error:
            _log.error("card_not_drawn", detail=str(error))
            return None
        return None if number is None else await self._drawn(number)

    async def _drawn(self, number: str) -> bytes | None:
        try:
            async with _print_shop(replace(self.order, qr=number)) as shop:
                made, said = await shop.communicate()
        except OSError as error:
            made, said = b"", str(error).encode()
        if not made:
            _log.error("card_not_drawn", label=masked(number), detail=_last_line(said))
        return made or None

    async def _put_on_list(self, event: CardIssued) -> None:
        number = await asyncio.to_thread(self.ledger.number_of, event.customer_id)
        if number is not None:
            self._listed.add(number)  # before the ledger has it: who finds it there knows whose it is
            await asyncio.to_thread(self.ledger.to_print, number, name=event.display_name or "")
            self.print()

    async def _scanned(self, customer_id: str) -> None:
        if await asyncio.to_thread(self.ledger.scanned, customer_id):
            _log.info("card_active", label=masked(customer_id))

    async def _print(self) -> None:
        """Print what waits, and tell what became of it."""
        failed: Printed | None = None
        async with _print_shop(self.order) as shop:
            assert shop.stdout is not None  # noqa: S101  _print_shop() asks for it
            async for line in shop.stdout:
                printed = read_printed(line)
                if printed.detail is None:
                    self.publish(CardPrinted(**self._head(), label=printed.label, again=printed.again))
                else:
                    failed = printed
            _, said = await shop.communicate()
            if shop.returncode != 0:
                failed = Printed(label="", detail=_last_line(said))
        if failed is not None:
            await self._tell_not_printed(failed.detail or "", label=failed.label)

    async def _tell_of_earlier_ones(self) -> None:
        if self.settings.print:
            await self._tell_not_printed("It waits since before the lane was started.", but=self._listed)

    async def _tell_not_printed(self, detail: str, *, label: str = "", but: Container[str] = ()) -> None:
        """Tell how many cards wait, if any do ``but`` these."""
        try:
            waiting = await asyncio.to_thread(self.ledger.waiting)
        except StorageError as error:
            _log.error("cards_not_printed", detail=f"{detail} {error}")
            return
        meant = [job.number for job in waiting if job.number not in but]
        if meant:
            label = label or masked(meant[0])
            self.publish(CardNotPrinted(**self._head(), label=label, detail=detail, waiting=len(waiting)))

    def _head(self) -> dict[str, Any]:
        return {"id": ulid_now(), "lane": self.lane, "scanner": None, "at": datetime.now(UTC)}


@asynccontextmanager
async def _print_shop(order: Order) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the print shop with ``order``. It ends with the block: what it had begun to print is printed again."""
    pipe = asyncio.subprocess.PIPE
    shop = await asyncio.create_subprocess_exec(*PRINT_SHOP, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        assert shop.stdin is not None  # noqa: S101  it is a pipe
        shop.stdin.write(order.as_json())
        shop.stdin.close()
        yield shop
    finally:
        if shop.returncode is None:
            shop.kill()
            await shop.wait()


def _last_line(said: bytes) -> str:
    """Return the sentence that a program ended with."""
    lines = said.decode(errors="replace").strip().splitlines() or ["it said nothing"]
    return lines[-1]
