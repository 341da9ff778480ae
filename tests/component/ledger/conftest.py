from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.outcomes import Waits
from mailbridge.ledger.settle import Outgoing, Settlement
from mailbridge.ports import Arrival, Chunk
from mailbridge.sdk import Author, Interest, MailRef, Source, TrustRef

ACCOUNT = "crm"
RECEIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that only the test moves."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


class ServerClock:
    """The clock of a database made by `Postgres.clocked_database`."""

    def __init__(self, dsn):
        self._connection = psycopg.connect(dsn, autocommit=True)

    @property
    def now(self):
        return self._connection.execute("SELECT at FROM clocked.moment").fetchone()[0]

    @now.setter
    def now(self, at):
        self._connection.execute("UPDATE clocked.moment SET at = %s", [at])

    def close(self):
        self._connection.close()


class Kit:
    """A ledger with a virtual clock, and shortcuts to fill it."""

    waits = Waits(
        quiet_s=30, retry_s=lambda attempt: 10 * attempt, pause_s=lambda _: 5, unusable_s=lambda _: 60,
        max_attempts=3, max_searches=2,
    )  # fmt: skip

    def __init__(self, url, clock, *, new=True):
        self.clock = clock
        self.url = url
        self.ledger = self.open(new=new)
        self.ledger.accounts.add(ACCOUNT)

    def close(self):
        self.ledger.close()  # which may be another one than at first

    @property
    def path(self):
        """The file of the ledger; what a test does to files concerns SQLite only."""
        if not self.url.startswith("sqlite:///"):
            pytest.skip("a ledger on a server is no file")
        return Path(self.url.removeprefix("sqlite:///"))

    def open(self, *, new=False):
        """Open the ledger as one more node."""
        return Ledger(self.url, new=new, lease_s=60, clock=self.clock)

    def store(self, number, *, backlog=False, first_uid=None):
        raw = f"Subject: {number}\n\nhello".encode()
        self.ledger.intake("box").store(
            Chunk(1, (Arrival(number, raw, RECEIVED, len(raw)),), number, first_uid, backlog)
        )
        return next(mail for mail in self.ledger.reader.take(1000) if mail.raw == raw).mail_id

    def deliver(self, number, *, lane=None, backlog=False, first_uid=None, searches_first=False):
        """Store a mail with one interest and one delivery; return the delivery's key."""
        mail_id = self.store(number, backlog=backlog, first_uid=first_uid)
        record = interest(number, mail_id)
        out = Outgoing(key=f"mb1-{number}", sink=ACCOUNT, account_id=ACCOUNT, lane=lane)
        done = Settlement(mail_id, "parsed", parser="test", interests=((record, (out,)),))
        self.ledger.reader.settle([done], searches_first=searches_first)
        return out.key

    def claim(self, limit=10, *, gather_s=0.0):
        return self.ledger.claims.take(ACCOUNT, limit, quiet_s=self.waits.quiet_s, gather_s=gather_s)

    def steps(self, claim):
        return self.ledger.steps(claim, lambda _keys: None)

    def finish(self, claim, *outcomes):
        self.ledger.outcomes.finish(claim, outcomes, self.waits)

    def row(self, key):
        return self.ledger.listings.delivery(key)


def interest(number, mail_id="0" * 64):
    ref = MailRef(mail_id=mail_id, received_at=RECEIVED, trust=TrustRef(verdict="pass", reason="dmarc"))
    return Interest(
        id=f"in1-{number}", kind="comment", source=Source(channel="social", network="vk"), occurred_at=RECEIVED,
        occurred_at_precision="second", author=Author(name=f"Author {number}"), mail=ref,
    )  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql", pytest.param("pgbouncer", marks=pytest.mark.slow)])
def make_kit(request, tmp_path):
    """Everything about the ledger holds on both databases, and behind a pooler."""
    with ExitStack() as stack:

        def place():
            if request.param == "sqlite":
                return f"sqlite:///{tmp_path}/ledger.db", Clock()
            server = request.getfixturevalue("postgres" if request.param == "postgresql" else "pooler")
            name = stack.enter_context(server.clocked_database())
            clock = ServerClock(server.dsn(name))
            stack.callback(clock.close)
            return (server.url if request.param == "postgresql" else server.pooled_url)(name), clock

        def make(**more):
            kit = Kit(*place(), **more)
            stack.callback(kit.close)
            return kit

        yield make


@pytest.fixture
def kit(make_kit):
    return make_kit()
