"""Opening a ledger, its transactions and its clock; what differs between the databases is in `on_*`."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from itertools import chain, repeat
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Connection, Double, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from mailbridge.ledger import on_postgres, on_sqlite
from mailbridge.ledger.errors import (
    LeaseLost,
    LedgerDamaged,
    LedgerError,
    LedgerFull,
    LedgerRefused,
    LedgerUnavailable,
)
from mailbridge.ledger.migrate import migrate
from mailbridge.ledger.on_sqlite import damaged
from mailbridge.ledger.outage import Outage
from mailbridge.ledger.space import Space
from mailbridge.ledger.together import Together
from mailbridge.ledger.writer import Writer

__all__ = [
    "MAIL",
    "WORK",
    "Database",
    "LeaseLost",
    "LedgerDamaged",
    "LedgerError",
    "LedgerFull",
    "LedgerRefused",
    "LedgerUnavailable",
    "damaged",
    "is_made",
    "kept",
    "look_at",
    "now",
    "open_database",
]

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

MAIL, WORK = "mail", "work"
"""What nodes tell each other: mails were stored; deliveries wait."""

RETRIES_S = (0.02, 0.1, 0.3, 1.0)
"""Waits before the transaction of a `kept` method is run again; the last one repeats."""

PATIENCE_S = 15.0
"""What a CRM answered is kept in hand for so long while the ledger can't be used; then it becomes a doubt."""


class now(FunctionElement[float]):  # noqa: N801 - reads as SQL
    """Unix seconds by the clock of the database: the only clock that leases and quiet periods know."""

    inherit_cache = True
    type = Double()


@compiles(now, "sqlite")
def _now_sqlite(_element: now, _compiler: Any, **_: Any) -> str:
    return "mailbridge_now()"


