"""Who gets a delivery: decided once, in the transaction that stores it, in turn over all nodes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, select, update

from mailbridge.ledger.claims import Claim, Claimed
from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.insert import insert
from mailbridge.ledger.schema import account, delivery, member, transition

GONE_S = 86_400.0
"""Somebody to whom the CRM gives nothing is tried again after so long: accounts are blocked and opened again."""


@dataclass(slots=True)
class Members:
    """What is known of the people of an account; fits `pipeline.assignment.Team`.

    Attributes:
        turns: User → number of the last turn.
        open: User → open objects in the CRM, as counted, and what was given since.
        gone: Users to whom nothing can be given.
        moment: The present.
    """

    turns: dict[str, int]
    open: dict[str, int]
    gone: frozenset[str]
    moment: datetime

    def give(self, user: str) -> int:
        """Note that somebody got one; return the number of this turn."""
        turn = max(self.turns.values(), default=0) + 1
        self.turns[user] = turn
        self.open[user] = self.open.get(user, 0) + 1
        return turn


Decide = Callable[[Claimed, Members], str | None]


class Assignments:
    """Decides for claimed deliveries and remembers it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counted_s(self, account_id: str) -> float | None:
        """Return how long ago the open objects of the people were counted; None = never."""
        newest = select(member.c.counted_at, now().label("now")).where(
            member.c.account_id == account_id, member.c.counted_at.is_not(None)
        )
        with self._database.read() as connection:
            row = connection.execute(newest.order_by(member.c.counted_at.desc()).limit(1)).first()
        return None if row is None else float(row.now - row.counted_at)

    def counted(self, account_id: str, users: frozenset[str], open_counts: Mapping[str, int]) -> list[str]:
        """Write down how many open objects each has; return who can't get any more, by not being counted, since now."""
        with self._database.write() as connection:
            before = _members(connection, account_id).gone
            for user in sorted(users):
                gone = None if user in open_counts else now()
                values = {"open": open_counts.get(user, 0), "counted_at": now(), "gone_at": gone}
                _write(connection, account_id, user, values)
        return sorted(users - open_counts.keys() - before)

    def gone(self, account_id: str, user: str) -> None:
        """Note that the CRM gives nothing to somebody any more."""
        with self._database.write() as connection:
            _write(connection, account_id, user, {"gone_at": now()})

    def settle(self, claim: Claim, decide: Decide) -> Claim:
        """Decide for the deliveries of a claim for which nobody has yet; return the claim with who gets what.

        The row of the account is locked: claims of other nodes take their turns after this one.
        """
        todo = [item for item in claim.items if item.assigned_at is None]
        if not todo:
            return claim
        with self._database.write() as connection:
            connection.execute(
                select(account.c.id).where(account.c.id == claim.account_id).with_for_update(key_share=True)
            )
            team = _members(connection, claim.account_id)
            chosen = {item.row_id: self._one(connection, claim, item, decide(item, team), team) for item in todo}
        return replace(claim, items=tuple(_with(item, chosen) for item in claim.items))

    @staticmethod
    def _one(connection: Connection, claim: Claim, item: Claimed, who: str | None, team: Members) -> str | None:
        mine = (delivery.c.id == item.row_id, delivery.c.fence == item.fence)
        changed = connection.execute(update(delivery).where(*mine).values(responsible=who, assigned_at=now())).rowcount
        if changed and who is not None:
            _write(connection, claim.account_id, who, {"last_turn": team.give(who), "open": team.open[who]})
            row = {"delivery_id": item.row_id, "old": "sending", "new": "sending", "why": f"assigned to {who}"}
            connection.execute(transition.insert().values(**row, actor=claim.node, at=now()))
        return who


def _with(item: Claimed, chosen: Mapping[int, str | None]) -> Claimed:
    if item.row_id not in chosen:
        return item
    return replace(item, delivery=replace(item.delivery, responsible=chosen[item.row_id]))


def _members(connection: Connection, account_id: str) -> Members:
    rows = connection.execute(select(member).where(member.c.account_id == account_id)).all()
    moment = float(connection.scalar(select(now())) or 0.0)
    gone = frozenset(row.user_id for row in rows if row.gone_at is not None and row.gone_at > moment - GONE_S)
    turns, counts = {row.user_id: row.last_turn for row in rows}, {row.user_id: row.open for row in rows}
    return Members(turns, counts, gone, datetime.fromtimestamp(moment, UTC))


def _write(connection: Connection, account_id: str, user: str, values: Mapping[str, object]) -> None:
    statement = insert(connection, member).values(account_id=account_id, user_id=user, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["account_id", "user_id"], set_=dict(values)))
