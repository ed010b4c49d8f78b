"""Nothing that was written down is ever given out again, however the process ends."""

import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scanner_daemon.errors import StorageError
from scanner_daemon.issuing.ledger import CardState, Ledger, NewCard

CARD = NewCard(number="0412345678903", customer_id="0412345678903")
OTHER = NewCard(number="0412345678910", customer_id="0412345678910")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(file=tmp_path / "state" / "cards.db")


def test_a_number_is_claimed_once(ledger: Ledger) -> None:
    assert ledger.claim(CARD)
    assert not ledger.claim(CARD)
    assert not Ledger(file=ledger.file).claim(CARD)


def test_one_customer_has_one_card(ledger: Ledger) -> None:
    assert ledger.claim(CARD)
    assert not ledger.claim(NewCard(number="another", customer_id=CARD.customer_id))


def test_only_a_ready_card_is_given_out_and_only_once(ledger: Ledger) -> None:
    ledger.claim(CARD)
    assert not ledger.give_out(CARD)
    ledger.keep_ready(CARD)
    assert ledger.ready() == [CARD]
    assert ledger.give_out(CARD)
    assert not ledger.give_out(CARD)
    assert ledger.ready() == []
    assert ledger.number_of(CARD.customer_id) == CARD.number


def test_a_struck_card_never_comes_back(ledger: Ledger) -> None:
    ledger.claim(CARD)
    ledger.keep_ready(CARD)
    ledger.strike(CARD)
    ledger.keep_ready(CARD)
    assert ledger.ready() == []
    assert not ledger.claim(CARD)
    assert ledger.number_of(CARD.customer_id) is None


def test_a_sequence_goes_on_where_it_was(ledger: Ledger) -> None:
    assert [ledger.place_after("04", first=5) for _ in range(3)] == [5, 6, 7]
    assert Ledger(file=ledger.file).place_after("04", first=1) == 8
    assert ledger.place_after("04", first=100) == 100
    assert ledger.place_after("05", first=1) == 1


def test_two_processes_never_get_the_same_place(ledger: Ledger) -> None:
    places = [ledger.place_after("04", first=1)]

    def take() -> None:
        mine = Ledger(file=ledger.file)
        places.extend(mine.place_after("04", first=1) for _ in range(15))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(places) == list(range(1, 62))


def test_a_damaged_ledger_is_told_and_left_for_a_person(ledger: Ledger) -> None:
    ledger.claim(CARD)
    for file in ledger.file.parent.iterdir():
        file.unlink()
    ledger.file.write_bytes(b"no database at all, but long enough to be looked at as one" * 100)
    before = ledger.file.read_bytes()
    with pytest.raises(StorageError, match="expected a sound database"):
        Ledger(file=ledger.file).claim(OTHER)
    assert ledger.file.read_bytes() == before
    assert [file.name for file in ledger.file.parent.iterdir()] == ["cards.db"]


_GIVE_OUT = """
import sys
from pathlib import Path
from scanner_daemon.issuing.ledger import CardState, Ledger, NewCard
from scanner_daemon.issuing.recipe import Recipe

ledger, recipe = Ledger(file=Path(sys.argv[1])), Recipe(order="sequence")
while True:
    number = recipe.number(ledger.place_after("04", first=1))
    card = NewCard(number=number, customer_id=number)
    assert ledger.claim(card)
    ledger.keep_ready(card)
    assert ledger.give_out(card)
    print(number, flush=True)
"""


def test_what_was_given_out_outlives_kill_9(ledger: Ledger) -> None:
    given: list[str] = []
    for lines in (1, 7, 20):
        with subprocess.Popen(
            [sys.executable, "-c", _GIVE_OUT, str(ledger.file)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            given += [process.stdout.readline().strip() for _ in range(lines)]
            process.send_signal(signal.SIGKILL)
            given += process.stdout.read().split("\n")[:-1]  # only what was told whole
        assert process.returncode == -signal.SIGKILL
    assert len(given) >= 28
    assert len(set(given)) == len(given)
    with sqlite3.connect(ledger.file) as sql:
        kept = {number for (number,) in sql.execute("SELECT number FROM card WHERE state = 'issued'")}
    sql.close()
    assert set(given) <= kept


def test_a_card_comes_from_issued_to_active(tmp_path: Path) -> None:
    ledger = Ledger(file=tmp_path / "cards.db")
    for customer in ("1", "2"):
        card = NewCard(number=f"04{customer}", customer_id=customer)
        assert ledger.claim(card)
        ledger.keep_ready(card)
        assert ledger.issued(customer) == [], "nobody has it yet"
        assert not ledger.scanned(customer)
        assert ledger.give_out(card)

    def state(customer: str) -> CardState:
        (card,) = ledger.issued(customer)
        return card.state

    assert state("1") is CardState.ISSUED
    ledger.to_print("041")
    assert state("1") is CardState.WAITING
    ledger.begin_print("041")
    ledger.printed("041")
    assert state("1") is CardState.PRINTED
    assert ledger.scanned("1")
    assert not ledger.scanned("1"), "only once for the first time"
    assert state("1") is CardState.ACTIVE
    assert [(card.customer_id, card.state) for card in ledger.issued()] == [
        ("1", CardState.ACTIVE),
        ("2", CardState.ISSUED),
    ]


def test_a_name_is_kept_until_it_is_printed_or_forgotten(tmp_path: Path) -> None:
    ledger = Ledger(file=tmp_path / "cards.db")
    for number in ("1", "2", "3"):
        ledger.to_print(number, name=f"name of {number}")
    ledger.begin_print("1")
    ledger.printed("1")
    assert (ledger.forget("2"), ledger.forget("2")) == (1, 0)
    ledger.to_print("1")
    assert [(job.number, job.name) for job in ledger.waiting()] == [("1", ""), ("2", ""), ("3", "name of 3")]
    assert "name of 3" not in repr(ledger.waiting())
