"""The ledger as the rest of the program sees it."""

import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, delete, func, select, update

from mailbridge import __version__
from mailbridge.ledger.accounts import Accounts
from mailbridge.ledger.acts import Acts
from mailbridge.ledger.alerts import Alerts
from mailbridge.ledger.assignments import Assignments
from mailbridge.ledger.canaries import Canaries
from mailbridge.ledger.claims import Claim, Claims
from mailbridge.ledger.damage import require_sound
from mailbridge.ledger.engine import LedgerError, now, open_database
from mailbridge.ledger.erased import Erasure
from mailbridge.ledger.file_rights import stranger
from mailbridge.ledger.insert import insert, insert_new
from mailbridge.ledger.intake import Intake
from mailbridge.ledger.layouts import Layouts
from mailbridge.ledger.leases import LONGEST_S, Leases, give_up
from mailbridge.ledger.listing import Listings
from mailbridge.ledger.mailings import Mailings
from mailbridge.ledger.outcomes import Outcomes
from mailbridge.ledger.processes import is_running
from mailbridge.ledger.remotes import Remotes
from mailbridge.ledger.replays import Replays
from mailbridge.ledger.reports import Reports
from mailbridge.ledger.schema import OPEN, delivery, is_in, mail, mailbox, meta, node
from mailbridge.ledger.settle import Reader
from mailbridge.ledger.space import space_of
from mailbridge.ledger.steps import LedgerSteps
from mailbridge.ledger.tokens import LedgerTokens
from mailbridge.ledger.vault import Vault
from mailbridge.ledger.vitals import VitalSigns
from mailbridge.observe.events import log
from mailbridge.observe.health import Vitals

SILENT_S = 25.0
"""A node writes a sign of life every 10 s."""

FORGOTTEN_S = 86_400.0
"""A node that is silent for so long is listed no more; its leases ended long ago."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is not final.

    Attributes:
        mails: Mails that nobody has read yet.
        deliveries: Deliveries by state, only open states.
        due_in_s: Seconds until the next one is due (0 = now), None when none waits.
    """

    mails: int
    deliveries: dict[str, int]
    due_in_s: float | None

    @property
    def total(self) -> int:
        """Everything that is not final."""
        return self.mails + sum(self.deliveries.values())


