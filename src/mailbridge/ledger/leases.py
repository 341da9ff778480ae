"""Work that one node does at a time: a mailbox, and the reading of mails. A fence proves that it still is ours."""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, select, update

from mailbridge.ledger.engine import now
from mailbridge.ledger.insert import insert_new
from mailbridge.ledger.schema import lease, mailbox

LEASE_S = 45.0
"""After so long without a sign of life another node takes over."""

RENEW_S = 15.0
"""Work that is done in short cycles renews its lease when this much of it is used."""

READING = "reading"
"""Name of the lease under which mails are read: one node, so that interests of one author keep their order."""


def take(connection: Connection, table: Table, name: str, node: str) -> int | None:
    """Take or renew a lease; return its fence, None while another node holds it."""
    insert_new(connection, table, [{"name": name}])
    query = select(table.c.owner, table.c.fence, table.c.lease_until, now().label("now")).where(table.c.name == name)
    row = connection.execute(query.with_for_update(key_share=True)).one()
    if row.owner not in {None, node} and row.lease_until > row.now:
        return None
    fence = int(row.fence) + (0 if row.owner == node else 1)
    if row.owner != node or row.lease_until < row.now + LEASE_S - RENEW_S:
        values = {"owner": node, "fence": fence, "lease_until": now() + LEASE_S}
        connection.execute(update(table).where(table.c.name == name).values(**values))
    return fence


def prove(connection: Connection, table: Table, name: str, node: str, fence: int) -> bool:
    """Extend a lease that still is ours; hold its row until the transaction ends, so that nobody takes it meanwhile."""
    mine = (table.c.name == name, table.c.owner == node, table.c.fence == fence)
    return bool(connection.execute(update(table).where(*mine).values(lease_until=now() + LEASE_S)).rowcount)


def renew_all(connection: Connection, node: str) -> None:
    """Extend everything that a node holds: it is alive."""
    for table in (mailbox, lease):
        alive = (table.c.owner == node, table.c.lease_until > now())
        connection.execute(update(table).where(*alive).values(lease_until=now() + LEASE_S))


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
