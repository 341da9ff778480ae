"""One row per CRM account: its rate budget over all nodes, its pauses, and the lock of its claims."""

from dataclasses import dataclass

from sqlalchemy import BindParameter, Connection, Double, Row, bindparam, case, false, func, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.insert import insert_new
from mailbridge.ledger.schema import account

MOST_AHEAD_S, MOST_AHEAD = 60.0, 200
"""So many seconds, and as long as so many requests take, slots may be reserved ahead: by all workers of all nodes."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A reserved moment for one request.

    Attributes:
        wait_s: Seconds until the request may be sent.
        paused_s: Seconds the whole account still pauses; above 0 nothing was reserved.
        reason: Why it pauses.
    """

    wait_s: float
    paused_s: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AccountState:
    """What an operator sees of an account."""

    account_id: str
    paused_s: float
    reason: str | None
    unusable: bool


def _taken() -> ReturningUpdate[tuple[float, float]]:
    """One statement: between reading and writing another node could take the same moment."""
    interval_s: BindParameter[float] = bindparam("interval_s", type_=Double())
    # Nobody reserves so far ahead: the clock was set back, and what was reserved by it means nothing any more.
    longest = now() + MOST_AHEAD_S + MOST_AHEAD * interval_s
    begin = case((account.c.tat > longest, now()), (account.c.tat > now(), account.c.tat), else_=now())
    free = (account.c.id == bindparam("account"), account.c.paused_until <= now())
    block_s: BindParameter[float] = bindparam("block_s", type_=Double())
    return update(account).where(*free).values(tat=begin + block_s).returning(account.c.tat, now().label("now"))


_TAKEN = _taken()


class Accounts:
    """Rate slots and pauses of all accounts; every time is the database's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, account_id: str) -> None:
        """Make the row of an account that is new."""
        with self._database.write() as connection:
            insert_new(connection, account, [{"id": account_id}])

    def take_slot(self, account_id: str, interval_s: float, burst: int = 1, count: int = 1) -> Slot:
        """Reserve the next free moment (GCRA) and return it, unless the account pauses.

        Args:
            account_id: The account.
            interval_s: Seconds between two requests in the long run.
            burst: So many requests may follow each other at once after a rest.
            count: So many moments, one interval after the other.
        """
        block_s = count * interval_s
        given = {"account": account_id, "interval_s": interval_s, "block_s": block_s}

        def take(connection: Connection) -> Slot:
            while (row := connection.execute(_TAKEN, given).first()) is None:
                state = _row(connection, account_id)
                if state.paused_until > state.now:
                    return Slot(0.0, state.paused_until - state.now, state.pause_reason or "")
            return Slot(max(0.0, row.tat - block_s - (burst - 1) * interval_s - row.now))

        return self._database.together(take)

    def state(self, account_id: str) -> AccountState:
        """Return whether and why an account pauses."""
        with self._database.read() as connection:
            row = _row(connection, account_id)
        paused_s = max(0.0, row.paused_until - row.now)
        return AccountState(account_id, paused_s, row.pause_reason if paused_s else None, row.unusable)

    def resume(self, account_id: str) -> None:
        """End a pause: a request went well, or a person says so."""
        with self._database.write() as connection:
            end_pause(connection, account_id)


_PAUSES = account.c.paused_until > now()


def pause(connection: Connection, account_id: str, seconds: float, reason: str, *, unusable: bool) -> None:
    """Let an account wait at least `seconds`; a longer pause stays.

    Whatever fails while it pauses anyway (the rest of the batch, other workers) had the same cause and counts once.
    """
    until = now() + seconds
    connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(
            paused_until=case((account.c.paused_until > until, account.c.paused_until), else_=until),
            pause_reason=reason,
            unusable=unusable,
            pauses=case((_PAUSES, account.c.pauses), else_=account.c.pauses + 1),
            failing_since=func.coalesce(account.c.failing_since, now()),
        )
    )


def pauses_in_a_row(connection: Connection, account_id: str) -> int:
    """Return how often an account paused since its last success; a pause that lasts is not counted yet."""
    before = account.c.pauses - case((_PAUSES, 1), else_=0)
    return max(0, connection.scalar(select(before).where(account.c.id == account_id)) or 0)


def end_pause(connection: Connection, account_id: str) -> None:
    """Forget the pauses of an account."""
    connection.execute(
        update(account)
        .where(account.c.id == account_id, account.c.pauses > 0)
        .values(paused_until=0, pause_reason=None, unusable=false(), pauses=0, failing_since=None)
    )


def note_success(connection: Connection, account_id: str) -> None:
    """Forget the pauses that are over; one that lasts (a 429 of another worker) stays: this was under way before."""
    over = select(account.c.id).where(account.c.id == account_id, account.c.paused_until <= now())
    if connection.scalar(over) is not None:
        end_pause(connection, account_id)


def _row(connection: Connection, account_id: str) -> Row[tuple[float, float, str | None, bool, float]]:
    columns = (account.c.tat, account.c.paused_until, account.c.pause_reason, account.c.unusable, now().label("now"))
    return connection.execute(select(*columns).where(account.c.id == account_id)).one()
