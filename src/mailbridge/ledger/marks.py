"""Step 6 of the path: which mails people may see as done on the server; repeatable, never memory."""

from collections.abc import Iterable

from sqlalchemy import exists, select, update

from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.schema import OPEN, announced, delivery, mail, place


class Marks:
    """The places of one mailbox that are done and not marked."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def due(self, limit: int) -> dict[int, list[int]]:
        """Return UIDVALIDITY → UIDs of mails that are final with all their deliveries, oldest first."""
        unfinished = (
            exists()
            .where(announced.c.mail_id == place.c.mail_id)
            .where(delivery.c.interest_id == announced.c.interest_id)
            .where(delivery.c.state.in_((*OPEN, "dead")))
        )
        query = (
            select(place.c.uidvalidity, place.c.uid)
            .join(mail, mail.c.id == place.c.mail_id)
            .where(place.c.mailbox == self._name, place.c.marked_at.is_(None))
            .where(mail.c.state.in_(("parsed", "ignored")), ~unfinished)
            .order_by(place.c.stored_at)
            .limit(limit)
        )
        found: dict[int, list[int]] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                found.setdefault(row.uidvalidity, []).append(row.uid)
        return found

    def done(self, uidvalidity: int, uids: Iterable[int]) -> None:
        """Note that these places need no further mark."""
        where = (place.c.mailbox == self._name, place.c.uidvalidity == uidvalidity, place.c.uid.in_(list(uids)))
        with self._database.write() as connection:
            connection.execute(update(place).where(*where).values(marked_at=now()))
