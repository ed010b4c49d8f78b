"""Events that a receiver never took, for a person to see: the newest of them, on the disk."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from scanner_daemon.database import Database
from scanner_daemon.model import LaneEvent, as_json_object

FILE_NAME: Final = "dead-letters.db"

CAPACITY: Final = 1000
"""Letters that are kept; beyond, the oldest goes."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS letters (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    receiver TEXT NOT NULL,
    given_up_at TEXT NOT NULL,
    why TEXT NOT NULL,
    event TEXT NOT NULL
) STRICT;
"""

_OF_CUSTOMER: Final = "coalesce(json_extract(event, '$.member.customer_id'), json_extract(event, '$.customer_id')) = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An event, as on every channel, that ``receiver`` (a host) did not take; ``why`` is half a sentence."""

    receiver: str
    given_up_at: datetime
    why: str
    event: Mapping[str, Any]

    @classmethod
    def of(cls, event: LaneEvent, *, receiver: str, why: str) -> "DeadLetter":
        """Return the letter of an event that is given up now."""
        return cls(receiver=receiver, given_up_at=datetime.now(UTC), why=why, event=as_json_object(event))


@dataclass(slots=True, kw_only=True)
class DeadLetters:
    """The dead letters of the lane whose state is in ``state_dir``; several processes may use them at once.

    All methods block on the disk and raise ``StorageError`` when it does not do its work.
    """

    state_dir: Path
    _database: Database = field(init=False, repr=False)
    _writes: threading.Lock = field(init=False, default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self._database = Database(file=self.state_dir / FILE_NAME, schema=_SCHEMA, keeper=True)

    def keep(self, letters: Sequence[DeadLetter]) -> None:
        """Keep ``letters`` beside those there are, as far as there is room."""
        rows = [(one.receiver, one.given_up_at.isoformat(), one.why, json.dumps(one.event)) for one in letters]
        with self._writes, self._database.transaction() as connection:  # the last may come while one is written
            connection.executemany("INSERT INTO letters (receiver, given_up_at, why, event) VALUES (?, ?, ?, ?)", rows)
            connection.execute("DELETE FROM letters WHERE number <= (SELECT max(number) FROM letters) - ?", (CAPACITY,))

    def letters(self) -> list[DeadLetter]:
        """Return all that are kept, the oldest first."""
        if not self._database.file.exists():
            return []
        with self._database.transaction() as connection:
            rows = connection.execute("SELECT * FROM letters ORDER BY number").fetchall()
        return [
            DeadLetter(
                receiver=row["receiver"],
                given_up_at=datetime.fromisoformat(row["given_up_at"]),
                why=row["why"],
                event=json.loads(row["event"]),
            )
            for row in rows
        ]

    def forget(self, customer_id: str) -> int:
        """See :class:`scanner_daemon.ports.Forgets`."""
        return self._erased(f"WHERE {_OF_CUSTOMER}", customer_id)

    def clear(self) -> int:
        """Erase all letters; return how many there were."""
        return self._erased("")

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _erased(self, which: str, *values: str) -> int:
        if not self._database.file.exists():
            return 0
        with self._database.transaction() as connection:
            count = connection.execute(f"DELETE FROM letters {which}", values).rowcount  # noqa: S608  our own words
        self._database.truncate_log()
        return count
