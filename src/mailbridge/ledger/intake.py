"""Step 3 of the path: raw bytes, place and cursor in one transaction. From here a mail can't be lost."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from mailbridge.ledger.engine import MAIL, Database, LeaseLost, now
from mailbridge.ledger.insert import MOMENT, insert_new, inserted
from mailbridge.ledger.leases import Leases, give_up
from mailbridge.ledger.raws import CODEC, pack
from mailbridge.ledger.schema import cursor, mail, mailbox, place, raw, tombstone
from mailbridge.ports import Arrival, Chunk, Cursor
from mailbridge.sdk.mail import mail_id_of


class Intake:
    """What the ledger knows of one mailbox, and how a chunk is stored; implements `ports.Places`.

    Attributes:
        whole: Until it is in sync once the cursor counts for nothing: what lies below it was left out on purpose, and
            somebody wants it now.
    """

    def __init__(self, database: Database, name: str, leases: Leases, *, whole: bool = False) -> None:
        self._database = database
        self.name = name
        self._leases = leases
        self._fence: int | None = None
        self.whole = whole

    def hold(self) -> bool:
        """Take or renew the lease of the mailbox; return False while another node works on it."""
        with self._database.write() as connection:
            self._fence = self._leases.take(connection, mailbox, self.name)
        return self._fence is not None

    def let_go(self) -> None:
        """Let another node try: we can't reach the mailbox."""
        with self._database.write() as connection:
            give_up(connection, [self._leases.node], only=self.name)

    def cursor(self, uidvalidity: int) -> Cursor | None:
        """Return how far the mailbox is stored, None when it was never seen."""
        with self._database.read() as connection:
            found = _cursor(connection, self.name, uidvalidity)
        return replace(found, last_uid=0) if found and self.whole else found

    def stored_uids(self, uidvalidity: int, low: int, high: int) -> frozenset[int]:
        """Return the UIDs from low to high that are stored or counted as vanished."""
        query = select(place.c.uid).where(
            place.c.mailbox == self.name, place.c.uidvalidity == uidvalidity, place.c.uid.between(low, high)
        )
        with self._database.read() as connection:
            return frozenset(connection.scalars(query))

    def last_uidvalidity(self) -> int | None:
        """Return the UIDVALIDITY that was stored last, None when the mailbox was never seen."""
        query = select(cursor.c.uidvalidity).where(cursor.c.mailbox == self.name).order_by(cursor.c.updated_at.desc())
        with self._database.read() as connection:
            return connection.scalars(query).first()

    def store(self, chunk: Chunk) -> int:
        """Store a chunk and move the cursor in one transaction; return how many mails were never seen before.

        Raises:
            LedgerFull: Nothing new is taken while there is too little room on the disk.
        """
        self.require_space()
        packed = [(one, self._mail_id(chunk, one), pack(one.raw)) for one in chunk.arrivals]
        with self._database.write() as connection:
            self._prove(connection)
            first_uid = _move_cursor(connection, self.name, chunk)
            erased = _erased(connection, [mail_id for _, mail_id, _ in packed])
            kept = [one for one in packed if one[1] not in erased]
            rows = [_mail_row(self.name, arrival, mail_id, chunk, first_uid) for arrival, mail_id, _ in kept]
            new = set(inserted(connection, mail, rows, mail.c.id))
            bodies = {mail_id: body for _, mail_id, body in kept if mail_id in new}
            insert_new(connection, raw, [{"mail_id": one, "codec": CODEC, "body": bodies[one]} for one in bodies])
            places: list[tuple[int, str | None]] = [(arrival.uid, mail_id) for arrival, mail_id, _ in packed]
            places += [(uid, None) for uid in chunk.vanished]
            insert_new(connection, place, [_place_row(self.name, chunk, uid, one, erased) for uid, one in places])
            if new:
                self._database.notify(connection, MAIL)
            return len(new)

    def require_space(self) -> None:
        """Raise LedgerFull where `store` would: asked before a mailbox hands over mails in vain."""
        self._database.require_space()

    def _prove(self, connection: Connection) -> None:
        if self._fence is None:
            self._fence = self._leases.take(connection, mailbox, self.name)
        fence = self._fence
        if fence is None or not self._leases.prove(connection, mailbox, self.name, fence):
            self._fence = None
            raise LeaseLost(f"mailbox {self.name}: another node works on it now")

    def _mail_id(self, chunk: Chunk, arrival: Arrival) -> str:
        return mail_id_of(arrival.raw, arrival.size, place=f"{self.name} {chunk.uidvalidity} {arrival.uid}")

    def synced(self) -> None:
        """Note that nothing visible in the mailbox is missing here."""
        with self._database.write() as connection:
            connection.execute(_SYNCED, {"mailbox_name": self.name, "node": self._leases.node})
        self.whole = False


