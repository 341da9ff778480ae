"""The ledger of a simulation in a real PostgreSQL, whose clock is the simulation's."""

from contextlib import contextmanager, suppress

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.schema import metadata
from postgres import Postgres

CLOCK = "extract(epoch from clock_timestamp())::double precision"
"""How the program asks for the time; the simulation writes its own moment in its place."""


@contextmanager
def postgres_ledgers(server: Postgres):
    """Yield what makes ledgers in a running server; all worlds of one thread share one database, emptied each time."""
    name = server.new_database()
    Ledger(server.url(name), works=False).close()
    reader = psycopg.connect(server.dsn(name), autocommit=True, row_factory=dict_row)
    try:
        yield lambda: OnPostgres(server.url(name), reader)
    finally:
        reader.close()


class OnPostgres:
    """See `storage.Storage`."""

    def __init__(self, url, reader):
        self.url = url
        self._reader = reader
        self.empty()

    def empty(self):
        self._reader.execute(";".join(f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables)))

    def copy(self):
        made = (f"CREATE TABLE backup.{table.name} AS TABLE {table.name}" for table in metadata.sorted_tables)
        self._reader.execute(";".join(("DROP SCHEMA IF EXISTS backup CASCADE", "CREATE SCHEMA backup", *made)))

    def bring_back(self, _copy):
        self.empty()
        for table in metadata.sorted_tables:
            self._reader.execute(f"INSERT INTO {table.name} SELECT * FROM backup.{table.name}")

    def connect(self, world, arguments, parameters):
        connection = SimConnection.connect(*arguments, **parameters, cursor_factory=SimCursor)
        connection.belongs_to(world)
        return connection

    def rows(self, query):
        return self._reader.execute(query).fetchall()

    def full(self):
        return errors.DiskFull("could not extend file: No space left on device")

    def busy(self):
        return errors.DeadlockDetected("deadlock detected")

    def close(self):
        """The next world empties it."""


class SimCursor(psycopg.Cursor):
    def execute(self, query, *arguments, **more):
        query = self.connection.noted(query)
        found = super().execute(query, *arguments, **more)
        self.connection.has_run(query, self.rowcount)
        return found

    def executemany(self, query, *arguments, **more):
        query = self.connection.noted(query)
        super().executemany(query, *arguments, **more)
        self.connection.has_run(query, self.rowcount)


class SimConnection(psycopg.Connection):
    """A connection of the process that opened it; it ends with that process, and so does its transaction."""

    world = process = None
    changed = False

    def belongs_to(self, world):
        self.world, self.process = world, world.process
        if self.process is not None:
            self.process.connections.append(self)

    @property
    def in_transaction(self):
        return not self.closed and self.info.transaction_status != TransactionStatus.IDLE

    def noted(self, query):
        """Return a statement as the server gets it; the process may end before it does."""
        if self.world is None or not isinstance(query, str):
            return query
        counts = query.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")) and "set_config" not in query
        if counts and self.process is not None:
            self.world.point("sql")
        return query.replace(CLOCK, f"{self.world.clock()!r}::double precision")

    def has_run(self, query, rowcount):
        if isinstance(query, str) and query.startswith(("INSERT", "UPDATE", "DELETE")) and rowcount:
            self.changed = True

    def commit(self):
        if self.process is None or not self.in_transaction or not self.changed:
            super().commit()
            return
        self.world.point("commit")
        super().commit()
        self.changed = False
        self.world.committed()
        self.world.point("committed")

    def rollback(self):
        if self.process is None or not self.process.dead:
            self.changed = False
            super().rollback()

    def end(self):
        """The process died. A server notices that by itself a little later; a run must not depend on how much."""
        with suppress(psycopg.Error):
            super().rollback()
        self.close()
