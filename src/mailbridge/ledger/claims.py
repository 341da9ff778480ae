"""Step 7 of the path: one short transaction takes a batch of one account under a lease and a fence."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Double,
    Row,
    Select,
    Update,
    bindparam,
    exists,
    or_,
    select,
    update,
)

from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.persons import known_people
from mailbridge.ledger.schema import OPEN, account, attempt, delivery, interest, is_in, step
from mailbridge.sdk import Delivery, Interest, Known

WALKED_AT_ONCE = 4
"""So many times as many ready deliveries as are wanted are looked at in one question."""

MOST_LANES = 5_000
"""So many lanes are remembered in one claim as having had their turn; more would cost more than they save."""

DUE_AT_ONCE = 500
"""Most deliveries whose wait ends in one claim."""


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
        searches: How many searches for it have failed in a row.
        assigned_at: When it was decided who gets it, None = not yet.
    """

    row_id: int
    fence: int
    delivery: Delivery
    done: dict[str, str] = field(default_factory=dict)
    open: tuple[str, ...] = ()
    sent_at: float = 0.0
    searches: int = 0
    assigned_at: float | None = None


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

    def take(self, account_id: str, limit: int, *, quiet_s: float, gather_s: float = 0.0) -> Claim | None:
        """Return the next batch; None when nothing is due or the account pauses.

        Doubts go before what was never sent, but nothing of a backlog goes before what is fresh: a new ledger has its
        whole backlog in doubt.

        Args:
            account_id: The account.
            limit: Most deliveries.
            quiet_s: How long after an intent a search may not be believed: what died in flight waits for it.
            gather_s: A batch that is not full waits while another one, not older than this, is being sent: requests
                are what a CRM counts, and what arrives meanwhile shares them.

        Raises:
            LedgerFull: Nothing new is begun while there is too little room on the disk.
        """
        self._database.require_space()
        with self._database.write() as connection:
            row = connection.execute(_lock(), {"account": account_id}).first()
            if row is None or row.paused_until > row.now:
                return None
            moment = float(row.now)  # a value: what a function returns can't be looked up in an index
            rescue(connection, account_id, self._node, quiet_s, moment)
            doubts = _due_doubts(connection, account_id, limit, moment)
            if doubts.urgent:
                return self._lease(connection, "search", account_id, doubts.ids)
            _end_waits(connection, account_id, moment)
            ready = _ready(connection, account_id, limit)
            if doubts.ids and not ready.urgent:
                return self._lease(connection, "search", account_id, doubts.ids)
            if gather_s and len(ready.ids) < limit and _is_sending(connection, account_id, moment - gather_s):
                return None
            return self._lease(connection, "deliver", account_id, ready.ids) if ready.ids else None

    def _lease(
        self, connection: Connection, kind: Literal["deliver", "search"], account_id: str, ids: Sequence[int]
    ) -> Claim:
        connection.execute(_leased(kind), {"ids": ids, "node": self._node, "lease_s": self._lease_s})
        items = _load(connection, account_id, ids)
        same = {"kind": kind, "node": self._node, "started_at": float(connection.scalar(_MOMENT) or 0.0)}
        rows = [{"delivery_id": one.row_id, "number": one.delivery.attempt, "fence": one.fence} | same for one in items]
        connection.execute(_BEGAN, rows)
        return Claim(kind, account_id, self._node, items)


# Statements are built once: to build them costs several times what it costs the database to find nothing.
_MINE = delivery.c.account_id == bindparam("account")
_OF_THESE = delivery.c.id.in_(bindparam("ids", expanding=True))
_MOMENT = select(now())
_BEGAN = attempt.insert()


@cache
def _leased(kind: str) -> Update:
    values: dict[str, Any] = {
        "owner": bindparam("node"),
        "lease_until": now() + bindparam("lease_s", type_=Double()),
        "fence": delivery.c.fence + 1,
    }
    if kind == "deliver":
        values |= {"state": "sending", "attempts": delivery.c.attempts + 1, "reason": None, "updated_at": now()}
    return update(delivery).where(_OF_THESE).values(**values)


