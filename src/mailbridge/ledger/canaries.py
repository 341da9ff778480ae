"""Canary mails: when each was sent, and when it was read."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.schema_alerts import canary
from mailbridge.observe.health import CanaryVitals

KEPT_S = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class LastSent:
    """The canary mail that was sent last: how long ago, and whether it was read since."""

    ago_s: float
    read: bool


class Canaries:
    """Written by the node that sends, and by the one that reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last(self) -> LastSent | None:
        """Return the one that was sent last, None when none was."""
        ago = (now() - canary.c.sent_at).label("ago")
        query = select(ago, canary.c.read_at).order_by(canary.c.sent_at.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else LastSent(float(row.ago), row.read_at is not None)

    def begin(self, number: str) -> None:
        """Note that one is about to be sent; forget those of long ago."""
        with self._database.write() as connection:
            connection.execute(canary.delete().where(canary.c.sent_at < now() - KEPT_S))
            connection.execute(canary.insert().values(id=number, sent_at=now()))

    def failed(self, number: str, why: str) -> None:
        """Note that it could not be sent."""
        with self._database.write() as connection:
            connection.execute(update(canary).where(canary.c.id == number).values(failure=why))

    def read(self, number: str) -> float | None:
        """Note that one was read; return its seconds on the way when this is the first time, None else."""
        new = (canary.c.id == number, canary.c.read_at.is_(None))
        with self._database.write() as connection:
            done = update(canary).where(*new).values(read_at=now()).returning(canary.c.read_at - canary.c.sent_at)
            seconds = connection.scalar(done)
        return None if seconds is None else max(0.0, float(seconds))

    def knows(self, number: str) -> bool:
        """Return whether one was sent from this ledger."""
        with self._database.read() as connection:
            return connection.scalar(select(canary.c.id).where(canary.c.id == number)) is not None

    def way_of(self, number: str) -> float | None:
        """Return the seconds that one was on its way, None while it was not read."""
        way = canary.c.read_at - canary.c.sent_at
        with self._database.read() as connection:
            seconds = connection.scalar(select(way).where(canary.c.id == number))
        return None if seconds is None else max(0.0, float(seconds))


def canary_vitals(connection: Connection, moment: float) -> CanaryVitals:
    """Return how canary mails fare: those count that were sent after the youngest one that was read."""
    came = connection.execute(
        select(canary.c.sent_at, canary.c.read_at)
        .where(canary.c.read_at.is_not(None))
        .order_by(canary.c.sent_at.desc())
        .limit(1)
    ).first()
    missing = canary.c.sent_at > (came.sent_at if came else 0.0)
    oldest = connection.scalar(select(func.min(canary.c.sent_at)).where(missing))
    newest = select(canary.c.failure).where(missing).order_by(canary.c.sent_at.desc()).limit(1)
    return CanaryVitals(
        missing_s=0.0 if oldest is None else moment - oldest,
        way_s=None if came is None else max(0.0, came.read_at - came.sent_at),
        read_s=None if came is None else moment - came.read_at,
        failure=connection.scalar(newest),
    )
