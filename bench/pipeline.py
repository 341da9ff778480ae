"""Fetch, decode, parse, store: mailbridge beside what merely downloads, and beside itself with the reference engines.

    PYTHONPATH=tests python bench/pipeline.py [--mails 10000] [--rounds 3] [--write] [--json FILE]

A Dovecot of its own holds the mails; every contender is a process of its own.
"""

import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

import boxes
import mails
import measure
import report

HERE = Path(__file__).parent
FIRST = "imap-tools, bulk: download only"
MAIL_PARSER = "mail-parser alone, mails in memory"
ENGINES = "mail-parser, beautifulsoup4, mails in memory"
DECODING = "mailbridge: decode and HTML, mails in memory"
OURS = "mailbridge: fetch, decode, parse, ledger"
REFERENCE = "mailbridge with the reference engines"
AGAIN = "mailbridge: read again from the ledger"
PATIENCE_S = 1800
PEERS = HERE.parent / "build" / "peers" / "bin" / "python"
"""Made by the Makefile out of peers.txt where the package index has it."""


def contenders(box: boxes.Box, count: int, full: Path) -> dict[str, Callable[[], measure.Cost]]:
    """Return what takes part; `full` is the configuration of a ledger that has read the mailbox."""
    reference = (sys.executable, str(HERE / "reference_daemon.py"))
    found: dict[str, Callable[[], measure.Cost]] = {
        FIRST: lambda: _reader("bulk", *box.log_in),
        "imap-tools, one by one: download only": lambda: _reader("one-by-one", *box.log_in),
        MAIL_PARSER: lambda: _reader("parsed", "--count", str(count)),
        ENGINES: lambda: _reader("engines", "--count", str(count)),
        DECODING: lambda: _reader("decoded", "--count", str(count)),
        OURS: lambda: _daemon(boxes.MAILBRIDGE, box, count),
        REFERENCE: lambda: _daemon(reference, box, count),
        AGAIN: lambda: measure.run([*boxes.MAILBRIDGE, "replay", "--from-ledger", "--diff", "-c", str(full)]),
    }
    if PEERS.exists():
        found["mailsuite (the reader of parsedmarc): fetch, parse"] = lambda: _mailsuite(*box.log_in)
    if shutil.which("mbsync"):
        found["mbsync: download into a Maildir"] = lambda: _mbsync(box)
    return found


def _reader(*arguments: str) -> measure.Cost:
    return _told([sys.executable, str(HERE / "readers.py"), *arguments])


def _mailsuite(*log_in: str) -> measure.Cost:
    return _told([str(PEERS), str(HERE / "peer_mailsuite.py"), *log_in])


def _told(command: Sequence[str]) -> measure.Cost:
    """Return what a reader says of itself: it knows when it had loaded its libraries."""
    cost = measure.run(command)
    return measure.Cost(cost.said["seconds"], cost.said["cpu_s"], cost.peak_bytes)


def _mbsync(box: boxes.Box) -> measure.Cost:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mbsyncrc"
        host, port = "127.0.0.1", box.server.plain_port
        config.write_text(
            f"IMAPAccount a\nHost {host}\nPort {port}\nUser {box.user.name}\nPass {boxes.kit.PASSWORD}\nSSLType None\n"
            f"AuthMechs LOGIN\n\nIMAPStore far\nAccount a\n\nMaildirStore near\nPath {folder}/\nInbox {folder}/in\n\n"
            "Channel c\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSync Pull\nSyncState *\n"
        )
        return measure.run(["mbsync", "-c", str(config), "-q", "c"])


def _daemon(command: Sequence[str], box: boxes.Box, count: int) -> measure.Cost:
    with tempfile.TemporaryDirectory() as folder:
        return _filled(command, box.config(Path(folder)), count)


def _filled(command: Sequence[str], config: Path, count: int) -> measure.Cost:
    """Run the daemon from its start until the ledger holds every mail with its outcome."""
    with (config.parent / "log").open("w") as log:
        began = time.monotonic()
        process = subprocess.Popen([*command, "run", "-c", str(config), "--new"], stderr=log, stdout=log)
        watch = measure.Watch(process.pid)
        try:
            _await(config.parent / "mailbridge.db", count, process)
            seconds = time.monotonic() - began
            watch.stop()
        except RuntimeError as error:
            error.add_note(Path(log.name).read_text("utf-8")[-2000:])
            raise
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    return measure.Cost(seconds, watch.cpu_s, watch.peak_bytes)


def _await(ledger: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while _settled(ledger) < count:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the daemon ended, or did not read {count} mails: {_settled(ledger)}")
        time.sleep(0.1)


def _settled(ledger: Path) -> int:
    if not ledger.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=5)) as connection:
            return int(connection.execute("SELECT count(*) FROM mail WHERE state <> 'stored'").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # not made yet, or being written


def goals(costs: Mapping[str, Sequence[measure.Cost]]) -> list[report.Goal]:
    """Return what is wanted of the ratios, round by round."""

    def times(one: str, other: str) -> float:
        return median(base.seconds / run.seconds for run, base in zip(costs[one], costs[other], strict=True))

    wanted = (
        ("whole pipeline against merely downloading in bulk", OURS, FIRST, 1.0),
        ("whole pipeline against the reference engines in it", OURS, REFERENCE, 3.0),
        ("whole pipeline against mail-parser alone", OURS, MAIL_PARSER, 2.0),
        ("decode and HTML against mail-parser and beautifulsoup4", DECODING, ENGINES, 8.0),
        ("reading again from the ledger against reading from IMAP", AGAIN, OURS, 1.0),
    )
    return [
        report.Goal(what, times(one, other), bound, "times", at_most=False)
        for what, one, other, bound in wanted
        if one in costs and other in costs
    ]


def main() -> None:
    """Measure and tell."""
    options = report.options(__doc__)
    options.add_argument("--mails", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", default="", help="part of a contender's name; the first one always runs")
    chosen = options.parse_args()
    with boxes.full(mails.mails(chosen.mails)) as box, tempfile.TemporaryDirectory() as folder:
        full = box.config(Path(folder))
        if chosen.only in AGAIN:
            _filled(boxes.MAILBRIDGE, full, chosen.mails)
        wanted = {
            name: contend
            for name, contend in contenders(box, chosen.mails, full).items()
            if name == FIRST or chosen.only in name
        }
        costs = measure.rounds(wanted, chosen.rounds)
    text = f"{chosen.mails:,} mails, medians of {chosen.rounds}.\n\n{measure.table(costs, chosen.mails, FIRST)}"
    report.tell("pipeline", text, goals(costs), chosen)


if __name__ == "__main__":
    main()
