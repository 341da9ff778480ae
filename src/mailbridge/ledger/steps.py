"""The steps of a claimed batch: intent before every write, result after it, never past the fence."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Select,
    Update,
    and_,
    bindparam,
    exists,
    func,
    select,
    tuple_,
    update,
)

from mailbridge.ledger.claims import Claim, Claimed
from mailbridge.ledger.engine import Database, LedgerUnavailable, kept, now
from mailbridge.ledger.insert import insert_into
from mailbridge.ledger.schema import delivery, step
from mailbridge.ledger.suspects import add_suspect
from mailbridge.sdk import NotWritten

JUST_NOW_S = 0.5
"""So long after its commit an intent is not read again."""


class LedgerSteps:
    """Implements `sdk.Steps` for one claim.

    A result is committed with the intent that follows it, for every commit waits for the disk. Until then its step is
    what it was before: in doubt if the process dies. The gate lets nothing else be sent meanwhile.

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
        self._results: list[tuple[str, dict[str, str]]] = []
        self._clock = database.clock if database.is_sqlite else None
        self._noted: tuple[frozenset[str], float] = (frozenset(), 0.0)
        self._under_way: tuple[str, ...] = ()

    def done(self, key: str) -> Mapping[str, str]:
        """Return the finished steps of a delivery: name → remote id."""
        return dict(self._done[key])

    def writing(self, name: str, keys: Iterable[str]) -> None:
        """Commit the intent to write one step of these deliveries, together with the results that are held.

        Raises:
            NotWritten: The lease is gone, or the ledger can't be used; nothing may be sent.
        """
        items = [self._items[key] for key in keys]
        self._arm(tuple(item.delivery.key for item in items))
        rows = [{"row_id": item.row_id, "step": name, "own": item.fence} for item in items]
        self._noted = (frozenset(), 0.0)
        began: list[float] = []

        def note(connection: Connection) -> None:
            began.append(self._clock() if self._clock else 0.0)
            self._note_results(connection)
            self._extend(connection, items)
            connection.execute(_intent(connection.dialect.name), rows)

        with _or_not_written():
            self._database.together(note)
        self._results.clear()
        self._noted = (frozenset(item.delivery.key for item in items), began[-1])

    def standing(self, keys: Iterable[str]) -> tuple[float, float]:
        """Return (age of the oldest intent, seconds until the first lease ends) by the clock of the database.

        Both began before their commit, however long that took. Where that clock is this machine's, what was committed
        a moment ago is not read again: no lease ends so soon.

        Raises:
            NotWritten: The lease or the intent is gone, or the ledger can't be asked.
        """
        items = [self._items[key] for key in keys]
        noted, began = self._noted
        if self._clock and noted.issuperset(item.delivery.key for item in items):
            age_s = self._clock() - began
            if 0 <= age_s <= min(JUST_NOW_S, self._lease_s / 4):
                return age_s, self._lease_s - age_s
        with _or_not_written(), self._database.read() as connection:
            given = {"node": self._node, **_own(items)}
            count, sent_at, lease_until, moment = connection.execute(_held(_ours(items)), given).one()
        if count != len(items):
            raise NotWritten("the lease of this batch has ended", after_s=0.0)
        return moment - sent_at, lease_until - moment

    def renew(self, keys: Iterable[str]) -> None:
        """Make a committed intent fresh again: it waited for a rate slot.

        Raises:
            NotWritten: The lease is gone, or the ledger can't be used.
        """
        items = [self._items[key] for key in keys]
        ids = [item.row_id for item in items]
        mine = step.c.delivery_id.in_(ids) & (step.c.state == "writing")

        def note(connection: Connection) -> None:
            self._extend(connection, items)
            connection.execute(update(step).where(mine).values(sent_at=now()))

        with _or_not_written():
            self._database.together(note)

    def finished(self, name: str, ids: Mapping[str, str]) -> None:
        """Hold the result of a step until the next intent is committed, or `keep` is called."""
        if not ids:
            return  # all of them were refused
        self._noted = (frozenset(), 0.0)
        self._results.append((name, dict(ids)))
        for key, remote_id in ids.items():
            self._done[key][name] = remote_id
        # What comes next may only read, such as the search before another step: no intent of these has to stand for it.
        self._arm(tuple(key for key in self._under_way if key not in ids))

    def _arm(self, keys: tuple[str, ...]) -> None:
        self._under_way = keys
        self._armed(keys)

    @kept
    def keep(self) -> None:
        """Commit the results that are held; where the fence has moved on, suspects."""
        if self._results:
            self._database.together(self._note_results)
            self._results.clear()

    def _note_results(self, connection: Connection) -> None:
        for name, ids in self._results:
            items = [self._items[key] for key in ids]
            mine = still_ours(connection, items, _NOTED, step=name)
            rows = [{"row_id": one.row_id, "step": name, "made": ids[one.delivery.key]} for one in items]
            if noted := [row for row in rows if row["row_id"] in mine]:
                connection.execute(_DONE, noted)
            for one in items:
                if one.row_id not in mine:
                    add_suspect(connection, one.row_id, name, ids[one.delivery.key], self._node)

    def _extend(self, connection: Connection, items: list[Claimed]) -> None:
        given = {"node": self._node, "lease_s": self._lease_s, **_own(items)}
        if connection.execute(_extended(_ours(items)), given).rowcount != len(items):
            raise NotWritten("the lease of this batch has ended", after_s=0.0)


