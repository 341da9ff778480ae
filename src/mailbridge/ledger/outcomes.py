"""Steps 9 and 10 of the path: what a batch came to, only where the fence is still ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Double, bindparam, delete, func, select, true, update

from mailbridge.ledger.accounts import note_success, pause, pauses_in_a_row
from mailbridge.ledger.acts import RETRIED
from mailbridge.ledger.claims import Claim, Claimed
from mailbridge.ledger.engine import Database, kept, now
from mailbridge.ledger.insert import insert
from mailbridge.ledger.schema import account, attempt, delivery, meta, step, transition
from mailbridge.ledger.steps import still_ours
from mailbridge.ledger.suspects import add_copies, add_suspect
from mailbridge.sdk import Delivered, NoSuchUser, Outcome, Receipt, Rejected, RetryLater, SinkUnusable, Unknown

Undelivered = RetryLater | Unknown | Rejected | SinkUnusable | NoSuchUser


@dataclass(frozen=True, slots=True)
class Waits:
    """How long each kind of waiting lasts, in seconds; decided by the core, kept by the ledger.

    Attributes:
        quiet_s: From an intent until a search may be believed: how long the server may still act, plus search lag.
        retry_s: Attempt number → seconds.
        pause_s: Pauses in a row → seconds.
        unusable_s: Pauses in a row → seconds.
        max_attempts: After so many answers that said "later" a person has to look.
        max_searches: After so many searches that failed one after the other a person has to look.
        first_read_s: From a delivery until it is read back for the first time.
    """

    quiet_s: float
    retry_s: Any
    pause_s: Any
    unusable_s: Any
    max_attempts: int
    max_searches: int
    first_read_s: float = 60.0


class Outcomes:
    """Writes down how the deliveries of a claim ended."""

    def __init__(self, database: Database, node: str) -> None:
        self._database = database
        self._node = node

    @kept
    def finish(self, claim: Claim, outcomes: Sequence[Outcome], waits: Waits) -> None:
        """Commit the outcomes of a "deliver" claim, one per item, in order."""
        pairs = list(zip(claim.items, outcomes, strict=True))
        done = [(item, outcome.receipt) for item, outcome in pairs if isinstance(outcome, Delivered)]
        with self._database.write() as connection:
            if done:
                self._finish_delivered(connection, done, waits)
                note_success(connection, claim.account_id)
            for item, outcome in pairs:
                if not isinstance(outcome, Delivered):
                    self._finish_one(connection, claim.account_id, item, outcome, waits)

    @kept
    def found(
        self,
        claim: Claim,
        found: Mapping[str, Mapping[str, Receipt]],
        waits: Waits,
        copies: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Commit what a search found; what exists is done, the rest is ready to be written.

        Args:
            claim: The "search" claim.
            found: Delivery key → step → what exists.
            waits: How long things wait.
            copies: Delivery key → ids, of keys that more than one object carries; those beside the first are suspects.
        """
        with self._database.write() as connection:
            again_at = _second_look(connection, claim, found, waits)
            for item in claim.items:
                lost = not item.open  # no intent of ours: an earlier ledger's, if any
                key = item.delivery.key
                ids = (copies or {}).get(key, ())
                self._found_one(connection, item, found.get(key, {}), ids, again_at if lost else None)
            note_success(connection, claim.account_id)

    def search_failed(self, claim: Claim, outcome: Outcome, waits: Waits) -> None:
        """Commit that a search could not be done: everything stays in doubt."""
        with self._database.write() as connection:
            paused = self._pause(connection, claim.account_id, outcome, waits)
            reason = getattr(outcome, "reason", "search failed")
            for item in claim.items:
                searches = item.searches + (0 if paused else 1)
                values: dict[str, Any] = {"searches": searches, "due": now() + waits.retry_s(searches + 1)}
                if searches >= waits.max_searches:
                    values |= {"state": "dead", "due": now()}
                    reason = f"in doubt and can't be searched: {reason}"
                self._change(connection, item, "doubt", {**values, "reason": reason}, why="can't be searched")
                self._end_attempt(connection, item, "failed", reason)

    def pause_account(self, account_id: str, outcome: RetryLater | SinkUnusable, waits: Waits) -> None:
        """Let an account wait whose check failed."""
        with self._database.write() as connection:
            self._pause(connection, account_id, outcome, waits)

    def _finish_delivered(self, connection: Connection, done: Sequence[tuple[Claimed, Receipt]], waits: Waits) -> None:
        """Commit what has arrived, with one statement per table: every worker of the account waits for it."""
        mine = still_ours(connection, [item for item, _ in done], _IN_FLIGHT)
        rows = [_row(item, receipt) for item, receipt in done]
        if mine:
            arrived = [row for row in rows if row["row_id"] in mine]
            connection.execute(_ARRIVED, [row | {"read_s": waits.first_read_s} for row in arrived])
            connection.execute(_MOVED, [{"row_id": row["row_id"], "node": self._node} for row in arrived])
        for row in rows:
            if row["row_id"] not in mine:
                add_suspect(connection, row["row_id"], "delivery", row["made"], self._node)
        connection.execute(_ATTEMPTED, [{"row_id": row["row_id"], "own": row["own"]} for row in rows])

    def _finish_one(
        self, connection: Connection, account_id: str, item: Claimed, outcome: Undelivered, waits: Waits
    ) -> None:
        paused = self._pause(connection, account_id, outcome, waits)
        again = isinstance(outcome, (RetryLater, NoSuchUser)) and not paused
        values = _values(outcome, waits, laters=_laters(connection, item) + 1 if again else 0, paused=paused)
        if values["state"] in {"waiting", "ready", "dead"}:
            _drop_intents(connection, item)  # the sink says that nothing of the open step was written
        ended = "paused" if paused else type(outcome).__name__.lower()
        self._change(connection, item, "sending", values, why=ended)
        self._end_attempt(connection, item, ended, values.get("reason"))

    def _found_one(
        self,
        connection: Connection,
        item: Claimed,
        receipts: Mapping[str, Receipt],
        copies: Sequence[str],
        again_at: float | None,
    ) -> None:
        mine = select(delivery.c.id).where(delivery.c.id == item.row_id, delivery.c.fence == item.fence)
        if connection.scalar(mine) is None:
            self._end_attempt(connection, item, "late", None)  # who has taken over searches by itself
            return
        for name, receipt in receipts.items():
            _add_found(connection, item, name, receipt)
        if again_at is not None:  # what was found may be the older half: the next step may not be visible yet
            values = {"state": "doubt", "due": again_at, "reason": "an earlier ledger may still be writing"}
        else:
            _drop_intents(connection, item)
            reason = f"found: {', '.join(receipts)}" if receipts else "searched: nothing there"
            if copies:
                reason += f"; {len(copies)} objects carry the key: {', '.join(copies)}"
                ids = {name: receipt.remote_id for name, receipt in receipts.items()}
                add_copies(connection, item.row_id, ids, copies, self._node)
            values = {"state": "ready", "due": now(), "reason": reason}
        self._change(connection, item, "doubt", {**values, "searches": 0})
        self._end_attempt(connection, item, "found" if receipts else "not found", None)

    def _change(
        self, connection: Connection, item: Claimed, old: str, values: Mapping[str, Any], *, why: str | None = None
    ) -> bool:
        """Change a delivery where the fence is still ours; note the transition; return whether it was.

        Args:
            connection: Of the transaction.
            item: The delivery.
            old: Its state until now.
            values: What changes.
            why: What the audit trail says when the reason holds words of a CRM, which repeats cards; they stand with
                the delivery and its attempt, and there only.
        """
        mine = (delivery.c.id == item.row_id, delivery.c.fence == item.fence, delivery.c.state == old)
        statement = update(delivery).where(*mine).values(**values, owner=None, updated_at=now())
        if connection.execute(statement).rowcount == 0:
            return False
        new = values.get("state", old)
        if new != old:
            told = why or values.get("reason")
            row = {"delivery_id": item.row_id, "old": old, "new": new, "why": told, "actor": self._node}
            connection.execute(transition.insert().values(**row, at=now()))
        return True

    def _end_attempt(self, connection: Connection, item: Claimed, outcome: str, detail: str | None) -> None:
        mine = (attempt.c.delivery_id == item.row_id, attempt.c.fence == item.fence)
        connection.execute(update(attempt).where(*mine).values(ended_at=now(), outcome=outcome, detail=detail))

    @staticmethod
    def _pause(connection: Connection, account_id: str, outcome: Outcome, waits: Waits) -> bool:
        """Pause the account where the outcome asks for it; return whether it did."""
        if isinstance(outcome, SinkUnusable):
            seconds = waits.unusable_s(pauses_in_a_row(connection, account_id))
            pause(connection, account_id, seconds, outcome.reason, unusable=True)
            return True
        if isinstance(outcome, RetryLater) and outcome.pause:
            named = outcome.after_s
            seconds = named if named is not None else waits.pause_s(pauses_in_a_row(connection, account_id))
            pause(connection, account_id, seconds, outcome.reason, unusable=False)
            return True
        return False


