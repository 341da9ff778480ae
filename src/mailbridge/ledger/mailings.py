"""Who got the report of which period: once each, whichever node sends it and whenever it dies."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection, func, select, update

from mailbridge.ledger.engine import Database, kept, now
from mailbridge.ledger.insert import insert_new
from mailbridge.ledger.leases import Leases
from mailbridge.ledger.schema import lease, meta
from mailbridge.ledger.schema_alerts import mailed_report

REPORTS = "reports"
"""Name of the lease under which one node of several mails reports."""

TOLD_S = 7 * 86_400.0
"""What could not be sent is told for so long; then a newer report matters more."""

End = Literal["sent", "waiting", "doubt"]


class Mailings:
    """Written by the node that holds the lease.

    What is about to be sent is noted before it is sent. Who finds that another node has begun and not ended can't know
    whether it was sent: it is a doubt, never sent again, and told of.
    """

    def __init__(self, database: Database, leases: Leases) -> None:
        self._database = database
        self._leases = leases

    def made_at(self) -> float:
        """Return when the ledger was made."""
        with self._database.read() as connection:
            return float(connection.scalar(select(meta.c.value).where(meta.c.key == "created_at")) or 0.0)

    def pending(self, period: str, recipients: Sequence[str]) -> list[str]:
        """Return who may still have to get the report of a period, now."""
        closed = mailed_report.c.state.in_(("sent", "doubt")) | (mailed_report.c.due > now())
        query = select(mailed_report.c.recipient).where(mailed_report.c.period == period, closed)
        with self._database.read() as connection:
            done = set(connection.scalars(query))
        return [one for one in recipients if one not in done]

    def hold(self) -> bool:
        """Take or renew the lease; return False while another node mails reports."""
        with self._database.write() as connection:
            return self._leases.take(connection, lease, REPORTS) is not None

    def begin(self, period: str, recipient: str) -> int:
        """Note that a report is about to be sent; return which try this is, 0 = it must not be sent now."""
        own = (mailed_report.c.period == period, mailed_report.c.recipient == recipient)
        with self._database.write() as connection:
            if self._leases.take(connection, lease, REPORTS) is None:
                return 0
            row = connection.execute(select(mailed_report, now().label("now")).where(*own)).first()
            if row is None:
                insert_new(connection, mailed_report, [self._first(period, recipient)])
                return 1
            if row.state == "sending":
                connection.execute(update(mailed_report).where(*own).values(state="doubt", at=now()))
            if row.state != "waiting" or row.due > row.now:
                return 0
            values = {"state": "sending", "tries": row.tries + 1, "owner": self._leases.node, "at": now()}
            connection.execute(update(mailed_report).where(*own).values(**values))
            return int(row.tries) + 1

    def _first(self, period: str, recipient: str) -> dict[str, object]:
        state = {"state": "sending", "tries": 1, "owner": self._leases.node, "due": 0.0, "at": now()}
        return {"period": period, "recipient": recipient, **state}

    @kept
    def end(self, period: str, recipient: str, state: End, *, why: str | None = None, wait_s: float = 0.0) -> None:
        """Note how it ended. Who was thought dead meanwhile still knows best."""
        own = (mailed_report.c.period == period, mailed_report.c.recipient == recipient)
        mine = (mailed_report.c.owner == self._leases.node, mailed_report.c.state.in_(("sending", "doubt")))
        values = {"state": state, "why": why, "due": now() + wait_s, "at": now()}
        with self._database.write() as connection:
            connection.execute(update(mailed_report).where(*own, *mine).values(**values))


def unsent_reports(connection: Connection) -> dict[str, str]:
    """Return period → why its report did not reach everybody, of the last days."""
    query = (
        select(mailed_report.c.period, mailed_report.c.state, func.count(), func.max(mailed_report.c.why))
        .where(mailed_report.c.state.in_(("waiting", "doubt")), mailed_report.c.at > now() - TOLD_S)
        .group_by(mailed_report.c.period, mailed_report.c.state)
        .order_by(mailed_report.c.period, mailed_report.c.state)
    )
    found = {}
    for period, state, count, why in connection.execute(query):
        found[period] = f"perhaps not sent to {count}" if state == "doubt" else f"not sent to {count}: {why}"
    return found