@contextmanager
def _or_not_written() -> Iterator[None]:
    """Without an intent that is certain to be durable nothing is sent, so nothing was written."""
    try:
        yield
    except LedgerUnavailable as error:
        raise NotWritten(f"no intent: {error}", after_s=2.0) from error


# Statements are built once: to build them costs several times what it costs the database to run them.
_OURS = and_(
    delivery.c.id.in_(bindparam("ids", expanding=True)),  # by this the rows are found, by the pairs they are judged
    tuple_(delivery.c.id, delivery.c.fence).in_(bindparam("fences", expanding=True)),
)
_OURS_ALONE = and_(delivery.c.id == bindparam("row_id"), delivery.c.fence == bindparam("own"))
"""The same for one delivery; lists of parameters are written into a statement anew each time."""


@cache
def _extended(ours: ColumnElement[bool]) -> Update:
    return (
        update(delivery)
        .where(
            ours,
            delivery.c.owner == bindparam("node"),
            delivery.c.state == "sending",
            delivery.c.lease_until > now(),
        )
        .values(lease_until=now() + bindparam("lease_s", type_=Double()), sent_at=now())
    )


@cache
def _held(ours: ColumnElement[bool]) -> Any:
    intent = (step.c.delivery_id == delivery.c.id) & (step.c.fence == delivery.c.fence)
    return (
        select(func.count(delivery.c.id.distinct()), func.min(step.c.sent_at), func.min(delivery.c.lease_until), now())
        .join(step, intent)
        .where(
            step.c.state == "writing",
            delivery.c.state == "sending",
            delivery.c.owner == bindparam("node"),
            ours,
        )
    )


_NOTED = exists().where(
    step.c.delivery_id == delivery.c.id, step.c.fence == delivery.c.fence, step.c.name == bindparam("step")
)
_DONE = (
    update(step)
    .where(step.c.delivery_id == bindparam("row_id"), step.c.name == bindparam("step"))
    .values(state="done", remote_id=bindparam("made"), finished_at=now())
)


def _ours(items: Sequence[Claimed]) -> ColumnElement[bool]:
    """Return the condition that these deliveries are under our fence; one of two objects for all calls."""
    return _OURS_ALONE if len(items) == 1 else _OURS


def _own(items: Sequence[Claimed]) -> dict[str, Any]:
    """Return what `_OURS` asks for, or `_OURS_ALONE` where it is one delivery."""
    if len(items) == 1:
        return {"row_id": items[0].row_id, "own": items[0].fence}
    return {"ids": [item.row_id for item in items], "fences": [(item.row_id, item.fence) for item in items]}


def still_ours(
    connection: Connection, items: Sequence[Claimed], condition: ColumnElement[bool], **given: str
) -> set[int]:
    """Return the rows of deliveries whose fence is still ours; nobody takes them over until the transaction ends.

    Args:
        connection: Of the transaction.
        items: The deliveries.
        condition: What has to hold as well; one object for all calls.
        given: Parameters of the condition.
    """
    return set(connection.scalars(_still(condition, _ours(items)), {**given, **_own(items)}))


@lru_cache(maxsize=8)
def _still(condition: ColumnElement[bool], ours: ColumnElement[bool]) -> Select[tuple[int]]:
    return select(delivery.c.id).where(ours, condition).with_for_update()


@cache
def _intent(dialect: str) -> Any:
    """Return the statement that notes the intent of one step, anew where it was there."""
    row = {
        "delivery_id": bindparam("row_id"), "name": bindparam("step"), "fence": bindparam("own"),
        "state": "writing", "sent_at": now(),
    }  # fmt: skip
    statement = insert_into(dialect, step).values(**row)
    new = {name: statement.excluded[name] for name in ("state", "fence", "sent_at")}
    return statement.on_conflict_do_update(index_elements=["delivery_id", "name"], set_=new)
