from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from scanner_daemon.errors import StorageError
from scanner_daemon.loyalty.balance_cache import FILE_NAME, KEY_NAME, BalanceCache
from tests.loyalty.members import BALANCE, NOW, member

KNOWN = "0412345678903"
OTHER = "0400000000077"


def cache_in(folder: Path, *, max_customers: int = 100, max_age: timedelta = timedelta(days=30)) -> BalanceCache:
    return BalanceCache(state_dir=folder / "state", max_customers=max_customers, max_age=max_age)


@pytest.fixture
def cache(tmp_path: Path) -> BalanceCache:
    return cache_in(tmp_path)


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted((folder / "state").iterdir()))


def test_what_was_kept_is_the_last_known_of_its_moment(cache: BalanceCache, tmp_path: Path) -> None:
    cache.keep([member(KNOWN)], now=NOW)
    cache.close()
    later = cache_in(tmp_path).last(KNOWN, now=NOW + timedelta(days=3))
    assert later is not None
    assert (later.customer_id, later.balance, later.as_of, later.stale) == (KNOWN, BALANCE, NOW, True)
    assert later.balance is not None
    assert str(later.balance.available_value) == "60.0125"
    assert cache.last(OTHER, now=NOW) is None


def test_looking_makes_no_file(cache: BalanceCache, tmp_path: Path) -> None:
    assert cache.last(KNOWN, now=NOW) is None
    assert cache.forget(KNOWN) == 0
    assert not (tmp_path / "state").exists()


def test_the_newest_balance_is_kept(cache: BalanceCache) -> None:
    cache.keep([member(KNOWN)], now=NOW)
    cache.keep([member(KNOWN, as_of=NOW + timedelta(hours=1))], now=NOW)
    last = cache.last(KNOWN, now=NOW + timedelta(hours=2))
    assert last is not None
    assert last.as_of == NOW + timedelta(hours=1)


def test_a_member_without_a_balance_is_not_kept(cache: BalanceCache) -> None:
    cache.keep([member(KNOWN, balance=None)], now=NOW)
    assert cache.last(KNOWN, now=NOW) is None


def test_no_id_is_on_the_disk_and_nobody_else_may_look(cache: BalanceCache, tmp_path: Path) -> None:
    cache.keep([member(KNOWN)], now=NOW)
    assert b"1200.25" in on_disk(tmp_path)
    assert KNOWN.encode() not in on_disk(tmp_path)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "state").iterdir()} == {0o600}


def test_without_its_key_the_file_belongs_to_nobody(cache: BalanceCache, tmp_path: Path) -> None:
    cache.keep([member(KNOWN)], now=NOW)
    (tmp_path / "state" / KEY_NAME).unlink()
    assert cache.last(KNOWN, now=NOW) is None


def test_what_is_too_old_is_not_shown_and_then_gone(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_age=timedelta(days=1))
    cache.keep([member(KNOWN)], now=NOW)
    tomorrow = NOW + timedelta(days=1, seconds=1)
    assert cache.last(KNOWN, now=tomorrow) is None
    cache.keep([member(OTHER, as_of=tomorrow)], now=tomorrow)
    assert cache.last(KNOWN, now=NOW) is None


def test_the_oldest_make_room(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_customers=10)
    for n in range(25):
        cache.keep([member(f"card-{n}", as_of=NOW + timedelta(seconds=n))], now=NOW)
    there = [n for n in range(25) if cache.last(f"card-{n}", now=NOW + timedelta(minutes=1))]
    assert there == list(range(15, 25))


def test_a_clock_that_was_set_back_makes_every_age_unknown(cache: BalanceCache) -> None:
    cache.keep([member(KNOWN)], now=NOW)
    assert cache.last(KNOWN, now=NOW - timedelta(hours=1)) is None
    assert cache.last(KNOWN, now=NOW) is not None


def test_forgetting_leaves_nothing_in_the_files(cache: BalanceCache, tmp_path: Path) -> None:
    cache.keep([member(KNOWN), member(OTHER)], now=NOW)
    assert cache.forget(KNOWN) == 1
    assert cache.last(KNOWN, now=NOW) is None
    assert cache.forget(OTHER) == 1
    assert cache.forget(OTHER) == 0
    cache.close()
    assert b"1200.25" not in on_disk(tmp_path)


def test_a_file_that_is_no_database_is_set_aside(cache: BalanceCache, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / FILE_NAME).write_bytes(b"not a database" * 1000)
    with structlog.testing.capture_logs() as logged:
        cache.keep([member(KNOWN)], now=NOW)
    assert [entry["event"] for entry in logged] == ["database_set_aside"]
    assert cache.last(KNOWN, now=NOW) is not None


def test_a_row_of_another_version_is_unknown(cache: BalanceCache) -> None:
    cache.keep([member(KNOWN)], now=NOW)
    with cache._database.transaction() as sql:  # nothing else writes what it cannot read
        sql.execute("UPDATE balance SET balance = '{\"points\": 1}'")
    assert cache.last(KNOWN, now=NOW) is None


def test_a_broken_key_is_told_with_its_cure(cache: BalanceCache, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / KEY_NAME).write_bytes(b"short")
    with pytest.raises(StorageError, match="expected 32 bytes, got 5; remove it"):
        cache.keep([member(KNOWN)], now=NOW)


def test_a_directory_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StorageError, match="file exists"):
        cache_in(tmp_path).keep([member(KNOWN)], now=NOW)
