"""What the ledger holds, read past the program."""

from dataclasses import dataclass

TABLES = {
    "deliveries": ("delivery", ("id",)),
    "steps": ("step", ("delivery_id", "name")),
    "mails": ("mail", ("id",)),
    "cursors": ("cursor", ("mailbox", "uidvalidity")),
    "places": ("place", ("mailbox", "uidvalidity", "uid")),
}
OPEN = frozenset({"ready", "sending", "waiting", "doubt"})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Rows by primary key."""

    deliveries: dict
    steps: dict
    mails: dict
    cursors: dict
    places: dict

    def open_steps(self, delivery_id):
        """Return the rows of steps whose intent is committed without a result."""
        return [row for key, row in self.steps.items() if key[0] == delivery_id and row["state"] == "writing"]


EMPTY = Snapshot({}, {}, {}, {}, {})


def taken(storage):
    """Return what is committed in a ledger now."""
    return Snapshot(**{name: _rows(storage, *about) for name, about in TABLES.items()})


def _rows(storage, table, keys):
    rows = storage.rows(f"SELECT * FROM {table}")
    return {row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys): row for row in rows}
