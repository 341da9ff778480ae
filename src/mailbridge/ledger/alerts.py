"""What is wrong, since when, and who knows: each alert is told once, whichever node tells it, and once when over."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, false, or_, select, true, update

from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.insert import insert_new
from mailbridge.ledger.leases import Leases
from mailbridge.ledger.schema import lease
from mailbridge.ledger.schema_alerts import alert

ALERTS = "alerts"
"""Name of the lease under which one node of several decides and tells."""

MOST = 500
"""Alerts that are looked at together; more at a time would be read by nobody."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that was or is wrong.

    Attributes:
        kind: One of `alert_texts.KINDS`.
        subject: Whom it is about.
        about: What was seen.
        since: Unix seconds.
        over_at: When it was over, None = it lasts, or it is an event.
        event: It has no end.
        told: Targets that know.
        told_over: Targets that know that it is over.
    """

    row_id: int
    kind: str
    subject: str
    about: str
    since: float
    over_at: float | None
    event: bool
    told: frozenset[str]
    told_over: frozenset[str]


class Alerts:
    """Written by the node that holds the lease; events by whoever meets them."""

    def __init__(self, database: Database, leases: Leases) -> None:
        self._database = database
        self._leases = leases

    def hold(self) -> bool:
        """Take or renew the lease; return False while another node watches."""
        with self._database.write() as connection:
            return self._leases.take(connection, lease, ALERTS) is not None

    def note(self, kind: str, subject: str, about: str) -> None:
        """Note an event; the same one again changes nothing."""
        with self._database.write() as connection:
            insert_new(connection, alert, [_row(f"{kind} {subject}", kind, subject, about, event=True)])

    def begin(self, kind: str, subject: str, about: str) -> None:
        """Note that something is wrong from now on."""
        with self._database.write() as connection:
            moment = connection.scalar(select(now()))
            insert_new(connection, alert, [_row(f"{kind} {subject} {moment}", kind, subject, about, event=False)])

    def end(self, row_id: int) -> None:
        """Note that it is over."""
        with self._database.write() as connection:
            connection.execute(update(alert).where(alert.c.id == row_id).values(over_at=now()))

    def open(self) -> list[Alert]:
        """Return what lasts and what somebody still has to be told of, oldest first."""
        query = select(alert).where(alert.c.open == true()).order_by(alert.c.id.desc()).limit(MOST)
        with self._database.read() as connection:
            return [_alert(row) for row in connection.execute(query)][::-1]

    def lasting(self) -> list[Alert]:
        """Return what is wrong now."""
        return [one for one in self.open() if not one.event and one.over_at is None]

    def latest(self, limit: int, since: float | None = None) -> list[Alert]:
        """Return alerts, newest first; those that last always."""
        query = select(alert).order_by(alert.c.id.desc()).limit(limit)
        if since is not None:
            lasts = (alert.c.over_at.is_(None)) & (alert.c.event == false())
            query = query.where(or_(alert.c.since >= since, lasts))
        with self._database.read() as connection:
            return [_alert(row) for row in connection.execute(query)]

    def told(self, one: Alert, targets: Iterable[str], over: Iterable[str], *, open: bool) -> None:  # noqa: A002
        """Write down who knows of an alert and of its end; `open` = more has to be done."""
        values = {"told": json.dumps(sorted(targets)), "told_over": json.dumps(sorted(over)), "open": open}
        with self._database.write() as connection:
            connection.execute(update(alert).where(alert.c.id == one.row_id).values(**values))


def _row(key: str, kind: str, subject: str, about: str, *, event: bool) -> dict[str, Any]:
    words = {"key": key, "kind": kind, "subject": subject, "about": about}
    return {**words, "since": now(), "event": event, "told": "[]", "told_over": "[]", "open": True}


def _alert(row: Row[Any]) -> Alert:
    told: Sequence[str] = json.loads(row.told)
    over: Sequence[str] = json.loads(row.told_over)
    known = (row.kind, row.subject, row.about, row.since, row.over_at, row.event)
    return Alert(row.id, *known, frozenset(told), frozenset(over))
