"""Step 11 of the path: whose turn it is to be read back, and how their objects stand in the CRM."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, select, update

from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.insert import insert
from mailbridge.ledger.leases import Leases
from mailbridge.ledger.schema import account, delivery, is_in, lease, remote, step
from mailbridge.sdk import RemoteState, Sent

SLOWER = 20.0
"""What was delivered so many seconds ago is looked at one second less often."""

CLOSED_SLOWER = 10.0
"""What is closed in the CRM is looked at so many times less often: people do reopen things."""

_SHOWN = ("stage", "responsible", "open", "found", "processed", "proof")


@dataclass(frozen=True, slots=True)
class Page:
    """Deliveries whose turn it is.

    Attributes:
        account_id: Of which account.
        fence: Proves that this node still reads this account back.
        receipts: What the sink gets.
        cursor: What the sink returned last, None at first.
    """

    account_id: str
    fence: int
    receipts: tuple[Sent, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Pace:
    """How often and how long deliveries are looked at, in seconds; see `sdk.ReadBackConfig`."""

    every_s: float
    end_s: float

    def next_s(self, age_s: float, *, is_open: bool | None) -> float | None:
        """Return when to look again at what was delivered so long ago; None = no more."""
        if age_s >= self.end_s:
            return None
        wait_s = self.every_s + age_s / SLOWER
        return wait_s if is_open is not False else wait_s * CLOSED_SLOWER


class Remotes:
    """Keeps what the CRMs tell of delivered interests."""

    def __init__(self, database: Database, leases: Leases) -> None:
        self._database = database
        self._leases = leases

    def waits(self, account_id: str) -> bool:
        """Return whether a delivery of the account could be sent or searched now: it goes before reading back."""
        mine = delivery.c.account_id == account_id
        due = delivery.c.due <= now()
        questions = (
            exists().where(mine, is_in(delivery.c.state, "ready")),
            exists().where(mine, is_in(delivery.c.state, "waiting"), due),
            exists().where(mine, is_in(delivery.c.state, "doubt"), due),
        )
        with self._database.read() as connection:
            return any(connection.scalar(select(question)) for question in questions)

    def take(self, account_id: str, limit: int) -> Page | None:
        """Return the next page; None when nothing is due, the account pauses, or another node reads it back."""
        due = (delivery.c.account_id == account_id, delivery.c.read_due <= now())
        query = select(delivery).where(*due).order_by(delivery.c.read_due).limit(limit)
        with self._database.write() as connection:
            states = select(account.c.read_cursor, account.c.paused_until, now().label("now"))
            row = connection.execute(states.where(account.c.id == account_id)).first()
            if row is None or row.paused_until > row.now:
                return None
            rows = connection.execute(query).all()
            fence = self._leases.take(connection, lease, _lease_of(account_id)) if rows else None
            if fence is None:
                return None
            done = _steps(connection, [one.id for one in rows])
        receipts = tuple(
            Sent(one.key, one.remote_id or "", done.get(one.id, {}), one.updated_at, one.responsible) for one in rows
        )
        return Page(account_id, fence, receipts, row.read_cursor)

    def keep(self, page: Page, states: Sequence[RemoteState], cursor: str | None, pace: Pace) -> int:
        """Write down what was read and when to look again; return of how many deliveries something has changed.

        Nothing is written when another node has taken over.
        """
        with self._database.write() as connection:
            if not self._leases.prove(connection, lease, _lease_of(page.account_id), page.fence):
                return 0
            mine = account.c.id == page.account_id
            connection.execute(update(account).where(mine).values(read_cursor=cursor))
            changed = sum(_keep_one(connection, page.account_id, state) for state in states)
            _plan(connection, page, {state.remote_id: state for state in states}, pace)
            return changed


def _lease_of(account_id: str) -> str:
    return f"read back {account_id}"


def _steps(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    rows = connection.execute(select(step).where(step.c.delivery_id.in_(ids), step.c.state == "done")).all()
    for row in rows:
        found.setdefault(row.delivery_id, {})[row.name] = row.remote_id
    return found


def _keep_one(connection: Connection, account_id: str, state: RemoteState) -> int:
    """Write one state to every delivery whose object it is; return of how many something has changed."""
    whose = (delivery.c.account_id == account_id, delivery.c.remote_id == state.remote_id)
    ids = connection.scalars(select(delivery.c.id).where(*whose, is_in(delivery.c.state, "delivered"))).all()
    return sum(_keep_row(connection, row_id, state) for row_id in ids)


def _keep_row(connection: Connection, row_id: int, state: RemoteState) -> bool:
    found = connection.execute(select(remote).where(remote.c.delivery_id == row_id)).mappings().first()
    old: dict[str, Any] = {} if found is None else {str(name): value for name, value in found.items()}
    if not state.exists:
        row = {**old, "found": False, "open": False, "processed": bool(old.get("processed")), "read_at": now()}
    else:
        row = _values(old, state, float(connection.scalar(select(now())) or 0.0))
    row["delivery_id"] = row_id
    statement = insert(connection, remote).values(**row)
    connection.execute(statement.on_conflict_do_update(index_elements=["delivery_id"], set_=row))
    return any(row.get(name) != old.get(name) for name in _SHOWN)


def _values(old: Mapping[str, Any], state: RemoteState, moment: float) -> dict[str, Any]:
    """Return what to store; what was seen first stays, for later edits in the CRM must not move it."""
    processed_at = old.get("processed_at") or _unix(state.processed_at) or moment
    answers = [at for at in (old.get("first_answer_at"), _unix(state.first_answer_at)) if at is not None]
    return {
        "read_at": moment,
        "found": True,
        "open": state.open,
        "stage": state.stage,
        "responsible": state.responsible,
        "responsible_id": state.responsible_id,
        "processed": state.processed,
        "processed_at": processed_at if state.processed else None,
        "first_answer_at": min(answers, default=processed_at if state.processed else None),
        "proof": (state.proof or old.get("proof")) if state.processed else None,
        "url": state.url,
    }


def _plan(connection: Connection, page: Page, states: Mapping[str, RemoteState], pace: Pace) -> None:
    """Decide when each delivery of a page is looked at again."""
    moment = float(connection.scalar(select(now())) or 0.0)
    rows = []
    for one in page.receipts:
        state = states.get(one.remote_id)
        wait_s = pace.next_s(moment - one.delivered_at, is_open=state.open if state else None)
        gone = state is not None and not state.exists
        rows.append({"of": one.key, "at": None if wait_s is None or gone else moment + wait_s})
    whose = (delivery.c.account_id == page.account_id, delivery.c.key == bindparam("of"))
    connection.execute(update(delivery).where(*whose).values(read_due=bindparam("at")), rows)


def _unix(value: datetime | None) -> float | None:
    return value.timestamp() if value else None


def known_states(connection: Connection, interest_ids: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """Return interest id → how its objects stand, in the order of its deliveries."""
    query = (
        select(delivery.c.interest_id, delivery.c.sink, remote)
        .join(remote, remote.c.delivery_id == delivery.c.id)
        .where(delivery.c.interest_id.in_(list(interest_ids)))
        .order_by(delivery.c.id)
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(query).mappings():
        found.setdefault(row["interest_id"], []).append(dict(row))
    return found


def merged(body: Mapping[str, Any], states: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return an interest with what its sinks tell of it: processed as soon as one says so, the first times."""
    processed = [one for one in states if one["processed"]]
    told: dict[str, Any] = {
        "responsible": next((one["responsible"] for one in states if one["responsible"]), None),
        "processed": bool(processed) or None,
        "processed_at": _earliest(processed, "processed_at"),
        "first_answer_at": _earliest(states, "first_answer_at"),
        "proof": next((one["proof"] for one in processed if one["proof"]), None),
    }
    return {**body, **{name: value for name, value in told.items() if value is not None}}


def _earliest(states: Sequence[Mapping[str, Any]], name: str) -> str | None:
    times = [one[name] for one in states if one[name] is not None]
    return datetime.fromtimestamp(min(times), UTC).isoformat(timespec="seconds") if times else None
