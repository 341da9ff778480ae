"""The real ledger on a real SQLite file, whose statements and commits are points of the simulation."""

import shutil
import sqlite3
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import Engine

from mailbridge.ledger.ledger import Ledger

_worlds = []
_first = []


class SimCursor(sqlite3.Cursor):
    def execute(self, sql, *arguments):
        self.connection.note(sql)
        return super().execute(sql, *arguments)

    def executemany(self, sql, *arguments):
        self.connection.note(sql)
        return super().executemany(sql, *arguments)


class SimConnection(sqlite3.Connection):
    """A connection of the process that opened it; it ends with that process, and so does its transaction."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.world = _worlds[-1]
        self.process = self.world.process
        self.changes = 0
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


@contextmanager
def sim_database(world):
    """Let every SQLAlchemy connection of this block be one of the simulation."""
    _worlds.append(world)
    event.listen(Engine, "do_connect", _connect)
    event.listen(Engine, "engine_connect", _share)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", _connect)
        event.remove(Engine, "engine_connect", _share)
        _worlds.pop()


def _share(connection):
    """Let all engines share their compiled statements: compiling is most of a run's time."""
    engine = connection.engine
    _first.append(engine)
    if len(_first) > 1:
        _first.pop()
        engine.dialect = connection.dialect = _first[0].dialect
        engine._compiled_cache = _first[0]._compiled_cache


def _connect(_dialect, _record, _arguments, parameters):
    parameters["factory"] = SimConnection
    parameters["timeout"] = 0  # one thread: waiting for a lock would wait for ever


@cache
def _template():
    """An empty ledger with its schema: making one by migrations takes longer than a whole run."""
    folder = tempfile.TemporaryDirectory(prefix="mailbridge-template-")
    path = Path(folder.name) / "ledger.db"
    Ledger(f"sqlite:///{path}", works=False).close()
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM meta")
    connection.close()
    return folder, path


def empty_ledger(path):
    """Put a ledger at a path that holds nothing but its schema."""
    shutil.copyfile(_template()[1], path)
    path.chmod(0o600)
