"""Mails that are read again: out of the ledger, what is known of them, and how the result goes in."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, update

from mailbridge.ledger.acts import ACTOR
from mailbridge.ledger.engine import WORK, Database, now
from mailbridge.ledger.erased import erase_mails
from mailbridge.ledger.insert import insert
from mailbridge.ledger.listing import Wanted
from mailbridge.ledger.persons import recognise
from mailbridge.ledger.raws import CODEC, pack
from mailbridge.ledger.schema import announced, delivery, interest, mail, raw, tombstone
from mailbridge.ledger.settle import (
    STORED,
    NewDelivery,
    Settlement,
    StoredMail,
    add_deliveries,
    add_interests,
    interest_values,
    note_outcomes,
    note_transitions,
    stored_mail,
    without_erased,
)
from mailbridge.sdk import Interest

PAGE_MAILS = 25
"""Raw mails that are taken out at a time."""


@dataclass(frozen=True, slots=True)
class KnownDelivery:
    """A delivery that the ledger has.

    Attributes:
        attempts: How often it was claimed to be sent; 0 = never.
    """

    key: str
    interest_id: str
    sink: str
    state: str
    attempts: int
    remote_id: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of a mail.

    Attributes:
        interests: Those that this mail told of, in mail order.
        deliveries: Of these interests.
    """

    mail_id: str
    state: str
    reason: str | None
    parser: str | None
    parser_version: str | None
    interests: tuple[Interest, ...]
    deliveries: tuple[KnownDelivery, ...]

    @property
    def was_sent(self) -> bool:
        """Whether something of this mail went to a CRM, or tried to."""
        return any(one.attempts or one.state == "delivered" for one in self.deliveries)


