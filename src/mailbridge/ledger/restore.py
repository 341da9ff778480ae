"""Bringing a ledger back from a backup. A backup is time travel: what it holds as open may have been sent since."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, literal, select, true, update

from mailbridge.ledger.backup import Occupied, copy_checked, file_of, new_file, put_in_place, sidecars
from mailbridge.ledger.engine import Database, now, open_database
from mailbridge.ledger.errors import LedgerError
from mailbridge.ledger.insert import insert
from mailbridge.ledger.processes import SIGN_OF_LIFE_S
from mailbridge.ledger.schema import (
    OPEN,
    account,
    cursor,
    delivery,
    lease,
    mail,
    mailbox,
    meta,
    node,
    step,
    token,
    transition,
)
from mailbridge.ports import ABOVE_ALL


class InUse(LedgerError):  # noqa: N818 - says what is known
    """A node works on the ledger."""

    exit_code = 75


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Attributes:
        epoch: How often this ledger was made or restored, with this time.
        doubts: Deliveries that are searched in the CRMs before they are sent.
        aside: Where the ledger lies that was in the place before, None when there was none.
    """

    epoch: int
    doubts: int
    aside: Path | None = None


def restore(url: str, backup: Path, *, force: bool = False, clock: Callable[[], float] = time.time) -> Restored:
    """Put a backup in the place of a ledger and mark it as restored.

    Args:
        url: SQLAlchemy address of the ledger.
        backup: A file that `back_up` made; it stays as it is.
        force: Move an existing ledger aside.
        clock: The ledger's clock; simulated in tests.

    Raises:
        NotSqlite: The ledger is no file.
        InUse: A node gave a sign of life a moment ago.
        Occupied: There is a ledger, and no `force`.
        LedgerDamaged: The backup is damaged.
        LedgerError: Reading or writing failed.
    """
    target = file_of(url)
    if not backup.exists():
        raise LedgerError(f"{backup}: there is no such file")
    if target.exists():
        _refuse_while_alive(target, clock())
        if not force:
            raise Occupied(f"{target} exists; add --force to move it aside and put the backup in its place")
    with new_file(target) as temporary:
        copy_checked(backup, temporary)
        database = open_database(f"sqlite:///{temporary.absolute()}", clock=clock)
        try:
            done = mark_restored(database, _tokens(target))
        finally:
            database.close()
        aside = _move_aside(target)
        put_in_place(temporary, target)
    return Restored(done.epoch, done.doubts, aside)


def mark_restored(database: Database, tokens: list[dict[str, Any]] | None = None) -> Restored:
    """Make sure that nothing is sent twice from a ledger that is older than what the CRMs hold.

    Everything open is in doubt and searched whole: which steps were begun is not known any more. Mails that are not
    in the ledger yet count as older than it until the first look, as after a lost ledger; so do its own mails when
    they are read once more. The quiet period starts now.

    Args:
        database: The ledger, brought back by whatever means; no node works on it.
        tokens: Rows of the ledger that was there before: rotating tokens of a backup are used up.
    """
    with database.write() as connection:
        epoch = int(connection.scalar(select(meta.c.value).where(meta.c.key == "epoch")) or 0) + 1
        moment = float(connection.scalar(select(now())) or 0.0)
        for key, value in {"epoch": str(epoch), "created_at": str(moment), "searches_first": "yes"}.items():
            connection.execute(update(meta).where(meta.c.key == key).values(value=value))
        connection.execute(delete(node))
        for held in (mailbox, lease):
            connection.execute(update(held).values(owner=None, lease_until=0, fence=held.c.fence + 1))
        connection.execute(update(cursor).values(first_uid=ABOVE_ALL))
        connection.execute(update(mail).values(before_ledger=true()))
        connection.execute(update(account).values(prior_found=true()))
        connection.execute(delete(step).where(step.c.state == "writing"))
        for row in tokens or []:
            kept = insert(connection, token).values(**row)
            connection.execute(kept.on_conflict_do_update(index_elements=["account_id"], set_=row))
        return Restored(epoch, _doubt_everything(connection))


def mark_only_restored(url: str, *, clock: Callable[[], float] = time.time) -> Restored:
    """Mark a ledger that was brought back by the tools of its database, or by a snapshot of the disk.

    Raises:
        InUse: A node works on it.
        LedgerError: It can't be opened.
    """
    database = open_database(url, clock=clock)
    try:
        alive = select(node.c.id, (now() - node.c.seen_at).label("age"))
        with database.read() as connection:
            rows = connection.execute(alive).all()
        for row in rows:
            _refuse(row.id, row.age)
        return mark_restored(database)
    finally:
        database.close()


def _doubt_everything(connection: Connection) -> int:
    open_ones = delivery.c.state.in_(OPEN)
    columns = (delivery.c.id, now(), delivery.c.state, literal("doubt"), literal("restored"), literal("person"))
    noted = select(*columns).where(open_ones)
    connection.execute(transition.insert().from_select(["delivery_id", "at", "old", "new", "why", "actor"], noted))
    values: dict[str, Any] = {"state": "doubt", "reason": "restored", "due": now(), "updated_at": now()}
    values |= {"owner": None, "lease_until": 0, "fence": delivery.c.fence + 1, "searches": 0, "sent_at": None}
    return int(connection.execute(update(delivery).where(open_ones).values(**values)).rowcount)


def _refuse_while_alive(file: Path, moment: float) -> None:
    """A ledger that can't be read has no say: nobody can work on it either."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(file, timeout=5)) as connection:
        for name, seen_at in connection.execute("SELECT id, seen_at FROM node").fetchall():
            _refuse(name, moment - seen_at)


def _refuse(name: str, age_s: float) -> None:
    if age_s < SIGN_OF_LIFE_S:
        raise InUse(
            f"node {name} works on this ledger (sign of life {max(0.0, age_s):.0f} s ago): stop it first; after a "
            f"crash wait until it was silent for {SIGN_OF_LIFE_S:.0f} s"
        )


def _tokens(file: Path) -> list[dict[str, Any]]:
    """Return the tokens of the ledger that is replaced, as far as it can be read."""
    if not file.exists():
        return []
    with suppress(sqlite3.Error), closing(sqlite3.connect(file, timeout=5)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT account_id, body, updated_at FROM token").fetchall()
        return [{**dict(row), "owner": None, "lease_until": 0} for row in rows]
    return []


def _move_aside(file: Path) -> Path | None:
    """Move a ledger away with its journals: a journal that stayed would be played into the restored one.

    A restore that was killed in the midst may have left a journal alone.
    """
    if not any(one.exists() for one in (file, *sidecars(file))):
        return None
    aside = file.with_name(f"{file.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    moves = zip((file, *sidecars(file)), (aside, *sidecars(aside)), strict=True)
    for old, new in moves:
        if old.exists():
            old.rename(new)
    return aside if aside.exists() else None
