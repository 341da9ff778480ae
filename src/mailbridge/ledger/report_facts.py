"""One row for each interest that a report counts, in temporary tables: the ledger itself is read once."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Double,
    FromClause,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    case,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from mailbridge.ledger.engine import Database
from mailbridge.ledger.schema import delivery, interest, remote

Dimension = Literal["channel", "network", "source", "kind", "product", "responsible"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)

QUARTER_S = 900
"""Moments are counted in quarters of an hour: no timezone is off by less, so hours and days can be made of them."""

CHUNK = 20_000
"""Interests that are copied at a time: a ledger in a file can't be written meanwhile."""

LATE_STORED_S = 86_400.0
"""What was read so long after it happened is history; nobody could answer before it was read."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked; moments are unix seconds, the first belongs to the period and the last does not.

    Attributes:
        before_since: Where the period begins that this one is compared with.
        before_until: Where that ends, not after `since`.
        answer_s: `[watch] answer_s`.
        top: So many values of a dimension are told apart; the others are one row.
        names: Whether repeat authors are named.
    """

    since: float
    until: float
    before_since: float
    before_until: float
    answer_s: float | None = None
    top: int = 20
    names: bool = False


class told(FunctionElement[str]):  # noqa: N801 - reads as SQL
    """A text of the interest's JSON, NULL where it has none."""

    inherit_cache = False  # the path is no part of the clauses
    type = Text()

    def __init__(self, *path: str) -> None:
        self.path = path
        super().__init__(interest.c.body)


@compiles(told, "sqlite")
def _told_sqlite(element: told, compiler: Any, **more: Any) -> str:
    return f"json_extract({compiler.process(element.clauses, **more)}, '$.{'.'.join(element.path)}')"


@compiles(told, "postgresql")
def _told_postgresql(element: told, compiler: Any, **more: Any) -> str:
    return f"(CAST({compiler.process(element.clauses, **more)} AS json) #>> '{{{','.join(element.path)}}}')"


scratch = MetaData()
_TEMPORARY: dict[str, Any] = {"prefixes": ["TEMPORARY"]}


def _own_columns() -> Iterator[Column[Any]]:
    """Yield what an interest itself tells."""
    yield Column("before", Integer, nullable=False, comment="1 = of the period that this one is compared with")
    yield from (Column(name, Text, nullable=False) for name in DIMENSIONS)
    yield Column("quarter", BigInteger, nullable=False)
    yield Column("exact", Integer, nullable=False, comment="0 = only the day is known")
    yield Column("happened_at", Double, nullable=False)
    yield Column("author", Text)
    yield Column("person_id", BigInteger)


picked = Table(
    "report_picked",
    scratch,
    Column("number", Integer, primary_key=True, comment="SQLite groups by it without sorting"),
    Column("id", Text, nullable=False),
    Column("begun_at", Double, nullable=False, comment="from when on somebody waits"),
    *(column for column in _own_columns() if column.name != "responsible"),
    **_TEMPORARY,
)
"""The interests of both periods: read once, for what is computed of JSON must not be computed twice."""

fact = Table(
    "report_fact",
    scratch,
    *_own_columns(),
    Column("standing", Text, nullable=False, comment="answered, waiting, overdue, unknown"),
    Column("late", Integer, nullable=False),
    Column("wait_s", Double),
    **_TEMPORARY,
)
"""With what became of them."""


def make_facts(database: Database, connection: Connection, asked: Asked, moment: float) -> None:
    """Fill `fact` out of the ledger, as it is at a moment of its clock; on SQLite a reader would hold up who writes."""
    if not database.is_sqlite:
        for table in scratch.sorted_tables:
            table.dialect_options["postgresql"]["on_commit"] = "DROP"
        scratch.create_all(connection, checkfirst=False)
        _copy(connection, picked, _picked(asked))
        connection.exec_driver_sql(f"ANALYZE {picked.name}")
        _copy(connection, fact, _facts(asked, moment))
        return
    scratch.drop_all(connection)  # there they last as long as the connection
    scratch.create_all(connection, checkfirst=False)
    for within in _chunks(connection, asked):
        _copy(connection, picked, _picked(asked).where(within))
        _copy(connection, fact, _facts(asked, moment))
        connection.execute(picked.delete())
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN")


def _chunks(connection: Connection, asked: Asked) -> Iterator[ColumnElement[bool]]:
    """Yield bounds that each hold so many interests as are copied at a time, those of the same moment together."""
    stored, begin = interest.c.created_at, math.nextafter(_stored_since(asked), -math.inf)
    while True:
        following = select(stored).where(stored > begin).order_by(stored)
        end = connection.scalar(following.offset(CHUNK - 1).limit(1))
        yield stored > begin if end is None else and_(stored > begin, stored <= end)
        if end is None:
            return
        begin = end


