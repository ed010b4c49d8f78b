"""The outbox on a real file: what was accepted is there, whatever happens to process, file and disk."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from scanner_daemon.errors import StorageError
from scanner_daemon.loyalty.outbox import FILE_NAME, Counts, Entry, Outbox
from scanner_daemon.model import Enrolment

AT: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(file=tmp_path / "state" / FILE_NAME)
    yield box
    box.close()


def customer(number: int, *, mail: str | None = "someone@example.com") -> Enrolment:
    return Enrolment(customer_id=f"04000000{number:05}", email=mail)


def put(box: Outbox, enrolment: Enrolment, enrolment_id: str = "one") -> Entry:
    return box.put(enrolment, enrolment_id=enrolment_id, at=AT)


def waiting(box: Outbox) -> list[Enrolment]:
    return [entry.enrolment for entry in box.entries() if entry.refused is None]


def in_turn(box: Outbox) -> list[int]:
    """Return the numbers in the order in which they are to be sent, one round."""
    numbers: list[int] = []
    while (entry := box.next(after=numbers[-1] if numbers else 0)) and entry.number not in numbers:
        numbers.append(entry.number)
    return numbers


def test_looking_makes_no_file(outbox: Outbox) -> None:
    assert (outbox.next(), outbox.entries(), outbox.counts()) == (None, [], Counts(waiting=0, refused=0))
    assert outbox.forget("0400000000077") == 0
    assert not outbox.file.parent.exists()


def test_what_was_put_is_what_comes_out(outbox: Outbox) -> None:
    enrolment = Enrolment(
        customer_id="0400000000077", display_name="Zoë", email="z@doe.com", mobile="+20123456789", scanner="counter"
    )
    entry = put(outbox, enrolment)
    assert entry == Entry(number=1, enrolment_id="one", enrolment=enrolment, accepted_at=AT, refused=None)
    assert outbox.next() == entry
    outbox.done(entry)
    assert (outbox.next(), outbox.entries()) == (None, [])


def test_it_is_for_its_owner_alone(outbox: Outbox) -> None:
    put(outbox, customer(1))
    modes = {file.name: file.stat().st_mode & 0o777 for file in outbox.file.parent.iterdir()}
    assert modes == {FILE_NAME: 0o600, f"{FILE_NAME}-wal": 0o600, f"{FILE_NAME}-shm": 0o600}
    assert outbox.file.parent.stat().st_mode & 0o777 == 0o700


def test_customers_take_turns_and_one_customers_enrolments_keep_their_order(outbox: Outbox) -> None:
    for mail in ("a@doe.com", "b@doe.com"):
        for number in (1, 2, 3):
            put(outbox, customer(number, mail=mail))
    assert in_turn(outbox) == [1, 2, 3]
    first = outbox.next(after=1)
    assert first is not None
    outbox.done(first)
    assert in_turn(outbox) == [1, 3, 5]


def test_one_that_was_refused_holds_nobody_up_and_can_be_mended(outbox: Outbox) -> None:
    first = put(outbox, customer(1))
    put(outbox, customer(2))
    outbox.refuse(first, "422, code 3008: no such domain")
    assert in_turn(outbox) == [2]
    assert outbox.counts() == Counts(waiting=1, refused=1)
    assert [entry.refused for entry in outbox.entries()] == ["422, code 3008: no such domain", None]

    assert not outbox.resend(2), "it was not refused"
    assert not outbox.mend(2, customer(9))
    assert not outbox.resend(3), "there is none"
    assert outbox.mend(1, customer(1, mail="right@doe.com"))
    assert waiting(outbox) == [customer(1, mail="right@doe.com"), customer(2)]
    outbox.refuse(first, "again")
    assert outbox.resend(1)
    assert outbox.drop(1)
    assert not outbox.drop(1)
    assert waiting(outbox) == [customer(2)]


def test_saying_it_twice_is_saying_it_once(outbox: Outbox) -> None:
    first = put(outbox, customer(1), "one")
    assert put(outbox, customer(1), "two") == first
    assert put(outbox, customer(1, mail=None), "three") == first, "the number alone says less"
    assert len(outbox.entries()) == 1


def test_a_number_alone_takes_details_over_and_is_then_another_enrolment(outbox: Outbox) -> None:
    bare = put(outbox, customer(1, mail=None), "one")
    complete = put(outbox, customer(1), "two")
    assert (complete.number, complete.enrolment, complete.enrolment_id) == (bare.number, customer(1), "two")
    outbox.done(bare)  # was on its way meanwhile
    outbox.refuse(bare, "422")
    assert waiting(outbox) == [customer(1)]
    outbox.done(complete)
    assert waiting(outbox) == []


def test_what_is_forgotten_is_in_no_file_any_more(outbox: Outbox) -> None:
    first = put(outbox, customer(1, mail="gone@example.com"))
    put(outbox, customer(1, mail="gone-too@example.com"))
    put(outbox, customer(2))
    outbox.refuse(first, "422")
    assert outbox.forget("0400000000001") == 2
    assert outbox.forget("0400000000001") == 0
    everything = b"".join(file.read_bytes() for file in outbox.file.parent.iterdir())
    assert b"gone" not in everything
    assert b"0400000000001" not in everything
    assert waiting(outbox) == [customer(2)]


def test_numbers_are_never_given_twice(outbox: Outbox) -> None:
    put(outbox, customer(1))
    assert outbox.drop(1)
    assert put(outbox, customer(2)).number == 2


# What may happen to the process


def test_a_commit_waits_for_the_disk(outbox: Outbox) -> None:
    with (
        outbox._database.transaction() as sql
    ):  # what SQLite promises of these two, no test without a power switch shows
        settings = [sql.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert settings == ["wal", 2]


KILLED: Final = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from scanner_daemon.loyalty.outbox import Outbox
from scanner_daemon.model import Enrolment
box = Outbox(file=Path(sys.argv[1]))
for number in range(5):
    box.put(Enrolment(customer_id=str(number), email="a@b.co"), enrolment_id="e", at=datetime.now(UTC))
    print(number, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_put_outlives_kill_9(outbox: Outbox) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, outbox.file], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    assert [enrolment.customer_id for enrolment in waiting(outbox)] == ran.stdout.split() == list("01234")


def test_a_power_cut_between_two_enrolments_loses_neither(outbox: Outbox, tmp_path: Path) -> None:
    """Every state the directory was in after a commit, copied as it lies on the disk, has all that was accepted."""
    for number in range(1, 30):
        put(outbox, customer(number))
        cut = shutil.copytree(outbox.file.parent, tmp_path / str(number))
        (cut / f"{FILE_NAME}-shm").unlink()  # lives in memory only
        after = Outbox(file=cut / FILE_NAME)
        assert waiting(after) == [customer(n) for n in range(1, number + 1)]
        after.close()


# What may happen to the file


@pytest.mark.parametrize("damage", ["no database", "torn page", "cut short"])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(
    outbox: Outbox, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(60):
        put(outbox, customer(number))
    outbox.close()
    content = bytearray(outbox.file.read_bytes())
    match damage:
        case "no database":
            content = bytearray(b"Dear diary, " * 1000)
        case "torn page":
            content[4096:8192] = os.urandom(4096)
        case "cut short":
            del content[len(content) // 2 :]
    outbox.file.write_bytes(content)

    assert put(outbox, customer(1)).number == 1
    assert waiting(outbox) == [customer(1)]
    (aside,) = outbox.file.parent.glob(f"{FILE_NAME}.unreadable-*")
    assert aside.read_bytes() == content, "a person may still find something in it"
    assert "database_set_aside" in capsys.readouterr().out


def test_who_only_looks_sets_nothing_aside(outbox: Outbox) -> None:
    outbox.file.parent.mkdir()
    outbox.file.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(StorageError, match="damaged"):
        Outbox(file=outbox.file, keeper=False).entries()
    assert outbox.file.exists()


def test_damage_that_shows_later_is_said_and_the_next_is_safe(outbox: Outbox) -> None:
    for number in range(60):
        put(outbox, customer(number))
    outbox._database.truncate_log()  # these two: so that the pages are read from the file again
    with outbox._database.transaction() as sql:
        sql.execute("PRAGMA shrink_memory")
    with outbox.file.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(outbox.file.stat().st_size - 4096))
    with pytest.raises(StorageError, match="damaged"):
        outbox.entries()
    assert put(outbox, customer(1)).number == 1


def test_a_file_that_is_removed_under_us_takes_nothing_with_it(outbox: Outbox) -> None:
    put(outbox, customer(1))
    for file in outbox.file.parent.iterdir():
        file.unlink()
    put(outbox, customer(2))
    assert waiting(Outbox(file=outbox.file)) == [customer(2)]


def test_two_processes_may_use_it(outbox: Outbox) -> None:
    person = Outbox(file=outbox.file, keeper=False)
    outbox.refuse(put(outbox, customer(1)), "422")
    assert person.resend(1)
    assert waiting(outbox) == [customer(1)]


def test_it_may_be_used_from_any_thread(outbox: Outbox) -> None:
    put(outbox, customer(1))
    thread = threading.Thread(target=put, args=(outbox, customer(2)))
    thread.start()
    thread.join()
    assert len(outbox.entries()) == 2


# What may happen to the disk


IN_A_SMALL_DISK: Final = """
import subprocess, sys
from datetime import UTC, datetime
from pathlib import Path
from scanner_daemon.errors import StorageError
from scanner_daemon.loyalty.outbox import Outbox
from scanner_daemon.model import Enrolment

