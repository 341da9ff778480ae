"""Steps 4–5 of the path: unread mails out, outcome + interests + deliveries in, one transaction (the outbox)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, update

from mailbridge.ledger.engine import WORK, Database, now
from mailbridge.ledger.insert import insert, insert_new
from mailbridge.ledger.leases import READING, Leases
from mailbridge.ledger.persons import recognise
from mailbridge.ledger.raws import unpack
from mailbridge.ledger.schema import account, announced, delivery, interest, is_in, lease, mail, raw, transition
from mailbridge.sdk import Interest


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail of the ledger that waits to be read."""

    mail_id: str
    raw: bytes
    size: int
    received_at: datetime | None
    mailbox: str | None
    tries: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One delivery that policy asks for; see `sdk.Delivery` for key and responsible."""

    key: str
    sink: str
    account_id: str
    lane: str | None
    responsible: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a mail ended, with what follows from it.

    Attributes:
        interests: Each with the deliveries that policy asks for.
        facts: Columns of `mail` that decoding found (subject, sender, content_id, …).
    """

    mail_id: str
    outcome: str
    reason: str | None = None
    detail: str = ""
    parser: str | None = None
    parser_version: str | None = None
    interests: tuple[tuple[Interest, tuple[Outgoing, ...]], ...] = ()
    facts: tuple[tuple[str, str | None], ...] = ()


class Reader:
    """Takes stored mails out and settles them."""

    def __init__(self, database: Database, leases: Leases) -> None:
        self._database = database
        self._leases = leases

    def take(self, limit: int) -> list[StoredMail]:
        """Return mails that wait to be read: fresh ones first, oldest first; counts the try; raises LedgerFull.

        One node reads at a time: two could hand over the interests of one author in the wrong order. Nothing is
        returned while another one does.
        """
        query = (
            select(mail.c.id, mail.c.size, mail.c.received_at, mail.c.mailbox, mail.c.tries, raw.c.codec, raw.c.body)
            .join(raw, raw.c.mail_id == mail.c.id)
            .where(is_in(mail.c.state, "stored"))
            .order_by(mail.c.backlog, mail.c.stored_at, mail.c.id)
            .limit(limit)
        )
        self._database.require_space()
        with self._database.write() as connection:
            rows = connection.execute(query).mappings().all()
            if not rows or self._leases.take(connection, lease, READING) is None:
                return []
            ids = [row["id"] for row in rows]
            connection.execute(update(mail).where(mail.c.id.in_(ids)).values(tries=mail.c.tries + 1))
        return [stored_mail(row) for row in rows]

    def waiting(self) -> int:
        """Return how many mails wait to be read."""
        query = select(func.count()).select_from(mail).where(is_in(mail.c.state, "stored"))
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def settle(self, settlements: Sequence[Settlement], *, searches_first: bool) -> int:
        """Commit outcomes, interests and deliveries of many mails in one transaction.

        Args:
            settlements: One per mail; a mail that another node settled meanwhile is left as it is.
            searches_first: Deliveries of mails older than the ledger begin in doubt: an earlier ledger may have
                written them.

        Returns:
            How many deliveries are new.
        """
        with self._database.write() as connection:
            new = sum(self._settle_one(connection, one, searches_first=searches_first) for one in settlements)
            if new:
                self._database.notify(connection, WORK)
            return new

    def _settle_one(self, connection: Connection, one: Settlement, *, searches_first: bool) -> int:
        values = {
            "state": one.outcome,
            "reason": one.reason,
            "detail": one.detail or None,
            "parser": one.parser,
            "parser_version": one.parser_version,
            "settled_at": now(),
            **dict(one.facts),
        }
        statement = update(mail).where(mail.c.id == one.mail_id, mail.c.state == "stored").values(**values)
        if connection.execute(statement).rowcount == 0:
            return 0
        row = {"mail_id": one.mail_id, "at": now(), "old": "stored", "new": one.outcome, "why": one.reason}
        connection.execute(transition.insert().values(**row, actor=self._leases.node))
        origin = connection.execute(select(mail.c.backlog, mail.c.before_ledger).where(mail.c.id == one.mail_id)).one()
        doubtful = searches_first and origin.before_ledger
        count = 0
        for position, (record, outgoing) in enumerate(one.interests):
            add_interest(connection, one.mail_id, position, record)
            count += sum(
                add_delivery(connection, record.id, out, fresh=not origin.backlog, doubtful=doubtful)
                for out in outgoing
            )
        return count


def stored_mail(row: RowMapping) -> StoredMail:
    """Return a mail out of a row with its raw bytes."""
    received = row["received_at"]
    return StoredMail(
        mail_id=row["id"],
        raw=unpack(row["codec"], row["body"]),
        size=row["size"],
        received_at=None if received is None else datetime.fromtimestamp(received, UTC),
        mailbox=row["mailbox"],
        tries=row["tries"],
    )


def interest_values(record: Interest) -> dict[str, Any]:
    """Return the columns of an interest that its content decides."""
    author = record.author
    return {
        "kind": record.kind,
        "channel": record.source.channel,
        "network": record.source.network,
        "author": author.name or author.email or next(iter(author.phones), None) or author.url,
        "occurred_at": record.occurred_at.timestamp(),
        "body": json.dumps(record.to_json(), ensure_ascii=False),
    }


def add_interest(connection: Connection, mail_id: str, position: int, record: Interest) -> None:
    """Add an interest unless it exists, and note that this mail told of it."""
    row = {"id": record.id, "mail_id": mail_id, "position": position, "created_at": now(), **interest_values(record)}
    row["person_id"] = recognise(connection, record)
    connection.execute(insert(connection, interest).values(**row).on_conflict_do_nothing())
    insert_new(connection, announced, [{"interest_id": record.id, "mail_id": mail_id}])


def add_delivery(connection: Connection, interest_id: str, out: Outgoing, *, fresh: bool, doubtful: bool) -> int:
    """Add a delivery unless it exists; return 1 when it is new."""
    insert_new(connection, account, [{"id": out.account_id}])
    row: dict[str, Any] = {
        "key": out.key,
        "interest_id": interest_id,
        "sink": out.sink,
        "account_id": out.account_id,
        "lane": out.lane,
        "fresh": fresh,
        "state": "doubt" if doubtful else "ready",
        "reason": "older than this ledger: searched before it is created" if doubtful else None,
        "due": now(),
        "responsible": out.responsible,
        "created_at": now(),
        "updated_at": now(),
    }
    return int(connection.execute(insert(connection, delivery).values(**row).on_conflict_do_nothing()).rowcount)
