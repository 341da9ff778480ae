"""A ledger in a PostgreSQL database: for several nodes. Works behind a transaction pooler such as PgBouncer."""

import re
import threading
from collections.abc import Iterator
from typing import Any, LiteralString

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from mailbridge.ledger.errors import (
    LedgerDenied,
    LedgerError,
    LedgerFull,
    LedgerRefused,
    LedgerUnavailable,
    LedgerUnreachable,
)
from mailbridge.ledger.schema import metadata

OLDEST = 130_000
"""server_version_num of the oldest PostgreSQL that the tests' statements are known to work on."""

CHANNEL: LiteralString = "mailbridge"

_MIGRATING = 0x6D61696C
"""Key of the advisory lock under which one node at a time changes the schema ("mail")."""

# A pooler hands every transaction to another session: what a session would remember is said in each of them.
# The last one frees the rows that a frozen node has locked.
_LIMITS = text(
    "SELECT set_config('statement_timeout', '60s', true), set_config('lock_timeout', '10s', true),"
    " set_config('idle_in_transaction_session_timeout', '20s', true)"
)
_NO_LIMITS = text("SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)")

_ABOUT: LiteralString = (
    "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),"
    " current_setting('synchronous_commit')"
)

_REFUSED = {
    LedgerRefused: r"database \".*\" does not exist|no such database",
    LedgerDenied: r"authentication failed|no password supplied|role \".*\" does not exist|no such user|pg_hba\.conf"
    r"|permission denied|not permitted to log in",
}

_ROLLED_BACK = frozenset({"40001", "40P01", "55P03", "57014", "25006"})
"""Serialisation failure, deadlock, lock time-out, statement time-out, read-only server: the server took all back."""

_DISK_FULL = "53100"


def make_engine(url: URL) -> Engine:
    """Return an engine for `postgresql://…`, whatever driver the address names.

    Raises:
        LedgerRefused: The driver is not installed, or the address names another one.
    """
    if url.drivername not in {"postgresql", "postgresql+psycopg"}:
        raise LedgerRefused(f"[ledger] url: {url.drivername} is not supported, write postgresql://…")
    try:
        import psycopg  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise LedgerRefused(
            "[ledger] url: PostgreSQL needs the extra `postgres` of the distribution (psycopg 3 with libpq)"
        ) from error
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",
        connect_args=_connect_arguments(url),
        use_native_hstore=False,  # one question less; nothing here is an hstore
        pool_size=16,
        max_overflow=16,
        pool_timeout=30,
        pool_recycle=1800,
        pool_use_lifo=True,
    )
    event.listen(engine, "connect", lambda connection, _record: _prove(connection))
    event.listen(engine, "begin", lambda connection: connection.execute(_LIMITS))
    return engine


def prepare_schema() -> None:
    """Tell the dialect which rows partial indexes hold; named in the schema it would be loaded for SQLite too."""
    for table in metadata.sorted_tables:
        for index in table.indexes:
            if "where" in index.info:
                index.dialect_options["postgresql"]["where"] = text(index.info["where"])


def _connect_arguments(url: URL) -> dict[str, Any]:
    defaults = {
        "application_name": "mailbridge",
        "client_encoding": "UTF8",
        "connect_timeout": 10,
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,  # a server that vanished without a word is noticed
        "target_session_attrs": "read-write",  # of several hosts the primary; never a standby
    }
    # Prepared statements belong to a session, and behind a pooler the next statement runs in another one.
    return {"prepare_threshold": None} | {name: value for name, value in defaults.items() if name not in url.query}


def _prove(connection: Any) -> None:
    """Refuse a server on which a committed intent could be forgotten, at every new connection."""
    version, encoding, durable = connection.execute(_ABOUT).fetchone()
    connection.rollback()
    if version < OLDEST:
        raise LedgerRefused(f"[ledger] url: PostgreSQL {version // 10_000} is too old, it must be 13 or newer")
    if encoding != "UTF8":
        raise LedgerRefused(f"[ledger] url: the database has the encoding {encoding}; make one with ENCODING 'UTF8'")
    if durable == "off":
        raise LedgerRefused(
            "[ledger] url: the server, database or role has synchronous_commit = off: a crash would forget what was "
            "sent and send it again. Mend it with: ALTER ROLE … SET synchronous_commit = on"
        )


def translated(error: SQLAlchemyError) -> LedgerUnavailable | None:
    """Return what an error of a transaction means, None for one that is a mistake of this program."""
    if not isinstance(error, DBAPIError):
        return LedgerUnavailable(f"ledger: {error}", rolled_back=True)  # no connection of the pool became free
    import psycopg

    state = getattr(error.orig, "sqlstate", None)
    if state == _DISK_FULL:
        return LedgerFull(f"ledger: {_line(error.orig)}", rolled_back=True)
    if isinstance(error.orig, psycopg.OperationalError) or state in _ROLLED_BACK or error.connection_invalidated:
        return LedgerUnavailable(f"ledger: {_line(error.orig)}", rolled_back=state in _ROLLED_BACK)
    return None


def refusal(url: URL, error: BaseException | None) -> LedgerError:
    """Return what it means that a ledger can't be opened; libpq tells it in words only."""
    words = _line(error)
    where = f"ledger {url.render_as_string(hide_password=True)}"
    for kind, pattern in _REFUSED.items():
        if re.search(pattern, words):
            return kind(f"{where}: {words}")
    return LedgerUnreachable(f"{where}: {words}")


def look_at(url: URL) -> str:
    """Return what is at the address, without making or changing anything.

    Raises:
        LedgerError: It could not be opened there.
    """
    engine = make_engine(url)
    where = url.render_as_string(hide_password=True)
    try:
        with engine.connect() as connection:
            if not _has_tables(connection):
                return f"{where}: will be made by the first run"
            count = connection.scalar(text("SELECT count(*) FROM mail"))
            return f"{where}: {count} mails"
    except DBAPIError as error:
        raise refusal(url, error.orig) from error
    finally:
        engine.dispose()


def is_made(url: URL) -> bool:
    """Return whether the database can be asked and holds a ledger."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return _has_tables(connection)
    except (DBAPIError, LedgerError):
        return False
    finally:
        engine.dispose()


def _has_tables(connection: Connection) -> bool:
    return connection.scalar(text("SELECT to_regclass('mail')")) is not None


def begin_migration(connection: Connection) -> None:
    """Wait until no other node changes the schema, for as long as it takes."""
    connection.execute(_NO_LIMITS)
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})


def notify(connection: Connection, word: str) -> None:
    """Wake nodes that listen when this transaction commits; that nobody hears it does no harm."""
    connection.execute(text("SELECT pg_notify(:channel, :word)"), {"channel": CHANNEL, "word": word})


def listen(engine: Engine, stop: threading.Event) -> Iterator[str]:
    """Yield the words of other nodes until `stop` is set, or until it is clear that none can be heard.

    Behind a pooler the session that listens is not the one that is told: there nothing is yielded.
    """
    import psycopg

    arguments, options = engine.dialect.create_connect_args(engine.url)
    options.update(_connect_arguments(engine.url), autocommit=True)
    while not stop.is_set():
        try:
            with psycopg.connect(*arguments, **options) as connection:
                real = connection.execute("SELECT pg_backend_pid()").fetchone()
                if real is None or real[0] != connection.info.backend_pid:
                    return
                connection.execute(f"LISTEN {CHANNEL}")
                while not stop.is_set():
                    yield from (one.payload for one in connection.notifies(timeout=0.5))
        except psycopg.Error:
            stop.wait(5.0)


def _line(error: BaseException | None) -> str:
    return " ".join(str(error).split())
