"""The outbox: enrolments that were accepted and that the loyalty programme does not have yet.

An SQLite file of the lane's own. What :meth:`Outbox.put` has returned is on the disk, whatever happens to the process
or to the power. What the programme will not have as it is stays in the file as *refused*, for a person to mend.
"""

import sqlite3
from dataclasses import astuple, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from scanner_daemon.database import Database
from scanner_daemon.model import Enrolment

FILE_NAME: Final = "outbox.db"
"""In the lane's state directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One enrolment in the outbox. ``number`` counts them as they were accepted, and names this one to a person.

    ``enrolment_id`` is that of its events. ``refused`` is the sentence why the programme will not have it, ``None``
    while it waits.
    """

    number: int
    enrolment_id: str
    enrolment: Enrolment
    accepted_at: datetime
    refused: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many enrolments wait, and how many were refused."""

    waiting: int
    refused: int


@dataclass(slots=True, kw_only=True)
class Outbox:
    """The outbox in ``file``, which is made when first written to. Every method blocks on the disk.

    The file may be used by several processes. ``keeper`` is the one that lives in it, the daemon: it sets a file aside
    that cannot be read, and begins a new one. Not for two threads at the same time.

    Every method raises ``StorageError`` when the disk does not do its work; then nothing has changed.
    """

    file: Path
    keeper: bool = True
    _database: Database = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._database = Database(file=self.file, schema=_SCHEMA, keeper=self.keeper)

    def put(self, enrolment: Enrolment, *, enrolment_id: str, at: datetime) -> Entry:
        """Keep ``enrolment``; return what stands for it from now on, safely on the disk.

        That is one of this customer's that waits already, if it says the same or more; one that says nothing but the
        number takes these details over.
        """
        row = {**_row(enrolment), "bare": not enrolment.has_contact, "id": enrolment_id, "at": at.isoformat()}
        with self._database.transaction() as sql:
            waiting = sql.execute(_SAME_OR_MORE, row).fetchone()
            waiting = waiting or sql.execute(_COMPLETE, row).fetchone() or sql.execute(_INSERT, row).fetchone()
            return _entry(waiting)

    def next(self, *, after: int = 0) -> Entry | None:
        """Return who is to be brought to the programme next: the first with a higher number than ``after``, in turn.

        Of one customer's enrolments that is always the oldest that waits.
        """
        if not self.file.exists():
            return None
        with self._database.transaction() as sql:
            found = sql.execute(_NEXT, (after,)).fetchone()
        return _entry(found) if found else None

    def done(self, entry: Entry) -> None:
        """Forget ``entry``: the programme has it. Where it has taken other details over meanwhile, it stays."""
        self._change(_DONE, entry.number, entry.enrolment_id)

    def refuse(self, entry: Entry, detail: str) -> None:
        """Keep ``entry`` for a person; ``detail`` is the sentence why. Else as :meth:`done`."""
        self._change(_REFUSE, detail, entry.number, entry.enrolment_id)

    def entries(self) -> list[Entry]:
        """Return all there are, the oldest first."""
        if not self.file.exists():
            return []
        with self._database.transaction() as sql:
            return [_entry(row) for row in sql.execute("SELECT * FROM enrolment ORDER BY number")]

    def counts(self) -> Counts:
        """Count them."""
        if not self.file.exists():
            return Counts(waiting=0, refused=0)
        with self._database.transaction() as sql:
            total, refused = sql.execute("SELECT count(*), count(refused) FROM enrolment").fetchone()
        return Counts(waiting=total - refused, refused=refused)

    def mend(self, number: int, enrolment: Enrolment) -> bool:
        """Give the refused enrolment ``number`` other details and let it wait again; tell whether it was there."""
        return self._change(_MEND, *astuple(enrolment), number) > 0

    def resend(self, number: int) -> bool:
        """Let the refused enrolment ``number`` wait again as it is; tell whether it was there."""
        return self._change("UPDATE enrolment SET refused = NULL WHERE number = ? AND refused NOT NULL", number) > 0

    def drop(self, number: int) -> bool:
        """Give the enrolment ``number`` up, for good; tell whether it was there."""
        return self._erase("DELETE FROM enrolment WHERE number = ?", number) > 0

    def forget(self, customer_id: str) -> int:
        """Erase all of ``customer_id``, also from what the files no longer show; return how many enrolments it was."""
        return self._erase("DELETE FROM enrolment WHERE customer_id = ?", customer_id)

    def close(self) -> None:
        """Let go of the file; whatever comes next opens it again."""
        self._database.close()

    def _change(self, statement: str, *values: object) -> int:
        """Return how many enrolments ``statement`` changed."""
        if not self.file.exists():
            return 0
        with self._database.transaction() as sql:
            return sql.execute(statement, values).rowcount

    def _erase(self, statement: str, value: object) -> int:
        erased = self._change(statement, value)
        if erased:
            self._database.truncate_log()
        return erased


_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS enrolment (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    display_name TEXT,
    email TEXT,
    mobile TEXT,
    scanner TEXT,
    accepted_at TEXT NOT NULL,
    refused TEXT
);
CREATE INDEX IF NOT EXISTS enrolment_customer ON enrolment (customer_id);
"""
_INSERT: Final = """
INSERT INTO enrolment (id, customer_id, display_name, email, mobile, scanner, accepted_at)
VALUES (:id, :customer_id, :display_name, :email, :mobile, :scanner, :at) RETURNING *
"""
_COMPLETE: Final = """
UPDATE enrolment SET id = :id, display_name = :display_name, email = :email, mobile = :mobile
WHERE customer_id = :customer_id AND refused IS NULL AND email IS NULL AND mobile IS NULL RETURNING *
"""
_REFUSE: Final = "UPDATE enrolment SET refused = ? WHERE number = ? AND id = ?"
_DONE: Final = "DELETE FROM enrolment WHERE number = ? AND id = ?"
_SAME_OR_MORE: Final = """
SELECT * FROM enrolment WHERE customer_id = :customer_id AND refused IS NULL
AND (:bare OR (display_name IS :display_name AND email IS :email AND mobile IS :mobile)) ORDER BY number LIMIT 1
"""
_NEXT: Final = """
SELECT *, min(number) FROM enrolment WHERE refused IS NULL GROUP BY customer_id ORDER BY number <= ?, number LIMIT 1
"""
_MEND: Final = """
UPDATE enrolment SET customer_id = ?, display_name = ?, email = ?, mobile = ?, scanner = ?, refused = NULL
WHERE number = ? AND refused NOT NULL
"""


def _row(enrolment: Enrolment) -> dict[str, str | None]:
    return dict(zip(_COLUMNS, astuple(enrolment), strict=True))


_COLUMNS: Final = ("customer_id", "display_name", "email", "mobile", "scanner")


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        number=row["number"],
        enrolment_id=row["id"],
        enrolment=Enrolment(**{name: row[name] for name in _COLUMNS}),
        accepted_at=datetime.fromisoformat(row["accepted_at"]),
        refused=row["refused"],
    )
