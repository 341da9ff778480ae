"""Personal data taken out of the ledger; what is left makes sure that a new scan does not bring it back."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from mailbridge.ledger.acts import ACTOR
from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.insert import insert_new
from mailbridge.ledger.listing import Row, shown
from mailbridge.ledger.raws import unpack
from mailbridge.ledger.schema import (
    OPEN,
    announced,
    attempt,
    delivery,
    interest,
    is_in,
    mail,
    person,
    person_key,
    place,
    raw,
    remote,
    tombstone,
    transition,
)
from mailbridge.sdk import Author, Interest, MailRef, Refs, Reply

PAGE = 200
"""Mails or interests that one transaction erases."""

ERASED = "erased"
"""Label of an interest whose person was taken out."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an act has done.

    Attributes:
        in_flight: Interests of which something is being sent, or perhaps was: they stay until that is known.
    """

    mails: int = 0
    interests: int = 0
    in_flight: int = 0


class Erasure:
    """Finds and erases what the ledger holds of persons."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def interests_of(self, key: str, words: str) -> list[Row]:
        """Return interests of the person with a key (`email:…`), and those whose card holds the words."""
        known = select(person_key.c.person_id).where(person_key.c.key == key)
        is_theirs = or_(interest.c.person_id.in_(known), interest.c.body.contains(words, autoescape=True))
        query = select(interest.c.id, interest.c.body, interest.c.mail_id).where(
            is_theirs, interest.c.erased_at.is_(None)
        )
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query.order_by(interest.c.created_at)).mappings()]

    def cards(self) -> Iterator[Row]:
        """Yield every interest that was not erased, as `interests_of` does."""
        last = ""
        query = select(interest.c.id, interest.c.body, interest.c.mail_id).where(interest.c.erased_at.is_(None))
        while True:
            with self._database.read() as connection:
                page = query.where(interest.c.id > last).order_by(interest.c.id).limit(PAGE)
                rows = [dict(row) for row in connection.execute(page).mappings()]
            yield from rows
            if not rows:
                return
            last = rows[-1]["id"]

    def mails_of(self, interest_ids: Sequence[str]) -> list[str]:
        """Return the mails that told of interests."""
        query = select(announced.c.mail_id).where(announced.c.interest_id.in_(interest_ids)).distinct()
        with self._database.read() as connection:
            return sorted(connection.scalars(query))

    def raw_mails(self) -> Iterator[tuple[str, bytes]]:
        """Yield every mail whose bytes are still here."""
        last = ""
        query = select(raw.c.mail_id, raw.c.codec, raw.c.body).order_by(raw.c.mail_id).limit(PAGE)
        while True:
            with self._database.read() as connection:
                rows = connection.execute(query.where(raw.c.mail_id > last)).all()
            for row in rows:
                yield row.mail_id, unpack(row.codec, row.body)
            if not rows:
                return
            last = rows[-1].mail_id

    def count(self) -> int:
        """Return how many mails `raw_mails` yields."""
        with self._database.read() as connection:
            return int(connection.scalar(select(func.count()).select_from(raw)) or 0)

    def about(self, mail_ids: Sequence[str], interest_ids: Sequence[str]) -> dict[str, list[Row]]:
        """Return what is known besides the cards: mails, where they lie, and what the CRMs hold."""
        mails = select(mail.c.id, mail.c.sender, mail.c.subject, mail.c.received_at, mail.c.state, mail.c.reason)
        places = select(place.c.mail_id, place.c.mailbox, place.c.uidvalidity, place.c.uid)
        sent = select(
            delivery.c.interest_id, delivery.c.sink, delivery.c.state, delivery.c.remote_id, delivery.c.remote_url
        )
        queries = {
            "mails": mails.where(mail.c.id.in_(mail_ids)).order_by(mail.c.stored_at),
            "places": places.where(place.c.mail_id.in_(mail_ids)),
            "deliveries": sent.where(delivery.c.interest_id.in_(interest_ids)).order_by(delivery.c.id),
        }
        with self._database.read() as connection:
            return {name: [shown(dict(row)) for row in connection.execute(q).mappings()] for name, q in queries.items()}

    def erase(self, mail_ids: Sequence[str], interest_ids: Sequence[str], why: str, actor: str = ACTOR) -> Erased:
        """Erase mails and interests; deliveries that wait are cancelled, those in flight keep their interest."""
        mails = interests = 0
        busy: list[str] = []
        for ids in _pages(interest_ids):
            with self._database.write() as connection:
                held = _in_flight(connection, ids)
                busy += held
                free = [one for one in ids if one not in held]
                interests += self._erase_interests(connection, free, actor)
        kept = set(self.mails_of(busy)) if busy else set()
        for ids in _pages([one for one in mail_ids if one not in kept]):
            with self._database.write() as connection:
                mails += erase_mails(connection, ids, why, actor)
        return Erased(mails, interests, len(busy))

    def expire(self, days: dict[str, int | None], interests_days: int | None) -> Erased:
        """Erase one page of what is older than its class may be kept; nothing that is not final.

        Args:
            days: Outcome of a mail → days since it was stored; None = for ever.
            interests_days: Days since an interest was stored; None = for ever.
        """
        with self._database.write() as connection:
            over = [_is_over(state, limit) for state, limit in days.items() if limit is not None]
            query = select(mail.c.id).where(mail.c.erased_at.is_(None), or_(*over)).limit(PAGE) if over else None
            ids = list(connection.scalars(query)) if query is not None else []
            mails = erase_mails(connection, ids, "kept long enough", "retention")
            cards: list[str] = []
            if interests_days is not None:
                old = interest.c.created_at < now() - interests_days * 86_400
                final = ~exists().where(delivery.c.interest_id == interest.c.id, is_in(delivery.c.state, *OPEN))
                query = select(interest.c.id).where(interest.c.erased_at.is_(None), old, final).limit(PAGE)
                cards = list(connection.scalars(query))
            return Erased(mails, self._erase_interests(connection, cards, "retention"))

    def compact(self) -> None:
        """Give the room of what was erased back, so that no byte of it stays in the file."""
        if self._database.is_sqlite:
            with self._database.engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("VACUUM")
                connection.exec_driver_sql("BEGIN")

    @staticmethod
    def _erase_interests(connection: Connection, ids: Sequence[str], actor: str) -> int:
        query = select(interest.c.id, interest.c.body, interest.c.person_id).where(
            interest.c.id.in_(ids), interest.c.erased_at.is_(None)
        )
        rows = connection.execute(query).all()
        for row in rows:
            blank = without_person(Interest.model_validate_json(row.body))
            values = {"body": json.dumps(blank.to_json(), ensure_ascii=False), "author": None, "person_id": None}
            connection.execute(update(interest).where(interest.c.id == row.id).values(**values, erased_at=now()))
        erased = [row.id for row in rows]
        _erase_deliveries(connection, erased, actor)
        _forget_persons(connection, {row.person_id for row in rows if row.person_id is not None})
        return len(erased)


