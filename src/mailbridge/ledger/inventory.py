"""What the ledger says that mailboxes and CRMs should hold; read by an audit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select

from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.schema import delivery, interest, place
from mailbridge.sdk import Delivery, Interest

FINAL = ("delivered", "cancelled", "dead")


@dataclass(frozen=True, slots=True)
class Final:
    """A delivery that nobody will send any more, as the ledger has it; fits `pipeline.delivery.Item`.

    Attributes:
        state: delivered, cancelled or dead.
        remote_id: Id of the main object, where one is known.
        by_hand: A person said that it is delivered: the object need not carry the key.
    """

    delivery: Delivery
    state: str
    remote_id: str | None
    by_hand: bool
    done: Mapping[str, str]
    open: tuple[str, ...] = ()
    sent_at: float = 0.0


class Inventory:
    """Read-only questions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known_places(self, mailbox: str, uidvalidity: int, low: int, high: int) -> frozenset[int]:
        """Return the UIDs from low to high that are stored or counted as vanished."""
        mine = (place.c.mailbox == mailbox, place.c.uidvalidity == uidvalidity, place.c.uid.between(low, high))
        with self._database.read() as connection:
            return frozenset(connection.scalars(select(place.c.uid).where(*mine)))

    def undelivered(self, sink: str, since: float) -> list[Interest]:
        """Return interests without a delivery to a sink; not those from before the first that has one."""
        known = delivery.join(interest, interest.c.id == delivery.c.interest_id)
        first = (
            select(func.min(interest.c.created_at)).select_from(known).where(delivery.c.sink == sink).scalar_subquery()
        )
        has = exists().where(delivery.c.interest_id == interest.c.id, delivery.c.sink == sink)
        query = select(interest.c.body).where(interest.c.created_at >= since, interest.c.created_at >= first, ~has)
        with self._database.read() as connection:
            bodies = connection.scalars(query.order_by(interest.c.created_at)).all()
        return [Interest.model_validate_json(body) for body in bodies]

    def final(self, sink: str, since: float, *, after: int, limit: int, settle_s: float) -> list[tuple[int, Final]]:
        """Return a page of (row, delivery), in order.

        Args:
            sink: NAME of the sink.
            since: Unix seconds: changed from then on.
            after: The last row of the page before, 0 for the first.
            limit: Most rows.
            settle_s: Leave out what changed within so many seconds: a search may not see it yet.
        """
        seen = (delivery.c.sink == sink, delivery.c.id > after, delivery.c.updated_at <= now() - settle_s)
        return self._final(*seen, delivery.c.updated_at >= since, limit=limit)

    def final_of(self, keys: Sequence[str], settle_s: float) -> list[Final]:
        """Return those of some deliveries that nobody will send any more and that a search sees."""
        seen = (delivery.c.key.in_(keys), delivery.c.updated_at <= now() - settle_s)
        return [one for _, one in self._final(*seen, limit=len(keys))]

    def _final(self, *where: ColumnElement[bool], limit: int) -> list[tuple[int, Final]]:
        query = (
            select(delivery, interest.c.body)
            .join(interest, interest.c.id == delivery.c.interest_id)
            .where(delivery.c.state.in_(FINAL), *where)
            .order_by(delivery.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [
            (
                row.id,
                Final(
                    Delivery(row.key, Interest.model_validate_json(row.body), row.attempts, row.responsible),
                    row.state,
                    row.remote_id,
                    row.reason == "resolved by hand",
                    {},
                ),
            )
            for row in rows
        ]
