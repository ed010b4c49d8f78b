"""What the cashier is shown, event by event."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from scanner_daemon.displays.cashier_board import REFUSALS, SCANS, Board
from scanner_daemon.displays.cashier_view import view
from scanner_daemon.displays.cashier_words import ENROLMENT_CLOSED, LOOKUP_FAILED, REJECTED
from scanner_daemon.model import (
    EnrolmentClosed,
    EnrolmentClosedReason,
    EnrolmentDone,
    EnrolmentOpened,
    EnrolmentQueued,
    EnrolmentRefused,
    LaneEvent,
    LookupFailedReason,
    RejectReason,
)

if TYPE_CHECKING:
    from tests.displays.conftest import Events


def shown(*events: LaneEvent) -> Any:
    board = Board()
    for event in events:
        board.feed(event)
    return json.loads(json.dumps(view(board)))  # as a browser gets it


def test_an_empty_board_is_all_there() -> None:
    assert shown() == {
        "scanners": [],
        "customer": None,
        "troubles": [],
        "refusals": [],
        "scans": [],
        "enrolment": None,
        "progress": None,
        "card": None,
    }


def test_scanners_come_and_go(events: "Events") -> None:
    there = shown(events.online())
    assert (there["scanners"], there["troubles"]) == ([{"name": "counter", "online": True}], [])
    gone = shown(events.online(), events.offline("unplugged: plug it in"))
    assert gone["scanners"] == [{"name": "counter", "online": False}]
    (trouble,) = gone["troubles"]
    assert trouble["title"].startswith("counter is offline since ")
    assert trouble["cure"] == "unplugged: plug it in"
    assert shown(events.offline(), events.online())["troubles"] == []


def test_a_member_of_now(events: "Events") -> None:
    recognised = shown(events.accepted(1))
    assert recognised["customer"]["title"] == "Card recognised"
    assert [row["title"] for row in recognised["scans"]] == ["Card recognised"]

    state = shown(events.accepted(1), events.member(1))
    assert state["customer"] == {
        "title": "Ada",
        "message": "",
        "label": "…8901",
        "tone": "good",
        "figures": [
            ["Points", "1,200\n60.00 USD"],
            ["Pending", "300\n15.00 USD"],
            ["Next to expire", "200\n1 Dec 2024"],
        ],
    }
    assert [row["title"] for row in state["scans"]] == ["Member"], "one scan is one line, whatever comes of it"


def test_what_is_not_known_is_no_zero(events: "Events") -> None:
    customer = shown(events.member(1, balance=None, display_name=None, stale=True, created=True))["customer"]
    assert customer["title"] == "New member"
    assert customer["figures"] == []
    assert "Last known balance, 22 Nov 2026" in customer["message"]
    assert "Balance not known" in customer["message"]
    empty = events.balance(available_points=None, available_value=None, next_expiring=None)
    figures = shown(events.member(1, balance=empty))["customer"]["figures"]
    assert [figures[0], figures[2]] == [["Points", "–"], ["Next to expire", "–"]]


def test_an_older_customer_never_replaces_a_newer_one(events: "Events") -> None:
    state = shown(events.accepted(1), events.accepted(2), events.member(2), events.member(1, display_name="Bob"))
    assert state["customer"]["title"] == "Ada"
    assert [row["title"] for row in state["scans"]] == ["Member", "Member"]


def test_products_and_duplicates_leave_the_customer(events: "Events") -> None:
    state = shown(
        events.member(1), events.passed_through(2), events.rejected(3, RejectReason.DUPLICATE), events.discarded(4)
    )
    assert state["customer"]["title"] == "Ada"
    assert [row["tone"] for row in state["scans"]] == ["alert", "plain", "plain", "good"]
    assert [row["title"] for row in state["refusals"]] == ["Scan torn"]


def test_a_customer_who_left_is_forgotten(events: "Events") -> None:
    board = Board()
    board.feed(events.member(1))
    board.forget_customer()
    assert view(board)["customer"] is None
    board.feed(events.member(2))
    assert view(board)["customer"] is not None


@pytest.mark.parametrize("reason", RejectReason)
def test_each_refusal_is_told_with_its_cure(events: "Events", reason: RejectReason) -> None:
    state = shown(events.rejected(1, reason, label=None))
    (row,) = state["scans"]
    assert row["title"]
    assert row["cure"].endswith(".")
    if reason is not RejectReason.DUPLICATE:
        assert state["refusals"] == [row]


def test_what_was_mended_needs_no_attention(events: "Events") -> None:
    unknown = events.rejected(1, RejectReason.UNKNOWN_CUSTOMER)
    assert len(shown(unknown)["refusals"]) == 1
    assert shown(unknown, events.member(1, created=True))["refusals"] == []


def test_words_for_every_reason() -> None:
    assert set(REJECTED) == set(RejectReason)
    assert set(LOOKUP_FAILED) == set(LookupFailedReason)
    assert set(ENROLMENT_CLOSED) == set(EnrolmentClosedReason)


def test_no_whole_number_leaves_the_board(events: "Events") -> None:
    text = json.dumps(
        shown(
            events.accepted(1),
            events.member(1, display_name=None),
            events.failed(2),
            events.passed_through(3, label="0412345678901"),
        )
    )
    assert "12345678901" not in text
    assert text.count("8901") >= 3


def test_the_newest_are_kept(events: "Events") -> None:
    state = shown(*(events.discarded(n) for n in range(1, 100)))
    assert (len(state["scans"]), len(state["refusals"])) == (SCANS, REFUSALS)


def test_trouble_lasts_until_a_fresh_balance(events: "Events") -> None:
    (trouble,) = shown(events.failed(1))["troubles"]
    assert trouble["title"].startswith("No answer from the loyalty programme since ")
    assert shown(events.failed(1), events.member(2, stale=True))["troubles"] == [trouble]
    assert shown(events.failed(1), events.member(2))["troubles"] == []


def test_an_enrolment_from_its_opening_to_its_end(events: "Events") -> None:
    head: dict[str, Any] = {"enrolment": "E1", "label": "…0077", **events.head()}
    opened = EnrolmentOpened(sequence=1, **head)
    assert shown(opened)["enrolment"] == {"id": "E1", "label": "…0077"}

    for ended, text, tone in (
        (EnrolmentClosed(reason=EnrolmentClosedReason.EXPIRED, **head), "open for too long", "plain"),
        (EnrolmentQueued(**head), "Stored: …0077", "good"),
        (EnrolmentDone(created=True, **head), "Registered: …0077.", "good"),
        (EnrolmentDone(created=False, **head), "…0077 was a member already", "good"),
        (EnrolmentRefused(detail="blocked", **head), "refuses …0077: blocked", "alert"),
    ):
        state = shown(opened, ended)
        assert state["enrolment"] is None
        assert text in state["progress"]["text"]
        assert state["progress"]["tone"] == tone


def test_the_end_of_an_older_enrolment_leaves_the_one_that_is_open(events: "Events") -> None:
    older = EnrolmentOpened(sequence=None, enrolment="E1", label=None, **events.head())
    newer = EnrolmentOpened(sequence=2, enrolment="E2", label="…0077", **events.head())
    closed = EnrolmentClosed(reason=EnrolmentClosedReason.REPLACED, enrolment="E1", label=None, **events.head())
    assert shown(older, newer, closed)["enrolment"] == {"id": "E2", "label": "…0077"}
