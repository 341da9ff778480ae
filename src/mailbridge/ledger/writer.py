"""The one connection of a process that changes a ledger in a file."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

PATIENCE_S = 5.0
"""So long `close` waits for a transaction that does not end."""


class Writer:
    """Runs transactions one after the other: waiting here is fair, waiting in SQLite is not.

    A connection's pages in memory are good until another one has changed the file, so they stay good.

    Args:
        engine: Of the file.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock()
        self._connection: Connection | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a transaction runs."""
        return self._turn.locked()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Run one; commits at the end of the block."""
        with self._turn:
            connection = self._connection = self._connection or self._engine.connect()
            try:
                with connection.begin():
                    yield connection
            except BaseException:
                self._forget()  # nobody knows in what state it is
                raise

    def close(self) -> None:
        """Give the connection back."""
        if self._turn.acquire(timeout=PATIENCE_S):
            try:
                self._forget()
            finally:
                self._turn.release()

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
