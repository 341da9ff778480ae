"""How long a mail takes from its hand-over to the mailbox until its lead is in the CRM: quiet, and beside a backlog.

    PYTHONPATH=tests python bench/latency.py [--mails 20] [--backlog 10000] [--write] [--json FILE]

Mails are put into a Dovecot by APPEND while the daemon waits with IDLE; the CRM is HTTP and answers at once. How long
Dovecot itself takes to tell a bare idling client is measured beside it.
"""

import random
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import boxes
import delivery
import httpx
import mails
import report

GAP_S = (0.8, 2.2)
KINDS = 6
"""Every sixth of the made-up mails is a comment on VK, which always becomes a lead and names a profile of its own."""
FIRST = 6_000_000
"""Number of the first mail that arrives; those of the backlog are far below."""


@contextmanager
def running(box: boxes.Box) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Run a CRM and a daemon that is in sync with the mailbox, or at work on it; yields the CRM's address."""
    with delivery.crm() as url, tempfile.TemporaryDirectory() as folder:
        config = box.config(Path(folder), delivery.SINK.format(url=url) + delivery.STEPS[delivery.BATCHED])
        log = Path(folder) / "log"
        with log.open("w") as out:
            process = subprocess.Popen([*boxes.MAILBRIDGE, "run", "-c", str(config), "--new"], stderr=out, stdout=out)
        try:
            events = ('"event": "mailbox_synced"', '"event": "mails_stored"')
            delivery.until(lambda: any(one in log.read_text("utf-8") for one in events), process)
            yield url, process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def arrivals(box: boxes.Box, url: str, process: "subprocess.Popen[bytes]", count: int) -> list[float]:
    """Hand over mails at random distances; return the seconds that each took to the CRM."""
    chance = random.Random(7)
    handed: dict[str, float] = {}
    for number in range(FIRST, FIRST + count * KINDS, KINDS):
        time.sleep(chance.uniform(*GAP_S))
        box.user.deliver(mails.mail(number))
        handed[f"id{20_000_000 + number}"] = time.monotonic()
    seen: dict[str, float] = {}

    def all_there() -> bool:
        seen.update(httpx.get(f"{url}/people", timeout=30).json())
        return handed.keys() <= seen.keys()

    delivery.until(all_there, process)
    return [seen[person] - moment for person, moment in handed.items()]


def notices(box: boxes.Box, count: int) -> list[float]:
    """Return how long Dovecot takes to tell an idling client of each mail."""
    chance = random.Random(7)
    seconds: list[float] = []
    heard = threading.Event()
    with box.user.client() as client:
        client.select("INBOX", readonly=True)
        client.send(b"a IDLE\r\n")
        client.readline()

        def listen() -> None:
            with suppress(OSError, ValueError):  # the connection is closed at the end
                while line := client.readline():
                    if b"EXISTS" in line:
                        heard.set()

        threading.Thread(target=listen, daemon=True).start()
        for number in range(FIRST, FIRST + count * KINDS, KINDS):
            time.sleep(chance.uniform(*GAP_S))
            heard.clear()
            box.user.deliver(mails.mail(number))
            handed = time.monotonic()
            if not heard.wait(30):
                raise RuntimeError("Dovecot says nothing to a client that idles")
            seconds.append(time.monotonic() - handed)
        client.send(b"DONE\r\n")
    return seconds


def quantile(seconds: Sequence[float], share: float) -> float:
    """Return the value that so many do not exceed."""
    return statistics.quantiles(seconds, n=100, method="inclusive")[round(share * 100) - 1]


def row(name: str, seconds: Sequence[float]) -> str:
    """Return a row of the table."""
    return (
        f"| {name} | {len(seconds)} | {quantile(seconds, 0.5):.2f} | {quantile(seconds, 0.95):.2f} "
        f"| {max(seconds):.2f} |"
    )


def main() -> None:
    """Measure and tell."""
    options = report.options(__doc__)
    options.add_argument("--mails", type=int, default=20)
    options.add_argument("--backlog", type=int, default=10_000)
    chosen = options.parse_args()
    with boxes.full([], "notices") as box:
        bare = notices(box, chosen.mails)
    with boxes.full([], "quiet") as box, running(box) as (url, process):
        quiet = arrivals(box, url, process, chosen.mails)
    with boxes.full(mails.mails(chosen.backlog), "backlog") as box, running(box) as (url, process):
        busy = arrivals(box, url, process, chosen.mails)
        still = chosen.backlog + chosen.mails - int(delivery.found(url)["distinct"])
    lines = [
        "| from the hand-over | mails | p50, s | p95, s | longest, s |",
        "| --- | ---: | ---: | ---: | ---: |",
        row("to Dovecot's notice at an idling client", bare),
        row("to the lead in the CRM, quiet", quiet),
        row(f"to the lead in the CRM, beside a backlog of {chosen.backlog:,}", busy),
    ]
    goals = [
        report.Goal("quiet, p50", quantile(quiet, 0.5), 1.0, "s"),
        report.Goal("quiet, p95", quantile(quiet, 0.95), 2.0, "s"),
        report.Goal("beside a backlog, p95", quantile(busy, 0.95), 5.0, "s"),
    ]
    text = "\n".join(lines) + f"\n\nAt the end {max(0, still):,} leads of the backlog were still to come."
    report.tell("latency", text, goals, chosen)


if __name__ == "__main__":
    main()