def without_person(record: Interest) -> Interest:
    """Return the interest with everything taken out that tells who it was or what they wrote.

    What reports count stays: kind, place, network, product, rating, amount, moments, and whose task it was.
    """
    # Where people write themselves the title is their subject; elsewhere it is the name of a place.
    title = None if record.source.channel in {"email", "chat"} else record.source.title
    source = record.source.model_copy(update={"url": None, "title": title})
    mail = MailRef(**record.mail.model_dump() | {"message_id": None})
    emptied = {
        "source": source, "author": Author(), "text": None, "reply": Reply(), "refs": Refs(), "fields": (),
        "attachments": (), "proof": None, "mail": mail, "labels": tuple(dict.fromkeys([*record.labels, ERASED])),
    }  # fmt: skip
    return record.model_copy(update=emptied)


def erase_mails(connection: Connection, ids: Sequence[str], why: str, actor: str) -> int:
    """Take bytes and all that names somebody out of mails; hash and places stay."""
    if not ids:
        return 0
    columns = (mail.c.id, mail.c.content_id, mail.c.state)
    rows = connection.execute(select(*columns).where(mail.c.id.in_(ids), mail.c.erased_at.is_(None))).all()
    if not rows:
        return 0
    own = [row.id for row in rows]
    connection.execute(delete(raw).where(raw.c.mail_id.in_(own)))
    emptied = dict.fromkeys(("message_id", "sender", "subject", "detail"))
    connection.execute(update(mail).where(mail.c.id.in_(own)).values(**emptied, erased_at=now()))
    unread = update(mail).where(mail.c.id.in_(own), is_in(mail.c.state, "stored"))
    connection.execute(unread.values(state="ignored", reason="erased", settled_at=now()))
    graves = [{"mail_id": row.id, "content_id": row.content_id, "at": now(), "why": why} for row in rows]
    insert_new(connection, tombstone, graves)
    steps = [
        {"mail_id": row.id, "old": row.state, "new": "erased", "why": why, "actor": actor, "at": now()} for row in rows
    ]
    insert_new(connection, transition, steps)
    return len(own)


