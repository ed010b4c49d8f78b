"""What a person sees and does with enrolments that wait, were refused, or are to be forgotten."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from scanner_daemon.loyalty.balance_cache import BalanceCache
from scanner_daemon.loyalty.outbox import FILE_NAME, Outbox
from scanner_daemon.model import Balance, Enrolment, Member

AT: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ID: Final = "0400000000077"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = tmp_path / "config.toml"
    config.write_text(
        f"lane = {{ name = 'l', state_dir = '{tmp_path}/state' }}\nenrolment = {{ default_region = 'EG' }}\n"
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = (sys.executable, "-m", "scanner_daemon", *arguments, "--config", str(config))
        environ = {"PATH": os.environ["PATH"]}
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environ)

    return run


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    """One that was refused and one that waits."""
    box = Outbox(file=tmp_path / "state" / FILE_NAME)
    contact = {"display_name": "Zoë", "email": "zoe@doe.com"}
    refused = box.put(Enrolment(customer_id=ID, **contact, scanner="counter"), enrolment_id="one", at=AT)
    box.put(Enrolment(customer_id="0400000000015"), enrolment_id="two", at=AT)
    box.refuse(refused, "422, code 3009")
    return box


def test_the_list_masks_who_it_is(run: Run, box: Outbox) -> None:
    listed = run("outbox", "list")
    assert listed.stdout.splitlines() == [
        "1  2026-11-22T10:00:00.000Z  …0077  422, code 3009",
        "2  2026-11-22T10:00:00.000Z  …0015  waits",
    ]
    first = json.loads(run("outbox", "list", "--json").stdout.splitlines()[0])
    assert first == {
        "number": 1, "label": "…0077", "accepted_at": "2026-11-22T10:00:00.000Z", "refused": "422, code 3009",
    }  # fmt: skip
    assert len(box.entries()) == 2


def test_one_is_shown_whole(run: Run, box: Outbox) -> None:
    shown = json.loads(run("outbox", "show", "1").stdout)
    assert (shown["customer_id"], shown["email"], shown["mobile"], shown["enrolment"]) == (
        ID,
        "zoe@doe.com",
        None,
        "one",
    )
    assert box.file.exists()


def test_a_refused_one_is_mended(run: Run, box: Outbox) -> None:
    mended = run("outbox", "mend", "1", "--email", "", "--mobile", "01001234567")
    assert mended.returncode == 0, mended.stderr
    entry = box.entries()[0]
    assert entry.refused is None
    assert entry.enrolment == Enrolment(
        customer_id=ID, display_name="Zoë", mobile="+201001234567", scanner="counter"
    )  # fmt: skip


@pytest.mark.parametrize("change", [("--email", "x"), ("--email", ""), ("--customer-id", "a/b"), ("--mobile", "1")])
def test_what_would_be_a_mistake_changes_nothing(run: Run, box: Outbox, change: tuple[str, str]) -> None:
    before = box.entries()
    mended = run("outbox", "mend", "1", *change)
    assert mended.returncode == 2
    assert "expected" in mended.stderr
    assert "Traceback" not in mended.stderr
    assert box.entries() == before


def test_sending_again_and_giving_up(run: Run, box: Outbox) -> None:
    assert "tried again" in run("outbox", "resend", "1").stdout
    assert [entry.refused for entry in box.entries()] == [None, None]
    again = run("outbox", "resend", "1")
    assert (again.returncode, "was not refused" in again.stderr) == (1, True)
    assert run("outbox", "drop", "1").returncode == 0
    assert [entry.number for entry in box.entries()] == [2]
    gone = run("outbox", "drop", "1")
    assert (gone.returncode, "no enrolment 1" in gone.stderr) == (1, True)


def test_an_empty_lane_has_an_empty_list_and_gets_no_files(run: Run, tmp_path: Path) -> None:
    listed = run("outbox", "list")
    assert (listed.returncode, listed.stdout, listed.stderr) == (0, "", "")
    assert run("forget", ID).returncode == 0
    assert not (tmp_path / "state").exists()


def test_a_damaged_file_is_one_sentence(run: Run, box: Outbox) -> None:
    box.close()
    box.file.write_bytes(b"Dear diary, " * 1000)
    listed = run("outbox", "list")
    assert listed.returncode == 1
    assert "expected a sound database" in listed.stderr
    assert "Traceback" not in listed.stderr


def test_forgetting_reaches_all_that_the_lane_keeps_and_says_what_it_does_not(
    run: Run, box: Outbox, tmp_path: Path
) -> None:
    balance = Balance(
        available_points=Decimal(1200), available_value=None, pending_points=None, pending_value=None,
        total_points=None, total_value=None, currency=None, points_name=None, next_expiring=None,
    )  # fmt: skip
    now = datetime.now(UTC)
    cache = BalanceCache(state_dir=tmp_path / "state", max_customers=10, max_age=timedelta(days=30))
    cache.keep([Member(customer_id=ID, created=False, balance=balance, as_of=now)], now=now)

    forgotten = run("forget", ID)
    assert forgotten.returncode == 0, forgotten.stderr
    told, reached, _ = forgotten.stdout.partition("Not reached from here:")
    assert told.splitlines() == [
        "outbox: 1 erased",
        "last known balances: 1 erased",
        "names for the card printer: nothing erased",
        "dead letters: nothing erased",
    ]
    assert reached
    assert [entry.enrolment.customer_id for entry in box.entries()] == ["0400000000015"]
    assert cache.last(ID, now=now) is None
    assert run("forget", ID).stdout.startswith("outbox: nothing erased\nlast known balances: nothing erased\n")
    kept = b"".join(file.read_bytes() for file in (tmp_path / "state").iterdir())
    assert ID.encode() not in kept
    assert b"zoe@doe.com" not in kept
