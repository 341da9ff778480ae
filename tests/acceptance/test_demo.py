import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import tomllib
from contextlib import closing
from dataclasses import replace

import pytest

from mailbridge.testing.demo import CUT_OFF, chosen, divide, play
from mailbridge.testing.demo_verdict import judge
from mailbridge.testing.emulator import Fault
from mailbridge.testing.fixtures import cases

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]


def test_the_demo_delivers_everything_within_a_minute(tmp_path):
    began = time.monotonic()
    command = [sys.executable, "-m", "mailbridge", "demo", "--once", "--keep", str(tmp_path / "demo")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "doubles: 0; not as expected: 0" in " ".join(done.stdout.split())
    assert "mailbridge interests list -c" in done.stderr, "where to look"
    assert time.monotonic() - began < 60


def test_the_demo_shows_enough_kinds():
    shown = chosen(cases())
    backlog, live = divide(shown)
    kinds = {interest["kind"] for case in shown for interest in case.expected.get("interests", ())}
    reasons = {case.expected.get("reason") for case in shown}
    assert len(shown) >= 40
    assert len(kinds) >= 8
    assert {case.expected["outcome"] for case in shown} == {"parsed", "ignored", "quarantined"}
    assert {"auto_reply", "digest", "broadcast"} <= reasons
    assert any(len(case.expected.get("interests", ())) > 1 for case in shown), "more than one interest in a mail"
    assert any(case.name.startswith("malformed/") for case in shown)
    spoofed = [case for case in shown if case.name.startswith("facebook/forged")]
    assert {case.expected["reason"] for case in spoofed} <= {"impersonation", "unauthenticated"}
    assert spoofed
    assert len(backlog) >= 20
    assert len(live) >= 5


def test_the_demo_fails_when_any_expectation_does_not_hold(running):
    """Lies in the expectations, strange and empty objects in CRMs, a fault that met nobody: each is told, no more."""
    parsed = [case for case in chosen(cases()) if case.expected["outcome"] == "parsed"][:5]
    ignored = next(case for case in chosen(cases()) if case.expected["outcome"] == "ignored")
    backlog = [
        lie(parsed[0], text="Nobody wrote this"),
        lie(parsed[1], author={**parsed[1].expected["interests"][0]["author"], "name": "Somebody Else"}),
        replace(parsed[2], expected={**parsed[2].expected, "interests": []}),
        replace(ignored, expected={**ignored.expected, "reason": "bounce"}),
        *parsed[3:],
    ]
    assert play(running, backlog, [], lambda *_: None)
    key = next(iter(running.crms["salesforce"].keys()))
    running.crms["amo"].keys = lambda real=running.crms["amo"].keys: {**real(), "stranger": ["1"]}
    running.crms["salesforce"].card = lambda asked, real=running.crms["salesforce"].card: (
        {} if asked == key else real(asked)
    )
    running.crms[CUT_OFF].faults.append(Fault("drop_after"))
    verdict = judge(running, backlog, [])
    assert not verdict.is_fine
    told = {line.case: line.problems for line in verdict.lines}
    assert any("not as expected: text" in one for one in told[backlog[0].name])
    assert any("not as expected: author" in one for one in told[backlog[1].name])
    assert any("expected 0 interests, got 1" in one for one in told[backlog[2].name])
    assert any("expected the reason bounce" in one for one in told[backlog[3].name])
    assert sum("salesforce does not show" in one for problems in told.values() for one in problems) == 1
    assert verdict.problems == [
        "amo holds 1 objects that belong to no delivery",
        f"{CUT_OFF} was never cut off: what happens then was not shown",
    ]
    assert verdict.doubted


def test_who_answers_in_the_crm_is_no_gap_of_a_card(running):
    """It is read back long after the card was written."""
    parsed = [case for case in chosen(cases()) if case.expected["outcome"] == "parsed"][:3]
    assert play(running, parsed, [], lambda *_: None)
    assert running.stop() == 0
    with closing(sqlite3.connect(running.folder / "mailbridge.db", isolation_level=None)) as ledger:
        ledger.execute("UPDATE delivery SET read_due = 0")
        running.start()
        told = "SELECT count(*) FROM remote WHERE responsible IS NOT NULL"
        assert until(lambda: ledger.execute(told).fetchone()[0] >= len(parsed))
    assert [line.problems for line in judge(running, parsed, []).lines] == [[]] * len(parsed)


def lie(case, **claims):
    (first, *rest) = case.expected["interests"]
    return replace(case, expected={**case.expected, "interests": [{**first, **claims}, *rest]})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_running(tmp_path, number):
    """Ctrl-C goes to the whole group of the terminal, SIGTERM to the demo alone."""
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "mailbridge", "demo", "--keep", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert any("mails wait in the mailbox" in line for line in process.stderr)
        port = tomllib.loads((folder / "config.toml").read_text())["mailboxes"]["demo"]["port"]
        assert until(lambda: "started" in events(folder))
        os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
        rest = process.stderr.read()
    assert process.returncode == 130, rest
    assert "Traceback" not in rest
    assert events(folder)[-1] == "stopped", "the daemon drained"
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def events(folder):
    log = folder / "mailbridge.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [json.loads(line)["event"] for line in lines if line.startswith("{") and line.endswith("}")]


def until(condition, seconds=40):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()
