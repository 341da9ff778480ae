"""One person over several networks: recognised by e-mail address, phone number or profile."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, select, true, update

from mailbridge.ledger.engine import now
from mailbridge.ledger.insert import insert_new, inserted
from mailbridge.ledger.schema import delivery, interest, is_in, person, person_key, remote, step
from mailbridge.sdk import Interest, Known

RECENT = 100
"""Deliveries of a person among which one is looked for whose object is still open."""


def keys_of(record: Interest) -> list[str]:
    """Return what the author of an interest can be recognised by.

    The page of an author is a profile only where the network gave it: what people type into the "website" of a form
    may be anybody's.
    """
    return list(dict.fromkeys(_keys(record)))


def _keys(record: Interest) -> Iterator[str]:
    author = record.author
    if author.email:
        yield f"email:{author.email.casefold()}"
    yield from (f"phone:{phone}" for phone in author.phones if phone.startswith("+"))
    if author.url and record.source.channel == "social":
        yield f"url:{author.url}"


def recognise(connection: Connection, records: Sequence[Interest]) -> list[int | None]:
    """Return the person of each interest, a new one where nobody has one of its keys; who turn out one are joined."""
    keys = [keys_of(record) for record in records]
    known = _known_keys(connection, {key for some in keys for key in some})
    groups = _groups(keys, known)
    new = iter(_new_persons(connection, sum(1 for group in groups if not group.persons)))
    person_of: dict[str, int] = {}
    for group in groups:
        person_id, *others = sorted(group.persons) or [next(new)]
        _join(connection, person_id, others)
        person_of |= dict.fromkeys(group.keys, person_id)
    rows = [{"key": key, "person_id": person_id} for key, person_id in person_of.items() if key not in known]
    insert_new(connection, person_key, rows)
    return [person_of[some[0]] if some else None for some in keys]


@dataclass(slots=True)
class _Group:
    """Keys of one person, and the persons that have one of them already."""

    keys: set[str]
    persons: set[int]


def _groups(keys: Sequence[Sequence[str]], known: Mapping[str, int]) -> list[_Group]:
    """Join what has a key or a person in common."""
    group_of: dict[str | int, _Group] = {}
    for some in filter(None, keys):
        found = _Group(set(some), {known[key] for key in some if key in known})
        tokens: list[str | int] = [*found.keys, *found.persons]
        met = {id(group_of[token]): group_of[token] for token in tokens if token in group_of}
        for one in met.values():
            found.keys |= one.keys
            found.persons |= one.persons
        group_of |= dict.fromkeys([*found.keys, *found.persons], found)
    return list({id(one): one for one in group_of.values()}.values())


# Statements of every chunk and claim are built once: that costs several times what it costs the database to run them.
_KNOWN_KEYS = select(person_key.c.key, person_key.c.person_id).where(
    person_key.c.key.in_(bindparam("keys", expanding=True))
)


def _known_keys(connection: Connection, keys: set[str]) -> dict[str, int]:
    if not keys:
        return {}
    return {row.key: row.person_id for row in connection.execute(_KNOWN_KEYS, {"keys": sorted(keys)})}


def _new_persons(connection: Connection, count: int) -> list[int]:
    return inserted(connection, person, [{"created_at": now()}] * count, person.c.id)


def _join(connection: Connection, person_id: int, others: Sequence[int]) -> None:
    if others:
        theirs = select(interest.c.id).where(interest.c.person_id.in_(others))
        of_theirs = delivery.c.interest_id.in_(theirs)
        connection.execute(update(delivery).where(of_theirs).values(person_id=person_id))
        for table in (interest, person_key):
            connection.execute(update(table).where(table.c.person_id.in_(others)).values(person_id=person_id))
        connection.execute(delete(person).where(person.c.id.in_(others)))


def known_people(connection: Connection, account_id: str, person_ids: Sequence[int]) -> dict[int, Known]:
    """Return person → what earlier deliveries to an account tell of them."""
    people: dict[int, Known] = {}
    if not person_ids:
        return people
    for row in _last(connection, account_id, person_ids, still_open=False):
        people[row.person_id] = Known(row.contact_id or row.contact_step, None, row.responsible_id or row.responsible)
    for row in _last(connection, account_id, person_ids, still_open=True):
        before = people[row.person_id]
        people[row.person_id] = Known(before.contact_id, row.remote_id, row.responsible_id or row.responsible)
    return people


def _newest() -> Select[tuple[int]]:
    """Return the deliveries of the outer query's person to an account, the newest first, out of one index."""
    return (
        select(delivery.c.id)
        .where(delivery.c.account_id == bindparam("account"), delivery.c.person_id == person.c.id)
        .where(is_in(delivery.c.state, "delivered"))
        .order_by(delivery.c.id.desc())
        .correlate(person)
    )


def _last(connection: Connection, account_id: str, person_ids: Sequence[int], *, still_open: bool):  # type: ignore[no-untyped-def]  # noqa: ANN202 - rows
    """Return each person's last delivery, or the last whose object may still be open."""
    given = {"account": account_id, "persons": person_ids}
    ids = [found for found in connection.scalars(_last_ids(still_open), given) if found is not None]
    return connection.execute(_TOLD, {"ids": ids}).all() if ids else []


@cache
def _last_ids(still_open: bool) -> Select[Any]:  # noqa: FBT001 - positional for the cache
    newest = _newest()
    last = newest.limit(1)
    if still_open:
        recent = newest.limit(RECENT).subquery()
        may_be_open = func.coalesce(remote.c.open, true()) & func.coalesce(remote.c.found, true())
        joined = select(func.max(recent.c.id)).outerjoin(remote, remote.c.delivery_id == recent.c.id)
        last = joined.where(may_be_open)
    # One look per person; grouping may become a join over everything that was delivered.
    last_id = last.correlate(person).scalar_subquery()
    return select(last_id).where(person.c.id.in_(bindparam("persons", expanding=True)))


_CONTACT = (step.c.delivery_id == delivery.c.id) & (step.c.name == "contact") & (step.c.state == "done")
_TOLD = (
    select(
        interest.c.person_id, delivery.c.remote_id, delivery.c.contact_id, delivery.c.responsible,
        remote.c.responsible_id, step.c.remote_id.label("contact_step"),
    )
    .join(interest, interest.c.id == delivery.c.interest_id)
    .outerjoin(remote, remote.c.delivery_id == delivery.c.id)
    .outerjoin(step, _CONTACT)
    .where(delivery.c.id.in_(bindparam("ids", expanding=True)))
)  # fmt: skip
