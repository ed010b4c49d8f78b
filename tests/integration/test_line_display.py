"""A line display at the end of a pty: real termios, real hang-ups, a screen that follows the manuals."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
import structlog

from scanner_daemon.displays import line_display
from scanner_daemon.displays.line_display import LineDisplay
from scanner_daemon.displays.line_protocols import Protocol
from scanner_daemon.model import LaneEvent, RejectReason
from tests.displays.conftest import events
from tests.displays.vfd import DISPLAYS, Display

if TYPE_CHECKING:
    from tests.displays.conftest import Events

__all__ = ["events"]


class Customer:
    """The far end of the line: what a customer sees."""

    def __init__(self, path: Path, display: Display) -> None:
        self.path = path
        self.display = display
        self.bytes_seen = 0
        self._master: int | None = None
        self._seen = asyncio.Event()

    def plug_in(self, *, read: bool = True) -> None:
        self._master, slave = os.openpty()
        tty.setraw(self._master)
        self.path.symlink_to(os.ttyname(slave))
        os.close(slave)
        if read:
            self.read()

    def read(self) -> None:
        assert self._master is not None
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._on_readable)

    def unplug(self) -> None:
        if self._master is not None:
            with suppress(RuntimeError):
                asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            self._master = None
            self.path.unlink()

    def _on_readable(self) -> None:
        assert self._master is not None
        with suppress(OSError):  # EIO: nobody has the near end open
            data = os.read(self._master, 4096)
            self.bytes_seen += len(data)
            self.display.feed(data)
            self._seen.set()
            return
        asyncio.get_running_loop().remove_reader(self._master)
        asyncio.get_running_loop().call_later(0.02, self._again)

    def _again(self) -> None:
        if self._master is not None:
            self.read()

    async def sees(self, *rows: str) -> None:
        """Wait until the screen is ``rows``, without what is blank at their ends."""
        await self.sees_that(lambda screen: [row.strip() for row in screen] == list(rows))

    async def sees_that(self, is_so: Callable[[list[str]], bool]) -> None:
        try:
            async with asyncio.timeout(10):
                while not is_so(self.display.screen):
                    self._seen.clear()
                    await self._seen.wait()
        except TimeoutError:
            pytest.fail(f"still on the screen: {self.display.screen}")


@pytest.fixture
async def customer(tmp_path: Path) -> AsyncIterator[Customer]:
    customer = Customer(tmp_path / "usb-Prolific_VFD-if00", DISPLAYS["epson"]())
    yield customer
    customer.unplug()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter times than people need."""
    for name, seconds in {"STEP": 0.01, "REFRESH": 0.1, "FIRST_RETRY": 0.02, "SLOWEST_RETRY": 0.05}.items():
        monkeypatch.setattr(line_display, name, seconds)


@asynccontextmanager
async def serving(display: LineDisplay) -> AsyncIterator[LineDisplay]:
    task = asyncio.create_task(display.serve())
    try:
        yield display
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def display_at(customer: Customer, **settings: Any) -> LineDisplay:
    return LineDisplay(**{"port": str(customer.path), "protocol": "epson"} | settings)


@pytest.mark.parametrize("protocol", get_args(Protocol))
async def test_every_state_on_every_display(tmp_path: Path, events: "Events", protocol: Protocol) -> None:
    customer = Customer(tmp_path / "vfd", DISPLAYS[protocol]())
    customer.plug_in()
    states: list[tuple[LaneEvent, tuple[str, str]]] = [
        (events.accepted(1), ("One moment", "")),
        (events.member(1), ("Welcome back", "1,200 points  $60.00")),
        (events.member(2, created=True), ("Welcome", "1,200 points  $60.00")),
        (events.rejected(3, RejectReason.UNKNOWN_CUSTOMER), ("We do not know this", "card yet")),
        (events.discarded(4), ("Please scan again", "")),
        (events.rejected(5, RejectReason.NOT_A_MEMBER_LABEL), ("This is not a member", "card")),
        (events.rejected(6, RejectReason.PAYMENT_CARD), ("This looks like a", "payment card")),
        (events.failed(7), ("We cannot show your", "points right now")),
    ]
    async with serving(LineDisplay(port=str(customer.path), protocol=protocol)) as display:
        await customer.sees("Scan your card to", "see your points")
        for event, rows in states:
            await display.tell(event)
            await customer.sees(*rows)
    await customer.sees("Scan your card to", "see your points")
    assert customer.display.scrolled == 0
    customer.unplug()


@pytest.mark.usefixtures("quick")
async def test_it_clears_itself_and_dims(customer: Customer, events: "Events") -> None:
    customer.plug_in()
    async with serving(display_at(customer, hold=0.3)) as display:
        await display.tell(events.member(1))
        await customer.sees("Welcome back", "1,200 points  $60.00")
        assert customer.display.brightness == 4
        await customer.sees("Scan your card to", "see your points")
        assert customer.display.brightness == 2


