"""Databases for the ledger: a file for each run, or a database of a real PostgreSQL server."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import postgres

Place = tuple[str, Callable[[], None] | None]
"""SQLAlchemy address ({folder} stands for the run's), and what restarts the server."""

DOWN_S = 0.5
"""How long the server stays down."""


class Ledgers:
    """Kinds of databases that are here; the server is started when it is needed first."""

    def __init__(self) -> None:
        self.kinds: Sequence[str] = ("sqlite", "postgresql") if postgres.program("initdb") else ("sqlite",)
        self._server: postgres.Postgres | None = None

    @contextmanager
    def one(self, kind: str) -> Iterator[Place]:
        """Make room for one ledger."""
        if kind == "sqlite":
            yield "sqlite:///{folder}/mailbridge.db", None
            return
        server = self._started()
        name = server.new_database()
        yield server.url(name), self._restart
        server.drop(name)

    def close(self) -> None:
        """Stop the server."""
        if self._server is not None:
            self._server.stop()

    def _started(self) -> postgres.Postgres:
        if self._server is None:
            server = postgres.Postgres()
            server.make()
            server.start()
            self._server = server
        return self._server

    def _restart(self) -> None:
        """Crash the server: every transaction that was not committed is gone."""
        server = self._started()
        server.halt(signal.SIGQUIT)
        time.sleep(DOWN_S)
        server.start()


@contextmanager
def ledgers() -> Iterator[Ledgers]:
    """Stop at the end what was started."""
    made = Ledgers()
    try:
        yield made
    finally:
        made.close()
