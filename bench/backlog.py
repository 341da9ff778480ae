"""Memory and CPU while a backlog of 100,000 mails is read and delivered, beside a tenth of it.

    PYTHONPATH=tests python bench/backlog.py [--mails 100000] [--write] [--json FILE]

A Dovecot of its own holds the mails; the daemon runs as in production and delivers into a file. How long mails take
that arrive meanwhile is told as well. Ends with 1 when the memory of the second half exceeds that of the first quarter
by more than a quarter: then it would grow with the backlog.
"""

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
import report

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


@dataclass(frozen=True, slots=True)
class Run:
    """A backlog that was worked off.

    Attributes:
        count: Mails of the backlog.
        seconds: From the start of the daemon until all was delivered.
        cpu_s: Of all its processes.
    """

    count: int
    samples: list[Sample]
    newcomers: "Newcomers"
    seconds: float
    cpu_s: float

    def peak(self, low: float = 0.0, high: float = 1.0) -> int:
        """Return the most memory while the share of read mails was between two values."""
        return max((one.resident for one in self.samples if low <= one.share <= high), default=0)

    @property
    def growth(self) -> float:
        """How many times as much memory the second half took as the first quarter."""
        return self.peak(0.5) / max(1, self.peak(0.02, 0.25))


def watched(box: boxes.Box, count: int) -> Run:
    """Run the daemon until all is delivered."""
    with tempfile.TemporaryDirectory() as folder:
        config = box.config(Path(folder), SINK)
        ledger = Ledger(Path(folder) / "mailbridge.db")
        newcomers = Newcomers(box, ledger, count // KINDS * KINDS + KINDS)
        with (Path(folder) / "log").open("w") as log:
            began = time.monotonic()
            process = subprocess.Popen([*boxes.MAILBRIDGE, "run", "-c", str(config), "--new"], stderr=log, stdout=log)
            watch = measure.Watch(process.pid, every_s=3600)
            try:
                samples = list(_sampled(process, watch, ledger, newcomers, count))
                seconds = time.monotonic() - began
            finally:
                watch.stop()
                process.send_signal(signal.SIGTERM)
                process.wait(60)
        return Run(count, samples, newcomers, seconds, watch.cpu_s)


def _sampled(
    process: subprocess.Popen[bytes], watch: measure.Watch, ledger: Ledger, newcomers: Newcomers, count: int
) -> Iterator[Sample]:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the daemon ended, or {ledger.settled()} of {count} mails were read in time")
        share = ledger.settled() / count
        yield Sample(min(1.0, share), watch.sample())
        newcomers.look(share)
        if share >= 1.0 and newcomers.all_there and not ledger.waiting():
            return
        time.sleep(LOOK_S)


def told(run: Run) -> str:
    """Return what was seen as Markdown."""
    rate = f"{run.count / run.seconds:,.0f} a second"
    lines = [
        f"{run.count:,} mails read and delivered in {run.seconds:,.0f} s, {rate}, with {run.cpu_s:,.0f} s CPU.",
        "",
        "| read | peak of memory, MB |",
        "| ---: | ---: |",
    ]
    for tenth in range(10):
        low, high = tenth / 10, (tenth + 1) / 10
        lines.append(f"| {low:.0%} – {high:.0%} | {run.peak(low, high) / 1e6:,.0f} |")
    if seconds := run.newcomers.seconds:
        middle, longest = statistics.median(seconds), max(seconds)
        arrived = f"{len(seconds)} mails arrived meanwhile"
        lines += ["", f"{arrived}: in the sink after {middle:.1f} s (median), {longest:.1f} s (longest)."]
    return "\n".join(lines)


def worked_off(count: int) -> Run:
    """Fill a mailbox and work it off."""
    with boxes.full(mails.mails(count)) as box:
        return watched(box, count)


def main() -> int:
    """Measure and judge."""
    options = report.options(__doc__)
    options.add_argument("--mails", type=int, default=100_000)
    chosen = options.parse_args()
    tenth = worked_off(chosen.mails // 10)
    whole = worked_off(chosen.mails)
    goals = [
        report.Goal("memory of all processes, most", whole.peak() / 1e6, 250.0, "MB"),
        report.Goal("memory of the second half against the first quarter", whole.growth, MOST, "times"),
        report.Goal(f"CPU against that of {tenth.count:,} mails", whole.cpu_s / tenth.cpu_s, 12.0, "times"),
    ]
    report.tell("backlog", told(whole), goals, chosen)
    return int(whole.growth > MOST)


if __name__ == "__main__":
    sys.exit(main())
