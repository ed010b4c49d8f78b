from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.displays.language import Language
from scanner_daemon.displays.line_view import GAP, PAUSE, Panel, runs, window
from scanner_daemon.displays.pages import IDLE, Page, PageState
from scanner_daemon.model import ExpiringPoints

if TYPE_CHECKING:
    from tests.displays.conftest import Events


def panel(**settings: Any) -> Panel:
    given: dict[str, Any] = {"rows": 2, "code_page": "cp437", "language": "en", "idle_message": "Scan your card"}
    given |= settings
    return Panel(**given | {"language": Language.named(given["language"])})


def page(state: PageState, events: "Events", **fields: Any) -> Page:
    welcome = state in {PageState.WELCOME, PageState.WELCOME_NEW}
    member = events.member(1, **fields).member if welcome else None
    return Page(state=state, sequence=1, hold_for=20.0, member=member)


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (PageState.IDLE, ["   Scan your card   ", ""]),
        (PageState.RECOGNISING, ["     One moment     ", ""]),
        (PageState.WELCOME, ["    Welcome back    ", "1,200 points  $60.00"]),
        (PageState.WELCOME_NEW, ["      Welcome       ", "1,200 points  $60.00"]),
        (PageState.UNKNOWN, ["We do not know this", "      card yet"]),
        (PageState.TRY_AGAIN, [" Please scan again", ""]),
        (PageState.REFUSED, ["This is not a member", "        card"]),
        (PageState.PAYMENT_CARD, [" This looks like a", "    payment card"]),
        (PageState.OFFLINE_LOOKUP, ["We cannot show your", "  points right now"]),
    ],
)
def test_each_state_on_two_rows(events: "Events", state: PageState, shown: list[str]) -> None:
    assert [text.rstrip() for text in panel().texts(page(state, events))] == [row.rstrip() for row in shown]


def test_four_rows_tell_more(events: "Events") -> None:
    four = panel(rows=4, language="de", code_page="cp858")

    assert four.texts(page(PageState.WELCOME, events, balance=events.balance(currency="EUR"))) == (
        " Willkommen zurück  ",
        "1.200 Punkte 60,00 €",
        "Ausstehend       300",
        "Verfallen am 01.12.24 200",
    )
    assert four.texts(page(PageState.TRY_AGAIN, events)) == (
        " Bitte noch einmal  ",
        "      scannen       ",
        "Der Code wurde nicht".center(20),
        "vollständig gelesen.".center(20),
    )


def test_names_only_where_wanted(events: "Events") -> None:
    assert "Ada" not in str(panel().texts(page(PageState.WELCOME, events)))
    assert panel(show_names=True).texts(page(PageState.WELCOME, events))[0].strip() == "Welcome back, Ada"


def test_a_last_known_balance_says_of_when_it_is(events: "Events") -> None:
    title, figures = panel().texts(page(PageState.WELCOME, events, stale=True))
    assert title.startswith("Last known balance, Nov 22, 2026, ")
    assert figures == "1,200 points  $60.00"


def test_unknown_is_not_zero(events: "Events") -> None:
    assert panel().texts(page(PageState.WELCOME, events, balance=None))[1].strip() == ""


def test_the_programme_s_own_name_of_points_where_it_fits(events: "Events") -> None:
    balance = events.balance(points_name="Stars", available_value=None)
    assert panel().texts(page(PageState.WELCOME, events, balance=balance))[1].strip() == "1,200 Stars"


def test_what_does_not_fit_runs(events: "Events") -> None:
    huge = events.balance(available_points=Decimal("1234567.25"), available_value=Decimal(61728), currency="KWD")
    texts = panel().texts(page(PageState.WELCOME, events, balance=huge))
    assert texts[1] == "1,234,567.25 points · KWD 61,728.000"
    assert runs(texts)


@pytest.mark.parametrize("rows", [2, 4])
def test_the_clock_keeps_the_last_row(rows: int) -> None:
    texts = panel(rows=rows, language="de").clock(datetime(2026, 11, 22, 17, 5, tzinfo=UTC))
    assert len(texts) == rows
    assert texts[-1].strip() == "17:05"
    assert texts[0].strip() == "Scan your card"


def test_idle_shows_nobody() -> None:
    assert panel().texts(IDLE) == ("   Scan your card   ", " " * 20)


def test_a_date_that_is_known_without_points_is_left_out(events: "Events") -> None:
    soon = ExpiringPoints(points=None, value=None, on=date(2026, 12, 1))
    assert (
        panel(rows=4).texts(page(PageState.WELCOME, events, balance=events.balance(next_expiring=soon)))[3].strip()
        == ""
    )


@given(text=st.text("abc ", min_size=21, max_size=60))
def test_a_long_text_runs_through_whole_and_begins_again(text: str) -> None:
    loop = text + GAP
    period = len(loop) + PAUSE

    assert {window(text, step) for step in range(PAUSE + 1)} == {text[:20]}
    assert "".join(window(text, PAUSE + step)[0] for step in range(len(loop))) == loop
    assert window(text, period) == window(text, 0)
    assert all(len(window(text, step)) == 20 for step in range(2 * period))
