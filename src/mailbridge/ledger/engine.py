"""Opening a ledger: connection settings, transactions, the database's clock, schema version."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Double, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement

from mailbridge.ledger.migrate import migrate
from mailbridge.ledger.space import Space
from mailbridge.sdk import MailbridgeError

WAL_RESET_FIXED = (3, 51, 3)
"""SQLite below this may lose commits in WAL mode (the WAL-reset bug)."""

BUSY_TIMEOUT_S = 30.0


class LedgerError(MailbridgeError):
    """The ledger can't be opened or is damaged."""

    exit_code = 74


class LedgerUnavailable(LedgerError):  # noqa: N818 - says what is known
    """The ledger can't be used at the moment: locked by somebody else for long, or the disk is full. Try again."""


class LedgerFull(LedgerUnavailable):
    """The disk under the ledger is full, or so nearly that nothing new is begun."""


class LedgerDamaged(LedgerError):  # noqa: N818 - says what is known
    """Pages of the ledger can't be read: nothing may be sent from it."""

    exit_code = 65


class LedgerRefused(LedgerError):  # noqa: N818 - says what is known
    """The ledger's address or settings can't work."""

    exit_code = 78


class now(ColumnElement[float]):  # noqa: N801 - reads as SQL
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
        clock: Replaces the clock of an SQLite ledger in simulations.

    Attributes:
        space: The disk under the file.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # One writer at a time in this process: waiting here is fair, waiting in SQLite is not.
        self._writer = threading.RLock()
        self.space = Space()
        if not self.is_sqlite:
            raise LedgerRefused(f"[ledger] url: {self.url.get_backend_name()!r} is not supported, use sqlite:///PATH")
        self.engine = _sqlite_engine(self.url, clock)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one transaction that changes something; commits at the end of the block."""
        with self._writer, _translated(self.url), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run one transaction that only reads; it never waits for a writer to begin."""
        reading = self.engine.connect().execution_options(mailbridge_read=True)
        with _translated(self.url), reading as connection, connection.begin():
            yield connection

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

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def look_at(url: str) -> str:
    """Return what is at a ledger's address, without making or changing anything.

    Raises:
        LedgerError: It could not be opened there.
    """
    path = Path(make_url(url).database or "")
    if not path.exists():
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        if not os.access(folder, os.W_OK):
            raise LedgerError(f"ledger {path}: may not be made in {folder}")
        return f"{path}: will be made by the first run"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            count = connection.execute("SELECT count(*) FROM mail").fetchone()[0]
    except sqlite3.Error as error:
        explained = _explained(make_url(url), error)
        raise explained if isinstance(explained, LedgerDamaged) else LedgerError(f"ledger {path}: {error}") from error
    return f"{path}: {count} mails"


@contextmanager
def _translated(url: URL) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        explained = _explained(url, error.orig)
        if explained is None and isinstance(error, OperationalError):
            explained = LedgerUnavailable(f"ledger: {error.orig}")
        if explained is None:
            raise
        raise explained from error


def _explained(url: URL, error: BaseException | None) -> LedgerError | None:
    """Return what is known of an error by its result code, None when nothing is.

    The result codes are those of https://www.sqlite.org/rescode.html; extended ones hold them in the lower byte.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return damaged(url.database, str(error))
    if code == sqlite3.SQLITE_FULL:
        return LedgerFull(f"ledger {url.database}: {error}")
    return None


def damaged(path: str | None, why: str) -> LedgerDamaged:
    """Return the error of a ledger that can't be read, with what a person can do."""
    return LedgerDamaged(
        f"ledger {path} is damaged ({why}); nothing is sent from it. Bring back a backup: mailbridge restore FILE "
        "--force. Without one move the ledger away and start anew: the mails are read again, and what is in the CRMs "
        "already is found there by its key"
    )


Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


def kept(method: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Let a method write the results of what was sent even when the disk is full: the reserve makes room for them.

    The method's first argument holds a `_database`; its transaction is done as a whole or not at all.
    """

    @wraps(method)
    def again(*args: Arguments.args, **more: Arguments.kwargs) -> Result:
        try:
            return method(*args, **more)
        except LedgerFull:
            database: Database = args[0]._database  # type: ignore[attr-defined]  # noqa: SLF001
            if not database.space.give_up_reserve():
                raise
            return method(*args, **more)

    return again


def open_database(url: str, *, clock: Callable[[], float] = time.time) -> Database:
    """Open a ledger, make or upgrade its schema.

    Raises:
        LedgerError: The file can't be opened, is damaged, or newer than this program.
    """
    database = Database(url, clock=clock)
    try:
        migrate(database.engine)
    except (OperationalError, DBAPIError, sqlite3.Error) as error:
        database.close()
        cause = getattr(error, "orig", error)
        explained = _explained(database.url, cause)
        if isinstance(explained, LedgerDamaged | LedgerFull):
            raise explained from error
        raise LedgerError(f"ledger {database.url.database}: {cause}") from error
    except MailbridgeError:
        database.close()
        raise
    return database


def _sqlite_engine(url: Any, clock: Callable[[], float]) -> Engine:
    path = url.database
    if not path or path == ":memory:":
        raise LedgerRefused("[ledger] url: a ledger in memory loses everything; name a file, sqlite:///PATH")
    _make_private(Path(path))
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}, pool_size=16)
    event.listen(engine, "connect", lambda connection, _record: _prepare(connection, clock))
    event.listen(engine, "begin", _begin)
    return engine


def _make_private(path: Path) -> None:
    """A ledger holds mails: nobody else may read it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise LedgerError(f"ledger {path}: {error.strerror}; [ledger] url must name a file I may write") from error


def _prepare(connection: sqlite3.Connection, clock: Callable[[], float]) -> None:
    connection.isolation_level = None  # transactions begin where we say so, not where the driver guesses
    connection.create_function("mailbridge_now", 0, clock)
    safe_wal = sqlite3.sqlite_version_info >= WAL_RESET_FIXED
    connection.execute(f"PRAGMA journal_mode={'WAL' if safe_wal else 'TRUNCATE'}")
    connection.execute(f"PRAGMA synchronous={'FULL' if safe_wal else 'EXTRA'}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("mailbridge_read", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
