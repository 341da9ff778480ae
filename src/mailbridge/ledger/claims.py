"""Step 7 of the path: one short transaction takes a batch of one account under a lease and a fence."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, exists, or_, select, update
from sqlalchemy.orm import aliased

from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.schema import account, attempt, delivery, interest, step
from mailbridge.sdk import Delivery, Interest

OPEN = ("ready", "sending", "waiting", "doubt")
"""States in which a delivery keeps its lane."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery under our lease.

    Attributes:
        row_id: Row in the ledger.
        fence: The number that proves that the lease is still ours.
        delivery: What the sink gets.
        done: Finished steps: name → remote id.
        open: Steps whose intent is committed without a result.
        sent_at: When the oldest open intent was committed, 0 when not known.
        searches: How often the CRM was searched for it already.
    """

    row_id: int
    fence: int
    delivery: Delivery
    done: dict[str, str] = field(default_factory=dict)
    open: tuple[str, ...] = ()
    sent_at: float = 0.0
    searches: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch of one account. `kind` says what has to be done: deliver it, or search for it."""

    kind: Literal["deliver", "search"]
    account_id: str
    node: str
    items: tuple[Claimed, ...]


class Claims:
    """Takes batches; claims of one account are serial because they lock its row."""

    def __init__(self, database: Database, node: str, *, lease_s: float) -> None:
        self._database = database
        self._node = node
        self._lease_s = lease_s

    def take(self, account_id: str, limit: int, *, quiet_s: float) -> Claim | None:
        """Return the next batch, doubts first; None when nothing is due or the account pauses.

        Args:
            account_id: The account.
            limit: Most deliveries.
            quiet_s: How long after an intent a search may not be believed: what died in flight waits for it.

        Raises:
            LedgerFull: Nothing new is begun while there is too little room on the disk.
        """
        self._database.require_space()
        with self._database.write() as connection:
            lock = select(account.c.paused_until, now().label("now")).where(account.c.id == account_id)
            row = connection.execute(lock.with_for_update(skip_locked=True)).first()
            if row is None or row.paused_until > row.now:
                return None
            rescue(connection, account_id, self._node, quiet_s)
            doubts = _due_doubts(connection, account_id, limit)
            if doubts:
                return self._lease(connection, "search", account_id, doubts)
            ready = _ready(connection, account_id, limit)
            return self._lease(connection, "deliver", account_id, ready) if ready else None

    def _lease(
        self, connection: Connection, kind: Literal["deliver", "search"], account_id: str, ids: Sequence[int]
    ) -> Claim:
        values: dict[str, Any] = {
            "owner": self._node,
            "lease_until": now() + self._lease_s,
            "fence": delivery.c.fence + 1,
        }
        if kind == "deliver":
            values |= {"state": "sending", "attempts": delivery.c.attempts + 1, "reason": None, "updated_at": now()}
        connection.execute(update(delivery).where(delivery.c.id.in_(ids)).values(**values))
        items = _load(connection, ids)
        connection.execute(
            attempt.insert(),
            [
                {"delivery_id": one.row_id, "number": one.delivery.attempt, "kind": kind, "fence": one.fence}
                | {"node": self._node, "started_at": self._started(connection)}
                for one in items
            ],
        )
        return Claim(kind, account_id, self._node, items)

    @staticmethod
    def _started(connection: Connection) -> float:
        return float(connection.scalar(select(now())) or 0.0)


def rescue(connection: Connection, account_id: str, node: str, quiet_s: float) -> None:
    """Free deliveries whose lease has run out: without an open intent nothing was sent, else they are in doubt."""
    orphan = (
        delivery.c.account_id == account_id,
        delivery.c.state == "sending",
        delivery.c.lease_until <= now(),
    )
    intent = exists().where(step.c.delivery_id == delivery.c.id, step.c.state == "writing")
    connection.execute(
        update(delivery)
        .where(*orphan, ~intent)
        .values(state="ready", due=now(), owner=None, updated_at=now(), reason=f"lease ended unused, freed by {node}")
    )
    connection.execute(
        update(delivery)
        .where(*orphan, intent)
        .values(state="doubt", due=delivery.c.sent_at + quiet_s, owner=None, updated_at=now(), reason="lease ended")
    )


def _due_doubts(connection: Connection, account_id: str, limit: int) -> list[int]:
    query = (
        select(delivery.c.id)
        .where(
            delivery.c.account_id == account_id,
            delivery.c.state == "doubt",
            delivery.c.due <= now(),
            or_(delivery.c.owner.is_(None), delivery.c.lease_until <= now()),
        )
        .order_by(delivery.c.fresh.desc(), delivery.c.id)
        .limit(limit)
    )
    return list(connection.scalars(query))


def _ready(connection: Connection, account_id: str, limit: int) -> list[int]:
    due = or_(delivery.c.state == "ready", (delivery.c.state == "waiting") & (delivery.c.due <= now()))
    query = (
        select(delivery.c.id)
        .where(delivery.c.account_id == account_id, delivery.c.state.in_(("ready", "waiting")), due, _heads_its_lane())
        .order_by(delivery.c.fresh.desc(), delivery.c.id)
        .limit(limit)
    )
    return list(connection.scalars(query))


def _heads_its_lane() -> ColumnElement[bool]:
    older = aliased(delivery)
    blocked = exists().where(
        older.c.account_id == delivery.c.account_id,
        older.c.lane == delivery.c.lane,
        older.c.id < delivery.c.id,
        older.c.state.in_(OPEN),
    )
    return or_(delivery.c.lane.is_(None), ~blocked)


def _load(connection: Connection, ids: Sequence[int]) -> tuple[Claimed, ...]:
    query = (
        select(delivery, interest.c.body)
        .join(interest, interest.c.id == delivery.c.interest_id)
        .where(delivery.c.id.in_(ids))
        .order_by(delivery.c.id)
    )
    rows = connection.execute(query).all()
    steps = connection.execute(select(step).where(step.c.delivery_id.in_(ids))).all()
    return tuple(_claimed(row, [one for one in steps if one.delivery_id == row.id]) for row in rows)


def _claimed(row: Row[tuple[object, ...]], steps: Sequence[Row[tuple[object, ...]]]) -> Claimed:
    writing = [one for one in steps if one.state == "writing"]
    return Claimed(
        row_id=row.id,
        fence=row.fence,
        delivery=Delivery(
            key=row.key,
            interest=Interest.model_validate_json(row.body),
            attempt=row.attempts,
            responsible=row.responsible,
        ),
        done={one.name: one.remote_id for one in steps if one.state == "done"},
        open=tuple(one.name for one in writing),
        sent_at=min((one.sent_at for one in writing), default=0.0),
        searches=row.searches,
    )
