"""The steps of a claimed batch: intent before every write, result after it, never past the fence."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, false, func, or_, select, update

from mailbridge.ledger.claims import Claim, Claimed
from mailbridge.ledger.engine import Database, LedgerUnavailable, kept, now
from mailbridge.ledger.insert import insert
from mailbridge.ledger.schema import delivery, step
from mailbridge.ledger.suspects import add_suspect
from mailbridge.sdk import NotWritten


class LedgerSteps:
    """Implements `sdk.Steps` for one claim.

    Args:
        database: The ledger.
        claim: The batch.
        lease_s: What a new intent extends the lease to.
        armed: Called before each intent is committed, so that the gate knows what the next request is.
    """

    def __init__(
        self, database: Database, claim: Claim, *, lease_s: float, armed: Callable[[tuple[str, ...]], None]
    ) -> None:
        self._database = database
        self._lease_s = lease_s
        self._armed = armed
        self._items = {item.delivery.key: item for item in claim.items}
        self._done = {item.delivery.key: dict(item.done) for item in claim.items}
        self._node = claim.node

    def done(self, key: str) -> Mapping[str, str]:
        """Return the finished steps of a delivery: name → remote id."""
        return dict(self._done[key])

    def writing(self, name: str, keys: Iterable[str]) -> None:
        """Commit the intent to write one step of these deliveries.

        Raises:
            NotWritten: The lease is gone, or the ledger can't be used; nothing may be sent.
        """
        items = [self._items[key] for key in keys]
        self._armed(tuple(item.delivery.key for item in items))
        with self._or_not_written(self._database.write()) as connection:
            self._extend(connection, items)
            connection.execute(
                _intent(connection), [{"row_id": item.row_id, "step": name, "own": item.fence} for item in items]
            )

    def standing(self, keys: Iterable[str]) -> tuple[float, float]:
        """Return (age of the oldest intent, seconds until the first lease ends) by the clock of the database.

        Both began before their commit, however long that took.

        Raises:
            NotWritten: The lease or the intent is gone, or the ledger can't be asked.
        """
        items = [self._items[key] for key in keys]
        count_held = func.count(delivery.c.id.distinct())
        held = (
            select(count_held, func.min(step.c.sent_at), func.min(delivery.c.lease_until), now())
            .join(step, (step.c.delivery_id == delivery.c.id) & (step.c.fence == delivery.c.fence))
            .where(step.c.state == "writing", delivery.c.state == "sending")
            .where(delivery.c.owner == self._node, _fences(items))
        )
        with self._or_not_written(self._database.read()) as connection:
            count, sent_at, lease_until, moment = connection.execute(held).one()
        if count != len(items):
            raise NotWritten("the lease of this batch has ended", after_s=0.0)
        return moment - sent_at, lease_until - moment

    def renew(self, keys: Iterable[str]) -> None:
        """Make a committed intent fresh again: it waited for a rate slot.

        Raises:
            NotWritten: The lease is gone, or the ledger can't be used.
        """
        items = [self._items[key] for key in keys]
        with self._or_not_written(self._database.write()) as connection:
            self._extend(connection, items)
            ids = [item.row_id for item in items]
            mine = step.c.delivery_id.in_(ids) & (step.c.state == "writing")
            connection.execute(update(step).where(mine).values(sent_at=now()))

    @kept
    def finished(self, name: str, ids: Mapping[str, str]) -> None:
        """Commit the result of a step; where the fence has moved on, a suspect."""
        if not ids:
            return  # all of them were refused
        items = [self._items[key] for key in ids]
        with self._database.write() as connection:
            noted = exists().where(step.c.delivery_id == delivery.c.id, step.c.fence == delivery.c.fence)
            mine = still_ours(connection, items, noted.where(step.c.name == name))
            rows = [{"row_id": one.row_id, "made": ids[one.delivery.key]} for one in items if one.row_id in mine]
            if rows:
                own = (step.c.delivery_id == bindparam("row_id"), step.c.name == name)
                values = {"state": "done", "remote_id": bindparam("made"), "finished_at": now()}
                connection.execute(update(step).where(*own).values(**values), rows)
            for one in items:
                if one.row_id not in mine:
                    add_suspect(connection, one.row_id, name, ids[one.delivery.key], self._node)
        for key, remote_id in ids.items():
            self._done[key][name] = remote_id

    @staticmethod
    @contextmanager
    def _or_not_written(transaction: AbstractContextManager[Connection]) -> Iterator[Connection]:
        """Without an intent that is certain to be durable nothing is sent, so nothing was written."""
        try:
            with transaction as connection:
                yield connection
        except LedgerUnavailable as error:
            raise NotWritten(f"no intent: {error}", after_s=2.0) from error

    def _extend(self, connection: Connection, items: list[Claimed]) -> None:
        values = {"lease_until": now() + self._lease_s, "sent_at": now()}
        held = and_(delivery.c.owner == self._node, delivery.c.state == "sending", delivery.c.lease_until > now())
        count = connection.execute(update(delivery).where(held, _fences(items)).values(**values)).rowcount
        if count != len(items):
            raise NotWritten("the lease of this batch has ended", after_s=0.0)


def still_ours(connection: Connection, items: Sequence[Claimed], condition: ColumnElement[bool]) -> set[int]:
    """Return the rows of deliveries whose fence is still ours; nobody takes them over until the transaction ends."""
    query = select(delivery.c.id).where(_fences(items), condition)
    return set(connection.scalars(query.with_for_update()))


def _intent(connection: Connection) -> Any:
    """Return the statement that notes the intent of one step, anew where it was there."""
    row = {
        "delivery_id": bindparam("row_id"), "name": bindparam("step"), "fence": bindparam("own"),
        "state": "writing", "sent_at": now(),
    }  # fmt: skip
    statement = insert(connection, step).values(**row)
    new = {name: statement.excluded[name] for name in ("state", "fence", "sent_at")}
    return statement.on_conflict_do_update(index_elements=["delivery_id", "name"], set_=new)


def _fences(items: Sequence[Claimed]) -> ColumnElement[bool]:
    return or_(false(), *(and_(delivery.c.id == item.row_id, delivery.c.fence == item.fence) for item in items))
