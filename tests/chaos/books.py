"""Looks into the ledger, whatever database it is in."""

import time
from collections.abc import Callable

from sqlalchemy import func, select

from chaos.judge import Books, Suspect
from mailbridge.ledger.engine import LedgerError
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.schema import delivery, mail, node, suspect


class Reader:
    """A reader that takes no part in the work and survives restarts of the database."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ledger: Ledger | None = None

    def books(self) -> Books:
        """Return how far everything is; waits while the database is away."""
        with self._open().database.read() as connection:
            mails = connection.execute(select(mail.c.state, func.count()).group_by(mail.c.state)).all()
            states = connection.execute(select(delivery.c.state, func.count()).group_by(delivery.c.state)).all()
            late = connection.execute(
                select(delivery.c.sink, delivery.c.key, suspect.c.step).join(
                    delivery, delivery.c.id == suspect.c.delivery_id
                )
            ).all()
        return Books(
            {row[0]: row[1] for row in mails}, {row[0]: row[1] for row in states}, [Suspect(*row) for row in late]
        )

    def busy_pids(self) -> set[int]:
        """Return the processes that have deliveries in their hands; none while the database is away."""
        query = select(node.c.pid).join(delivery, delivery.c.owner == node.c.id).where(delivery.c.state == "sending")
        try:
            with self._open().database.read() as connection:
                return set(connection.scalars(query))
        except LedgerError:
            return set()

    def is_calm(self, mails: int) -> bool:
        """Whether so many mails are settled and nothing is open; False while the database is away."""
        try:
            books = self.books()
        except LedgerError:
            return False
        settled = sum(count for state, count in books.mails.items() if state != "stored")
        still = sum(books.deliveries.get(state, 0) for state in ("ready", "sending", "waiting", "doubt"))
        return settled >= mails and not books.mails.get("stored") and not still

    def await_calm(self, mails: int, timeout_s: float, tend: Callable[[], None]) -> bool:
        """Wait until everything is final; return whether it came to that."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            tend()
            if self.is_calm(mails):
                return True
            time.sleep(0.3)
        return False

    def close(self) -> None:
        if self._ledger is not None:
            self._ledger.close()

    def _open(self) -> Ledger:
        if self._ledger is None:
            self._ledger = Ledger(self._url, works=False)
        return self._ledger
