"""What the counter tells of cards that waited before it was started, and of those that were issued since."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scanner_daemon.cards.form import Form
from scanner_daemon.cards.settings import PrinterSettings
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.issuing.counter import Counter, CounterSettings
from scanner_daemon.issuing.ledger import Ledger, NewCard
from scanner_daemon.issuing.order import Order
from scanner_daemon.model import CardIssued, CardNotPrinted, LaneEvent

NOBODY_LISTENS = PrinterSettings(address="tcp://127.0.0.1:9", form=Form.ZPL)
EARLIER = "0412345678903"
NEW = "0412345678910"
SINCE_BEFORE = "It waits since before the lane was started."


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(file=tmp_path / "cards.db")


@asynccontextmanager
async def started(counter: Counter) -> AsyncIterator[asyncio.Queue[LaneEvent]]:
    """Have ``counter`` serve; yield what it tells."""
    told: asyncio.Queue[LaneEvent] = asyncio.Queue()
    counter.publish = told.put_nowait
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        serving = group.create_task(counter.serve())
        yield told
        serving.cancel()


def a_counter(ledger: Ledger) -> Counter:
    order = Order(ledger=ledger.file, symbology=Symbology.CODE128, printer=NOBODY_LISTENS)
    return Counter(lane="lane-1", settings=CounterSettings(print=True), order=order, ledger=ledger)


def issued(ledger: Ledger, number: str) -> CardIssued:
    card = NewCard(number=number, customer_id=number)
    ledger.claim(card)
    ledger.keep_ready(card)
    ledger.give_out(card)
    return CardIssued(
        id="1", lane="lane-1", scanner=None, at=datetime.now(UTC), label=f"…{number[-4:]}", customer_id=number
    )


async def test_a_card_that_is_issued_while_the_lane_starts_is_not_an_earlier_one(ledger: Ledger) -> None:
    counter = a_counter(ledger)
    await counter.tell(issued(ledger, NEW))
    async with started(counter) as told:
        first = await told.get()
    assert isinstance(first, CardNotPrinted)
    assert (first.label, first.waiting) == (f"…{NEW[-4:]}", 1)
    assert "Failed to print at" in first.detail


async def test_a_card_of_an_earlier_day_is_told_of_also_when_another_is_issued_at_once(ledger: Ledger) -> None:
    issued(ledger, EARLIER)
    ledger.to_print(EARLIER)
    counter = a_counter(ledger)
    await counter.tell(issued(ledger, NEW))
    async with started(counter) as told:
        first, second = await told.get(), await told.get()
    assert isinstance(first, CardNotPrinted)
    assert (first.detail, first.label, first.waiting) == (SINCE_BEFORE, f"…{EARLIER[-4:]}", 2)
    assert isinstance(second, CardNotPrinted)
    assert (second.label, second.waiting) == (f"…{EARLIER[-4:]}", 2)
    assert "Failed to print at" in second.detail
