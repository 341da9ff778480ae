"""What a ledger holds in numbers, for `mailbridge doctor`: no mail, no name, no word of anybody."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, inspect, select, text

from mailbridge.ledger.damage import require_sound
from mailbridge.ledger.engine import Database, LedgerDamaged
from mailbridge.ledger.schema import attempt, delivery, mail, metadata, transition

LAST_ERRORS = 50
SOUND_S = 30.0

_GIST = re.compile(r"[^:\"'`«»“”(){}\[\]<>=]*")
_LONGEST_GIST = 100


def figures(database: Database) -> dict[str, Any]:
    """Return counts by table, state and reason, and the gist of the last errors."""
    with database.read() as connection:
        tables = {
            table.name: connection.scalar(select(func.count()).select_from(table)) for table in metadata.sorted_tables
        }
        mails = connection.execute(select(mail.c.state, mail.c.reason, func.count()).group_by("state", "reason")).all()
        states = (
            select(delivery.c.sink, delivery.c.state, func.count()).group_by("sink", "state").order_by("sink", "state")
        )
        deliveries = connection.execute(states).all()
        ends = select(attempt.c.kind, attempt.c.outcome, func.count()).group_by("kind", "outcome")
        attempts = connection.execute(ends).all()
        moves = connection.execute(
            select(transition.c.old, transition.c.new, func.count()).group_by("old", "new")
        ).all()
        details = connection.execute(
            select(attempt.c.ended_at, attempt.c.kind, attempt.c.outcome, attempt.c.detail)
            .where(attempt.c.detail.is_not(None))
            .order_by(attempt.c.id.desc())
            .limit(LAST_ERRORS)
        ).all()
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return {
        "revision": revision,
        "rows": tables,
        "mails": [list(row) for row in mails],
        "deliveries": [list(row) for row in deliveries],
        "attempts": [list(row) for row in attempts],
        "transitions": [list(row) for row in moves],
        "last_errors": [[row.ended_at, row.kind, row.outcome, gist(row.detail)] for row in details],
    }


def gist(error: str) -> str:
    """Return how an error begins, up to where it may quote somebody: a CRM likes to repeat what it refuses."""
    found = _GIST.match(" ".join(error.split()))
    return (found[0] if found else "")[:_LONGEST_GIST].strip()


def schema_of(database: Database) -> Sequence[str]:
    """Return the tables with their columns and types, as they are in the database."""
    found = inspect(database.engine)
    columns = {name: found.get_columns(name) for name in sorted(found.get_table_names())}
    lines = {name: ", ".join(f"{one['name']} {one['type']}" for one in many) for name, many in columns.items()}
    return [f"{name}({line})" for name, line in lines.items()]


def is_sound(database: Database) -> str | None:
    """Return what is damaged, None when the pages hang together."""
    try:
        require_sound(database, seconds=SOUND_S)
    except LedgerDamaged as error:
        return str(error)
    return None
