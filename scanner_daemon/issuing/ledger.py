"""The ledger of numbers: what was ever drawn for a card, so that nothing is given out twice.

An SQLite file of the lane's own. A number is written down before anything else happens to it, and never leaves.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Final

from scanner_daemon.database import Database

FILE_NAME: Final = "cards.db"
"""In the lane's state directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCard:
    """What a card carries, and whom the lane takes it for."""

    number: str
    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintJob:
    """A card that is to be printed, with its member's name. ``begun``: some of it may have come out already."""

    number: str
    begun: bool
    name: str = field(default="", repr=False)


class CardState(Enum):
    """How far a card has come."""

    ISSUED = "issued"  # its number is somebody's
    WAITING = "waiting"  # for the printer
    PRINTED = "printed"
    ACTIVE = "active"  # it was scanned at the lane


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCard(NewCard):
    """A card that is somebody's, and how far it has come."""

    state: CardState


@dataclass(slots=True, kw_only=True)
class Ledger:
    """The ledger in ``file``, which is made when first written to. Every method blocks on the disk.

    Several processes may use it. A damaged file is never replaced by a new one: that would give numbers out again.
    Every method raises ``StorageError`` when the disk does not do its work; then nothing has changed.
    """

    file: Path
    _database: Database = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._database = Database(file=self.file, schema=_SCHEMA, keeper=False)

    def place_after(self, prefix: str, *, first: int) -> int:
        """Return where the sequence of ``prefix`` goes on; it never gives the same place again."""
        with self._database.transaction() as sql:
            row = sql.execute(_NEXT_PLACE, {"prefix": prefix, "first": first}).fetchone()
            return int(row["place"])

    def claim(self, card: NewCard) -> bool:
        """Write ``card`` down as ours; tell whether neither its number nor its customer ever stood here."""
        with self._database.transaction() as sql:
            return sql.execute(_CLAIM, (card.number, card.customer_id, _now())).rowcount == 1

    def keep_ready(self, card: NewCard) -> None:
        """Note that nobody has the claimed ``card``: it may be given out."""
        self._move(card, "claimed", "ready")

    def ready(self) -> list[NewCard]:
        """Return the cards that may be given out, the oldest first."""
        with self._database.transaction() as sql:
            return [NewCard(number=row["number"], customer_id=row["customer_id"]) for row in sql.execute(_READY)]

    def give_out(self, card: NewCard) -> bool:
        """Note that the ready ``card`` is somebody's from now on; tell whether nobody else was given it before."""
        return self._move(card, "ready", "issued")

    def strike(self, card: NewCard) -> None:
        """Note that a ready ``card`` was found to be a member's."""
        self._move(card, "ready", "known")

    def number_of(self, customer_id: str) -> str | None:
        """Return what the card of ``customer_id`` carries, if it was issued here."""
        with self._database.transaction() as sql:
            row = sql.execute("SELECT number FROM card WHERE customer_id = ? AND state = 'issued'", (customer_id,))
            found = row.fetchone()
            return str(found["number"]) if found else None

    def to_print(self, number: str, *, name: str = "") -> None:
        """Note that the card ``number`` is to be printed, also when it was before; ``name`` is kept until it is."""
        with self._database.transaction() as sql:
            sql.execute(_TO_PRINT, (number, _now()))
            if name:
                sql.execute("INSERT OR REPLACE INTO name_on_card (number, name) VALUES (?, ?)", (number, name))

    def waiting(self) -> list[PrintJob]:
        """Return the cards that are to be printed, in turn."""
        with self._database.transaction() as sql:
            return [
                PrintJob(number=row["number"], begun=row["state"] == "begun", name=row["name"])
                for row in sql.execute(_WAITING)
            ]

    def begin_print(self, number: str) -> None:
        """Note that from now on the printer may have something of the card ``number``."""
        with self._database.transaction() as sql:
            sql.execute(_PRINT_STATE, ("begun", _now(), number))

    def printed(self, number: str) -> None:
        """Note that the printer has taken all of the card ``number``, and forget its name."""
        with self._database.transaction() as sql:
            sql.execute(_PRINT_STATE, ("printed", _now(), number))
            sql.execute("DELETE FROM name_on_card WHERE number = ?", (number,))

    def scanned(self, customer_id: str) -> bool:
        """Note that the card of ``customer_id`` was scanned at the lane; tell whether for the first time."""
        with self._database.transaction() as sql:
            return sql.execute(_SCANNED, (_now(), customer_id)).rowcount == 1

    def issued(self, customer_id: str | None = None) -> list[IssuedCard]:
        """Return the cards that are somebody's, in turn, or the one of ``customer_id``."""
        with self._database.transaction() as sql:
            return [
                IssuedCard(number=row["number"], customer_id=row["customer_id"], state=CardState(row["now"]))
                for row in sql.execute(_ISSUED, {"customer_id": customer_id})
            ]

    def forget(self, customer_id: str) -> int:
        """Erase the name that waits to be printed on the card of ``customer_id``; return how many that were."""
        if not self.file.exists():
            return 0
        with self._database.transaction() as sql:
            count = sql.execute(_FORGET, (customer_id, customer_id)).rowcount
        self._database.truncate_log()
        return count

    def _move(self, card: NewCard, before: str, after: str) -> bool:
        with self._database.transaction() as sql:
            return sql.execute(_MOVE, (after, _now(), card.number, before)).rowcount == 1


