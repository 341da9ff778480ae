"""What health is judged by, out of the ledger: a few questions, each over open rows only and at most `MOST` of them."""

import json
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, text

from mailbridge.ledger.canaries import canary_vitals
from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.insert import insert
from mailbridge.ledger.mailings import unsent_reports
from mailbridge.ledger.schema import (
    OPEN,
    account,
    delivery,
    interest,
    is_in,
    layout,
    mail,
    mailbox,
    node,
    remote,
)
from mailbridge.ledger.schema_alerts import vital
from mailbridge.observe.clocks import CLOCKS
from mailbridge.observe.health import AccountVitals, Measured, Vitals

MOST = 10_000
"""Counts stop here: what is more than enough to worry costs no more to know."""

HOUR_S = 3600.0
WEEK_HOURS = 168.0
DAY_S = 86_400.0
LONGEST_LATE_S = 14 * DAY_S
"""What nobody answered for so long nobody will."""

LIVELY_S = 180.0
"""What a process measured so long ago says nothing of now."""


class VitalSigns:
    """Read-only, but for what a process measures of itself."""

    def __init__(self, database: Database, node_id: str) -> None:
        self._database = database
        self._node = node_id

    def take(self, *, answer_s: float | None = None) -> Vitals:
        """Return ages, counts and reasons by the ledger's clock; `answer_s` as in `[watch]`."""
        with self._database.read() as connection:
            moment = self._moment(connection)
            nodes = {row.id: moment - row.seen_at for row in connection.execute(select(node.c.id, node.c.seen_at))}
            synced = connection.execute(select(mailbox.c.name, mailbox.c.synced_at)).all()
            stored = _counted(connection, mail.c.stored_at, is_in(mail.c.state, "stored"))
            quarantine = _quarantine(connection)
            lately, usual = _quarantined(connection, moment)
            return Vitals(
                nodes=nodes,
                mailboxes={row.name: None if row.synced_at is None else moment - row.synced_at for row in synced},
                accounts=_accounts(connection, moment),
                late=_late(connection, moment, answer_s) if answer_s else {},
                mails_waiting=stored[0],
                mail_waits_s=0.0 if stored[1] is None else moment - stored[1],
                quarantine=quarantine,
                quarantined_lately=lately,
                quarantined_usually=usual,
                held=_held(connection),
                canary=canary_vitals(connection, moment),
                unsent=unsent_reports(connection),
                measured=_measured(connection, moment),
            )

    def _moment(self, connection: Connection) -> float:
        """Return the ledger's time; one on another machine has a clock of its own."""
        before = time.time()
        moment = float(connection.scalar(select(now())) or 0.0)
        if not self._database.is_sqlite:
            CLOCKS.compare("ledger", (before + time.time()) / 2, moment)
        return moment

    def keep(self, measured: Measured) -> None:
        """Write down what this process has measured, for `mailbridge health`."""
        row = {"body": json.dumps(measured.as_json(), ensure_ascii=False), "at": now()}
        with self._database.write() as connection:
            made = insert(connection, vital).values(node=self._node, **row)
            connection.execute(made.on_conflict_do_update(index_elements=["node"], set_=row))
            connection.execute(vital.delete().where(vital.c.at < now() - DAY_S))

    def arrived(self, since: float) -> dict[str, float]:
        """Return network → when its last interest of those from `since` on was stored."""
        last = select(interest.c.network, func.max(interest.c.created_at)).where(interest.c.created_at >= since)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(last.group_by(interest.c.network))}

    def history(self, since: float) -> dict[str, dict[int, int]]:
        """Return network → hour since 1970 in which something happened → how often; asked about once an hour."""
        hour = func.floor(interest.c.occurred_at / HOUR_S).label("hour")
        query = (
            select(interest.c.network, hour, func.count())
            .where(interest.c.created_at >= since, interest.c.occurred_at >= since)
            .group_by(interest.c.network, hour)
        )
        found: dict[str, dict[int, int]] = {}
        with self._database.read() as connection:
            for network, number, count in connection.execute(query):
                found.setdefault(network, {})[int(number)] = count
        return found

    def size(self) -> int:
        """Return the bytes of the ledger."""
        asked = (
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            if self._database.is_sqlite
            else "SELECT pg_database_size(current_database())"
        )
        with self._database.read() as connection:
            return int(connection.scalar(text(asked)) or 0)


