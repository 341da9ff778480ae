"""Small transactions of several threads as one: each commit of a ledger in a file waits for the disk."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Result = TypeVar("Result")


class _Part(Generic[Result]):
    """What one thread wants done, and how it ended."""

    def __init__(self, work: Callable[[Connection], Result]) -> None:
        self._work = work
        self._result: list[Result] = []
        self.failure: BaseException | None = None
        self.is_over = False

    def do(self, connection: Connection) -> None:
        self._result = [self._work(connection)]

    def do_apart(self, connection: Connection) -> None:
        """Do it so that what it did is undone when it fails, and nothing else."""
        connection.exec_driver_sql("SAVEPOINT part")  # a nested transaction of SQLAlchemy costs five times as much
        try:
            self.do(connection)
        except DBAPIError:
            raise  # the disk or the server: nobody knows what is left of the transaction
        except Exception as error:  # noqa: BLE001 - its own thread raises it
            connection.exec_driver_sql("ROLLBACK TO part")
            self.failure = error
        connection.exec_driver_sql("RELEASE part")

    def ended(self) -> Result:
        if self.failure is not None:
            raise self.failure
        return self._result[0]


class Together:
    """Does what threads want done at the same time in one transaction; who comes during its commit goes with the next.

    Each part is done as a whole or not at all, and is durable when its thread goes on, as in a transaction of its own.
    When the common transaction fails, all of its parts have failed.

    Args:
        write: Opens a transaction.
    """

    def __init__(self, write: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._write = write
        self._leads = threading.Lock()
        self._waiting: list[_Part[Any]] = []

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returns; raises what it raises, or why the transaction failed."""
        part = _Part(work)
        self._waiting.append(part)
        with self._leads:
            if not part.is_over:
                parts, self._waiting = self._waiting, []
                self._do(parts)
        return part.ended()

    def _do(self, parts: list[_Part[Any]]) -> None:
        try:
            with self._write() as connection:
                if len(parts) == 1:
                    parts[0].do(connection)
                else:
                    for one in parts:
                        one.do_apart(connection)
        except BaseException as error:  # noqa: BLE001 - every thread raises it
            for one in parts:
                one.failure = error
        for one in parts:
            one.is_over = True