def _stored_since(asked: Asked) -> float:
    """Return when the first of them was stored at the earliest: nothing is stored before it happened."""
    return min(asked.before_since, asked.since)


def _copy(connection: Connection, table: Table, rows: Select[Any]) -> None:
    names = [column.name for column in table.c if not column.primary_key]
    connection.execute(table.insert().from_select(names, rows))


def _facts(asked: Asked, moment: float) -> Select[Any]:
    """Return a row for each interest, in the order of the columns of `fact`."""
    one = _with_answers().subquery("one")
    bound = literal(asked.answer_s, Double) if asked.answer_s else None
    standing = case(
        (or_(one.c.answered_at.is_not(None), one.c.processed == 1), "answered"),
        (one.c.waits_since.is_(None), "unknown"),
        *([] if bound is None else [(one.c.waits_since <= moment - bound, "overdue")]),
        else_="waiting",
    )
    first, state = delivery.alias("first"), remote.alias("state")
    told_of = {
        "responsible": func.coalesce(_responsible(first, state), ""),
        "standing": standing,
        "late": literal(0) if bound is None else case((one.c.answered_at - one.c.sent_at > bound, 1), else_=0),
        "wait_s": case((one.c.answered_at < one.c.begun_at, 0.0), else_=one.c.answered_at - one.c.begun_at),
    }
    joined = one.outerjoin(first, first.c.id == one.c.first_id).outerjoin(state, state.c.delivery_id == first.c.id)
    columns = [told_of[column.name] if column.name in told_of else one.c[column.name] for column in fact.c]
    return select(*columns).select_from(joined)


def _with_answers() -> Select[Any]:
    """Return the picked interests with what all their objects in the CRMs tell together."""
    open_ = and_(remote.c.first_answer_at.is_(None), ~remote.c.processed, remote.c.found)
    together = {
        "answered_at": func.min(remote.c.first_answer_at),
        "processed": func.max(case((remote.c.processed, 1), else_=0)),
        "waits_since": func.min(case((open_, delivery.c.created_at))),
        "sent_at": func.min(delivery.c.created_at),
        "first_id": func.min(case((_responsible(delivery, remote).is_not(None), delivery.c.id))),
    }
    sent = picked.outerjoin(delivery, delivery.c.interest_id == picked.c.id)
    joined = sent.outerjoin(remote, remote.c.delivery_id == delivery.c.id)
    columns = (column.label(name) for name, column in together.items())
    return select(*picked.c, *columns).select_from(joined).group_by(picked.c.number)


def _responsible(sent: FromClause, state: FromClause) -> ColumnElement[str]:
    """Return whose an object is: as its CRM tells, where it was not read back as it was assigned."""
    return case((state.c.delivery_id.is_(None), sent.c.responsible), else_=state.c.responsible)


def _picked(asked: Asked) -> Select[Any]:
    """Return what an interest itself tells. Nothing happened after it was stored: of wrong dates that one counts."""
    created_at = interest.c.created_at
    happened_at = case((interest.c.occurred_at > created_at, created_at), else_=interest.c.occurred_at)
    only_day = told("occurred_at_precision") == "day"
    begun_at = case((or_(only_day, created_at - happened_at > LATE_STORED_S), created_at), else_=happened_at)
    # Where people write themselves the title is their subject; elsewhere it is the name of a place.
    has_place = interest.c.channel.not_in(("email", "chat"))
    columns = {
        "id": interest.c.id,
        "begun_at": begun_at,
        "before": case((happened_at < asked.since, 1), else_=0),
        "channel": interest.c.channel,
        "network": interest.c.network,
        "source": func.coalesce(case((has_place, told("source", "title"))), ""),
        "kind": interest.c.kind,
        "product": func.coalesce(told("product", "name"), told("product", "url"), ""),
        "quarter": func.floor(happened_at / QUARTER_S),
        "exact": case((only_day, 0), else_=1),
        "happened_at": happened_at,
        "author": interest.c.author if asked.names else literal(None, Text),
        "person_id": interest.c.person_id,
    }
    within = or_(
        and_(happened_at >= asked.since, happened_at < asked.until),
        and_(happened_at >= asked.before_since, happened_at < asked.before_until),
    )
    stored = created_at >= _stored_since(asked)  # the index serves this bound
    return select(*(column.label(name) for name, column in columns.items())).where(stored, within)
