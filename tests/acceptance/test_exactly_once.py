"""The promise, with real processes: nothing lost, nothing twice."""

import os
import random
import signal
import time

import pytest

from mailbridge.ledger.ledger import peek
from mailbridge.testing.demo_verdict import judge

KILLS = int(os.environ.get("MAILBRIDGE_KILLS", "4"))
MAILS = 250

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def leads(world):
    return {name: {key: tuple(ids) for key, ids in crm.keys().items()} for name, crm in world.crms.items()}


def objects(world):
    """How many leads, contacts, notes and tasks each CRM holds."""
    return {name: crm.counts() for name, crm in world.crms.items()}


def test_a_second_run_and_a_lost_ledger_create_nothing_new(running, parsed_cases):
    chosen = parsed_cases[:12]
    running.mail.append([case.marked for case in chosen])
    first = running.run("run", "--once", "-c", str(running.config))
    assert first.returncode == 0, first.stderr
    before = leads(running)
    assert all(len(keys) >= 10 for keys in before.values())
    assert [line for line in judge(running, [], chosen).lines if line.problems] == []

    counts = objects(running)
    assert running.run("run", "--once", "-c", str(running.config)).returncode == 0
    assert (leads(running), objects(running)) == (before, counts)

    (running.folder / "mailbridge.db").unlink()
    lost = running.run("run", "--once", "-c", str(running.config))
    assert lost.returncode == 0, lost.stderr
    assert (leads(running), objects(running)) == (before, counts), "the keys are found in the CRMs"
    assert peek(running.folder / "mailbridge.db").delivered == sum(len(keys) for keys in before.values())


def test_kill_9_at_any_time_loses_and_doubles_nothing(running, parsed_cases):
    seed = int(os.environ.get("MAILBRIDGE_SEED", str(time.time_ns() % 1_000_000)))
    chance = random.Random(seed)
    chosen = chance.sample(parsed_cases, MAILS)
    waves = [chosen[number :: KILLS + 1] for number in range(KILLS + 1)]
    for number, wave in enumerate(waves):
        running.mail.append([case.marked for case in wave])
        running.start(*(["--new"] if number == 0 else []))
        if number < KILLS:
            time.sleep(chance.uniform(0.3, 3.5))
            running.stop(signal.SIGKILL)
    assert running.await_calm(MAILS, 180), f"MAILBRIDGE_SEED={seed}" + running.log.read_text()[-3000:]
    assert running.stop() == 0
    assert [f"{line.case}: {line.problems}" for line in judge(running, [], chosen).lines if line.problems] == []
    assert running.duplicates() == [], f"MAILBRIDGE_SEED={seed}"
    per_lead = {name: crm.counts() for name, crm in running.crms.items()}
    assert per_lead["amo"]["notes"] == per_lead["amo"]["leads"], f"MAILBRIDGE_SEED={seed} {per_lead}"
    assert per_lead["amo"]["tasks"] == per_lead["amo"]["leads"], f"MAILBRIDGE_SEED={seed} {per_lead}"


def test_a_term_signal_drains_and_ends_with_0(running, parsed_cases):
    running.mail.append([case.marked for case in parsed_cases[:5]])
    running.start("--new")
    deadline = time.monotonic() + 30
    while '"event": "mails_settled"' not in running.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running.stop(signal.SIGTERM) == 0
    assert '"event": "stopped"' in running.log.read_text()
