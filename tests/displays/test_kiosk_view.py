import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.displays.figures import money
from scanner_daemon.displays.kiosk_view import LONGEST, Words
from scanner_daemon.displays.language import Language
from scanner_daemon.displays.pages import Page, PageState
from scanner_daemon.model import ExpiringPoints, MemberIdentified

if TYPE_CHECKING:
    from tests.displays.conftest import Events


def words(language: str = "en", *, show_names: bool = False) -> Words:
    return Words(language=Language.named(language), idle_message="Hello", show_names=show_names)


def shown(event: MemberIdentified, *, language: str = "en", show_names: bool = False) -> dict[str, Any]:
    page = Page(state=PageState.WELCOME, sequence=event.sequence, hold_for=20.0, member=event.member)
    return words(language, show_names=show_names).view(page)


def test_a_balance_in_words_and_figures(events: "Events") -> None:
    assert shown(events.member(7)) == {
        "state": "welcome",
        "panel": "balance",
        "sequence": 7,
        "hold_for": 20.0,
        "idle_message": "Hello",
        "title": "Welcome back",
        "message": "",
        "points": "1,200",
        "points_name": "Reward Points",
        "value": "$60.00",
        "pending": "300 · $15.00",
        "expiring": "200 · $10.00",
        "expiring_label": "Expire Dec 1, 2024",
    }


def test_the_same_in_another_language(events: "Events") -> None:
    german = shown(events.member(7, created=True), language="de")

    assert (german["title"], german["expiring_label"]) == ("Willkommen zurück", "Verfallen am 01.12.2024")
    assert (german["points"], german["value"]) == ("1.200", "60,00\N{NO-BREAK SPACE}$")


def test_what_the_programme_says_is_one_short_line(events: "Events") -> None:
    hostile = "\N{RIGHT-TO-LEFT OVERRIDE}<b>\r\n\x1b[2J" + "x" * 10_000
    figures = shown(
        events.member(1, display_name=hostile, balance=events.balance(points_name=hostile, currency=hostile)),
        show_names=True,
    )

    assert all(str(text).replace("\N{NO-BREAK SPACE}", " ").isprintable() for text in figures.values())
    assert max(len(str(text)) for text in figures.values()) <= len("Welcome back, ") + LONGEST


def test_unknown_is_never_zero(events: "Events") -> None:
    nothing = dict.fromkeys(
        ("available_points", "available_value", "pending_points", "pending_value", "currency", "points_name")
    )

    for event in (
        events.member(1, balance=None),
        events.member(1, balance=events.balance(**nothing, next_expiring=None)),
        events.member(
            1, balance=events.balance(**nothing, next_expiring=ExpiringPoints(points=None, value=None, on=None))
        ),
    ):
        figures = shown(event)
        assert [figures[name] for name in ("points", "value", "pending", "expiring")] == ["–"] * 4


def test_what_is_known_of_a_pair_is_shown(events: "Events") -> None:
    assert shown(events.member(1, balance=events.balance(pending_value=None)))["pending"] == "300"


def test_zero_is_zero(events: "Events") -> None:
    figures = shown(events.member(1, balance=events.balance(available_points=Decimal(0), available_value=Decimal(0))))

    assert (figures["points"], figures["value"]) == ("0", "$0.00")


def test_no_customer_id_and_no_name(events: "Events") -> None:
    text = json.dumps(shown(events.member(1)))

    assert "0412345678901" not in text
    assert "8901" not in text
    assert "Ada" not in text


def test_the_name_only_where_wanted_and_known(events: "Events") -> None:
    assert shown(events.member(1), show_names=True)["title"] == "Welcome back, Ada"
    assert shown(events.member(1, display_name=None), show_names=True)["title"] == "Welcome back"


def test_an_old_balance_says_how_old(events: "Events") -> None:
    message = shown(events.member(1, stale=True))["message"]

    assert message.startswith("Last known balance, ")
    assert "Nov 22, 2026" in message


@pytest.mark.parametrize("state", PageState)
def test_every_state_has_its_panel_and_its_sentences(state: PageState) -> None:
    view = words().view(Page(state=state, sequence=1, hold_for=None))

    assert view["panel"] in {"idle", "notice", "balance", "card"}
    assert view["title"] or state is PageState.IDLE


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("60", "USD", "60.00 USD"),
        ("1234567.891", "EUR", "1,234,567.89 EUR"),
        ("59.999", "USD", "59.99 USD"),  # never more than there is
        ("1.2555", "KWD", "1.255 KWD"),
        ("500", "JPY", "500 JPY"),
        ("-2.5", "USD", "-2.50 USD"),
        ("1E+3", "USD", "1,000.00 USD"),
        ("3", None, "3.00"),
    ],
)
def test_money_has_the_minor_units_of_its_currency(value: str, currency: str | None, text: str) -> None:
    assert money(Decimal(value), currency) == text


@pytest.mark.parametrize(
    ("points", "text"), [("1200", "1,200"), ("91.250", "91.25"), ("1E+3", "1,000"), ("0.5", "0.5"), ("-5", "-5")]
)
def test_points_are_whole_where_they_are(events: "Events", points: str, text: str) -> None:
    assert shown(events.member(1, balance=events.balance(available_points=Decimal(points))))["points"] == text


@given(st.decimals(min_value=0, max_value=10**12, places=4), st.sampled_from(["USD", "KWD", "JPY", "XXX"]))
def test_money_shown_is_never_more_than_owned(value: Decimal, currency: str) -> None:
    text = money(value, currency)

    assert text is not None
    amount = Decimal(text.removesuffix(f" {currency}").replace(",", ""))
    assert value - 1 < amount <= value
