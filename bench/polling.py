"""What a look at a mailbox of 100,000 mails costs when nothing has come: CPU of ours, commands to the server.

    PYTHONPATH=tests python bench/polling.py [--mails 100000] [--looks 50] [--write] [--json FILE]

The mailbox is in sync: `since` leaves all its mails out, which the first look finds out and later ones need not.
"""

import os
import pwd
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import boxes
import report

from mailbridge.app import App, build
from mailbridge.config import load_settings
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.stations.reading import InProcessCrew

MAIL = b"From: a@people.example\r\nSubject: %d\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n\r\nHello\r\n"


def service(box: boxes.Box, folder: Path) -> App:
    """Build the service, not running: its looks are made one by one."""
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    settings = load_settings(box.config(folder, f"since = {later}\n"))
    return build(settings, new=True, parallel=False, crew=InProcessCrew({}, TrustRules()))


def looks(box: boxes.Box, count: int) -> tuple[list[float], list[float], float]:
    """Return CPU seconds and seconds of each look after the first, and commands per look."""
    cpu, seconds = [], []
    with tempfile.TemporaryDirectory() as folder:
        app = service(box, Path(folder))
        try:
            app.collectors[0].cycle()
            before = commands(box)
            for _ in range(count):
                began, used = time.monotonic(), time.process_time()
                app.collectors[0].cycle()
                cpu.append(time.process_time() - used)
                seconds.append(time.monotonic() - began)
            return cpu, seconds, (commands(box) - before) / count
        finally:
            app.close()


def record(box: boxes.Box) -> None:
    """Let Dovecot write down what clients say from now on."""
    folder = box.user.maildir.parent / "rawlog"
    folder.mkdir()
    if os.getuid() == 0:
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)


def commands(box: boxes.Box) -> int:
    """Return how many commands were given so far, once the server has written them down."""
    time.sleep(0.5)
    return sum(map(len, box.user.sessions()))


def main() -> None:
    """Measure and tell."""
    options = report.options(__doc__)
    options.add_argument("--mails", type=int, default=100_000)
    options.add_argument("--looks", type=int, default=50)
    chosen = options.parse_args()
    with boxes.full(MAIL % number for number in range(chosen.mails)) as box:
        record(box)
        cpu, seconds, said = looks(box, chosen.looks)
    text = (
        f"A look at {chosen.mails:,} mails without news, median of {chosen.looks}: {median(cpu) * 1000:.1f} ms CPU of "
        f"ours, {median(seconds) * 1000:.1f} ms in all, {said:.0f} commands to the server."
    )
    goals = [
        report.Goal("CPU of a look without news", median(cpu) * 1000, 20.0, "ms"),
        report.Goal("round trips of a look without news", said, 2.0),
    ]
    report.tell("polling", text, goals, chosen)


if __name__ == "__main__":
    main()
