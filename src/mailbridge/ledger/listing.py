"""What operators list and look at; times as RFC 3339, mails and deliveries by the beginning of their id or key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select

from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.raws import unpack
from mailbridge.ledger.remotes import known_states, merged
from mailbridge.ledger.schema import (
    announced,
    attempt,
    delivery,
    interest,
    mail,
    mailbox,
    node,
    place,
    raw,
    remote,
    step,
    suspect,
    transition,
)
from mailbridge.ledger.suspects import open_suspects
from mailbridge.sdk import MailbridgeError

Row = dict[str, Any]

SAME_PERSON = 100
"""So many further interests of a person are named with one."""

_TIMES = frozenset({
    "received_at", "stored_at", "settled_at", "occurred_at", "created_at", "updated_at", "due", "sent_at",
    "started_at", "ended_at", "finished_at", "at", "seen_at", "resolved_at", "lease_until", "marked_at",
    "read_at", "read_due", "processed_at", "first_answer_at", "erased_at",
})  # fmt: skip


class NotThere(MailbridgeError):  # noqa: N818 - says what is known
    """No row, or more than one, has the given id."""

    exit_code = 65


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows a listing shows; None = any."""

    state: str | None = None
    reason: str | None = None
    parser: str | None = None
    mailbox: str | None = None
    network: str | None = None
    kind: str | None = None
    sink: str | None = None
    since: float | None = None
    suspect: bool = False
    limit: int = 50


