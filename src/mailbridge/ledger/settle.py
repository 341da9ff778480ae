"""Steps 4–5 of the path: unread mails out, outcome + interests + deliveries in, one transaction (the outbox)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, Update, bindparam, false, func, select, true, update

from mailbridge.ledger.engine import WORK, Database, now
from mailbridge.ledger.erased import buried_contents, erase_mails, erased_interests
from mailbridge.ledger.insert import MOMENT, insert_new, inserted
from mailbridge.ledger.leases import READING, Leases
from mailbridge.ledger.persons import recognise
from mailbridge.ledger.raws import Packed
from mailbridge.ledger.schema import OPEN, account, announced, delivery, interest, is_in, lease, mail, raw, transition
from mailbridge.sdk import Interest

TAKEN_BYTES = 32 * 1024 * 1024
"""Raw bytes that are taken out to be read at a time; a larger mail goes alone."""


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail of the ledger that waits to be read."""

    mail_id: str
    packed: Packed
    size: int
    received_at: datetime | None
    mailbox: str | None
    tries: int
    stored_at: datetime | None = None
    signatures: str | None = None

    @property
    def raw(self) -> bytes:
        """The raw bytes, unpacked anew each time."""
        return self.packed.raw


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One delivery that policy asks for; see `sdk.Delivery` for key and responsible."""

    key: str
    sink: str
    account_id: str
    lane: str | None
    responsible: str | None = None


Interests = tuple[tuple[Interest, tuple[Outgoing, ...]], ...]
"""Interests of a mail, each with the deliveries that policy asks for."""


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
    interests: Interests = ()
    facts: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery to add.

    Attributes:
        fresh: It goes before a backlog.
        doubtful: An earlier ledger may have written it: searched before it is created.
    """

    interest_id: str
    out: Outgoing
    fresh: bool
    doubtful: bool


class Reader:
    """Takes stored mails out and settles them."""

    def __init__(self, database: Database, leases: Leases) -> None:
        self._database = database
        self._leases = leases

    def take(self, limit: int, but: Sequence[str] = ()) -> list[StoredMail]:
        """Return mails that wait to be read: fresh ones first, oldest first; counts the try; raises LedgerFull.

        One node reads at a time: two could hand over the interests of one author in the wrong order. Nothing is
        returned while another one does.

        Args:
            limit: Most mails; fewer where they are large.
            but: Mails that were taken already.
        """
        self._database.require_space()
        with self._database.write() as connection:
            ids = _bounded(connection.execute(_UNREAD, {"but": but, "most": limit}).all())
            if not ids or self._leases.take(connection, lease, READING) is None:
                return []
            rows = {row["id"]: row for row in connection.execute(_RAW, {"ids": ids}).mappings()}
            connection.execute(_TRIED, {"ids": ids})
        return [stored_mail(rows[mail_id]) for mail_id in ids]

    def waiting(self) -> int:
        """Return how many mails wait to be read."""
        query = select(func.count()).select_from(mail).where(is_in(mail.c.state, "stored"))
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def take_again(self, trust_reason: str, within_s: float) -> int:
        """Let quarantined mails with this reason of trust, stored not longer ago, be read again; return how many."""
        old = "quarantined"
        waits = (
            mail.c.state == old,
            mail.c.trust_reason == trust_reason,
            mail.c.stored_at > now() - within_s,
            mail.c.erased_at.is_(None),
        )
        with self._database.write() as connection:
            ids = connection.scalars(select(mail.c.id).where(*waits)).all()
            if ids:
                values = {"state": "stored", "tries": 0, "reason": None, "detail": None}
                connection.execute(update(mail).where(mail.c.id.in_(ids)).values(**values))
                note_transitions(connection, [(one, old, "stored", trust_reason) for one in ids], "daemon")
        return len(ids)

    def settle(self, settlements: Sequence[Settlement], *, searches_first: bool) -> int:
        """Commit outcomes, interests and deliveries of many mails in one transaction.

        Args:
            settlements: One per mail; a mail that another node settled meanwhile is left as it is.
            searches_first: Deliveries of mails older than the ledger begin in doubt: an earlier ledger may have
                written them.

        Returns:
            How many deliveries are new.
        """
        if not settlements:
            return 0
        with self._database.write() as connection:
            origins = _origins(connection, settlements)
            found = [one for one in settlements if one.mail_id in origins]
            mine, buried = without_erased(connection, found)
            note_outcomes(connection, mine)
            steps = [(one.mail_id, "stored", one.outcome, one.reason) for one in mine]
            note_transitions(connection, steps, self._leases.node)
            add_interests(connection, mine)
            wanted = [
                NewDelivery(record.id, out, fresh=not origin.backlog, doubtful=searches_first and origin.before_ledger)
                for one in mine
                for origin in [origins[one.mail_id]]
                for record, outgoing in one.interests
                for out in outgoing
            ]
            new = add_deliveries(connection, wanted)
            erase_mails(connection, buried, "erased before", self._leases.node)
            if new:
                self._database.notify(connection, WORK)
            return len(new)