@cache
def _lock() -> Select[Any]:
    """Not the strongest lock: that one would also wait for every new delivery, which refers to this row."""
    row = select(account.c.paused_until, now().label("now")).where(account.c.id == bindparam("account"))
    return row.with_for_update(skip_locked=True, key_share=True)


@cache
def _rescues() -> tuple[Update, Update]:
    orphan = (_MINE, is_in(delivery.c.state, "sending"), delivery.c.lease_until <= bindparam("moment"))
    intent = exists().where(step.c.delivery_id == delivery.c.id, step.c.state == "writing")
    unused: dict[str, Any] = {
        "state": "ready",
        "due": now(),
        "owner": None,
        "updated_at": now(),
        "reason": bindparam("why"),
    }
    in_doubt = {
        "state": "doubt", "due": delivery.c.sent_at + bindparam("quiet_s"), "owner": None, "updated_at": now(),
        "reason": "lease ended",
    }  # fmt: skip
    return (
        update(delivery).where(*orphan, ~intent).values(**unused),
        update(delivery).where(*orphan, intent).values(**in_doubt),
    )


def rescue(connection: Connection, account_id: str, node: str, quiet_s: float, moment: float) -> None:
    """Free deliveries whose lease has run out: without an open intent nothing was sent, else they are in doubt."""
    unused, in_doubt = _rescues()
    mine = {"account": account_id, "moment": moment}
    connection.execute(unused, mine | {"why": f"lease ended unused, freed by {node}"})
    connection.execute(in_doubt, mine | {"quiet_s": quiet_s})


@cache
def _sending() -> Select[tuple[int]]:
    sending = (_MINE, is_in(delivery.c.state, "sending"), delivery.c.updated_at > bindparam("since"))
    return select(delivery.c.id).where(*sending).limit(1)


def _is_sending(connection: Connection, account_id: str, since: float) -> bool:
    """Whether a batch that was claimed after a moment is still being sent."""
    return connection.scalar(_sending(), {"account": account_id, "since": since}) is not None


@dataclass(frozen=True, slots=True)
class _Due:
    """Deliveries that may be claimed, and whether any of them is fresh."""

    ids: list[int]
    urgent: bool


@cache
def _doubts() -> Select[tuple[int]]:
    due = (
        _MINE,
        is_in(delivery.c.state, "doubt"),
        delivery.c.due <= bindparam("moment"),
        or_(delivery.c.owner.is_(None), delivery.c.lease_until <= bindparam("moment")),
        delivery.c.fresh == bindparam("fresh", type_=Boolean()),
    )
    return select(delivery.c.id).where(*due).order_by(delivery.c.due).limit(bindparam("most"))


def _due_doubts(connection: Connection, account_id: str, limit: int, moment: float) -> _Due:
    """Return fresh doubts, then those of a backlog; two questions, for each walks one index in its order."""
    mine = {"account": account_id, "moment": moment}
    ids: list[int] = list(connection.scalars(_doubts(), mine | {"fresh": True, "most": limit}))
    urgent = bool(ids)
    if len(ids) < limit:
        ids += connection.scalars(_doubts(), mine | {"fresh": False, "most": limit - len(ids)})
    return _Due(ids, urgent)


@cache
def _waits_over() -> Select[tuple[int]]:
    over = (_MINE, is_in(delivery.c.state, "waiting"), delivery.c.due <= bindparam("moment"))
    return select(delivery.c.id).where(*over).order_by(delivery.c.due).limit(DUE_AT_ONCE)


def _end_waits(connection: Connection, account_id: str, moment: float) -> None:
    ids = connection.scalars(_waits_over(), {"account": account_id, "moment": moment}).all()
    if ids:
        connection.execute(update(delivery).where(delivery.c.id.in_(ids)).values(state="ready"))


