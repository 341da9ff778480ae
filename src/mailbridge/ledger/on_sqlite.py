"""A ledger in one SQLite file: for one machine."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from mailbridge.ledger.errors import LedgerDamaged, LedgerError, LedgerFull, LedgerRefused, LedgerUnavailable
from mailbridge.ledger.file_place import FilePlace, refuse_network
from mailbridge.ledger.file_rights import obstacle, stranger

WAL_RESET_FIXED = (3, 51, 3)
"""SQLite below this may lose commits in WAL mode (the WAL-reset bug)."""

BUSY_TIMEOUT_S = 30.0


def make_engine(url: URL, clock: Callable[[], float], busy_s: float = BUSY_TIMEOUT_S) -> Engine:
    """Return an engine whose transactions begin where the program says so and are durable at their end.

    Args:
        url: Names the file.
        clock: Unix seconds.
        busy_s: Seconds to wait for another process that locks it.

    Raises:
        LedgerError: The file may not be made or written.
    """
    path = url.database
    if not path or path == ":memory:":
        raise LedgerRefused("[ledger] url: a ledger in memory loses everything; name a file, sqlite:///PATH")
    refuse_network(Path(path))
    _require_rights(Path(path))
    _make_private(Path(path))
    place = FilePlace(Path(path))
    engine = create_engine(
        url, connect_args={"timeout": busy_s, "check_same_thread": False}, pool_size=16, pool_use_lifo=True
    )
    event.listen(engine, "connect", lambda connection, _record: _prepare(connection, clock))
    event.listen(engine, "begin", lambda connection: _begin(connection, place))
    return engine


def explained(url: URL, error: BaseException | None) -> LedgerError | None:
    """Return what is known of an error by its result code, None when nothing is.

    The result codes are those of https://www.sqlite.org/rescode.html; extended ones hold them in the lower byte.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return damaged(url.database, str(error))
    if code == sqlite3.SQLITE_FULL:
        return LedgerFull(f"ledger {url.database}: {error}; free some space on its disk and the work goes on by itself")
    return None


def damaged(path: str | None, why: str) -> LedgerDamaged:
    """Return the error of a ledger that can't be read, with what a person can do."""
    return LedgerDamaged(
        f"ledger {path} is damaged ({why}); nothing is sent from it. Bring back a backup: mailbridge restore FILE "
        "--force. Without one move the ledger away and start anew: the mails are read again, and what is in the CRMs "
        "already is found there by its key"
    )


def translated(url: URL, error: SQLAlchemyError) -> LedgerError | None:
    """Return what an error of a transaction means, None for one that is a mistake of this program."""
    if not isinstance(error, DBAPIError):  # no connection became free: all of them wait for who locks the file
        return LedgerUnavailable(f"ledger {url.database}: {error}", rolled_back=True)
    found = explained(url, error.orig)
    if found is None and isinstance(error, OperationalError):
        why = obstacle(Path(url.database or ""))
        return LedgerUnavailable(f"ledger {url.database}: {error.orig}" + (f"; {why}" if why else ""))
    return found


def is_read_only(error: BaseException) -> bool:
    """Whether the file or its journal can't be written now, such as on a file system that turned read-only."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


def refusal(url: URL, error: BaseException) -> LedgerError:
    """Return what it means that a ledger can't be opened."""
    found = explained(url, error)
    return found if isinstance(found, LedgerDamaged | LedgerFull) else LedgerError(f"ledger {url.database}: {error}")


def look_at(url: URL) -> str:
    """Return what is at the address, without making or changing anything.

    Raises:
        LedgerError: It could not be opened there.
    """
    path = Path(url.database or "")
    refuse_network(path)
    _require_rights(path)
    if not path.exists():
        return f"{path}: will be made by the first run"
    warning = stranger(path)
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            count = connection.execute("SELECT count(*) FROM mail").fetchone()[0]
    except sqlite3.Error as error:
        raise refusal(url, error) from error
    return f"{path}: {count} mails" + (f"; {warning}" if warning else "")


def is_made(url: URL) -> bool:
    """Return whether there is a file."""
    return Path(url.database or "").is_file()


@contextmanager
def references_unchecked(connection: Connection) -> Iterator[None]:
    """Let the next transaction break references between tables; to be used before it begins.

    SQLite changes a table by making a new one and dropping the old (https://www.sqlite.org/lang_altertable.html,
    "other kinds of table schema changes"), and dropping a table that others refer to breaks their references.
    """
    driver: Any = connection.connection.dbapi_connection
    driver.execute("PRAGMA foreign_keys=OFF")  # does nothing inside a transaction
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def prove_references(connection: Connection) -> None:
    """Prove that every row which another refers to is there.

    Raises:
        LedgerDamaged: It is not.
    """
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
        raise damaged(connection.engine.url.database, f"{len(broken)} rows of {broken[0][0]} refer to nothing")


def _require_rights(path: Path) -> None:
    if why := obstacle(path):
        raise LedgerError(f"ledger: {why}")


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


def _begin(connection: Connection, place: FilePlace) -> None:
    reading = connection.get_execution_options().get("mailbridge_read", False)
    if not reading:
        place.require_unmoved()
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