STORED = (
    mail.c.id, mail.c.size, mail.c.received_at, mail.c.mailbox, mail.c.tries, mail.c.stored_at, mail.c.signatures,
    raw.c.codec, raw.c.body,
)  # fmt: skip
"""What `stored_mail` asks of a row."""

# Statements of every chunk are built once: to build them costs several times what it costs the database to run them.
_OF_THESE = mail.c.id.in_(bindparam("ids", expanding=True))
_UNREAD = (
    select(mail.c.id, mail.c.size)
    .where(is_in(mail.c.state, "stored"), mail.c.id.not_in(bindparam("but", expanding=True)))
    .order_by(mail.c.backlog, mail.c.stored_at, mail.c.id)
    .limit(bindparam("most"))
)
_RAW = select(*STORED).join(raw, raw.c.mail_id == mail.c.id).where(_OF_THESE)
_TRIED = update(mail).where(_OF_THESE).values(tries=mail.c.tries + 1)
_ORIGINS = (
    select(mail.c.id, mail.c.backlog, mail.c.before_ledger)
    .where(_OF_THESE, is_in(mail.c.state, "stored"))
    .with_for_update()
)


def _bounded(mails: Sequence[Row[Any, Any]]) -> list[str]:
    """Return the ids of as many mails as fit into `TAKEN_BYTES`, at least of one."""
    sizes = list(accumulate(row.size for row in mails))
    fitting = sum(size <= TAKEN_BYTES for size in sizes)
    return [row.id for row in mails[: max(1, fitting)]]


def _origins(connection: Connection, settlements: Sequence[Settlement]) -> dict[str, Row[Any, Any, Any]]:
    """Return what decides about the deliveries of each mail that nobody has settled yet."""
    return {row.id: row for row in connection.execute(_ORIGINS, {"ids": [one.mail_id for one in settlements]})}


def without_erased(connection: Connection, settlements: Sequence[Settlement]) -> tuple[list[Settlement], list[str]]:
    """Leave out what was erased and came back by another way; return also which mails brought it."""
    contents = {one.mail_id: dict(one.facts).get("content_id") for one in settlements}
    buried = buried_contents(connection, [content for content in contents.values() if content])
    gone = erased_interests(connection, [record.id for one in settlements for record, _ in one.interests])
    kept: list[Settlement] = []
    bringers: list[str] = []
    for one in settlements:
        left = tuple(told for told in one.interests if told[0].id not in gone)
        if contents[one.mail_id] in buried or len(left) < len(one.interests):
            bringers.append(one.mail_id)
            left = () if contents[one.mail_id] in buried else left
        kept.append(one if len(left) == len(one.interests) else _lessened(one, left))
    return kept, bringers


def _lessened(one: Settlement, left: Interests) -> Settlement:
    if left:
        return replace(one, interests=left)
    return replace(one, outcome="ignored", reason="erased", detail="", interests=())