# What every chunk of mails asks is built once: that costs several times what it costs the database to answer.
_IDS: BindParameter[Sequence[str]] = bindparam("ids", expanding=True)
_BURIED = select(tombstone.c.content_id).where(tombstone.c.content_id.in_(_IDS))
_ERASED = select(interest.c.id).where(interest.c.id.in_(_IDS), interest.c.erased_at.is_not(None))


def buried_contents(connection: Connection, content_ids: Sequence[str]) -> frozenset[str]:
    """Return which of these contents were erased, whatever way they come back."""
    return frozenset(connection.scalars(_BURIED, {"ids": content_ids})) if content_ids else frozenset()


def erased_interests(connection: Connection, ids: Sequence[str]) -> frozenset[str]:
    """Return which of these interests were erased."""
    return frozenset(connection.scalars(_ERASED, {"ids": ids})) if ids else frozenset()


def _pages(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[at : at + PAGE] for at in range(0, len(ids), PAGE))


def _in_flight(connection: Connection, ids: Sequence[str]) -> list[str]:
    query = select(delivery.c.interest_id).where(
        delivery.c.interest_id.in_(ids), is_in(delivery.c.state, "sending", "doubt")
    )
    return sorted(set(connection.scalars(query)))


def _is_over(state: str, days: int) -> ColumnElement[bool]:
    old = and_(is_in(mail.c.state, state), mail.c.stored_at < now() - days * 86_400)
    if state != "parsed":
        return old
    told = (announced.c.mail_id == mail.c.id, delivery.c.interest_id == announced.c.interest_id)
    return and_(old, ~exists().where(*told, is_in(delivery.c.state, *OPEN)))


def _erase_deliveries(connection: Connection, interest_ids: Sequence[str], actor: str) -> None:
    """Cancel what waits; what CRMs have said about a person goes too."""
    mine = select(delivery.c.id).where(delivery.c.interest_id.in_(interest_ids))
    waiting = (delivery.c.interest_id.in_(interest_ids), is_in(delivery.c.state, "ready", "waiting", "dead"))
    rows = connection.execute(select(delivery.c.id, delivery.c.state).where(*waiting)).all()
    values: dict[str, Any] = {"state": "cancelled", "fence": delivery.c.fence + 1, "owner": None, "updated_at": now()}
    connection.execute(update(delivery).where(*waiting).values(**values))
    steps = [
        {"delivery_id": row.id, "old": row.state, "new": "cancelled", "why": "erased", "actor": actor, "at": now()}
        for row in rows
    ]
    insert_new(connection, transition, steps)
    emptied = {"lane": None, "reason": None, "read_due": None, "person_id": None}
    connection.execute(update(delivery).where(delivery.c.interest_id.in_(interest_ids)).values(**emptied))
    connection.execute(update(attempt).where(attempt.c.delivery_id.in_(mine)).values(detail=None))
    connection.execute(update(remote).where(remote.c.delivery_id.in_(mine)).values(proof=None))
    foreign = (transition.c.delivery_id.in_(mine), transition.c.why != "erased")
    connection.execute(update(transition).where(*foreign).values(why=None))


def _forget_persons(connection: Connection, ids: set[int]) -> None:
    """Forget how persons are recognised, unless other interests of theirs are still here."""
    known = select(interest.c.person_id).where(interest.c.person_id.in_(ids)).distinct()
    gone = sorted(ids - set(connection.scalars(known)))
    connection.execute(delete(person_key).where(person_key.c.person_id.in_(gone)))
    connection.execute(delete(person).where(person.c.id.in_(gone)))
