import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner_daemon.displays.console import Console, as_text
from scanner_daemon.model import LaneEvent, RejectReason, as_json_object

if TYPE_CHECKING:
    from tests.displays.conftest import Events


def all_kinds(events: "Events") -> list[LaneEvent]:
    return [
        events.online(),
        events.offline(),
        events.discarded(1),
        events.rejected(2, RejectReason.CHECK_DIGIT),
        events.rejected(3, RejectReason.PAYMENT_CARD, label=None),
        events.passed_through(4),
        events.accepted(5),
        events.member(6),
        events.member(7, created=True, balance=None),
        events.failed(8),
    ]


async def test_json_is_one_event_a_line_as_on_every_channel(
    capfd: pytest.CaptureFixture[str], events: "Events"
) -> None:
    told = all_kinds(events)
    console = Console(format="json")

    for event in told:
        await console.tell(event)

    lines = capfd.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [as_json_object(event) for event in told]


async def test_text_is_one_line_an_event(capfd: pytest.CaptureFixture[str], events: "Events") -> None:
    told = all_kinds(events)
    console = Console()

    for event in told:
        await console.tell(event)

    out = capfd.readouterr().out
    assert len(out.splitlines()) == len(told)
    assert "member …8901: 1,200 points, worth 60.00 USD" in out
    assert "new member …8901: balance unknown" in out
    assert "0412345678901" not in out


def test_a_label_cannot_command_the_terminal(events: "Events") -> None:
    line = as_text(events.passed_through(1, label="\x1b]0;owned\x07\x9b31m\r\n\u202e\x00"))

    assert line.isprintable()
    assert "\\x1b]0;owned\\x07" in line


@given(label=st.text(), detail=st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture keeps nothing that matters
def test_nothing_unprintable_ever_comes_out(events: "Events", label: str, detail: str) -> None:
    assert as_text(events.passed_through(1, label=label)).isprintable()
    assert as_text(events.offline(detail)).isprintable()


async def test_a_full_pipe_blocks_neither_the_loop_nor_cancellation(events: "Events", pipe: tuple[int, int]) -> None:
    """Told more than a pipe holds, with nobody reading, a console waits; everybody else goes on."""
    writer, reader = pipe
    console = console_on(writer, format="json")
    event = events.offline("x" * 10_000)

    async def tell_for_ever() -> None:
        while True:
            await console.tell(event)

    telling = asyncio.create_task(tell_for_ever())
    done, _ = await asyncio.wait({telling}, timeout=0.3)  # the loop lives: this returns in time
    assert not done

    # once somebody reads, it goes on where it was, with nothing lost in between
    os.set_blocking(reader, False)
    got = b""
    async with asyncio.timeout(10):
        while got.count(b"\n") < 50:
            with suppress(BlockingIOError):
                got += os.read(reader, 1 << 16)
            await asyncio.sleep(0)
    assert [json.loads(line) for line in got.splitlines()[:50]] == [as_json_object(event)] * 50

    telling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await telling


async def test_a_reader_that_went_away_is_no_error(events: "Events", pipe: tuple[int, int]) -> None:
    writer, reader = pipe
    console = console_on(writer)
    await console.tell(events.online())
    os.close(reader)

    await console.tell(events.online())
    await console.tell(events.online())


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Where a console writes, and where that can be read."""
    reader, writer = os.pipe()
    yield writer, reader
    for end in (writer, reader):
        with suppress(OSError):
            os.close(end)


def console_on(writer: int, **settings: Any) -> Console:
    console = Console(**settings)
    console._fd = writer  # descriptor 1 belongs to pytest
    return console
