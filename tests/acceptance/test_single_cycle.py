"""`run --once` for cron: waits out what is short, tells what is not."""

import pytest

from mailbridge.testing.emulator import Fault

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]


def once(running):
    return running.run("run", "--once", "-c", str(running.config))


def test_a_short_rate_limit_is_waited_out(running):
    running.mail.send_words("Question", "How much is the fish?")
    running.crms["amo"].faults.append(Fault("status", path="leads/complex", status=429))
    done = once(running)
    assert done.returncode == 0, done.stderr
    assert len(running.crms["amo"].keys()) == 1


def test_a_lost_answer_is_settled_within_the_same_cycle_when_the_quiet_period_is_short(running):
    running.mail.send_words("Question", "How much is the fish?")
    running.crms["amo"].faults.append(Fault("drop_after", path="leads/complex"))
    done = once(running)
    assert done.returncode == 0, done.stderr
    assert [len(ids) for ids in running.crms["amo"].keys().values()] == [1]


def test_what_waits_for_long_is_75(running):
    text = running.config.read_text().replace("server_acts_s = 2", "server_acts_s = 600")
    running.config.write_text(text)
    running.mail.send_words("Question", "How much is the fish?")
    running.crms["amo"].faults.append(Fault("drop_after", path="leads/complex"))
    done = once(running)
    assert done.returncode == 75, done.stderr
    assert [len(crm.keys()) for crm in running.crms.values()] == [1, 1, 1]


def test_two_at_once_create_nothing_twice(running):
    for number in range(6):
        running.mail.send_words(f"Question {number}", f"How much are {number} fish?")
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        codes = [done.returncode for done in pool.map(lambda _: once(running), range(2))]
    assert set(codes) <= {0, 75}
    assert once(running).returncode == 0
    assert running.duplicates() == []
    assert all(len(crm.keys()) == 6 for crm in running.crms.values())
