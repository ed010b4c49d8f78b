from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner_daemon.displays.pages import NOTICE_HOLD, PageState, Presenter
from scanner_daemon.model import LaneEvent, RejectReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.displays.conftest import Events


@pytest.fixture
def presenter() -> Presenter:
    return Presenter(hold=20.0)


def test_a_card_is_recognised_then_its_member_welcomed(presenter: Presenter, events: "Events") -> None:
    found = events.member(1)

    recognising = presenter.feed(events.accepted(1))
    welcome = presenter.feed(found)

    assert recognising is not None
    assert (recognising.state, recognising.hold_for, recognising.member) == (PageState.RECOGNISING, 20.0, None)
    assert welcome is not None
    assert (welcome.state, welcome.hold_for, welcome.member) == (PageState.WELCOME, 20.0, found.member)


def test_a_new_member_is_welcomed_as_one(presenter: Presenter, events: "Events") -> None:
    page = presenter.feed(events.member(1, created=True))

    assert page is not None
    assert page.state is PageState.WELCOME_NEW


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        (RejectReason.CHECK_DIGIT, PageState.TRY_AGAIN),
        (RejectReason.NOT_A_MEMBER_LABEL, PageState.REFUSED),
        (RejectReason.UNSAFE_CHARACTERS, PageState.REFUSED),
        (RejectReason.TOO_LONG, PageState.REFUSED),
        (RejectReason.PAYMENT_CARD, PageState.PAYMENT_CARD),
        (RejectReason.UNKNOWN_CUSTOMER, PageState.UNKNOWN),
    ],
)
def test_a_refused_card_is_told_shortly(
    presenter: Presenter, events: "Events", reason: RejectReason, state: PageState
) -> None:
    page = presenter.feed(events.rejected(1, reason))

    assert page is not None
    assert (page.state, page.hold_for, page.member) == (state, NOTICE_HOLD, None)


def test_every_reason_to_refuse_is_known(presenter: Presenter, events: "Events") -> None:
    for reason in RejectReason:
        presenter.feed(events.rejected(1, reason))


def test_a_torn_scan_asks_to_scan_again(presenter: Presenter, events: "Events") -> None:
    page = presenter.feed(events.discarded(1))

    assert page is not None
    assert page.state is PageState.TRY_AGAIN


def test_a_failed_look_up_is_told(presenter: Presenter, events: "Events") -> None:
    page = presenter.feed(events.failed(1))

    assert page is not None
    assert (page.state, page.member) == (PageState.OFFLINE_LOOKUP, None)


def test_products_duplicates_and_scanners_change_nothing(presenter: Presenter, events: "Events") -> None:
    presenter.feed(events.accepted(1))

    assert presenter.feed(events.passed_through(2)) is None
    assert presenter.feed(events.rejected(3, RejectReason.DUPLICATE)) is None
    assert presenter.feed(events.offline()) is None
    assert presenter.feed(events.online()) is None
    # and none of them counts as the newest card: the look-up of scan 1 is still awaited
    assert presenter.feed(events.member(1)) is not None


def test_an_older_member_never_follows_a_newer_scan(presenter: Presenter, events: "Events") -> None:
    presenter.feed(events.accepted(1))
    presenter.feed(events.accepted(2))

    assert presenter.feed(events.member(1)) is None
    assert presenter.feed(events.failed(1)) is None
    assert presenter.feed(events.member(2)) is not None


def test_a_short_hold_shortens_notices_too(events: "Events") -> None:
    page = Presenter(hold=3.0).feed(events.failed(1))

    assert page is not None
    assert page.hold_for == 3.0


@given(order=st.lists(st.tuples(st.integers(1, 9), st.sampled_from("amfdpr"))))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture keeps nothing that matters
def test_pages_never_go_back(events: "Events", order: list[tuple[int, str]]) -> None:
    presenter = Presenter(hold=20.0)
    makers: dict[str, Callable[[int], LaneEvent]] = {
        "a": events.accepted,
        "m": events.member,
        "f": events.failed,
        "d": events.discarded,
        "p": events.passed_through,
        "r": lambda n: events.rejected(n, RejectReason.CHECK_DIGIT),
    }
    fed: list[LaneEvent] = [makers[kind](sequence) for sequence, kind in order]

    shown = [page.sequence for page in map(presenter.feed, fed) if page]

    assert shown == sorted(shown)