# Statements of every look are built once: to build them costs several times what it costs the database to run them.
_CURSOR = select(cursor.c.last_uid, cursor.c.first_uid).where(
    cursor.c.mailbox == bindparam("name"), cursor.c.uidvalidity == bindparam("uidvalidity")
)
_MOVED = (
    update(cursor)
    .where(cursor.c.mailbox == bindparam("name"), cursor.c.uidvalidity == bindparam("uids"))
    .values(last_uid=bindparam("to_uid"), first_uid=bindparam("from_uid"), updated_at=now())
)
_ERASED = select(tombstone.c.mail_id).where(tombstone.c.mail_id.in_(bindparam("ids", expanding=True)))
_SYNCED = (
    update(mailbox)
    .where(mailbox.c.name == bindparam("mailbox_name"), mailbox.c.owner == bindparam("node"))
    .values(synced_at=now())
)


def _cursor(connection: Connection, name: str, uidvalidity: int) -> Cursor | None:
    found = connection.execute(_CURSOR, {"name": name, "uidvalidity": uidvalidity}).first()
    return None if found is None else Cursor(uidvalidity, found.last_uid, found.first_uid)


def _move_cursor(connection: Connection, name: str, chunk: Chunk) -> int:
    """Move the cursor forward, never back; return the UID from which on mails are younger than the ledger."""
    known = _cursor(connection, name, chunk.uidvalidity)
    if known is None:
        first_uid = chunk.first_uid if chunk.first_uid is not None else 0
        row = {"mailbox": name, "uidvalidity": chunk.uidvalidity, "last_uid": chunk.high_uid, "first_uid": first_uid}
        connection.execute(cursor.insert().values(**row, updated_at=now()))
        return first_uid
    first_uid = known.first_uid if chunk.first_uid is None else chunk.first_uid
    moved = {"to_uid": max(known.last_uid, chunk.high_uid), "from_uid": first_uid}
    connection.execute(_MOVED, {"name": name, "uids": chunk.uidvalidity, **moved})
    return first_uid


def _erased(connection: Connection, mail_ids: Sequence[str]) -> frozenset[str]:
    return frozenset(connection.scalars(_ERASED, {"ids": mail_ids}))


def _mail_row(name: str, arrival: Arrival, mail_id: str, chunk: Chunk, first_uid: int) -> dict[str, Any]:
    return {
        "id": mail_id,
        "size": arrival.size,
        "received_at": arrival.received_at.timestamp() if arrival.received_at else None,
        "stored_at": MOMENT,
        "mailbox": name,
        "state": "stored",
        "backlog": chunk.backlog,
        "before_ledger": arrival.uid < first_uid,
    }


def _place_row(name: str, chunk: Chunk, uid: int, mail_id: str | None, erased: frozenset[str]) -> dict[str, Any]:
    known = None if mail_id in erased else mail_id
    return {"mailbox": name, "uidvalidity": chunk.uidvalidity, "uid": uid, "mail_id": known, "stored_at": MOMENT}
