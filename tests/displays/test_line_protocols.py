"""Every command set, byte by byte, into a screen that follows the manuals."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.displays.code_pages import CodePage, encoded, writable
from scanner_daemon.displays.line_protocols import COMMAND_SETS, Brightness, Protocol
from scanner_daemon.displays.line_view import window
from tests.displays.vfd import DISPLAYS

PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)


def rows(*texts: str, page: CodePage = "cp437", step: int = 0) -> list[bytes]:
    return [encoded(window(writable(text, page), step), page) for text in texts]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_page_is_written_without_scrolling(protocol: Protocol) -> None:
    commands, display = COMMAND_SETS[protocol], DISPLAYS[protocol]()

    display.feed(commands.reset)
    for _ in range(3):
        display.feed(commands.page(rows("x" * 20, "y" * 20), code_page="cp437", brightness=4))

    assert display.screen == ["x" * 20, "y" * 20]
    assert display.scrolled == 0
    assert display.brightness == (4 if commands.brightness else None)
    assert not (commands.settings and display.cursor)


@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if COMMAND_SETS[name].most_rows == 4])
def test_four_rows(protocol: Protocol) -> None:
    commands, display = COMMAND_SETS[protocol], DISPLAYS[protocol](rows=4)

    display.feed(commands.reset + commands.page(rows("one", "two", "three", "4"), code_page="cp437", brightness=1))

    assert [row.rstrip() for row in display.screen] == ["one", "two", "three", "4"]
    assert display.scrolled == 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_display_that_lost_its_power_has_all_back_with_the_next_page(protocol: Protocol) -> None:
    commands, display = COMMAND_SETS[protocol], DISPLAYS[protocol]()
    page = commands.page(rows("Scan your card", "x" * 20), code_page="cp437", brightness=2)
    display.feed(commands.reset + page)
    before = display.screen, display.brightness

    display.switch_on()
    if protocol == "ba6x":
        display.overwrites = True  # it is like that at once
    display.feed(page)

    assert (display.screen, display.brightness) == before
    assert display.scrolled == 0


@pytest.mark.parametrize(
    ("protocol", "page"), [(name, page) for name in PROTOCOLS for page in COMMAND_SETS[name].code_pages]
)
def test_the_code_page_is_the_display_s(protocol: Protocol, page: CodePage) -> None:
    commands, display = COMMAND_SETS[protocol], DISPLAYS[protocol]()
    text = {"cp866": "Привет", "cp852": "Łódź", "cp858": "60,00 €", "cp1252": "60,00 €"}.get(page, "Ménière")

    display.feed(commands.reset + commands.page(rows(text, "", page=page), code_page=page, brightness=4))

    assert display.screen[0].rstrip() == text


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if COMMAND_SETS[name].brightness])
def test_brightness(protocol: Protocol, level: Brightness) -> None:
    commands, display = COMMAND_SETS[protocol], DISPLAYS[protocol]()
    display.feed(commands.page(rows("", ""), code_page="cp437", brightness=level))
    assert display.brightness == level


HOSTILE = st.one_of(st.text(), st.text("\x1b\x0c\x1f!#\r\n\x0b[2JH1@$"), st.binary().map(lambda b: b.decode("latin-1")))


@given(protocol=st.sampled_from(PROTOCOLS), first=HOSTILE, second=HOSTILE, step=st.integers(0, 300))
def test_no_text_ever_commands_a_display(protocol: Protocol, first: str, second: str, step: int) -> None:
    commands, display = COMMAND_SETS[protocol], DISPLAYS[protocol]()
    shown = rows(first, second, step=step)

    display.feed(commands.reset + commands.page(shown, code_page="cp437", brightness=4))

    assert display.scrolled == 0
    assert display.screen == [
        row.decode("cp437").replace("!#", "! ") if protocol == "aedex" else row.decode("cp437") for row in shown
    ]
