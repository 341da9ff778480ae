"""What people do by hand; every act is a transition in the ledger."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from mailbridge.ledger.accounts import end_pause
from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.listing import NotThere
from mailbridge.ledger.schema import account, delivery, mail, transition
from mailbridge.ledger.suspects import judged

ACTOR = "person"
RETRIED = "retried by hand"


class Acts:
    """Changes by an operator."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def release(self, mail_ids: Sequence[str]) -> int:
        """Let quarantined (or ignored) mails be read again, by the parsers of today; return how many."""
        with self._database.write() as connection:
            return sum(self._release(connection, mail_id) for mail_id in mail_ids)

    def retry(self, keys: Sequence[str]) -> int:
        """Try dead, cancelled, waiting or doubtful deliveries now.

        What was dead, cancelled or in doubt is searched in the CRM before anything is written.
        """
        with self._database.write() as connection:
            return sum(self._retry(connection, key) for key in keys)

    def cancel(self, keys: Sequence[str]) -> int:
        """Never send these deliveries; those that are delivered or in flight stay as they are."""
        return self._move(keys, ("ready", "waiting", "doubt", "dead"), {"state": "cancelled"}, "cancelled by hand")

    def resolve(self, key: str, remote_id: str) -> int:
        """Say that a delivery exists in the CRM under this id, and there alone: its suspects are judged."""
        values = {"state": "delivered", "remote_id": remote_id, "reason": "resolved by hand", "read_due": now()}
        olds = ("ready", "waiting", "doubt", "dead", "cancelled", "delivered")
        with self._database.write() as connection:
            row = connection.execute(select(delivery.c.id, delivery.c.state).where(delivery.c.key == key)).first()
            if row is None or row.state not in olds:
                return 0
            _change(connection, row.id, row.state, values, "resolved by hand")
            judged(connection, row.id, f"resolved by hand: it is {remote_id}")
            return 1

    def resume(self, account_id: str) -> None:
        """End the pause of an account: what was wrong has been mended."""
        with self._database.write() as connection:
            pauses = connection.scalar(select(account.c.pauses).where(account.c.id == account_id))
            if pauses is None:
                raise NotThere(f"no account {account_id!r} in this ledger")
            if pauses:
                row = {"old": "paused", "new": "resumed", "why": f"account {account_id} resumed by hand"}
                connection.execute(transition.insert().values(**row, actor=ACTOR, at=now()))
            end_pause(connection, account_id)

    @staticmethod
    def _release(connection: Connection, mail_id: str) -> int:
        query = select(mail.c.state).where(mail.c.id == mail_id, mail.c.erased_at.is_(None))
        old = connection.scalar(query)
        if old not in {"quarantined", "ignored"}:
            return 0
        connection.execute(
            update(mail).where(mail.c.id == mail_id).values(state="stored", tries=0, reason=None, detail=None)
        )
        row = {"mail_id": mail_id, "old": old, "new": "stored", "why": "released by hand", "actor": ACTOR}
        connection.execute(transition.insert().values(**row, at=now()))
        return 1

    @staticmethod
    def _retry(connection: Connection, key: str) -> int:
        columns = (delivery.c.id, delivery.c.state, delivery.c.due, now().label("now"))
        row = connection.execute(select(*columns).where(delivery.c.key == key)).first()
        if row is None or row.state in {"delivered", "sending", "ready"}:
            return 0
        # Only "waiting" proves that nothing was written. Whatever was dead or cancelled may once have been in doubt:
        # one search costs little, a second lead costs trust. A quiet period that has not ended yet stays.
        new = "ready" if row.state == "waiting" else "doubt"
        due = now() if row.state == "waiting" else max(row.due, row.now)
        values = {"state": new, "due": due, "attempts": 0, "searches": 0, "reason": RETRIED}
        _change(connection, row.id, row.state, values, RETRIED)
        return 1

    def _move(self, keys: Sequence[str], olds: Sequence[str], values: dict[str, Any], why: str) -> int:
        count = 0
        with self._database.write() as connection:
            query = select(delivery.c.id, delivery.c.state, delivery.c.key).where(delivery.c.key.in_(keys))
            for row in connection.execute(query).all():
                if row.state in olds:
                    _change(connection, row.id, row.state, values, why)
                    count += 1
        return count


def _change(connection: Connection, row_id: int, old: str, values: dict[str, Any], why: str) -> None:
    fenced = {**values, "fence": delivery.c.fence + 1, "owner": None, "updated_at": now()}
    connection.execute(update(delivery).where(delivery.c.id == row_id).values(**fenced))
    row = {"delivery_id": row_id, "old": old, "new": values["state"], "why": why, "actor": ACTOR}
    connection.execute(transition.insert().values(**row, at=now()))
