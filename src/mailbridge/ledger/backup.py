"""A consistent copy of an SQLite ledger, made while the daemon works on it."""

import glob
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import make_url

from mailbridge.ledger.errors import LedgerDamaged, LedgerError
from mailbridge.ledger.processes import is_running

_WAIT_S = 60.0


class NotSqlite(LedgerError):  # noqa: N818 - says what is known
    """The ledger lies in a database server, which has tools of its own."""

    exit_code = 64


class Occupied(LedgerError):  # noqa: N818 - says what is known
    """A file that would be overwritten exists."""


def file_of(url: str) -> Path:
    """Return the file of an SQLite ledger.

    Raises:
        NotSqlite: It is none; names the tools of the server.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        raise NotSqlite(
            "this ledger lies in PostgreSQL: back it up with pg_dump -Fc, bring it back with pg_restore while every "
            "node is stopped, then run: mailbridge restore --mark-only"
        )
    return Path(address.database)


def back_up(url: str, target: Path, *, force: bool = False) -> int:
    """Copy a ledger with SQLite's online backup; return the bytes of the copy.

    Writers wait while the pages are copied. The file has its name only when it is whole, checked and on the disk.

    Args:
        url: SQLAlchemy address of the ledger.
        target: The file to make, readable for its owner only.
        force: Replace the file if it exists.

    Raises:
        NotSqlite: See `file_of`.
        Occupied: The target exists.
        LedgerDamaged: The ledger's pages don't hang together; an older backup is not replaced.
        LedgerError: Reading or writing failed.
    """
    source = file_of(url)
    if not source.exists():
        raise LedgerError(f"ledger {source}: there is none to back up")
    if target.exists() and (not force or target.samefile(source)):
        raise Occupied(f"{target} exists; name another file, or add --force to replace a backup")
    with new_file(target) as temporary:
        copy_checked(source, temporary)
        size = temporary.stat().st_size
        put_in_place(temporary, target)
    return size


def copy_checked(source: Path, copy: Path) -> None:
    """Copy a ledger into an empty file and check all of its pages.

    Raises:
        LedgerDamaged: The source is damaged, or no ledger.
        LedgerError: Reading or writing failed.
    """
    address = f"file:{quote(str(source.absolute()))}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_WAIT_S)) as old, closing(sqlite3.connect(copy)) as new:
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")  # one file, whatever the ledger uses
            problem = new.execute("PRAGMA integrity_check(1)").fetchone()[0]
            known = new.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('meta', 'delivery')").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise LedgerError(f"copying {source}: {error}") from error
        raise _damaged(source, str(error)) from error
    if problem != "ok":
        raise _damaged(source, " ".join(problem.split())[:200])
    if known != 2:
        raise LedgerDamaged(f"{source} is no ledger of mailbridge")


def _damaged(source: Path, why: str) -> LedgerDamaged:
    return LedgerDamaged(f"{source} is damaged ({why}) and was not copied; older backups are as they were")


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Make an empty private file beside a target; removed in the end unless it was put in its place.

    Raises:
        LedgerError: It can't be made there.
    """
    _sweep(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
    except OSError as error:
        raise LedgerError(f"{target}: {error.strerror}") from error
    try:
        yield temporary
    finally:
        for leftover in (temporary, *sidecars(temporary)):
            leftover.unlink(missing_ok=True)


def _sweep(target: Path) -> None:
    """Remove what a process left that was killed while it made this file: nobody can tell how whole it is."""
    for leftover in target.parent.glob(f".{glob.escape(target.name)}.*.tmp*"):
        pid = leftover.name.removeprefix(f".{target.name}.").partition(".")[0]
        if pid.isdigit() and not is_running(int(pid)):
            with suppress(OSError):
                leftover.unlink()


def put_in_place(temporary: Path, target: Path) -> None:
    """Give a finished file its name, durably."""
    _sync(temporary)
    temporary.replace(target)
    _sync(target.absolute().parent)


def sidecars(file: Path) -> list[Path]:
    """Return the files that SQLite keeps beside a database."""
    return [file.with_name(file.name + suffix) for suffix in ("-journal", "-wal", "-shm")]


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