_LATERS = ("retrylater", "nosuchuser")
_IN_FLIGHT = delivery.c.state == "sending"
_ARRIVED = (
    update(delivery)
    .where(delivery.c.id == bindparam("row_id"))
    .values(
        state="delivered",
        reason=None,
        read_due=now() + bindparam("read_s", type_=Double()),
        remote_id=bindparam("made"),
        remote_url=bindparam("page"),
        contact_id=bindparam("person"),
        owner=None,
        updated_at=now(),
    )
)
_MOVED = transition.insert().values(
    delivery_id=bindparam("row_id"), at=now(), old="sending", new="delivered", why=None, actor=bindparam("node")
)
_ATTEMPTED = (
    update(attempt)
    .where(attempt.c.delivery_id == bindparam("row_id"), attempt.c.fence == bindparam("own"))
    .values(ended_at=now(), outcome="delivered", detail=None)
)


def _row(item: Claimed, receipt: Receipt) -> dict[str, Any]:
    there = {"made": receipt.remote_id, "page": receipt.url, "person": receipt.contact_id}
    return {"row_id": item.row_id, "own": item.fence, **there}


def _laters(connection: Connection, item: Claimed) -> int:
    """Return how often the CRM said "later" since a person last looked.

    What ended otherwise does not count: neither a process that was killed nor a lost answer says anything of the card.
    """
    by_hand = select(func.max(transition.c.at)).where(
        transition.c.delivery_id == item.row_id, transition.c.why == RETRIED
    )
    said = (attempt.c.delivery_id == item.row_id, attempt.c.outcome.in_(_LATERS))
    since = attempt.c.started_at >= func.coalesce(by_hand.scalar_subquery(), 0.0)
    return connection.scalar(select(func.count()).select_from(attempt).where(*said, since)) or 0


