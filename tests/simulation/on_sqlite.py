"""The ledger of a simulation on a real SQLite file."""

import shutil
import sqlite3
import tempfile
from functools import cache
from pathlib import Path

from mailbridge.ledger.ledger import Ledger

SHM = Path("/dev/shm")


class OnSqlite:
    """One file, in memory where there is a file system for that; see `storage.Storage`."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="mailbridge-sim-", dir=SHM if SHM.is_dir() else None)
        self._path = Path(self._folder.name) / "ledger.db"
        self.url = f"sqlite:///{self._path}"
        self._reader = None
        self.empty()

    def empty(self):
        """Put an empty ledger there: making one by migrations takes longer than a whole run."""
        self._close_reader()
        shutil.copyfile(_template()[1], self._path)
        self._path.chmod(0o600)
        self._open_reader()

    def copy(self):
        copy = Path(self._folder.name) / "ledger.bak"
        shutil.copyfile(self._path, copy)
        return copy

    def bring_back(self, copy):
        self._close_reader()
        shutil.copyfile(copy, self._path)
        self._open_reader()

    def connect(self, world, arguments, parameters):
        # One thread: waiting for a lock would wait for ever.
        connection = sqlite3.connect(*arguments, **{**parameters, "factory": SimConnection, "timeout": 0})
        connection.belongs_to(world)
        return connection

    def rows(self, query):
        return list(map(dict, self._reader.execute(query).fetchall()))

    def full(self):
        return _broken(sqlite3.SQLITE_FULL, "database or disk is full")

    def busy(self):
        return _broken(sqlite3.SQLITE_BUSY, "database is locked")

    def close(self):
        self._close_reader()
        self._folder.cleanup()

    def _open_reader(self):
        self._reader = sqlite3.connect(self._path, isolation_level=None)
        self._reader.row_factory = sqlite3.Row

    def _close_reader(self):
        if self._reader is not None:
            self._reader.close()


class SimCursor(sqlite3.Cursor):
    def execute(self, sql, *arguments):
        self.connection.note(sql)
        return super().execute(sql, *arguments)

    def executemany(self, sql, *arguments):
        self.connection.note(sql)
        return super().executemany(sql, *arguments)


class SimConnection(sqlite3.Connection):
    """A connection of the process that opened it; it ends with that process, and so does its transaction."""

    world = process = None
    changes = 0

    def belongs_to(self, world):
        self.world, self.process = world, world.process
        if self.process is not None:
            self.process.connections.append(self)

    def execute(self, sql, *arguments):
        # A crash of a process needs no fsync; only the settings of the program are sent here.
        if sql.startswith("PRAGMA journal_mode"):
            sql = "PRAGMA journal_mode=MEMORY"
        if sql.startswith("PRAGMA synchronous"):
            sql = "PRAGMA synchronous=OFF"
        return super().execute(sql, *arguments)

    def cursor(self, _factory=None):
        return super().cursor(SimCursor)

    def note(self, sql):
        if self.process is not None and not sql.startswith("PRAGMA"):
            self.world.point("sql")

    def commit(self):
        if self.process is None or not self.in_transaction or self.total_changes == self.changes:
            super().commit()
            return
        self.world.point("commit")
        super().commit()
        self.changes = self.total_changes
        self.world.committed()
        self.world.point("committed")

    def rollback(self):
        if self.process is None or not self.process.dead:
            super().rollback()

    def end(self):
        """The process died."""
        self.close()


@cache
def _template():
    folder = tempfile.TemporaryDirectory(prefix="mailbridge-template-")
    path = Path(folder.name) / "ledger.db"
    Ledger(f"sqlite:///{path}", works=False).close()
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM meta")
    connection.close()
    return folder, path


def _broken(code, text):
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error
