"""What a report takes out of a large ledger: seconds and memory, for a page with all its charts.

    PYTHONPATH=tests python bench/reporting.py [--interests 1000000] [--keep DIR]

Fills an SQLite ledger with interests of two months as they come at random, each delivered and read back, and calls
`mailbridge report --month` of the later one in a process of its own. Ends with 1 when it takes more than 60 seconds or
300 MB.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from mailbridge.ledger.engine import open_database
from report_month import UNTIL, fill, month

CHUNK = 20_000
MOST_S, MOST_MB = 60.0, 300.0

CONFIG = """\
[ledger]
url = "sqlite:///ledger.db"
[mailboxes.none]
type = "directory"
path = "."
[watch]
timezone = "Europe/Berlin"
answer_s = 7200
"""


def filled(folder: Path, count: int) -> None:
    """Write the configuration and a ledger of so many interests."""
    (folder / "config.toml").write_text(CONFIG, "utf-8")
    database = open_database(f"sqlite:///{folder / 'ledger.db'}")
    delivery = 1
    for first in range(0, count, CHUNK):
        ones = month(min(CHUNK, count - first), seed=first + 1)
        delivery = fill(database, ones, first=first, first_delivery=delivery)
        print(f"\r{first + len(ones):,} of {count:,} interests written", end="", file=sys.stderr)
    print(file=sys.stderr)
    database.close()


def measured(folder: Path, *more: str) -> tuple[float, float, float]:
    """Return the seconds of a report, those of them on a processor, and its most megabytes (10^6 bytes resident)."""
    command = [sys.executable, "-m", "mailbridge", "report", "-c", str(folder / "config.toml"), *more]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)}: exit code {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6


def main() -> int:
    """Fill, measure, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interests", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the ledger there, or use the one that is there")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = wanted.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "ledger.db").exists():
            filled(folder, wanted.interests)
        size = (folder / "ledger.db").stat().st_size / 1e6
        month_of = f"{(UNTIL - timedelta(days=1)):%Y-%m}"
        page = folder / "report.html"
        seconds, busy, megabytes = measured(folder, "--month", month_of, "--html", str(page), "--names")
        print(
            f"{wanted.interests:,} interests in a ledger of {size:,.0f} MB: a report of one of its two months, "
            f"a page of {page.stat().st_size / 1e3:,.0f} kB: {seconds:.0f} s ({busy:.0f} of them on a processor), "
            f"{megabytes:.0f} MB of memory; allowed: {MOST_S:.0f} s, {MOST_MB:.0f} MB"
        )
    return int(seconds > MOST_S or megabytes > MOST_MB)


if __name__ == "__main__":
    sys.exit(main())
