"""Somebody removes the ledger's file under a working daemon."""

import json
import time

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]


def test_a_daemon_whose_ledger_is_removed_stops_and_the_next_one_writes_nothing_twice(running):
    running.mail.send_words("Question", "How much is the fish?")
    running.start("--new")
    assert running.await_calm(1, 60), running.log.read_text()[-3000:]
    (running.folder / "mailbridge.db").unlink()
    deadline = time.monotonic() + 60
    while running.runs and time.monotonic() < deadline:
        time.sleep(0.2)
    assert running.stop() == 74
    lines = [json.loads(line) for line in running.log.read_text().splitlines() if line.startswith("{")]
    assert any(one["event"] == "ledger_damaged" and "removed or replaced" in one["error"] for one in lines)
    running.mail.send_words("Another question", "And the chips?")
    running.start()
    assert running.await_calm(2, 60), running.log.read_text()[-3000:]
    assert running.duplicates() == []
    assert {len(crm.keys()) for crm in running.crms.values()} == {2}