def mount(*options):
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", sys.argv[1]], check=True)

mount("size=256k")
box = Outbox(file=Path(sys.argv[1]) / "outbox.db")
put = 0
try:
    while put < 100_000:
        box.put(Enrolment(customer_id=str(put), email="a@b.co"), enrolment_id="e", at=datetime.now(UTC))
        put += 1
except StorageError as error:
    print(error)
print(put, [entry.enrolment.customer_id for entry in box.entries()] == [str(n) for n in range(put)])
mount("remount", "size=1m")
box.put(Enrolment(customer_id="room", email="a@b.co"), enrolment_id="e", at=datetime.now(UTC))
print(len(box.entries()) - put)
box.close()
mount("remount", "ro")
try:
    box.put(Enrolment(customer_id="ro", email="a@b.co"), enrolment_id="e", at=datetime.now(UTC))
except StorageError as error:
    print(error)
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> list[str]:
    """A command's beginning: it may mount a disk of its own at ``tmp_path / "disk"``."""
    (tmp_path / "disk").mkdir()
    own_mounts = ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        subprocess.run([*own_mounts, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(
            "needs util-linux's unshare and unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1)"
        )
    return own_mounts


def test_a_full_and_a_read_only_disk_are_said_and_what_was_accepted_stays(
    small_disk: list[str], tmp_path: Path
) -> None:
    command = [*small_disk, sys.executable, "-c", IN_A_SMALL_DISK, str(tmp_path / "disk")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    full, accepted, more, read_only = ran.stdout.splitlines() or [ran.stderr]
    assert "expected room on its disk, got none" in full
    count, all_there = accepted.split()
    assert int(count) > 10
    assert all_there == "True"
    assert more == "1", "it goes on once there is room"
    assert "expected a directory that the daemon's user can write to" in read_only
