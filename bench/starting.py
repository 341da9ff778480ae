"""How long a person waits for `--help`, and a supervisor until the daemon is at work.

PYTHONPATH=tests python bench/starting.py [--rounds 5] [--write] [--json FILE]
"""

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import boxes
import delivery
import report


def helped() -> float:
    """Return the seconds until `mailbridge --help` has printed its last line."""
    began = time.monotonic()
    subprocess.run([*boxes.MAILBRIDGE, "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def bare() -> float:
    """Return the seconds that Python itself takes to start."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.monotonic() - began


def ready(box: boxes.Box) -> float:
    """Return the seconds until a daemon with an empty ledger has proven that it is in sync with its mailbox."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        began = time.monotonic()
        with log.open("w") as out:
            command = [*boxes.MAILBRIDGE, "run", "-c", str(box.config(Path(folder))), "--new"]
            process = subprocess.Popen(command, stderr=out, stdout=out)
        try:
            delivery.until(lambda: '"event": "mailbox_synced"' in log.read_text("utf-8"), process)
            return time.monotonic() - began
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def main() -> None:
    """Measure and tell."""
    options = report.options(__doc__)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    with boxes.full([]) as box:
        found = [(bare(), helped(), ready(box)) for _ in range(chosen.rounds)]
    python, shown, synced = (median(one) for one in zip(*found, strict=True))
    text = (
        f"Medians of {chosen.rounds}: Python itself {python:.2f} s, `mailbridge --help` {shown:.2f} s, "
        f"`mailbridge run` in sync with its mailbox {synced:.2f} s."
    )
    goals = [report.Goal("`--help`", shown, 0.5, "s"), report.Goal("`run` in sync", synced, 2.0, "s")]
    report.tell("starting", text, goals, chosen)


if __name__ == "__main__":
    main()
