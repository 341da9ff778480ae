"""All threats, and what becomes of the tests when one of their controls is out."""

import os
import subprocess
import sys
from pathlib import Path

from threats import more, outputs, refusals, traces
from threats.bugs import THREATS, Threat

__all__ = ["THREATS", "more", "outcomes", "outputs", "refusals", "traces"]

TESTS = Path(__file__).parents[1]


def outcomes(threat: Threat) -> dict[str, bool]:
    """Return for each test of a threat whether it fails when the control is out."""
    return {name: _fails(name, threat.broken) for name in threat.tests}


def _fails(test: str, broken: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "threats.planted", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, str(TESTS / test)],
        env={**os.environ, "PYTHONPATH": str(TESTS), "MAILBRIDGE_PLANTED_BUG": broken},
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1}:
        raise RuntimeError(f"{test} did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 1 and " failed" in done.stdout
