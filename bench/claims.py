"""What a claim costs on PostgreSQL: on an empty ledger, and beside a million delivered and 100,000 waiting rows.

    PYTHONPATH=tests python bench/claims.py [--delivered 1000000] [--waiting 100000] [--one-author 20000] [--rounds 60]

Starts a server of its own. Ends with 1 when a claim beside all those rows costs more than three times one without.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from mailbridge.ledger.ledger import Ledger
from mailbridge.sdk import Author, Interest, MailRef, Source, TrustRef
from postgres import HINT, Postgres, program

ACCOUNT = "crm"
BATCH = 50
LANES = 2_000
MOST = 3.0
"""How many times as much a claim may cost."""

MAIL = (
    "INSERT INTO mail (id, size, stored_at, state, backlog, before_ledger) VALUES ('m', 1, 0, 'parsed', false, false)"
)

# Interests and deliveries number first … last; `lane` and `state` are expressions of the number n.
INTERESTS = """
INSERT INTO interest (id, mail_id, position, kind, channel, network, occurred_at, body, created_at)
SELECT 'in1-' || n, 'm', 0, 'comment', 'social', 'vk', 0, %(body)s, 0
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""
DELIVERIES = """
INSERT INTO delivery (key, interest_id, sink, account_id, lane, fresh, state, due, created_at, updated_at)
SELECT 'mb1-' || n, 'in1-' || n, 'crm', 'crm', {lane}, %(fresh)s, %(state)s, %(due)s, 0, 0
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""


class Bench:
    """One ledger and a counter of what was put into it."""

    def __init__(self, server: Postgres) -> None:
        name = server.new_database()
        self.ledger = Ledger(server.url(name), new=True)
        self.ledger.accounts.add(ACCOUNT)
        self._connection = psycopg.connect(server.dsn(name), autocommit=True)
        self._connection.execute(MAIL)
        self._next = 1

    def fill(self, count: int, state: str, *, lane: str, fresh: bool = False, due: float = 0.0) -> None:
        """Add deliveries."""
        span = {"first": self._next, "last": self._next + count - 1}
        self._connection.execute(INTERESTS, span | {"body": _interest().model_dump_json()})
        self._connection.execute(DELIVERIES.format(lane=lane), span | {"fresh": fresh, "state": state, "due": due})
        self._next += count

    def settle_down(self) -> None:
        """What the server does by itself within a minute."""
        self._connection.execute("VACUUM (ANALYZE) delivery")
        self._connection.execute("VACUUM (ANALYZE) interest")

    def claims(self, rounds: int, *, fresh: bool) -> list[float]:
        """Return how many milliseconds each of so many claims took; every one finds a full batch."""
        taken = []
        for number in range(rounds + 5):
            self.fill(BATCH, "ready", lane="'new' || n", fresh=fresh)
            began = time.perf_counter()
            claim = self.ledger.claims.take(ACCOUNT, BATCH, quiet_s=60)
            spent = (time.perf_counter() - began) * 1000
            if claim is None or len(claim.items) != BATCH:
                raise RuntimeError("a claim did not find a full batch")
            if number >= 5:  # the first ones open connections and warm caches
                taken.append(spent)
            ids = [item.row_id for item in claim.items]
            self._connection.execute("UPDATE delivery SET state = 'delivered', owner = NULL WHERE id = ANY(%s)", [ids])
        return taken

    def close(self) -> None:
        """Let go."""
        self._connection.close()
        self.ledger.close()


def _interest() -> Interest:
    from datetime import UTC, datetime

    at = datetime(2026, 11, 21, tzinfo=UTC)
    ref = MailRef(mail_id="0" * 64, received_at=at, trust=TrustRef(verdict="pass", reason="dmarc"))
    return Interest(
        id="in1-1", kind="comment", source=Source(channel="social", network="vk"), occurred_at=at,
        occurred_at_precision="second", author=Author(name="Anna"), mail=ref,
    )  # fmt: skip


@contextmanager
def bench() -> Iterator[Bench]:
    """Run a server with an empty ledger."""
    server = Postgres()
    try:
        server.make()
        server.start()
        made = Bench(server)
        yield made
        made.close()
    finally:
        server.stop()


def tell(name: str, taken: list[float]) -> float:
    """Print a line; return the median."""
    median = statistics.median(taken)
    late = statistics.quantiles(taken, n=20)[-1]
    print(f"{name:<66} {median:8.1f} {late:8.1f} ms")
    return median


def main() -> int:
    """Measure and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delivered", type=int, default=1_000_000)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--one-author", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=60)
    wanted = parser.parse_args()
    if program("initdb") is None:
        print(HINT)
        return 1
    delivered, waiting = f"{wanted.delivered:,} delivered", f"{wanted.waiting:,}"
    with bench() as one:
        print(f"{'a claim of ' + str(BATCH) + ' deliveries':<66} {'median':>8} {'95 %':>8}")
        base = tell("nothing else in the ledger", one.claims(wanted.rounds, fresh=True))
        one.fill(wanted.delivered, "delivered", lane=f"'lane' || n %% {LANES}")
        one.fill(wanted.waiting, "waiting", lane=f"'lane' || n %% {LANES}", due=4e9)
        one.settle_down()
        later = tell(f"{delivered}, {waiting} waiting for their time", one.claims(wanted.rounds, fresh=True))
        one.fill(wanted.one_author, "ready", lane="'author'")
        one.settle_down()
        author = tell(f"the same and {wanted.one_author:,} ready of one author", one.claims(wanted.rounds, fresh=False))
        one.fill(wanted.waiting, "ready", lane=f"'backlog' || n %% {LANES}")
        one.settle_down()
        ready = tell(f"the same and a backlog of {waiting} ready", one.claims(wanted.rounds, fresh=True))
    worst = max(later, ready, author) / base
    print(f"times as much: {worst:.2f}, allowed: {MOST:.0f}")
    return int(worst > MOST)


if __name__ == "__main__":
    sys.exit(main())
