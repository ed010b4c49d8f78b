"""An SQLite file of our own that outlives crashes and power cuts, and says plainly when it cannot."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from scanner_daemon.errors import StorageError

BUSY_TIMEOUT: Final = 5.0
"""Seconds to wait for another process that writes."""

_SETTINGS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a commit is on the disk when it returns, also through a power cut
    "PRAGMA secure_delete = ON",  # what is deleted is overwritten
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)
_LOST: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Database:
    """The SQLite database in ``file``, with ``schema`` (statements that may be run again) in it.

    The file is made when it is first needed, for its owner's eyes only, and so is its directory. A ``keeper`` sets a
    file aside that is no sound database and begins a new one. Not for two threads at the same time.
    """

    file: Path
    schema: str
    keeper: bool
    _connection: sqlite3.Connection | None = field(init=False, default=None, repr=False)
    _inode: int = field(init=False, default=0)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for one transaction: all of it is on the disk at the end, or nothing.

        Raises ``StorageError`` when the disk does not do its work; then nothing has changed.
        """
        try:
            connection = self._opened()
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
        except (sqlite3.Error, OSError) as error:
            self.close()
            if self.keeper and _code(error) in _LOST:
                self._set_aside()
            raise StorageError(f"Failed to use {self.file}: {_said(error)}.") from error

    def truncate_log(self) -> None:
        """Empty the write-ahead log: what was deleted is then nowhere in the files. Raises ``StorageError``."""
        try:
            self._opened().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"Failed to use {self.file}: {_said(error)}.") from error

    def close(self) -> None:
        """Let go of the file; the next transaction opens it again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None and not self._is_the_file():
            self.close()  # it was removed or replaced: what is written to it from now on would be lost
        if self._connection is None:
            try:
                self._connection = self._open()
            except sqlite3.DatabaseError as error:
                if not self.keeper or _code(error) not in _LOST:
                    raise
                self._set_aside()
                self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        self._make_file()
        connection = sqlite3.connect(self.file, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        try:
            for setting in _SETTINGS:
                connection.execute(setting)
            _check(connection)
            connection.executescript(self.schema)
        except BaseException:
            connection.close()
            raise
        connection.row_factory = sqlite3.Row
        self._inode = self.file.stat().st_ino
        return connection

    def _make_file(self) -> None:
        """Make the file, and see that its name outlives a power cut; SQLite gives its other files the same mode."""
        if self.file.exists():
            return
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.file.touch(mode=0o600)
        directory = os.open(self.file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _is_the_file(self) -> bool:
        try:
            return self.file.stat().st_ino == self._inode
        except FileNotFoundError:
            return False

    def _set_aside(self) -> None:
        """Keep what cannot be read under another name, for a person, and make place for a new file."""
        aside = f"{self.file.name}.unreadable-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                self.file.with_name(self.file.name + suffix).rename(self.file.with_name(aside + suffix))
        _log.error("database_set_aside", file=str(self.file), kept_as=aside, detail="It is no sound database any more.")


def _check(connection: sqlite3.Connection) -> None:
    """Raise as SQLite itself does when it stumbles over a damaged page, but before anything relies on the rest."""
    ((found,),) = connection.execute("PRAGMA quick_check(1)")
    if found != "ok":
        error = sqlite3.DatabaseError(found)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _code(error: Exception) -> int | None:
    """Return SQLite's primary result code."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def _said(error: Exception) -> str:
    """Return what came and the cure."""
    match _code(error):
        case sqlite3.SQLITE_FULL:
            return "expected room on its disk, got none; make some"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return "expected a directory that the daemon's user can write to; check [lane] state_dir and its disk"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"expected it to be free within {BUSY_TIMEOUT:g} s, got another program that writes to it"
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return "expected a sound database, got a damaged one; the daemon sets it aside when it uses it next"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"expected the disk to do its work, got '{reason.lower()}'; check [lane] state_dir"