def _values(outcome: Undelivered, waits: Waits, *, laters: int, paused: bool) -> dict[str, Any]:
    if isinstance(outcome, Rejected):
        return {"state": "dead", "reason": outcome.reason}
    if paused:
        return {"state": "ready", "attempts": delivery.c.attempts - 1, "reason": outcome.reason}
    if isinstance(outcome, (RetryLater, NoSuchUser)):
        return _again(laters, outcome, waits)
    # From now, not from the intent: a process that stood still between its last check and the write sent it just now.
    return {"state": "doubt", "due": now() + waits.quiet_s, "reason": outcome.reason}


def _again(laters: int, outcome: RetryLater | NoSuchUser, waits: Waits) -> dict[str, Any]:
    """Return what becomes of a delivery of which nothing was written: tried again, a bounded number of times."""
    if laters >= waits.max_attempts:
        return {"state": "dead", "reason": f"gave up after {laters} attempts: {outcome.reason}"}
    if isinstance(outcome, NoSuchUser):
        return {"state": "ready", "responsible": None, "assigned_at": None, "reason": outcome.reason}
    seconds = outcome.after_s if outcome.after_s is not None else waits.retry_s(laters)
    return {"state": "waiting", "due": now() + seconds, "reason": outcome.reason}


def _drop_intents(connection: Connection, item: Claimed) -> None:
    held = select(delivery.c.id).where(delivery.c.id == item.row_id, delivery.c.fence == item.fence)
    connection.execute(delete(step).where(step.c.delivery_id.in_(held), step.c.state == "writing"))


def _add_found(connection: Connection, item: Claimed, name: str, receipt: Receipt) -> None:
    row = {"state": "done", "fence": item.fence, "remote_id": receipt.remote_id, "finished_at": now()}
    statement = insert(connection, step).values(delivery_id=item.row_id, name=name, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["delivery_id", "name"], set_=row))


def _second_look(
    connection: Connection, claim: Claim, found: Mapping[str, Mapping[str, Receipt]], waits: Waits
) -> float | None:
    """Return when to search again what an earlier ledger may still be writing, None when it can't be.

    Only deliveries without a known intent come from an earlier ledger. The first key of ours in the CRM proves that
    there was one; its requests in flight are over one quiet period after this ledger was made.
    """
    lost = [item for item in claim.items if not item.open]
    if any(found.get(item.delivery.key) for item in lost):
        connection.execute(update(account).where(account.c.id == claim.account_id).values(prior_found=true()))
    row = connection.execute(
        select(account.c.prior_found, now().label("now")).where(account.c.id == claim.account_id)
    ).one()
    end = created_at(connection) + waits.quiet_s
    return end if row.prior_found and row.now < end else None


def created_at(connection: Connection) -> float:
    """Return when this ledger was made or restored."""
    return float(connection.scalar(select(meta.c.value).where(meta.c.key == "created_at")) or 0.0)
