from datetime import UTC, datetime

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


class Kit:
    """A ledger with a virtual clock, and shortcuts to fill it."""

    waits = Waits(
        quiet_s=30, retry_s=lambda attempt: 10 * attempt, pause_s=lambda _: 5, unusable_s=lambda _: 60,
        max_attempts=3, max_searches=2,
    )  # fmt: skip

    def __init__(self, path, *, new=True):
        self.clock = Clock()
        self.path = path
        self.ledger = self.open(new=new)
        self.ledger.accounts.add(ACCOUNT)

    def open(self, *, new=False):
        return Ledger(f"sqlite:///{self.path}", new=new, lease_s=60, clock=self.clock)

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

    def claim(self, limit=10):
        return self.ledger.claims.take(ACCOUNT, limit, quiet_s=self.waits.quiet_s)

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


@pytest.fixture
def make_kit(tmp_path):
    kits = []

    def make(**more):
        kits.append(Kit(tmp_path / f"ledger{len(kits)}.db", **more))
        return kits[-1]

    yield make
    for kit in kits:
        kit.ledger.close()


@pytest.fixture
def kit(make_kit):
    return make_kit()
