"""Looks for damaged pages before anything is sent from a ledger."""

import sqlite3
import time
from typing import Any

from sqlalchemy.exc import OperationalError

from mailbridge.ledger.engine import Database, damaged

LOOK_S = 5.0
"""So long a start may look for damage; of a ledger of many gigabytes only the first part is seen then."""

_STEPS = 50_000


def require_sound(database: Database, *, seconds: float = LOOK_S) -> None:
    """Make sure that the pages of an SQLite ledger hang together (https://www.sqlite.org/pragma.html quick_check).

    Raises:
        LedgerDamaged: They don't; says what to do.
        LedgerUnavailable: Somebody else locks the ledger.
    """
    if not database.is_sqlite:
        return
    problems = _problems(database, seconds)
    if problems:
        raise damaged(database.url.database, " ".join(problems[0].split())[:200])


def _problems(database: Database, seconds: float) -> list[str]:
    deadline = time.monotonic() + seconds
    with database.read() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        try:
            said = [str(line) for line in connection.exec_driver_sql("PRAGMA quick_check(1)").scalars()]
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorcode", 0) != sqlite3.SQLITE_INTERRUPT:
                raise
            return []  # what was seen until now is sound
        finally:
            driver.set_progress_handler(None, 0)
    return [] if said == ["ok"] else said
