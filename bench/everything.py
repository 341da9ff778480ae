"""Every bench about speed, one after the other, and at the end what was wanted beside what was found.

    PYTHONPATH=tests python bench/everything.py [--full] [--write] [--only NAME]

Without `--full` with small numbers, in six minutes; with it with large ones, in half an hour. `--write` puts the
results into docs/performance.md. The JSON of all results is left in build/bench.json.
"""

import argparse
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import report

HERE = Path(__file__).parent
RESULTS = HERE.parent / "build" / "bench.json"
QUICK = {
    "starting": ["--rounds", "3"],
    "pipeline": ["--mails", "1500", "--rounds", "1"],
    "delivery": ["--mails", "500", "--rounds", "1"],
    "latency": ["--mails", "8", "--backlog", "1500"],
    "polling": ["--mails", "10000", "--looks", "20"],
    "backlog": ["--mails", "5000"],
}
FULL: dict[str, list[str]] = {name: [] for name in QUICK}


def ran(name: str, options: list[str]) -> bool:
    """Run one bench; return whether it ended well."""
    print(f"\n## {name}\n", flush=True)
    command = [sys.executable, str(HERE / f"{name}.py"), *options, "--json", str(RESULTS)]
    return subprocess.run(command, check=False).returncode == 0


def surroundings() -> str:
    """Say when, and how busy the machine was at that time."""
    load, cores = os.getloadavg()[0], os.cpu_count()
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {cores} cores, load {load:.1f} at the beginning."


def main() -> int:
    """Run and tell."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--full", action="store_true")
    options.add_argument("--write", action="store_true")
    options.add_argument("--only", default="", choices=["", *QUICK])
    chosen = options.parse_args()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.unlink(missing_ok=True)
    when = surroundings()
    more = ["--write"] if chosen.write else []
    asked = FULL if chosen.full else QUICK
    failed = [name for name, given in asked.items() if chosen.only in {"", name} and not ran(name, [*given, *more])]
    found = [json.loads(line) for line in RESULTS.read_text("utf-8").splitlines()] if RESULTS.exists() else []
    goals = [goal | {"what": f"{one['bench']}: {goal['what']}"} for one in found for goal in one["goals"]]
    rows = [report.Goal(**{key: value for key, value in goal.items() if key != "reached"}) for goal in goals]
    text = f"{when}\n\n{report.goals_table(rows)}"
    print(f"\n## Together\n\n{text}")
    if chosen.write and not chosen.only:
        report.replace_section(report.PERFORMANCE, "together", text)
    if failed:
        print(f"\nnot ended well: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