@pytest.mark.usefixtures("quick")
async def test_a_long_text_runs_and_never_scrolls(customer: Customer, events: "Events") -> None:
    customer.plug_in()
    async with serving(display_at(customer)) as display:
        await display.tell(events.member(1, stale=True))
        await customer.sees_that(lambda screen: screen[0] == "Last known balance, ")
        await customer.sees_that(lambda screen: "2026" in screen[0])
        await customer.sees_that(lambda screen: screen[0] == "Last known balance, ")
        assert customer.display.screen[1] == "1,200 points  $60.00"
    assert customer.display.scrolled == 0


@pytest.mark.usefixtures("quick")
async def test_it_is_found_when_plugged_in_and_found_again(customer: Customer, events: "Events") -> None:
    with structlog.testing.capture_logs() as logs:
        async with serving(display_at(customer)) as display:
            await display.tell(events.member(1))  # nobody sees it, and nobody is hurt
            await asyncio.sleep(0.1)  # some attempts
            customer.plug_in()
            await customer.sees("Welcome back", "1,200 points  $60.00")
            customer.unplug()
            await asyncio.sleep(0.1)
            customer.display.switch_on()
            customer.plug_in()
            await customer.sees("Welcome back", "1,200 points  $60.00")

    assert [log["event"] for log in logs] == ["display_offline", "display_online", "display_offline", "display_online"]


@pytest.mark.usefixtures("quick")
async def test_a_display_that_lost_its_power_shows_all_again(customer: Customer, events: "Events") -> None:
    customer.plug_in()
    async with serving(display_at(customer)) as display:
        await display.tell(events.member(1))
        await customer.sees("Welcome back", "1,200 points  $60.00")
        customer.display.switch_on()
        await customer.sees("Welcome back", "1,200 points  $60.00")
        assert customer.display.brightness == 4
        assert customer.display.scrolled == 0


async def test_a_display_that_takes_nothing_delays_nobody(
    customer: Customer, events: "Events", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner_daemon.displays.serial_line.WRITE_WITHIN", 0.3)
    for name in ("STEP", "REFRESH"):  # write as much as can be
        monkeypatch.setattr(line_display, name, 0.0005)
    customer.plug_in(read=False)
    with structlog.testing.capture_logs() as logs:
        async with serving(display_at(customer)) as display, asyncio.timeout(10):
            while not any(log["event"] == "display_offline" for log in logs):
                await display.tell(events.member(1))
                await asyncio.sleep(0.01)  # what else the loop has to do
            await display.tell(events.failed(9))
            customer.unplug()
            customer.plug_in()
            await customer.sees("We cannot show your", "points right now")

    assert (
        "expected the display to take a page"
        in next(log for log in logs if log["event"] == "display_offline")["detail"]
    )


async def test_nobody_else_may_open_the_port(customer: Customer, events: "Events") -> None:
    customer.plug_in()
    async with serving(display_at(customer)) as display:
        await display.tell(events.accepted(1))
        await customer.sees("One moment", "")
        with structlog.testing.capture_logs() as logs:
            async with serving(display_at(customer)), asyncio.timeout(5):
                while not logs:  # noqa: ASYNC110  nothing else tells
                    await asyncio.sleep(0.01)
    assert "stop the program that has it open" in logs[0]["detail"]


async def test_hostile_names_reach_no_display_raw(customer: Customer, events: "Events") -> None:
    customer.plug_in()
    hostile = "\x1b[2J\x1f\x0c<b>\N{RIGHT-TO-LEFT OVERRIDE}\N{PARTY POPPER}\r\n" + "x" * 10_000
    async with serving(display_at(customer, show_names=True)) as display:
        await display.tell(
            events.member(1, display_name=hostile, balance=events.balance(points_name=hostile, currency=hostile[:40]))
        )
        await customer.sees_that(lambda screen: screen[0] == "Welcome back, [2J  <")
    assert customer.display.scrolled == 0
    assert customer.bytes_seen < 10_000


async def test_arabic_on_a_display_without_arabic_letters_is_english(customer: Customer) -> None:
    customer.plug_in()
    async with serving(display_at(customer, language="ar")):
        await customer.sees("Scan your card to", "see your points")


async def test_german_with_its_own_letters(customer: Customer, events: "Events") -> None:
    customer.plug_in()
    async with serving(display_at(customer, language="de", code_page="cp858")) as display:
        await display.tell(events.member(1, balance=events.balance(currency="EUR")))
        await customer.sees("Willkommen zurück", "1.200 Punkte 60,00 €")


@pytest.mark.parametrize("protocol", ["logic-controls", "aedex", "utc"])
def test_four_rows_only_where_the_protocol_has_them(protocol: Protocol) -> None:
    with pytest.raises(ValueError, match="rows: expected 2 with"):
        LineDisplay(port="/dev/ttyUSB0", protocol=protocol, rows=4)
