"""Fetch, decode, parse, store: mailbridge beside what merely downloads, and beside itself with the reference engines.

    PYTHONPATH=tests python bench/pipeline.py [--mails 10000] [--rounds 3] [--write]

A Dovecot of its own holds the mails; every contender is a process of its own. `--write` puts the table into
docs/performance.md.
"""

import argparse
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import boxes
import mails
import measure

HERE = Path(__file__).parent
PERFORMANCE = HERE.parent / "docs" / "performance.md"
FIRST = "imap-tools, bulk: download only"
PATIENCE_S = 1800


def contenders(box: boxes.Box, count: int) -> dict[str, Callable[[], measure.Cost]]:
    found: dict[str, Callable[[], measure.Cost]] = {
        FIRST: lambda: _reader("bulk", *box.log_in),
        "imap-tools, one by one: download only": lambda: _reader("one-by-one", *box.log_in),
        "mail-parser alone, mails in memory": lambda: _reader("parsed", "--count", str(count)),
        "mail-parser, beautifulsoup4, mails in memory": lambda: _reader("engines", "--count", str(count)),
        "mailbridge: fetch, decode, parse, ledger": lambda: _daemon(boxes.MAILBRIDGE, box, count),
        "mailbridge with the reference engines": lambda: _daemon(
            (sys.executable, str(HERE / "reference_daemon.py")), box, count
        ),
    }
    if shutil.which("mbsync"):
        found["mbsync: download into a Maildir"] = lambda: _mbsync(box)
    return found


def _reader(*arguments: str) -> measure.Cost:
    cost = measure.run([sys.executable, str(HERE / "readers.py"), *arguments])
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
    """Run the daemon from its start until the ledger holds every mail with its outcome."""
    with tempfile.TemporaryDirectory() as folder:
        config = box.config(Path(folder))
        with (Path(folder) / "log").open("w") as log:
            began = time.monotonic()
            process = subprocess.Popen([*command, "run", "-c", str(config), "--new"], stderr=log, stdout=log)
            watch = measure.Watch(process.pid)
            try:
                _await(Path(folder) / "mailbridge.db", count, process)
                seconds = time.monotonic() - began
                watch.stop()
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


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mails", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", default="", help="part of a contender's name; the first one always runs")
    options.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    chosen = options.parse_args()
    with boxes.full(mails.mails(chosen.mails)) as box:
        wanted = {
            name: contend
            for name, contend in contenders(box, chosen.mails).items()
            if name == FIRST or chosen.only in name
        }
        costs = measure.rounds(wanted, chosen.rounds)
    text = f"{chosen.mails:,} mails, medians of {chosen.rounds}.\n\n{measure.table(costs, chosen.mails, FIRST)}"
    print(text)
    if chosen.write:
        measure.replace_section(PERFORMANCE, "pipeline", text)


if __name__ == "__main__":
    main()