_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS card (
    number TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('claimed', 'ready', 'issued', 'known')),
    at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS card_ready ON card (state) WHERE state = 'ready';
CREATE TABLE IF NOT EXISTS sequence (prefix TEXT PRIMARY KEY, place INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS printing (
    job INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'begun', 'printed')),
    at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS name_on_card (number TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS scanned (number TEXT PRIMARY KEY, at TEXT NOT NULL);
"""
_NEXT_PLACE: Final = """
INSERT INTO sequence (prefix, place) VALUES (:prefix, :first)
ON CONFLICT (prefix) DO UPDATE SET place = max(place + 1, :first) RETURNING place
"""
_CLAIM: Final = "INSERT OR IGNORE INTO card (number, customer_id, state, at) VALUES (?, ?, 'claimed', ?)"
_READY: Final = "SELECT number, customer_id FROM card WHERE state = 'ready' ORDER BY rowid"
_MOVE: Final = "UPDATE card SET state = ?, at = ? WHERE number = ? AND state = ?"
_TO_PRINT: Final = """
INSERT INTO printing (number, state, at) VALUES (?, 'waiting', ?)
ON CONFLICT (number) DO UPDATE SET state = 'waiting', at = excluded.at WHERE state = 'printed'
"""
_PRINT_STATE: Final = "UPDATE printing SET state = ?, at = ? WHERE number = ?"
_WAITING: Final = """
SELECT number, state, coalesce(name, '') AS name FROM printing LEFT JOIN name_on_card USING (number)
WHERE state != 'printed' ORDER BY job
"""
_SCANNED: Final = """
INSERT OR IGNORE INTO scanned (number, at) SELECT number, ? FROM card WHERE customer_id = ? AND state = 'issued'
"""
_ISSUED: Final = """
SELECT card.number, customer_id, CASE
    WHEN scanned.number IS NOT NULL THEN 'active'
    WHEN printing.state = 'printed' THEN 'printed'
    WHEN printing.state IS NOT NULL THEN 'waiting'
    ELSE 'issued' END AS now
FROM card LEFT JOIN printing USING (number) LEFT JOIN scanned USING (number)
WHERE card.state = 'issued' AND (:customer_id IS NULL OR customer_id = :customer_id) ORDER BY card.rowid
"""
_FORGET: Final = """
DELETE FROM name_on_card WHERE number = ? OR number IN (SELECT number FROM card WHERE customer_id = ?)
"""


def _now() -> str:
    return datetime.now(UTC).isoformat()
