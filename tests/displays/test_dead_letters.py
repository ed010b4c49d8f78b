from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scanner_daemon.displays.dead_letters import CAPACITY, FILE_NAME, DeadLetter, DeadLetters
from scanner_daemon.errors import StorageError
from scanner_daemon.model import LaneEvent, as_json_object

if TYPE_CHECKING:
    from tests.displays.conftest import Events

KNOWN = "0412345678901"


def letter(event: LaneEvent) -> DeadLetter:
    return DeadLetter.of(event, receiver="shop.example", why="10 attempts; expected a status of 2xx, got 500")


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def test_a_letter_is_the_event_as_on_every_channel_and_why(tmp_path: Path, events: "Events") -> None:
    event = events.member(1)
    before = datetime.now(UTC)
    DeadLetters(state_dir=tmp_path).keep([letter(event)])
    (kept,) = DeadLetters(state_dir=tmp_path).letters()
    assert kept.event == as_json_object(event)
    assert (kept.receiver, kept.why) == ("shop.example", "10 attempts; expected a status of 2xx, got 500")
    assert before <= kept.given_up_at <= datetime.now(UTC)


def test_the_newest_are_kept(tmp_path: Path, events: "Events") -> None:
    letters, told = DeadLetters(state_dir=tmp_path), [events.accepted(n) for n in range(CAPACITY + 3)]
    letters.keep([letter(event) for event in told[:2]])
    letters.keep([letter(event) for event in told[2:]])
    assert [kept.event["id"] for kept in letters.letters()] == [event.id for event in told[3:]]


def test_nobody_else_may_look_and_looking_makes_no_file(tmp_path: Path, events: "Events") -> None:
    letters = DeadLetters(state_dir=tmp_path / "state")
    assert letters.letters() == []
    assert letters.forget(KNOWN) == letters.clear() == 0
    assert not (tmp_path / "state").exists()
    letters.keep([letter(events.online())])
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "state").iterdir()} == {0o600}


def test_a_customer_is_forgotten_and_nobody_else(tmp_path: Path, events: "Events") -> None:
    letters, other = DeadLetters(state_dir=tmp_path), events.member(3, customer_id="0400000000077")
    letters.keep([letter(event) for event in (events.member(1), events.failed(2), other, events.online())])
    assert KNOWN.encode() in on_disk(tmp_path)
    assert letters.forget(KNOWN) == 2
    assert KNOWN.encode() not in on_disk(tmp_path)
    assert [kept.event["type"] for kept in letters.letters()] == ["member_identified", "scanner_online"]
    assert letters.clear() == 2
    assert b"0400000000077" not in on_disk(tmp_path)


def test_a_disk_that_fails_is_one_sentence(tmp_path: Path, events: "Events") -> None:
    (tmp_path / "state").write_text("no directory")
    with pytest.raises(StorageError, match=rf"Failed to use .*{FILE_NAME}: expected"):
        DeadLetters(state_dir=tmp_path / "state").keep([letter(events.online())])