class Ledger:
    """One open ledger and this process as a node that works on it.

    Args:
        url: SQLAlchemy address.
        new: This is known to be the first ledger of its accounts: nothing is searched before it is created. Counts
            only when the ledger is made by this call.
        works: This process takes part in the work and is listed as a node; False for commands that only look.
        lease_s: How long a claimed batch belongs to this node without a new intent.
        min_free_bytes: See `Space`.
        reserve_bytes: See `Space`.
        token_key: See `Vault`.
        clock: Simulated time.
        busy_s: See `Database`.
    """

    def __init__(
        self,
        url: str,
        *,
        new: bool = False,
        works: bool = True,
        lease_s: float = 120.0,
        min_free_bytes: int = 0,
        reserve_bytes: int = 0,
        token_key: str | None = None,
        clock: Callable[[], float] = time.time,
        busy_s: float | None = None,
    ) -> None:
        self.database = open_database(url, clock=clock, busy_s=busy_s)
        if works:
            require_sound(self.database)
            self._warn()
            self.database.space = space_of(self.database.url, min_free_bytes, reserve_bytes)
        file = Path(f"{self.database.url.database}.key") if self.database.is_sqlite else None
        self._vault = Vault(token_key, file)
        self.lease_s = lease_s
        self.node = f"{socket.gethostname()}:{os.getpid()}:{os.urandom(3).hex()}"
        self.leases = Leases(self.node, min(lease_s, LONGEST_S))
        self._works = works
        self._first_words(new=new)
        self.accounts = Accounts(self.database)
        self.reader = Reader(self.database, self.leases)
        self.claims = Claims(self.database, self.node, lease_s=lease_s)
        self.outcomes = Outcomes(self.database, self.node)
        self.assignments = Assignments(self.database)
        self.remotes = Remotes(self.database, self.leases)
        self.listings = Listings(self.database)
        self.acts = Acts(self.database)
        self.replays = Replays(self.database)
        self.layouts = Layouts(self.database)
        self.erasure = Erasure(self.database)
        self.alerts = Alerts(self.database, self.leases)
        self.canaries = Canaries(self.database)
        self.signs = VitalSigns(self.database, self.node)
        self.reports = Reports(self.database)
        self.mailings = Mailings(self.database, self.leases)

    def intake(self, mailbox: str, *, whole: bool = False) -> Intake:
        """Return the way into the ledger for one mailbox; `whole` as there."""
        return Intake(self.database, mailbox, self.leases, whole=whole)

    def steps(self, claim: Claim, armed: Callable[[tuple[str, ...]], None]) -> LedgerSteps:
        """Return the memory of steps of a claimed batch."""
        return LedgerSteps(self.database, claim, lease_s=self.lease_s, armed=armed)

    def tokens(self, account_id: str) -> LedgerTokens:
        """Return the durable tokens of one account."""
        return LedgerTokens(self.database, account_id, self.node, self._vault)

    @property
    def searches_first(self) -> bool:
        """Whether mails older than the ledger are searched in the CRM before they are created."""
        with self.database.read() as connection:
            return connection.scalar(select(meta.c.value).where(meta.c.key == "searches_first")) == "yes"

    def waiting(self) -> Waiting:
        """Return what is not final, and when the next of it is due."""
        with self.database.read() as connection:
            mails = connection.scalar(select(func.count()).select_from(mail).where(is_in(mail.c.state, "stored"))) or 0
            states = (
                select(delivery.c.state, func.count(), func.min(delivery.c.due))
                .where(is_in(delivery.c.state, *OPEN))
                .group_by(delivery.c.state)
            )
            rows = connection.execute(states).all()
            moment = float(connection.scalar(select(now())) or 0.0)
        dues = [row[2] - moment for row in rows if row[0] != "sending"]
        due_in_s = max(0.0, min(dues)) if dues else None
        return Waiting(int(mails), {row[0]: row[1] for row in rows}, due_in_s)

    def vitals(self, *, answer_s: float | None = None) -> Vitals:
        """Return the ages and reasons that health is judged by; `answer_s` as in `[watch]`."""
        return self.signs.take(answer_s=answer_s)

    def beat(self) -> None:
        """Say that this node is alive; due every `leases.beat_s`."""
        with self.database.write() as connection:
            seen = update(node).where(node.c.id == self.node).values(seen_at=now())
            if connection.execute(seen).rowcount == 0:
                self._sign_in(connection)  # it was taken for dead
            self.leases.renew_all(connection)

    def listen(self, stop: threading.Event) -> Iterator[str]:
        """Yield "mail" and "work" when other nodes tell of some; ends at once where nothing can be heard."""
        return self.database.listen(stop)

    def holds(self, name: str) -> bool:
        """Return whether this node works on a mailbox."""
        with self.database.read() as connection:
            return connection.scalar(select(mailbox.c.owner).where(mailbox.c.name == name)) == self.node

    def free_leases_of_the_dead(self) -> int:
        """End the leases of processes of this host that no longer run; return how many deliveries are free again."""
        columns = (node.c.id, node.c.host, node.c.pid, (now() - node.c.seen_at).label("silent_s"))
        with self.database.write() as connection:
            others = connection.execute(select(*columns).where(node.c.id != self.node)).all()
            here = [row for row in others if row.host == socket.gethostname()]
            # A row with our own pid is our predecessor: in a container every process is number 1. Where several
            # machines work, equal names of host and process may be those of a living neighbour: it has to be silent.
            dead = [row.id for row in here if row.pid == os.getpid() or not is_running(row.pid)]
            if not self.database.is_sqlite:
                dead = [row.id for row in here if row.id in dead and row.silent_s > SILENT_S]
            held = (delivery.c.owner.in_(dead), delivery.c.lease_until > now(), is_in(delivery.c.state, "sending"))
            freed = connection.execute(update(delivery).where(*held).values(lease_until=now())).rowcount
            give_up(connection, dead)
            gone = [*dead, *(row.id for row in others if row.silent_s > FORGOTTEN_S)]
            connection.execute(delete(node).where(node.c.id.in_(gone)))
            return int(freed)

    def close(self) -> None:
        """Say goodbye and close all connections."""
        if self._works:
            # Only a courtesy: a full or damaged ledger must not hide why the program ends.
            with suppress(LedgerError), self.database.write() as connection:
                give_up(connection, [self.node])
                connection.execute(delete(node).where(node.c.id == self.node))
        self.database.close()

    def _warn(self) -> None:
        place = Path(self.database.url.database or "")
        if self.database.is_sqlite and (warning := stranger(place)):
            log.warning("ledger_owner", error=warning)

    def _first_words(self, *, new: bool) -> None:
        with self.database.write() as connection:
            made = insert(connection, meta).values(key="created_at", value=str(connection.scalar(select(now()))))
            if connection.execute(made.on_conflict_do_nothing()).rowcount:
                values = {"epoch": "1", "searches_first": "no" if new else "yes"}
                insert_new(connection, meta, [{"key": key, "value": value} for key, value in values.items()])
            if self._works:
                self._sign_in(connection)

    def _sign_in(self, connection: Connection) -> None:
        row = {"id": self.node, "host": socket.gethostname(), "pid": os.getpid(), "version": __version__}
        connection.execute(node.insert().values(**row, started_at=now(), seen_at=now()))


@dataclass(frozen=True, slots=True)
class Glimpse:
    """How far a ledger is: settled mails, mails and deliveries that are not final, deliveries that are."""

    settled: int
    open: int
    delivered: int


def peek(path: Path) -> Glimpse | None:
    """Look into the ledger of another process without taking part in it; None while there is none.

    A reader that finds the ledger locked looks again: it never makes the owner wait for long.
    """
    if not path.exists():
        return None
    counts = (
        "SELECT (SELECT count(*) FROM mail WHERE state <> 'stored'), (SELECT count(*) FROM mail WHERE state = 'stored')"
        " + (SELECT count(*) FROM delivery WHERE state IN ('ready','sending','waiting','doubt')),"
        " (SELECT count(*) FROM delivery WHERE state = 'delivered')"
    )
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5)) as connection:
            return Glimpse(*connection.execute(counts).fetchone())
    except sqlite3.OperationalError:
        return None
