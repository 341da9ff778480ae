"""Memory while a backlog of 100,000 mails is read and delivered, and how long a mail takes that arrives meanwhile.

    PYTHONPATH=tests python bench/backlog.py [--mails 100000]

A Dovecot of its own holds the mails; the daemon runs as in production and delivers into a file. Ends with 1 when the
memory of the second half exceeds that of the first quarter by more than a quarter: then it would grow with the backlog.
"""

import argparse
import hashlib
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import boxes
import mails
import measure

MOST = 1.25
"""How many times as much memory the second half may take as the first quarter."""

LOOK_S = 0.5
NEWCOMER_EVERY = 0.08
"""A new mail arrives whenever so much more of the backlog is done."""

KINDS = 6
"""Every sixth of the made-up mails is a comment, which is read and delivered whatever else it may hold."""

PATIENCE_S = 7200

SINK = '[sinks.file]\ntype = "jsonl"\npath = "cards.jsonl"\n'


@dataclass(frozen=True, slots=True)
class Sample:
    """A look at the daemon: share of the backlog that is read, bytes of all its processes."""

    share: float
    resident: int


class Ledger:
    """What the daemon has done, read past it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def settled(self) -> int:
        return self._count("SELECT count(*) FROM mail WHERE state <> 'stored'")

    def waiting(self) -> int:
        """Return how many deliveries are open."""
        return self._count("SELECT count(*) FROM delivery WHERE state IN ('ready','sending','waiting','doubt')")

    def has_delivered(self, raw: bytes) -> bool:
        found = (
            "SELECT count(*) FROM delivery JOIN interest ON interest.id = delivery.interest_id "
            "WHERE interest.mail_id = ? AND delivery.state = 'delivered'"
        )
        return self._count(found, hashlib.sha256(raw).hexdigest()) > 0

    def _count(self, query: str, *values: str) -> int:
        if not self._path.exists():
            return 0
        try:
            with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)) as connection:
                return int(connection.execute(query, values).fetchone()[0])
        except sqlite3.OperationalError:
            return 0  # not made yet, or being written


class Newcomers:
    """Mails that arrive while the backlog is worked off, and how long each takes until it is delivered."""

    def __init__(self, box: boxes.Box, ledger: Ledger, first: int) -> None:
        self._box, self._ledger, self._next = box, ledger, first
        self._under_way: tuple[bytes, float] | None = None
        self._due = NEWCOMER_EVERY
        self.seconds: list[float] = []

    def look(self, share: float) -> None:
        if self._under_way is not None:
            raw, since = self._under_way
            if self._ledger.has_delivered(raw):
                self.seconds.append(time.monotonic() - since)
                self._under_way = None
        elif self._due <= share < 1.0:
            self._due = share + NEWCOMER_EVERY
            raw = mails.mail(self._next)
            self._next += KINDS
            self._box.user.deliver(raw)
            self._under_way = (raw, time.monotonic())

    @property
    def all_there(self) -> bool:
        return self._under_way is None


def watched(box: boxes.Box, count: int) -> tuple[list[Sample], Newcomers, float]:
    """Run the daemon until all is delivered; return samples, newcomers and the seconds it took."""
    with tempfile.TemporaryDirectory() as folder:
        config = box.config(Path(folder), SINK)
        ledger = Ledger(Path(folder) / "mailbridge.db")
        newcomers = Newcomers(box, ledger, count // KINDS * KINDS + KINDS)
        with (Path(folder) / "log").open("w") as log:
            began = time.monotonic()
            process = subprocess.Popen([*boxes.MAILBRIDGE, "run", "-c", str(config), "--new"], stderr=log, stdout=log)
            try:
                samples = list(_sampled(process, ledger, newcomers, count))
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)
        return samples, newcomers, time.monotonic() - began


def _sampled(process: subprocess.Popen[bytes], ledger: Ledger, newcomers: Newcomers, count: int) -> Iterator[Sample]:
    watch = measure.Watch(process.pid, every_s=3600)
    deadline = time.monotonic() + PATIENCE_S
    try:
        while True:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the daemon ended, or {ledger.settled()} of {count} mails were read in time")
            share = ledger.settled() / count
            yield Sample(min(1.0, share), watch.sample())
            newcomers.look(share)
            if share >= 1.0 and newcomers.all_there and not ledger.waiting():
                return
            time.sleep(LOOK_S)
    finally:
        watch.stop()


def peak(samples: list[Sample], low: float, high: float) -> int:
    """Return the most memory while the share of read mails was between two values."""
    return max((one.resident for one in samples if low <= one.share <= high), default=0)


def told(samples: list[Sample], newcomers: Newcomers, count: int, seconds: float) -> float:
    """Print what was seen; return how many times as much memory the second half took."""
    print(f"{count:,} mails read and delivered in {seconds:,.0f} s, {count / seconds:,.0f} a second")
    print(f"{'read':>12}{'peak of memory, MB':>22}")
    for tenth in range(10):
        low, high = tenth / 10, (tenth + 1) / 10
        print(f"{f'{low:.0%} – {high:.0%}':>12}{peak(samples, low, high) / 1e6:>22,.0f}")
    if newcomers.seconds:
        middle, worst = statistics.median(newcomers.seconds), max(newcomers.seconds)
        print(
            f"{len(newcomers.seconds)} mails arrived meanwhile: in the sink after {middle:.1f} s (median), "
            f"{worst:.1f} s (longest)"
        )
    return peak(samples, 0.5, 1.0) / max(1, peak(samples, 0.02, 0.25))


def main() -> int:
    """Measure and judge."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mails", type=int, default=100_000)
    chosen = options.parse_args()
    with boxes.full(mails.mails(chosen.mails)) as box:
        samples, newcomers, seconds = watched(box, chosen.mails)
    times = told(samples, newcomers, chosen.mails, seconds)
    print(f"second half against first quarter: {times:.2f}, allowed: {MOST}")
    return int(times > MOST)


if __name__ == "__main__":
    sys.exit(main())
