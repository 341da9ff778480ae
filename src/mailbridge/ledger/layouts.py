"""Which layouts of mails are known, and how their fields are filled."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select, update

from mailbridge.ledger.acts import ACTOR
from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.insert import insert
from mailbridge.ledger.listing import NotThere
from mailbridge.ledger.schema import layout, transition
from mailbridge.ports import Layout


class Layouts:
    """Read and written by the one node that reads mails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, sources: Iterable[str]) -> list[Layout]:
        """Return the layouts of some sources, oldest first."""
        query = select(layout).where(layout.c.source.in_(sorted(set(sources)))).order_by(layout.c.first_at, layout.c.id)
        with self._database.read() as connection:
            return [_layout(row) for row in connection.execute(query)]

    def all(self) -> list[dict[str, Any]]:
        """Return every layout as operators see it, newest first."""
        query = select(layout).order_by(layout.c.first_at.desc(), layout.c.id)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [
            {
                "id": row.id,
                "source": row.source,
                "state": row.state,
                "mails": row.mails,
                "first_at": row.first_at,
                "last_at": row.last_at,
                "first_mail": row.first_mail,
                "missing": json.loads(row.missing),
                "fill_rates": _rates(json.loads(row.fills)),
            }
            for row in rows
        ]

    def save(self, layouts: Sequence[Layout], first_mails: dict[str, str]) -> None:
        """Write what was counted.

        Args:
            layouts: Those that changed.
            first_mails: Id of a new layout → the mail that had it first.
        """
        with self._database.write() as connection:
            for one in layouts:
                values: dict[str, Any] = {
                    "mails": one.mails,
                    "fills": json.dumps(one.fills),
                    "labels": json.dumps(one.labels),
                    "state": one.state,
                    "last_at": now(),
                }
                if one.id in first_mails:
                    row = {"id": one.id, "source": one.source, "signs": json.dumps(one.signs), "first_at": now()}
                    row |= {"first_mail": first_mails[one.id], "missing": json.dumps(one.missing), **values}
                    connection.execute(insert(connection, layout).values(**row).on_conflict_do_nothing())
                else:
                    # What a person accepted meanwhile stays accepted.
                    kept = (layout.c.id == one.id, layout.c.state != "accepted")
                    connection.execute(update(layout).where(*kept).values(**values))
                    counted = (layout.c.id == one.id, layout.c.state == "accepted")
                    counts = {name: values[name] for name in ("mails", "fills", "labels")}
                    connection.execute(update(layout).where(*counted).values(**counts))

    def accept(self, layout_id: str) -> str:
        """Let mails of a layout pass from now on; return its whole id.

        Raises:
            NotThere: No layout, or more than one, has an id that begins so.
        """
        with self._database.write() as connection:
            query = select(layout.c.id).where(layout.c.id.startswith(layout_id, autoescape=True)).limit(2)
            found = connection.scalars(query).all()
            if len(found) != 1:
                words = "several" if found else "no"
                raise NotThere(f"{words} layouts begin with {layout_id!r}; list them with: mailbridge layouts")
            connection.execute(update(layout).where(layout.c.id == found[0]).values(state="accepted"))
            row = {"old": "held", "new": "accepted", "why": f"layout {found[0]} accepted by hand", "actor": ACTOR}
            connection.execute(transition.insert().values(**row, at=now()))
            return str(found[0])


def _layout(row: Any) -> Layout:
    fills = {kind: Counter(counts) for kind, counts in json.loads(row.fills).items()}
    missing = tuple(json.loads(row.missing))
    labels = Counter(json.loads(row.labels or "{}"))
    return Layout(row.id, row.source, tuple(json.loads(row.signs)), row.state, row.mails, fills, missing, labels)


def _rates(fills: dict[str, dict[str, int]]) -> dict[str, dict[str, float]]:
    return {
        kind: {name: round(count / counts[""], 3) for name, count in sorted(counts.items()) if name}
        for kind, counts in fills.items()
    }
