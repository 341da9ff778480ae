"""Asks an advisory service for known vulnerabilities of all that constraints.txt pins. No answer is no good news.

`python tools/audit_deps.py [--service index|osv] [FILE]`. Exit codes: 0 nothing is known of any pinned version, 65
something is, 69 the service was not reached or knows nothing of some of them: a mirror of the package index hands out
packages but seldom advisories, and what was not looked up must not look healthy.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FOUND, UNKNOWN = 65, 69
SERVICES = {"index": "pypi", "osv": "osv"}
_SHOWN = 3


def asked(file: Path, service: str) -> subprocess.CompletedProcess[str]:
    """Ask about every line of a file of pinned and hashed requirements."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(file), "--require-hashes", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", "--vulnerability-service", SERVICES[service]]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def verdict(packages: Sequence[Mapping[str, Any]]) -> tuple[int, list[str]]:
    """Return the exit code and what to say about the answers: {name, version, vulns} or {name, skip_reason}."""
    skipped = [one for one in packages if "skip_reason" in one]
    bad = [one for one in packages if one.get("vulns")]
    lines = [f"{one['name']} {one['version']}: {_told(flaw)}" for one in bad for flaw in one["vulns"]]
    if skipped or not packages:
        lines += [f"  {one['name']}: {one['skip_reason']}" for one in skipped[:_SHOWN]]
        lines.append(f"NOT AUDITED: the advisory service knows nothing of {len(skipped)} of {len(packages)} packages.")
    if bad:
        return FOUND, lines
    if skipped or not packages:
        return UNKNOWN, lines
    return 0, [f"No known vulnerabilities in {len(packages)} packages."]


def _told(flaw: Mapping[str, Any]) -> str:
    fixed = ", ".join(flaw.get("fix_versions") or ()) or "none yet"
    return f"{flaw['id']} (fixed in: {fixed})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit, tell, return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", nargs="?", type=Path, default=Path("constraints.txt"))
    parser.add_argument("--service", choices=sorted(SERVICES), default="index", help="whom to ask")
    given = parser.parse_args(arguments)
    if not given.file.is_file():
        print(f"no such file: {given.file}", file=sys.stderr)
        return 74
    done = asked(given.file, given.service)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        why = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"NOT AUDITED: the advisory service ({given.service}) gave no answer: {why}", file=sys.stderr)
        print("Run this where the service can be reached; --service names another one.", file=sys.stderr)
        return UNKNOWN
    code, lines = verdict(packages)
    print("\n".join(lines), file=sys.stderr if code == UNKNOWN else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