def note_outcomes(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Write how mails ended, those with the same columns by one statement."""
    rows: defaultdict[frozenset[str], list[dict[str, Any]]] = defaultdict(list)
    for one in settlements:
        values: dict[str, Any] = {
            "state": one.outcome,
            "reason": one.reason,
            "detail": one.detail or None,
            "parser": one.parser,
            "parser_version": one.parser_version,
            **dict(one.facts),
        }
        rows[frozenset(values)].append({"of_mail": one.mail_id, **values})
    for names, many in rows.items():
        connection.execute(_outcome_statement(names), many)


@lru_cache(maxsize=16)
def _outcome_statement(names: frozenset[str]) -> Update:
    values: dict[str, Any] = {name: bindparam(name) for name in sorted(names)}
    return update(mail).where(mail.c.id == bindparam("of_mail")).values(**values, settled_at=now())


def note_transitions(connection: Connection, steps: Iterable[tuple[str, str, str, str | None]], actor: str) -> None:
    """Append to the audit trail: mail, old state, new state, why."""
    rows = [
        {"mail_id": mail_id, "at": MOMENT, "old": old, "new": new, "why": why, "actor": actor}
        for mail_id, old, new, why in steps
    ]
    insert_new(connection, transition, rows)


def stored_mail(row: RowMapping) -> StoredMail:
    """Return a mail out of a row with its raw bytes."""
    received = row["received_at"]
    return StoredMail(
        mail_id=row["id"],
        packed=Packed(row["codec"], row["body"]),
        size=row["size"],
        received_at=None if received is None else datetime.fromtimestamp(received, UTC),
        mailbox=row["mailbox"],
        tries=row["tries"],
        stored_at=datetime.fromtimestamp(row["stored_at"], UTC),
        signatures=row["signatures"],
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
        "body": record.model_dump_json(by_alias=True),
    }


def add_interests(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Add the interests that do not exist yet, and note which mails told of each."""
    told = [
        (one.mail_id, position, record) for one in settlements for position, (record, _) in enumerate(one.interests)
    ]
    persons = recognise(connection, [record for _, _, record in told])
    rows = [
        {"id": record.id, "mail_id": mail_id, "position": position, "created_at": MOMENT, **interest_values(record)}
        | {"person_id": person_id}
        for (mail_id, position, record), person_id in zip(told, persons, strict=True)
    ]
    insert_new(connection, interest, rows)
    insert_new(connection, announced, [{"interest_id": record.id, "mail_id": mail_id} for mail_id, _, record in told])


def add_deliveries(connection: Connection, wanted: Sequence[NewDelivery]) -> list[str]:
    """Add the deliveries that do not exist yet; return their keys."""
    accounts = dict.fromkeys(one.out.account_id for one in wanted)
    insert_new(connection, account, [{"id": one} for one in accounts])
    persons = _persons_of(connection, wanted)
    rows = [_delivery_row(one) | {"person_id": persons.get(one.interest_id)} for one in wanted]
    new = inserted(connection, delivery, rows, delivery.c.key)
    lanes = dict.fromkeys((one.out.account_id, one.out.lane) for one in wanted if one.fresh and one.out.lane)
    if lanes:
        connection.execute(_LET_PASS, [{"of_account": account_id, "of_lane": lane} for account_id, lane in lanes])
    return new


def _persons_of(connection: Connection, wanted: Sequence[NewDelivery]) -> dict[str, int | None]:
    ids = list({one.interest_id for one in wanted})
    return {row.id: row.person_id for row in connection.execute(_PERSONS, {"ids": ids})} if ids else {}


_PERSONS = select(interest.c.id, interest.c.person_id).where(interest.c.id.in_(bindparam("ids", expanding=True)))


_LET_PASS = (
    update(delivery)
    .where(
        delivery.c.account_id == bindparam("of_account"),
        delivery.c.lane == bindparam("of_lane"),
        is_in(delivery.c.state, *OPEN),
        delivery.c.fresh == false(),
    )
    .values(fresh=true())
)
"""What keeps a fresh interest waiting in its lane goes before the backlog like it: the order per author stays."""


def _delivery_row(wanted: NewDelivery) -> dict[str, Any]:
    out = wanted.out
    return {
        "key": out.key,
        "interest_id": wanted.interest_id,
        "sink": out.sink,
        "account_id": out.account_id,
        "lane": out.lane,
        "fresh": wanted.fresh,
        "state": "doubt" if wanted.doubtful else "ready",
        "reason": "older than this ledger: searched before it is created" if wanted.doubtful else None,
        "due": MOMENT,
        "responsible": out.responsible,
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }
