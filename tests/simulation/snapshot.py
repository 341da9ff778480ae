"""What the ledger's file holds, read past the program."""

import sqlite3
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


class Reader:
    """Reads the committed state of a ledger through a connection of its own."""

    def __init__(self, path):
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row

    def take(self):
        """Return what is committed now."""
        return Snapshot(**{name: self._rows(*about) for name, about in TABLES.items()})

    def close(self):
        self._connection.close()

    def _rows(self, table, keys):
        rows = map(dict, self._connection.execute(f"SELECT * FROM {table}").fetchall())
        return {row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys): row for row in rows}