class Listings:
    """Read-only questions to the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mails(self, wanted: Wanted) -> list[Row]:
        """Return mails, newest first."""
        columns = (
            mail.c.id.label("mail_id"), mail.c.state, mail.c.reason, mail.c.parser, mail.c.mailbox, mail.c.received_at,
            mail.c.stored_at, mail.c.sender, mail.c.subject, mail.c.size, mail.c.trust, mail.c.trust_reason,
        )  # fmt: skip
        query = select(*columns).order_by(mail.c.stored_at.desc(), mail.c.id)
        return self._rows(_filtered(query, mail, wanted, time=mail.c.stored_at))

    def interests(self, wanted: Wanted) -> list[Row]:
        """Return interests as the JSON objects of the contract, newest first."""
        query = select(interest.c.id, interest.c.body).order_by(interest.c.created_at.desc(), interest.c.id)
        with self._database.read() as connection:
            return _interests(connection, _filtered(query, interest, wanted, time=interest.c.created_at))

    def deliveries(self, wanted: Wanted) -> list[Row]:
        """Return deliveries, newest first."""
        columns = (
            delivery.c.key, delivery.c.state, delivery.c.sink, delivery.c.interest_id, delivery.c.attempts,
            delivery.c.due, delivery.c.remote_id, delivery.c.remote_url, delivery.c.reason, delivery.c.responsible,
            delivery.c.created_at, delivery.c.updated_at, interest.c.network, interest.c.kind, interest.c.author,
            open_suspects().label("suspects"),
        )  # fmt: skip
        query = select(*columns).join(interest, interest.c.id == delivery.c.interest_id).order_by(delivery.c.id.desc())
        if wanted.suspect:
            query = query.where(open_suspects() > 0)
        return self._rows(_filtered(query, delivery, wanted, time=delivery.c.updated_at))

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many mails and deliveries are in which state."""
        with self._database.read() as connection:
            mails = connection.execute(select(mail.c.state, func.count()).group_by(mail.c.state)).all()
            states = connection.execute(select(delivery.c.state, func.count()).group_by(delivery.c.state)).all()
        return {"mails": {row[0]: row[1] for row in mails}, "deliveries": {row[0]: row[1] for row in states}}

    def nodes(self) -> list[Row]:
        """Return the processes that work on this ledger, each with the mailboxes it holds."""
        rows = self._rows(select(node, (now() - node.c.seen_at).label("silent_s")).order_by(node.c.started_at))
        with self._database.read() as connection:
            query = select(mailbox.c.owner, mailbox.c.name).where(mailbox.c.lease_until > now())
            held = connection.execute(query.order_by(mailbox.c.name)).all()
        return [{**row, "mailboxes": [one.name for one in held if one.owner == row["id"]]} for row in rows]

    def mail(self, mail_id: str) -> Row:
        """Return everything about one mail: places, interests, deliveries, transitions."""
        mail_id = self._whole(mail, mail.c.id, mail_id)
        found = self._rows(select(mail).where(mail.c.id == mail_id))[0]
        told = select(announced.c.interest_id).where(announced.c.mail_id == mail_id)
        with self._database.read() as connection:
            interests = _interests(connection, select(interest.c.id, interest.c.body).where(interest.c.id.in_(told)))
        found["places"] = self._rows(select(place).where(place.c.mail_id == mail_id))
        found["interests"] = interests
        found["deliveries"] = self._rows(select(delivery).where(delivery.c.interest_id.in_(told)))
        found["transitions"] = self._rows(select(transition).where(transition.c.mail_id == mail_id))
        return found

    def interest(self, interest_id: str) -> Row:
        """Return an interest with the mails that told of it, its deliveries, and the person's other interests."""
        interest_id = self._whole(interest, interest.c.id, interest_id)
        with self._database.read() as connection:
            record = _interests(connection, select(interest.c.id, interest.c.body).where(interest.c.id == interest_id))
            told = connection.scalars(select(announced.c.mail_id).where(announced.c.interest_id == interest_id)).all()
            whose = select(interest.c.person_id).where(interest.c.id == interest_id).scalar_subquery()
            theirs = select(interest.c.id).where(interest.c.person_id == whose, interest.c.id != interest_id)
            same = connection.scalars(theirs.order_by(interest.c.occurred_at.desc()).limit(SAME_PERSON)).all()
        own = self._rows(select(delivery).where(delivery.c.interest_id == interest_id))
        return {"interest": record[0], "mails": list(told), "deliveries": own, "same_person": list(same)}

    def delivery(self, key: str) -> Row:
        """Return everything about one delivery: steps, attempts, transitions, suspects."""
        key = self._whole(delivery, delivery.c.key, key)
        found = self._rows(select(delivery).where(delivery.c.key == key))[0]
        for name, table in {
            "steps": step,
            "attempt_log": attempt,
            "transitions": transition,
            "suspects": suspect,
        }.items():
            found[name] = self._rows(select(table).where(table.c.delivery_id == found["id"]))
        read_back = self._rows(select(remote).where(remote.c.delivery_id == found["id"]))
        found["read_back"] = read_back[0] if read_back else None
        return found

    def raw(self, mail_id: str) -> bytes:
        """Return the raw bytes of a mail, bit for bit as it was fetched."""
        mail_id = self._whole(mail, mail.c.id, mail_id)
        with self._database.read() as connection:
            row = connection.execute(select(raw.c.codec, raw.c.body).where(raw.c.mail_id == mail_id)).first()
        if row is None:
            raise NotThere(f"mail {mail_id[:12]}: its bytes were erased; `mailbridge mails show` tells when and why")
        return unpack(row.codec, row.body)

    def _whole(self, table: Table, column: ColumnElement[str], beginning: str) -> str:
        beginning = beginning.rstrip("…")  # as a narrow terminal shows it
        query = select(column).where(column.startswith(beginning, autoescape=True)).limit(2)
        with self._database.read() as connection:
            found = connection.scalars(query).all()
        if len(found) != 1:
            words = "several" if found else "no"
            listed = {"delivery": "deliveries"}.get(table.name, f"{table.name}s")
            raise NotThere(f"{words} {listed} begin with {beginning!r}; list them with: mailbridge {listed} list")
        return found[0]

    def _rows(self, query: Select[Any]) -> list[Row]:
        with self._database.read() as connection:
            return [shown(dict(row)) for row in connection.execute(query).mappings()]


def _interests(connection: Connection, query: Select[Any]) -> list[Row]:
    """Return interests as JSON objects, with what was read back of them."""
    rows = connection.execute(query).all()
    states = known_states(connection, [row.id for row in rows])
    return [merged(json.loads(row.body), states.get(row.id, ())) for row in rows]


def _filtered(query: Select[Any], table: Table, wanted: Wanted, *, time: ColumnElement[float]) -> Select[Any]:
    for name in ("state", "reason", "parser", "mailbox", "network", "kind", "sink"):
        value = getattr(wanted, name)
        source = table if name in table.c else interest
        if value is not None:
            query = query.where(source.c[name] == value)
    if wanted.since is not None:
        query = query.where(time >= wanted.since)
    return query.limit(wanted.limit)


def shown(row: Mapping[str, Any]) -> Row:
    """Return a row as it is printed: its moments as RFC 3339."""
    return {name: _time(value) if name in _TIMES else value for name, value in row.items()}


def _time(value: float | None) -> str | None:
    return None if value is None else datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds")