def _ready(connection: Connection, account_id: str, limit: int) -> _Due:
    fresh = _heads(connection, account_id, limit, fresh=True)
    more = _heads(connection, account_id, limit - len(fresh), fresh=False) if len(fresh) < limit else []
    return _Due(fresh + more, bool(fresh))


def _heads(connection: Connection, account_id: str, limit: int, *, fresh: bool) -> list[int]:
    """Return ready deliveries that head their lane, oldest first.

    Walks in pieces, and passes over the lanes it has met: one author with tens of thousands of deliveries would else
    cost each claim a look into the lane's index for every one of them.
    """
    walk = _walk(_heads_its_lane)
    size = limit * WALKED_AT_ONCE
    found: list[int] = []
    met: set[str] = set()
    last = 0
    while True:
        here = {"account": account_id, "fresh": fresh, "last": last, "size": size}
        others = walk.where(or_(delivery.c.lane.is_(None), delivery.c.lane.not_in(met))) if met else walk
        rows = connection.execute(others, here).all()
        found += [row.id for row in rows if row.first]
        if len(found) >= limit or len(rows) < size:
            return found[:limit]
        last = rows[-1].id
        met.update(row.lane for row in rows[: MOST_LANES - len(met)] if row.lane is not None)


@cache
def _walk(heads_its_lane: Callable[[], ColumnElement[bool]]) -> Select[Any]:
    here = (
        _MINE,
        is_in(delivery.c.state, "ready"),
        delivery.c.fresh == bindparam("fresh", type_=Boolean()),
        delivery.c.id > bindparam("last"),
    )
    walk = select(delivery.c.id, delivery.c.lane, heads_its_lane().label("first")).where(*here)
    return walk.order_by(delivery.c.id).limit(bindparam("size"))


def _heads_its_lane() -> ColumnElement[bool]:
    """Whether nothing older in the same lane is open.

    A scalar subquery stays what it is: one look into the lane's index per candidate. NOT EXISTS may become a join
    over everything that is open.
    """
    older = delivery.alias()
    elder = (
        select(older.c.id)
        .where(older.c.account_id == delivery.c.account_id, older.c.lane == delivery.c.lane)
        .where(older.c.id < delivery.c.id, is_in(older.c.state, *OPEN))
        .limit(1)
        .correlate(delivery)
        .scalar_subquery()
    )
    return or_(delivery.c.lane.is_(None), elder.is_(None))


def _load(connection: Connection, account_id: str, ids: Sequence[int]) -> tuple[Claimed, ...]:
    rows = connection.execute(_BODIES, {"ids": ids}).all()
    steps = defaultdict(list)
    for one in connection.execute(_STEPS, {"ids": ids}):
        steps[one.delivery_id].append(one)
    known = known_people(connection, account_id, [row.person_id for row in rows if row.person_id is not None])
    return tuple(_claimed(row, steps[row.id], known.get(row.person_id)) for row in rows)


_BODIES: Select[Any] = (
    select(
        delivery.c.id, delivery.c.fence, delivery.c.key, delivery.c.attempts, delivery.c.responsible,
        delivery.c.searches, delivery.c.assigned_at, delivery.c.person_id, interest.c.body,
    )
    .join(interest, interest.c.id == delivery.c.interest_id)
    .where(_OF_THESE)
    .order_by(delivery.c.id)
)  # fmt: skip
_STEPS = select(step).where(step.c.delivery_id.in_(bindparam("ids", expanding=True)))


def _claimed(row: Row[Any], steps: Sequence[Row[tuple[object, ...]]], known: Known | None) -> Claimed:
    writing = [one for one in steps if one.state == "writing"]
    return Claimed(
        row_id=row.id,
        fence=row.fence,
        delivery=Delivery(
            key=row.key,
            interest=Interest.model_validate_json(row.body),
            attempt=row.attempts,
            responsible=row.responsible,
            known=known,
        ),
        done={one.name: one.remote_id for one in steps if one.state == "done"},
        open=tuple(one.name for one in writing),
        sent_at=min((one.sent_at for one in writing), default=0.0),
        searches=row.searches,
        assigned_at=row.assigned_at,
    )
