import subprocess
import sys
import time

import pytest

from mailbridge.testing.fixtures import cases

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]


def test_the_demo_delivers_everything_within_a_minute(tmp_path):
    began = time.monotonic()
    command = [sys.executable, "-m", "mailbridge", "demo", "--once", "--keep", str(tmp_path / "demo")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "doubles: 0; not as expected: 0" in " ".join(done.stdout.split())
    assert time.monotonic() - began < 60


def test_the_demo_shows_enough_kinds():
    shown = list(cases())
    kinds = {interest["kind"] for case in shown for interest in case.expected.get("interests", ())}
    outcomes = {case.expected["outcome"] for case in shown}
    reasons = {case.expected.get("reason") for case in shown}
    assert len(shown) >= 40
    assert len(kinds) >= 8
    assert outcomes == {"parsed", "ignored", "quarantined"}
    assert {"unauthenticated", "newsletter"} <= reasons
    assert any(len(case.expected.get("interests", ())) > 1 for case in shown), "a digest"
