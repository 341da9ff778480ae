"""Objects in a CRM that may be second ones; listed until an audit or a person has found them harmless."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, ScalarSelect, case, func, select, update

from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.schema import delivery, step, suspect


@dataclass(frozen=True, slots=True)
class Suspect:
    """One of them that nobody has judged.

    Attributes:
        row_id: Row in the ledger.
        key: Key of its delivery.
        step: What it was written as.
        remote_id: Its id in the CRM.
        same: It is the object that the ledger knows: it was found by a search before its answer came back.
        main: It was written as the main object, of which a sink can tell how many carry the key.
        settled: It has been there for long enough that a search sees it.
    """

    row_id: int
    key: str
    step: str
    remote_id: str
    same: bool
    main: bool
    settled: bool


class Suspects:
    """Questions about them, and their end."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, sink: str, settle_s: float) -> list[Suspect]:
        """Return what nobody has judged of a sink, oldest first, however old.

        Args:
            sink: NAME of the sink.
            settle_s: How long the search of the CRM may not see a new object.
        """
        known = case((suspect.c.step == "delivery", delivery.c.remote_id), else_=step.c.remote_id)
        main = (suspect.c.step == "delivery") | (step.c.remote_id == delivery.c.remote_id)
        query = (
            select(
                suspect.c.id, delivery.c.key, suspect.c.step, suspect.c.remote_id,
                (func.coalesce(known, "") == suspect.c.remote_id).label("same"),
                func.coalesce(main, False).label("main"),
                (suspect.c.seen_at <= now() - settle_s).label("settled"),
            )
            .join(delivery, delivery.c.id == suspect.c.delivery_id)
            .outerjoin(step, (step.c.delivery_id == suspect.c.delivery_id) & (step.c.name == suspect.c.step))
            .where(delivery.c.sink == sink, suspect.c.resolved_at.is_(None))
            .order_by(suspect.c.id)
        )  # fmt: skip
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [
            Suspect(row.id, row.key, row.step, row.remote_id, bool(row.same), bool(row.main), bool(row.settled))
            for row in rows
        ]

    def clear(self, found: Sequence[Suspect], verdict: str) -> None:
        """Note that these are no second objects, and why."""
        if found:
            with self._database.write() as connection:
                _end(connection, suspect.c.id.in_([one.row_id for one in found]), verdict)


def add_suspect(connection: Connection, row_id: int, name: str, remote_id: str, node: str) -> None:
    """Note a result that came back after its lease, or a second object that a search found."""
    row: dict[str, Any] = {"delivery_id": row_id, "step": name, "remote_id": remote_id, "node": node, "seen_at": now()}
    connection.execute(suspect.insert().values(**row))


def add_copies(connection: Connection, row_id: int, steps: Mapping[str, str], copies: Sequence[str], node: str) -> None:
    """Note the objects that carry the key of a delivery beside the one that it is known by.

    Args:
        connection: The transaction.
        row_id: Row of the delivery.
        steps: Step → id of what the search took.
        copies: Ids of all objects that carry the key.
        node: Who found them.
    """
    main = next((name for name, remote_id in steps.items() if remote_id in copies), "delivery")
    known = select(suspect.c.remote_id).where(suspect.c.delivery_id == row_id, suspect.c.resolved_at.is_(None))
    told = {steps.get(main), *connection.scalars(known)}
    for remote_id in copies:
        if remote_id not in told:
            add_suspect(connection, row_id, main, remote_id, node)


def open_suspects() -> ScalarSelect[int]:
    """Return how many suspects of a delivery nobody has judged, for a query of deliveries."""
    mine = (suspect.c.delivery_id == delivery.c.id, suspect.c.resolved_at.is_(None))
    return select(func.count()).select_from(suspect).where(*mine).correlate(delivery).scalar_subquery()


def judged(connection: Connection, row_id: int, verdict: str) -> int:
    """Note that a person has looked at all suspects of a delivery; return how many there were."""
    return _end(connection, suspect.c.delivery_id == row_id, verdict)


def _end(connection: Connection, which: Any, verdict: str) -> int:
    ended = update(suspect).where(which, suspect.c.resolved_at.is_(None))
    return connection.execute(ended.values(resolved_at=now(), verdict=verdict)).rowcount