class Replays:
    """Mails out of the ledger, and back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, wanted: Wanted, mail_ids: Sequence[str] = ()) -> int:
        """Return how many mails `mails` yields."""
        query = select(func.count()).select_from(mail).join(raw, raw.c.mail_id == mail.c.id)
        with self._database.read() as connection:
            found = connection.scalar(query.where(*_conditions(wanted, mail_ids)))
        return min(int(found or 0), wanted.limit)

    def mails(self, wanted: Wanted, mail_ids: Sequence[str] = ()) -> Iterator[StoredMail]:
        """Yield mails with their bytes, oldest first; the ledger is asked in pages and never held open.

        Args:
            wanted: Which; `state`, `reason`, `parser`, `since` (stored from then on) and `limit` count.
            mail_ids: Only these; empty = all.
        """
        query = select(*STORED).join(raw, raw.c.mail_id == mail.c.id)
        query = query.where(*_conditions(wanted, mail_ids)).order_by(mail.c.stored_at, mail.c.id)
        left, after = wanted.limit, None
        while left > 0:
            page = query if after is None else query.where(_behind(*after))
            with self._database.read() as connection:
                rows = connection.execute(page.limit(min(PAGE_MAILS, left))).mappings().all()
            if not rows:
                return
            yield from map(stored_mail, rows)
            left -= len(rows)
            after = (rows[-1]["stored_at"], rows[-1]["id"])

    def known(self, mail_ids: Sequence[str]) -> dict[str, Known]:
        """Return what the ledger knows of these mails; unknown ones are absent."""
        told = (
            select(announced.c.mail_id, interest.c.body)
            .join(interest, interest.c.id == announced.c.interest_id)
            .where(announced.c.mail_id.in_(mail_ids))
            .order_by(interest.c.position, interest.c.created_at)
        )
        sent = (
            select(announced.c.mail_id, delivery)
            .join(delivery, delivery.c.interest_id == announced.c.interest_id)
            .where(announced.c.mail_id.in_(mail_ids))
            .order_by(delivery.c.id)
        )
        with self._database.read() as connection:
            rows = connection.execute(select(mail).where(mail.c.id.in_(mail_ids))).all()
            bodies = connection.execute(told).all()
            deliveries = connection.execute(sent).all()
        return {
            row.id: Known(
                row.id,
                row.state,
                row.reason,
                row.parser,
                row.parser_version,
                tuple(Interest.model_validate_json(one.body) for one in bodies if one.mail_id == row.id),
                tuple(_known_delivery(one) for one in deliveries if one.mail_id == row.id),
            )
            for row in rows
        }

    def erased(self, mail_ids: Sequence[str]) -> frozenset[str]:
        """Return those that were erased: they are never delivered again."""
        query = select(tombstone.c.mail_id).where(tombstone.c.mail_id.in_(mail_ids))
        with self._database.read() as connection:
            return frozenset(connection.scalars(query))

    def states(self, keys: Sequence[str]) -> dict[str, KnownDelivery]:
        """Return the deliveries with these keys, by key."""
        with self._database.read() as connection:
            rows = connection.execute(select(delivery).where(delivery.c.key.in_(keys))).all()
        return {row.key: _known_delivery(row) for row in rows}

    def settle(
        self, settlements: Sequence[Settlement], raws: Mapping[str, StoredMail], *, searches_first: bool
    ) -> frozenset[str]:
        """Commit how mails read now, in one transaction.

        A mail that the ledger does not know is stored. One that was parsed keeps its interests; only new deliveries are
        added, and what was never sent gets its new content.

        Args:
            settlements: One per mail.
            raws: The mails themselves, those that are not stored yet.
            searches_first: Deliveries of mails that an earlier ledger may have delivered begin in doubt.

        Returns:
            Keys of the deliveries that are new.
        """
        self._database.require_space()
        with self._database.write() as connection:
            for one in settlements:
                if one.mail_id in raws:
                    _store(connection, raws[one.mail_id])
            mine, buried = without_erased(connection, settlements)
            new = [key for one in mine for key in _settle(connection, one, searches_first=searches_first)]
            erase_mails(connection, buried, "erased before", ACTOR)
            if new:
                self._database.notify(connection, WORK)
        return frozenset(new)


def _conditions(wanted: Wanted, mail_ids: Sequence[str]) -> Iterable[ColumnElement[bool]]:
    for name in ("state", "reason", "parser"):
        if getattr(wanted, name) is not None:
            yield mail.c[name] == getattr(wanted, name)
    if wanted.since is not None:
        yield mail.c.stored_at >= wanted.since
    if mail_ids:
        yield mail.c.id.in_(mail_ids)


def _behind(stored_at: float, mail_id: str) -> ColumnElement[bool]:
    return or_(mail.c.stored_at > stored_at, and_(mail.c.stored_at == stored_at, mail.c.id > mail_id))


def _known_delivery(row: Any) -> KnownDelivery:
    return KnownDelivery(row.key, row.interest_id, row.sink, row.state, row.attempts, row.remote_id)


def _store(connection: Connection, one: StoredMail) -> None:
    """Store a mail that lies in no mailbox: an earlier ledger may have delivered it."""
    row = {"id": one.mail_id, "size": one.size, "stored_at": now(), "mailbox": one.mailbox, "state": "stored"}
    row["received_at"] = one.received_at.timestamp() if one.received_at else None
    row |= {"backlog": True, "before_ledger": True}
    if connection.execute(insert(connection, mail).values(**row).on_conflict_do_nothing()).rowcount:
        connection.execute(raw.insert().values(mail_id=one.mail_id, codec=CODEC, body=pack(one.raw)))


def _settle(connection: Connection, one: Settlement, *, searches_first: bool) -> list[str]:
    query = select(mail.c.state, mail.c.before_ledger).where(mail.c.id == one.mail_id)
    found = connection.execute(query.with_for_update()).first()
    if found is None or (found.state == "parsed" and one.outcome != "parsed"):
        return []  # nothing is ever taken back
    note_outcomes(connection, [one])
    note_transitions(connection, [(one.mail_id, found.state, one.outcome, "replayed")], ACTOR)
    for record, _ in one.interests:
        _refresh(connection, record)
    add_interests(connection, [one])
    doubtful = searches_first and found.before_ledger
    wanted = [
        NewDelivery(record.id, out, fresh=False, doubtful=doubtful)
        for record, outgoing in one.interests
        for out in outgoing
    ]
    return add_deliveries(connection, wanted)


def _refresh(connection: Connection, record: Interest) -> None:
    """Put a better reading in the place of one that nobody has sent yet; what was sent stays as it was sent."""
    sent = exists().where(delivery.c.interest_id == interest.c.id, delivery.c.attempts > 0)
    values = interest_values(record) | {"person_id": recognise(connection, [record])[0]}
    connection.execute(update(interest).where(interest.c.id == record.id, ~sent).values(**values))
    person_id = select(interest.c.person_id).where(interest.c.id == record.id).scalar_subquery()
    connection.execute(update(delivery).where(delivery.c.interest_id == record.id).values(person_id=person_id))