def _counted(
    connection: Connection, age: ColumnElement[float], *where: ColumnElement[bool]
) -> tuple[int, float | None]:
    """Return how many rows there are, and the oldest moment among them."""
    some = select(age.label("age")).where(*where).limit(MOST).subquery()
    count, oldest = connection.execute(select(func.count(), func.min(some.c.age)).select_from(some)).one()
    return int(count), oldest


def _accounts(connection: Connection, moment: float) -> dict[str, AccountVitals]:
    columns = (
        account.c.id,
        account.c.unusable,
        account.c.pause_reason,
        account.c.paused_until,
        account.c.failing_since,
    )
    return {row.id: _account(connection, moment, row) for row in connection.execute(select(*columns)).all()}


def _account(connection: Connection, moment: float, row: Any) -> AccountVitals:
    mine = delivery.c.account_id == row.id
    states = {
        state: _counted(connection, delivery.c.created_at, mine, is_in(delivery.c.state, state)) for state in OPEN
    }
    fresh = [
        _counted(connection, delivery.c.created_at, mine, delivery.c.fresh, is_in(delivery.c.state, state))[1]
        for state in OPEN
        if states[state][0]
    ]
    doubt_at = func.coalesce(delivery.c.sent_at, delivery.c.created_at)
    doubted = _counted(connection, doubt_at, mine, is_in(delivery.c.state, "doubt"))[1] if states["doubt"][0] else None
    return AccountVitals(
        unusable=(row.pause_reason or "needs a person") if row.unusable else None,
        paused_s=max(0.0, row.paused_until - moment),
        failing_s=0.0 if row.failing_since is None else moment - row.failing_since,
        reason=row.pause_reason,
        open={state: count for state, (count, _) in states.items()},
        waits_s=max((moment - at for at in fresh if at is not None), default=0.0),
        doubt_s=0.0 if doubted is None else moment - doubted,
        dead=_counted(connection, delivery.c.created_at, mine, is_in(delivery.c.state, "dead"))[0],
    )


def _quarantine(connection: Connection) -> dict[str, int]:
    some = select(mail.c.reason).where(is_in(mail.c.state, "quarantined")).limit(MOST).subquery()
    rows = connection.execute(select(some.c.reason, func.count()).group_by(some.c.reason)).all()
    return {row[0] or "unknown": row[1] for row in rows}


def _quarantined(connection: Connection, moment: float) -> tuple[int, float]:
    """Return how many mails of the last hour are in quarantine, and how many of an average hour of the week before."""
    waits = is_in(mail.c.state, "quarantined")
    lately, _ = _counted(connection, mail.c.stored_at, waits, mail.c.stored_at > moment - HOUR_S)
    before = mail.c.stored_at.between(moment - WEEK_HOURS * HOUR_S, moment - HOUR_S)
    return lately, _counted(connection, mail.c.stored_at, waits, before)[0] / (WEEK_HOURS - 1)


def _held(connection: Connection) -> tuple[str, ...]:
    return tuple(sorted(connection.scalars(select(layout.c.source).where(layout.c.state == "held").distinct())))


def _late(connection: Connection, moment: float, answer_s: float) -> dict[str, int]:
    waits = (
        remote.c.first_answer_at.is_(None),
        remote.c.processed.is_(False),
        remote.c.found.is_(True),
        delivery.c.created_at.between(moment - LONGEST_LATE_S, moment - answer_s),
    )
    joined = remote.join(delivery, delivery.c.id == remote.c.delivery_id)
    some = select(delivery.c.sink).select_from(joined).where(*waits).limit(MOST).subquery()
    return {row[0]: row[1] for row in connection.execute(select(some.c.sink, func.count()).group_by(some.c.sink))}


def _measured(connection: Connection, moment: float) -> Measured:
    """Join what all living processes have measured."""
    rows = connection.scalars(select(vital.c.body).where(vital.c.at > moment - LIVELY_S).order_by(vital.c.at))
    bodies: list[Mapping[str, Any]] = [json.loads(body) for body in rows]
    return Measured.joined(bodies)
