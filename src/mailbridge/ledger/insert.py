"""INSERT … ON CONFLICT, which both databases spell alike and SQLAlchemy keeps in two modules."""

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert(connection: Connection, table: Table) -> Any:
    """Return an insert that has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    statement = sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
    return statement.execution_options(preserve_rowcount=True)  # 0 = it was there already


def insert_new(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    """Insert the rows that do not exist yet; return how many were new."""
    statement = insert(connection, table).on_conflict_do_nothing()
    return sum(connection.execute(statement.values(**row)).rowcount for row in rows)
