"""A backlog of 1,000 mails into a CRM behind HTTP that has no limit: mailbridge beside a careful script.

    PYTHONPATH=tests python bench/delivery.py [--mails 1000] [--rounds 3] [--write] [--json FILE]

Timed from readiness (logged in; "started" in the log) until the CRM holds every lead. The script sends one lead a
request, as those that the facts were measured with; mailbridge does so too, and once more with the batches of 100 that
an API for many takes.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from statistics import median

import boxes
import httpx
import mails
import measure
import report

HERE = Path(__file__).parent
SCRIPT = "careful script (imap-tools, mail-parser, beautifulsoup4, httpx)"
SINGLE = "mailbridge, sink `rest`, a request a lead"
BATCHED = "mailbridge, sink `rest`, batches of 100"
PATIENCE_S = 600
LOOK_S = 0.05
"""How often it is looked whether something is so; when the last lead came tells the CRM itself."""
SINK = """
[sinks.crm]
type = "rest"
url = "{url}"
rate_per_s = 5000
parallel = 8

[sinks.crm.steps.lead]
path = "/leads"
search = {{ path = "/leads", params = {{ key = "{{{{ key }}}}" }}, rows = "@", key = "key" }}
"""
LEAD = '{ key = "{{ key }}", title = "{{ title }}", text = "{{ card }}" }'
STEPS = {
    SINGLE: f"body = {LEAD}\n",
    BATCHED: f'batch = 100\nitem = {LEAD}\nbody = {{ leads = "{{{{ items }}}}" }}\nrows = "leads"\nrow_key = "key"\n',
}


@contextmanager
def crm() -> Iterator[str]:
    """Run an empty CRM; yields its address."""
    port = boxes.kit.free_port()
    process = subprocess.Popen([sys.executable, str(HERE / "crm_server.py"), str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(url), process)
        yield url
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        found(url)
    except httpx.HTTPError:
        return False
    return True


def found(url: str) -> dict[str, float]:
    """Return what the CRM got so far."""
    said: dict[str, float] = _asker().get(f"{url}/found").json()
    return said


@cache
def _asker() -> httpx.Client:
    """A new client each time would read all certificates anew: half a core, taken from who is measured."""
    return httpx.Client(verify=False)


def until(is_so: Callable[[], bool], process: "subprocess.Popen[bytes] | subprocess.Popen[str]") -> None:
    """Wait for something that a process does.

    Raises:
        RuntimeError: It ended before, or takes too long.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        if process.poll() not in {None, 0} or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args} ended with {process.poll()}, or takes too long")
        time.sleep(LOOK_S)


def script(box: boxes.Box, count: int) -> measure.Cost:
    """Run the script over all mails."""
    with crm() as url, box.user.client() as client:
        client.select("INBOX")
        client.store("1:*", "-FLAGS.SILENT", "(\\Seen)")
        command = [sys.executable, str(HERE / "careful_script.py")]
        command += [str(box.server.plain_port), box.user.name, boxes.kit.PASSWORD, f"{url}/leads"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        watch = measure.Watch(process.pid)
        try:
            ready = float(json.loads((process.stdout or sys.stdin).readline())["ready"])
            until(lambda: found(url)["distinct"] >= count, process)
            return _cost(url, ready, watch)
        finally:
            process.wait(60)


def daemon(box: boxes.Box, count: int, step: str) -> measure.Cost:
    """Run the service until everything is delivered."""
    with crm() as url, tempfile.TemporaryDirectory() as folder:
        config = box.config(Path(folder), SINK.format(url=url) + step)
        log = Path(folder) / "log"
        with log.open("w") as out:
            process = subprocess.Popen([*boxes.MAILBRIDGE, "run", "-c", str(config), "--new"], stderr=out, stdout=out)
        watch = measure.Watch(process.pid)
        try:
            until(lambda: '"event": "started"' in log.read_text("utf-8"), process)
            ready = time.monotonic()
            until(lambda: found(url)["distinct"] >= count, process)
            return _cost(url, ready, watch)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _cost(url: str, ready: float, watch: measure.Watch) -> measure.Cost:
    watch.stop()
    said = found(url)
    doubled = int(said["all"] - said["distinct"])
    if doubled:
        raise RuntimeError(f"{doubled} leads came twice")
    return measure.Cost(said["last"] - ready, watch.cpu_s, watch.peak_bytes)


def main() -> None:
    """Measure and tell."""
    options = report.options(__doc__)
    options.add_argument("--mails", type=int, default=1_000)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    with boxes.full(mails.mails(chosen.mails)) as box:
        wanted = {SCRIPT: lambda: script(box, chosen.mails)}
        wanted |= {name: partial(daemon, box, chosen.mails, step) for name, step in STEPS.items()}
        costs = measure.rounds(wanted, chosen.rounds)
    goals = [
        report.Goal(
            f"{name.partition(', ')[0]} against the careful script, {name.rpartition(', ')[2]}",
            median(base.seconds / run.seconds for base, run in zip(costs[SCRIPT], costs[name], strict=True)),
            8.0,
            "times",
            at_most=False,
        )
        for name in STEPS
    ]
    most = max(median(run.peak_bytes for run in costs[name]) for name in STEPS) / 1e6
    goals.append(report.Goal("memory of mailbridge", most, 200.0, "MB"))
    text = f"{chosen.mails:,} leads, medians of {chosen.rounds}.\n\n{measure.table(costs, chosen.mails, SCRIPT)}"
    report.tell("delivery", text, goals, chosen)


if __name__ == "__main__":
    main()
