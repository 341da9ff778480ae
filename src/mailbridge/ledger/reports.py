"""What a period brought, counted by the database: one row for each interest in a temporary table, then sums of it.

The ledger itself is only read, once; what is returned is bounded whatever the number of interests.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, Connection, Text, and_, case, func, literal, select

from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.report_facts import DIMENSIONS, Asked, Dimension, fact, make_facts, scratch

MOST_AUTHORS = 50
"""Repeat authors that are named."""

Moment = tuple[int, bool, bool]
"""Quarter of an hour since 1970, whether it belongs to the period before, whether the hour is known."""


@dataclass(frozen=True, slots=True)
class Group:
    """Interests that have something in common.

    Attributes:
        name: What they have in common; "" = it has no name, None = all the others, or all there are.
        before: How many there were in the period before; all other numbers are of the period itself.
        answered: A person did something with them in the CRM.
        waiting: Nobody did, and there still is time.
        overdue: Nobody did in time.
        unknown: No CRM tells.
        late: Those of `answered` that were not answered in time.
        p50_s: Time to the first answer: half of them took no longer; None = nothing is known.
        p95_s: Of twenty, nineteen took no longer.
    """

    name: str | None
    interests: int
    before: int
    answered: int
    waiting: int
    overdue: int
    unknown: int
    late: int
    p50_s: float | None = None
    p95_s: float | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """One author with several interests."""

    name: str
    interests: int
    networks: int
    last_at: float


@dataclass(frozen=True, slots=True)
class People:
    """Authors who are recognised: by address, phone or profile.

    Attributes:
        known: How many there are.
        repeat: Those of them with several interests in the period.
        interests: How many interests those have together.
        authors: The busiest of them, when names are asked for.
    """

    known: int
    repeat: int
    interests: int
    authors: tuple[Returned, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted.

    Attributes:
        counted_at: By the clock of the ledger.
        moments: When it happened → how many interests.
        others: Dimension → how many values stand in the row of all the others.
    """

    counted_at: float
    total: Group
    groups: dict[Dimension, list[Group]]
    others: dict[Dimension, int]
    moments: dict[Moment, int]
    people: People


class Reports:
    """Counts; changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, asked: Asked) -> Figures:
        """Return the figures of a period.

        Raises:
            LedgerUnavailable: It can't be read now.
        """
        with self._facts(asked) as (connection, moment):
            groups, others = {}, {}
            for dimension in DIMENSIONS:
                groups[dimension], others[dimension] = _groups(connection, fact.c[dimension], asked.top)
            return Figures(
                counted_at=moment,
                total=_counted(connection, None)[0],
                groups=groups,
                others=others,
                moments=_moments(connection),
                people=_people(connection, asked),
            )

    @contextmanager
    def _facts(self, asked: Asked) -> Iterator[tuple[Connection, float]]:
        """Copy what is counted into a temporary table; the ledger is free again while it is counted."""
        with self._database.read() as connection:
            moment = float(connection.scalar(select(now())) or 0.0)
            make_facts(self._database, connection, asked, moment)
            yield connection, moment
            if self._database.is_sqlite:
                scratch.drop_all(connection)


def _groups(connection: Connection, column: Column[str], top: int) -> tuple[list[Group], int]:
    """Return the largest groups of a dimension and one of all the others; how many values those have."""
    size = func.sum(1 - fact.c.before)
    ranked = select(column).group_by(column).order_by(size.desc(), func.count().desc(), column)
    names = list(connection.scalars(ranked.limit(top)))
    distinct = int(connection.scalar(select(func.count(column.distinct()))) or 0)
    found = _counted(connection, case((column.in_(names), column)))
    return sorted(found, key=_rank), distinct - len(names)


def _rank(group: Group) -> tuple[bool, int, int, str]:
    return group.name is None, -group.interests, -group.before, group.name or ""


def _counted(connection: Connection, label: ColumnElement[str] | None) -> list[Group]:
    """Return the groups that a label makes; without one a single group of all."""

    def number(*where: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((and_(fact.c.before == 0, *where), 1), else_=0)), 0)

    standings = [number(fact.c.standing == word) for word in ("answered", "waiting", "overdue", "unknown")]
    named = literal(None, Text) if label is None else label
    columns = (number(), func.coalesce(func.sum(fact.c.before), 0), *standings, number(fact.c.late == 1))
    query = select(named, *columns).select_from(fact)
    rows = connection.execute(query if label is None else query.group_by(named)).all()
    waits = _percentiles(connection, named)
    return [Group(name, *map(int, numbers), *waits.get(name, (None, None))) for name, *numbers in rows]


def _percentiles(connection: Connection, label: ColumnElement[str]) -> dict[str | None, tuple[float, float]]:
    """Return label → median and 95th percentile of the times to the first answer, by nearest rank."""
    named = label.label("label")
    rank = func.row_number().over(partition_by=named.element, order_by=fact.c.wait_s).label("rank")
    count = func.count().over(partition_by=named.element).label("count")
    ranked = select(named, fact.c.wait_s, rank, count).where(fact.c.before == 0, fact.c.wait_s.is_not(None)).subquery()

    def at(percent: int) -> ColumnElement[float]:
        return func.min(case((ranked.c.rank * 100 >= ranked.c.count * percent, ranked.c.wait_s)))

    query = select(ranked.c.label, at(50), at(95)).group_by(ranked.c.label)
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def _moments(connection: Connection) -> dict[Moment, int]:
    columns = (fact.c.quarter, fact.c.before, fact.c.exact)
    rows = connection.execute(select(*columns, func.count()).group_by(*columns))
    return {(int(quarter), bool(before), bool(exact)): count for quarter, before, exact, count in rows}


def _people(connection: Connection, asked: Asked) -> People:
    mine = (fact.c.before == 0, fact.c.person_id.is_not(None))
    own = select(fact.c.person_id, func.count().label("count")).where(*mine).group_by(fact.c.person_id).subquery()

    def several(value: ColumnElement[int] | int) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((own.c.count > 1, value), else_=0)), 0)

    numbers = connection.execute(select(func.count(), several(1), several(own.c.count)).select_from(own)).one()
    known, repeat, interests = map(int, numbers)
    return People(known, repeat, interests, tuple(_authors(connection, mine)) if asked.names else ())


def _authors(connection: Connection, mine: Sequence[ColumnElement[bool]]) -> Iterator[Returned]:
    count, last = func.count(), func.max(fact.c.happened_at)
    query = (
        select(func.max(fact.c.author), count, func.count(fact.c.network.distinct()), last)
        .where(*mine)
        .group_by(fact.c.person_id)
        .having(count > 1)
        .order_by(count.desc(), last.desc(), fact.c.person_id)
        .limit(MOST_AUTHORS)
    )
    for name, interests, networks, last_at in connection.execute(query):
        yield Returned(name or "", int(interests), int(networks), last_at)
