"""Where the simulated ledgers lie: a real SQLite file, or a real PostgreSQL. Statements and commits are points."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import event
from sqlalchemy.engine import Engine

_worlds = []
_first = {}


class Storage(Protocol):
    """The ledger of one world, seen from outside the program.

    Attributes:
        url: What the program opens.
    """

    url: str

    def empty(self):
        """Make it a ledger that holds nothing but its schema."""

    def copy(self):
        """Make a backup of what is committed; return what `bring_back` takes, good until the next one."""

    def bring_back(self, copy):
        """Put a backup in the place of the ledger; no process works on it."""

    def connect(self, world, arguments, parameters):
        """Return a driver's connection whose statements and commits are points of the world."""

    def rows(self, query) -> list[dict]:
        """Return what is committed, read past the program."""

    def full(self) -> Exception:
        """Return the driver's error of a full disk."""

    def busy(self) -> Exception:
        """Return the driver's error of a database that can't be used now, and took everything back."""

    def close(self):
        """Remove it."""


def _sqlite() -> Storage:
    from simulation.on_sqlite import OnSqlite

    return OnSqlite()


_make: list[Callable[[], Storage]] = [_sqlite]


def make_storage() -> Storage:
    """Return the storage of a new world."""
    return _make[-1]()


@contextmanager
def ledgers_of(make: Callable[[], Storage]) -> Iterator[None]:
    """Let the ledgers of all worlds that begin in this block be made so."""
    _make.append(make)
    try:
        yield
    finally:
        _make.pop()


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
    first = _first.setdefault(engine.dialect.name, engine)
    if first is not engine:
        engine.dialect = connection.dialect = first.dialect
        engine._compiled_cache = first._compiled_cache


def _connect(_dialect, _record, arguments, parameters):
    world = _worlds[-1]
    return world.storage.connect(world, arguments, parameters)
