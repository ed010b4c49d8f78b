"""The last known balances, on the lane's disk, for when nobody can be asked.

Whoever finds the file alone learns of no customer: ids are kept as HMAC-SHA-256 under a key of the lane's own, which is
in a file beside it. A cache: what is lost of it is learnt again.
"""

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from scanner_daemon.database import Database
from scanner_daemon.errors import StorageError
from scanner_daemon.model import Balance, Member

FILE_NAME: Final = "balances.db"
"""In the lane's state directory."""

KEY_NAME: Final = "balances.key"
"""Beside it. Without this file nothing in the other belongs to anybody."""

_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS balance (
        customer BLOB PRIMARY KEY,
        as_of REAL NOT NULL,  -- seconds since 1970, UTC
        balance TEXT NOT NULL  -- JSON, numbers as strings
    ) WITHOUT ROWID, STRICT;
    CREATE INDEX IF NOT EXISTS by_age ON balance (as_of);
"""
_FORGET_OLD: Final = (
    "DELETE FROM balance WHERE as_of < ? OR as_of < (SELECT as_of FROM balance ORDER BY as_of DESC LIMIT 1 OFFSET ?)"
)
_CLOCKS_DIFFER: Final = timedelta(seconds=60)  # more, and the clock was set back: nobody knows how old a balance is
_KEY_BYTES: Final = 32


@dataclass(slots=True, kw_only=True)
class BalanceCache:
    """Balances of at most ``max_customers`` (one or more), none older than ``max_age``, in ``state_dir``.

    Every method blocks on the disk. Not for two threads at the same time; several processes may use the same directory.
    A file that is no sound database is set aside, and a new one begun. Raises ``StorageError`` when the disk does not
    do its work.
    """

    state_dir: Path
    max_customers: int
    max_age: timedelta
    _database: Database = field(init=False, repr=False)
    _balance: TypeAdapter[Balance] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._database = Database(file=self.state_dir / FILE_NAME, schema=_SCHEMA, keeper=True)
        self._balance = TypeAdapter(Balance)

    def keep(self, members: Iterable[Member], *, now: datetime) -> None:
        """Keep the balances of ``members``, in place of older ones, and forget what is too old or too much."""
        rows = [
            (
                self._hashed(member.customer_id),
                member.as_of.timestamp(),
                self._balance.dump_json(member.balance).decode(),
            )
            for member in members
            if member.balance is not None
        ]
        with self._database.transaction() as sql:
            sql.executemany("REPLACE INTO balance VALUES (?, ?, ?)", rows)
            sql.execute(_FORGET_OLD, ((now - self.max_age).timestamp(), self.max_customers - 1))

    def last(self, customer_id: str, *, now: datetime) -> Member | None:
        """Return the member as last seen, ``stale``; ``None`` where that is unknown, too old, or of an unknown age."""
        if not self._database.file.exists():
            return None
        with self._database.transaction() as sql:
            row = self._row(sql, customer_id)
        if row is None:
            return None
        as_of = datetime.fromtimestamp(row["as_of"], UTC)
        if not -_CLOCKS_DIFFER <= now - as_of <= self.max_age:
            return None
        try:
            balance = self._balance.validate_json(row["balance"])
        except ValidationError:  # another version's
            return None
        return Member(customer_id=customer_id, created=False, balance=balance, as_of=as_of, stale=True)

    def forget(self, customer_id: str) -> int:
        """Erase the balance of ``customer_id``, also from what the file no longer shows; return how many there were."""
        if not self._database.file.exists():
            return 0
        with self._database.transaction() as sql:
            erased = sql.execute("DELETE FROM balance WHERE customer = ?", (self._hashed(customer_id),)).rowcount
        self._database.truncate_log()
        return erased

    def close(self) -> None:
        """Let go of the file; whatever comes next opens it again."""
        self._database.close()

    def _row(self, sql: sqlite3.Connection, customer_id: str) -> sqlite3.Row | None:
        found: sqlite3.Row | None = sql.execute(
            "SELECT as_of, balance FROM balance WHERE customer = ?", (self._hashed(customer_id),)
        ).fetchone()
        return found

    def _hashed(self, customer_id: str) -> bytes:
        return hmac.digest(_key(self.state_dir / KEY_NAME), customer_id.encode(), hashlib.sha256)


def _key(file: Path) -> bytes:
    """Return the lane's key, made when it is first needed. Raises ``StorageError``."""
    try:
        if not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = file.with_suffix(".new")
            new.touch(mode=0o600)
            new.write_bytes(secrets.token_bytes(_KEY_BYTES))
            new.replace(file)
        key = file.read_bytes()
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise StorageError(f"Failed to use {file}: expected the lane's own key in it, got '{said}'.") from error
    if len(key) != _KEY_BYTES:
        raise StorageError(f"Failed to use {file}: expected {_KEY_BYTES} bytes, got {len(key)}; remove it.")
    return key
