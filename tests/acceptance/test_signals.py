"""What operators and service managers do to daemons: a second one on the same file, one signal, two, a long pause."""

import os
import signal
import time

import pytest

from mailbridge.testing.emulator import Fault
from mailbridge.testing.mailserver import USER

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ANSWER_S = 4.0


def send(world, first, count):
    """Put questions of so many different people into the mailbox."""
    world.mail.append(
        [
            f"From: Person {number} <person{number}@example.com>\r\nTo: {USER}\r\nSubject: Question {number}\r\n"
            f"Message-ID: <{number}@example.com>\r\nDate: Sat, 21 Nov 2026 12:00:00 +0000\r\n\r\n"
            f"How much is the fish number {number}?\r\n".encode()
            for number in range(first, first + count)
        ]
    )


def hold_a_batch(world):
    """Let the CRM answer its next batch late; return when it has got it."""
    amo = world.crms["amo"]
    amo.faults.append(Fault("late", path="/api/v4/leads/complex", method="POST", delay_s=ANSWER_S))
    return amo.faults[-1]


def wait_for(fault):
    deadline = time.monotonic() + 60
    while fault.times and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not fault.times, "the CRM never got a batch"


def all_once(world, count):
    assert world.await_calm(count, 120), world.log.read_text()[-3000:]
    assert {name: len(crm.keys()) for name, crm in world.crms.items()} == dict.fromkeys(world.crms, count)
    assert world.duplicates() == []


def test_two_daemons_on_one_file_share_the_work_and_double_nothing(running):
    send(running, 0, 20)
    running.start("--new", node="a")
    running.start("--new", node="b")
    send(running, 20, 10)
    all_once(running, 30)
    assert [running.stop(node=node) for node in running.nodes()] == [0, 0]


def test_one_signal_waits_for_the_batch_a_second_one_does_not_and_nothing_is_doubled(running):
    fault = hold_a_batch(running)
    send(running, 0, 10)
    running.start("--new")
    wait_for(fault)
    assert running.stop(signal.SIGTERM) == 0, "the batch in flight is finished"
    fault = hold_a_batch(running)
    send(running, 10, 10)
    running.start()
    wait_for(fault)
    os.kill(running.pid(), signal.SIGTERM)
    time.sleep(0.5)
    began = time.monotonic()
    assert running.stop(signal.SIGTERM) == 128 + signal.SIGTERM, "the second signal leaves at once"
    assert time.monotonic() - began < ANSWER_S
    running.start()
    all_once(running, 20)