@compiles(now, "postgresql")
def _now_postgresql(_element: now, _compiler: Any, **_: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"


class Database:
    """Transactions on one ledger; used from any thread.

    Args:
        url: SQLAlchemy address: sqlite:///PATH or postgresql://….
        clock: Replaces the clock of an SQLite ledger in simulations; a server has its own.
        busy_s: Seconds to wait for another process that locks an SQLite ledger; None = long.

    Attributes:
        clock: That of an SQLite ledger.
        space: The disk under the file.
        outage: Whether it could be used lately.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time, busy_s: float | None = None) -> None:
        try:
            self.url = make_url(url)
        except ArgumentError as error:
            raise LedgerRefused(f"[ledger] url: {error}") from error
        backend = self.url.get_backend_name()
        self.is_sqlite = backend == "sqlite"
        self.clock = clock
        self.space = Space()
        self.outage = Outage()
        if self.is_sqlite:
            self.engine = on_sqlite.make_engine(self.url, clock, busy_s or on_sqlite.BUSY_TIMEOUT_S)
        elif backend == "postgresql":
            self.engine = on_postgres.make_engine(self.url)
        else:
            raise LedgerRefused(f"[ledger] url: {backend!r} is not supported, use sqlite:///PATH or postgresql://…")
        self._writer = Writer(self.engine) if self.is_sqlite else None
        self._together = Together(self.write)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one transaction that changes something; commits at the end of the block.

        Raises:
            LedgerUnavailable: It can't be done now.
        """
        ended = False
        try:
            with self.engine.begin() if self._writer is None else self._writer.transaction() as connection:
                yield connection
                ended = True
        except (DBAPIError, PoolTimeoutError) as error:
            # Only when the connection breaks during COMMIT nobody knows what was stored.
            raise self._translated(error, in_commit=ended) from error
        self.outage.passed()

    def together(self, work: Callable[[Connection], Result]) -> Result:
        """Do a piece of work as in a transaction of its own; on SQLite those of several threads share a commit.

        Not from within another transaction.

        Raises:
            LedgerUnavailable: It can't be done now.
        """
        if self.is_sqlite:
            return self._together.run(work)
        with self.write() as connection:
            return work(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run one transaction that only reads; it never waits for a writer to begin."""
        try:
            reading = self.engine.connect().execution_options(mailbridge_read=True)
            with reading as connection, connection.begin():
                yield connection
        except (DBAPIError, PoolTimeoutError) as error:
            raise self._translated(error, in_commit=False) from error
        self.outage.passed()

    def met(self, error: LedgerUnavailable) -> None:
        """Note, and tell when it is time, that something could not be done; who met it tries again by itself."""
        moved = isinstance(error, LeaseLost)  # to another node; nothing is wrong with the ledger
        if not moved and not (isinstance(error, LedgerFull) and self.space.lack()):  # a lack was told when it began
            self.outage.met(error)

    def time(self) -> float:
        """Return the database's clock."""
        with self.read() as connection:
            return float(connection.scalar(select(now())) or 0.0)

    def require_space(self) -> None:
        """Make sure that something new may be begun.

        Raises:
            LedgerFull: There is too little room on the disk.
        """
        lack = self.space.lack()
        if lack:
            raise LedgerFull(lack)

    def notify(self, connection: Connection, word: str) -> None:
        """Wake other nodes when this transaction commits; polling is the truth, this only saves time."""
        if not self.is_sqlite:
            on_postgres.notify(connection, word)

    def listen(self, stop: threading.Event) -> Iterator[str]:
        """Yield what other nodes notify, until `stop` is set; ends at once where nothing can be heard."""
        if not self.is_sqlite:
            yield from on_postgres.listen(self.engine, stop)

    def close(self) -> None:
        """Close all connections."""
        if self._writer is not None:
            self._writer.close()
        self.engine.dispose()

    def _translated(self, error: DBAPIError | PoolTimeoutError, *, in_commit: bool) -> Exception:
        if self.is_sqlite:
            if on_sqlite.is_read_only(error):
                self.engine.dispose()  # what was opened while it could not be written stays so until it is closed
            return on_sqlite.translated(self.url, error) or error
        found = on_postgres.translated(error)
        if found is not None and not in_commit:
            found.rolled_back = True
        return found or error


def kept(method: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Let a method write the results of what was sent whatever it takes: they are known only here.

    On a full disk the reserve makes room for them. What the server took back (a deadlock, a restart) is done again for
    `PATIENCE_S`; then the results are a doubt. The method's first argument holds a `_database`; its transaction is
    done as a whole or not at all.
    """

    @wraps(method)
    def again(*args: Arguments.args, **more: Arguments.kwargs) -> Result:
        database: Database = args[0]._database  # type: ignore[attr-defined]  # noqa: SLF001
        deadline = time.monotonic() + PATIENCE_S
        waits = chain(RETRIES_S, repeat(RETRIES_S[-1]))
        while True:
            try:
                return method(*args, **more)
            except LedgerUnavailable as error:
                if isinstance(error, LedgerFull) and database.space.give_up_reserve():
                    continue
                if not error.rolled_back or time.monotonic() > deadline:
                    raise
            time.sleep(next(waits))

    return again


def look_at(url: str) -> str:
    """Return what is at a ledger's address, without making or changing anything.

    Raises:
        LedgerError: It could not be opened there.
    """
    address = make_url(url)
    return on_sqlite.look_at(address) if address.get_backend_name() == "sqlite" else on_postgres.look_at(address)


def is_made(url: str) -> bool:
    """Return whether there is a ledger at an address; False also where it can't be looked at."""
    address = make_url(url)
    return on_sqlite.is_made(address) if address.get_backend_name() == "sqlite" else on_postgres.is_made(address)


def open_database(url: str, *, clock: Callable[[], float] = time.time, busy_s: float | None = None) -> Database:
    """Open a ledger, make or upgrade its schema; arguments as those of `Database`.

    Raises:
        LedgerError: It can't be opened, is damaged, or newer than this program.
    """
    database = Database(url, clock=clock, busy_s=busy_s)
    try:
        migrate(database.engine)
    except (DBAPIError, sqlite3.Error) as error:
        database.close()
        told = on_sqlite if database.is_sqlite else on_postgres
        raise told.refusal(database.url, getattr(error, "orig", error)) from error
    except BaseException:
        database.close()
        raise
    return database
