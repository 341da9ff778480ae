"""Work that one node does at a time: a mailbox, and the reading of mails. A fence proves that it still is ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, Double, Select, Table, Update, bindparam, select, update

from mailbridge.ledger.engine import now
from mailbridge.ledger.insert import insert_new
from mailbridge.ledger.schema import lease, mailbox

LONGEST_S = 45.0
"""After so long without a sign of life another node takes over, however long the lease of a batch is."""

READING = "reading"
"""Name of the lease under which mails are read: one node, so that interests of one author keep their order."""


@dataclass(frozen=True, slots=True)
class Leases:
    """What one node holds.

    Attributes:
        node: The node.
        lease_s: How long its leases last without a sign of life.
    """

    node: str
    lease_s: float

    @property
    def beat_s(self) -> float:
        """How often the node has to say that it is alive."""
        return min(10.0, self.lease_s / 4)

    def take(self, connection: Connection, table: Table, name: str) -> int | None:
        """Take or renew a lease; return its fence, None while another node holds it."""
        row = connection.execute(_held(table), {"lease_name": name}).first()
        if row is None:
            insert_new(connection, table, [{"name": name}])
            row = connection.execute(_held(table), {"lease_name": name}).one()
        if row.owner not in {None, self.node} and row.lease_until > row.now:
            return None
        fence = int(row.fence) + (0 if row.owner == self.node else 1)
        if row.owner != self.node or row.lease_until < row.now + self.lease_s * 2 / 3:
            values = {"owner": self.node, "fence": fence, "lease_until": now() + self.lease_s}
            connection.execute(update(table).where(table.c.name == name).values(**values))
        return fence

    def prove(self, connection: Connection, table: Table, name: str, fence: int) -> bool:
        """Extend a lease that still is ours; its row is locked until the transaction ends, so nobody takes it now."""
        given = {"lease_name": name, "node": self.node, "own": fence, "lease_s": self.lease_s}
        return bool(connection.execute(_extended(table), given).rowcount)

    def renew_all(self, connection: Connection) -> None:
        """Extend everything that this node holds: it is alive."""
        for table in (mailbox, lease):
            alive = (table.c.owner == self.node, table.c.lease_until > now())
            connection.execute(update(table).where(*alive).values(lease_until=now() + self.lease_s))


@cache
def _held(table: Table) -> Select[tuple[str | None, int, float, float]]:
    columns = (table.c.owner, table.c.fence, table.c.lease_until, now().label("now"))
    return select(*columns).where(table.c.name == bindparam("lease_name")).with_for_update(key_share=True)


@cache
def _extended(table: Table) -> Update:
    mine = (
        table.c.name == bindparam("lease_name"),
        table.c.owner == bindparam("node"),
        table.c.fence == bindparam("own"),
    )
    return update(table).where(*mine).values(lease_until=now() + bindparam("lease_s", type_=Double()))


def give_up(connection: Connection, nodes: Sequence[str], *, only: str | None = None) -> None:
    """End leases at once, so that others need not wait for their end.

    Args:
        connection: A transaction.
        nodes: Who holds them.
        only: Name of a mailbox; None = everything.
    """
    for table in (mailbox, lease) if only is None else (mailbox,):
        statement = update(table).where(table.c.owner.in_(nodes)).values(owner=None, lease_until=0)
        connection.execute(statement if only is None else statement.where(table.c.name == only))
