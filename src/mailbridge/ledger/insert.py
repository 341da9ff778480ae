"""INSERT … ON CONFLICT, which both databases spell alike and SQLAlchemy keeps in two modules."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Connection, Table, bindparam
from sqlalchemy.dialects import sqlite

from mailbridge.ledger.engine import now

Row = Mapping[str, Any]

MOMENT = now()
"""Says in a row which column gets the moment of the transaction; one for all rows, for it costs more than the row."""


def insert(connection: Connection, table: Table) -> Any:
    """Return an insert that has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return insert_into(connection.dialect.name, table)


def insert_into(dialect: str, table: Table) -> Any:
    """Return what `insert` returns, for statements that are built once."""
    return _insert(dialect, table).execution_options(preserve_rowcount=True)  # 0 = was there already


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows that do not exist yet, with one statement for all; all have the same columns."""
    if rows:
        statement, stamped = _prepared(connection, table, rows[0])
        connection.execute(statement, _parameters(rows, stamped))


def inserted(connection: Connection, table: Table, rows: Sequence[Row], column: Column[Any]) -> list[Any]:
    """Insert the rows that do not exist yet, as `insert_new` does; return a column of those that were new."""
    if not rows:
        return []
    statement, stamped = _prepared(connection, table, rows[0])
    return list(connection.scalars(statement.returning(column), _parameters(rows, stamped)))


def _insert(dialect: str, table: Table) -> Any:
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # 3 MB that a ledger in a file can do without

    return postgresql.insert(table)


def _prepared(connection: Connection, table: Table, row: Row) -> tuple[Any, frozenset[str]]:
    stamped = frozenset(name for name, value in row.items() if isinstance(value, now))
    return _statement(connection.dialect.name, table, frozenset(row), stamped), stamped


def _parameters(rows: Sequence[Row], stamped: frozenset[str]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in stamped} for row in rows]


@lru_cache(maxsize=64)
def _statement(dialect: str, table: Table, names: frozenset[str], stamped: frozenset[str]) -> Any:
    """Build once what every chunk of mails needs; columns in `stamped` get the database's clock."""
    values = {name: now() if name in stamped else bindparam(name) for name in sorted(names)}
    return _insert(dialect, table).values(values).on_conflict_do_nothing()
