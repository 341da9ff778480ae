"""Three daemons, one ledger on PostgreSQL, three CRMs; the tests go on from where the one before ended."""

import json
import os
import re
import signal
import time

import pytest
from sqlalchemy import text

from mailbridge.ledger.engine import open_database
from mailbridge.testing.emulator import Fault
from mailbridge.testing.mailserver import USER
from mailbridge.testing.world import world

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

NODES = ("a", "b", "c")
LEASE_S = 15
"""Longer than a request may take: connecting, writing and reading have 3 s each."""

QUIET_S = 3
"""server_acts_s + search_lag_s of every sink in a world."""

NOTICED_S = 8
"""Polls, one search and one write on a busy machine."""


class Trio:
    """The world with what these tests ask of it."""

    def __init__(self, made):
        self.world = made
        self.sent = 0
        self.database = open_database(made.ledger)

    def send(self, count):
        """Put questions of so many different people into the mailbox."""
        numbers = range(self.sent, self.sent + count)
        self.sent += count
        self.world.mail.append([mail(number) for number in numbers])

    def start(self):
        for node in NODES:
            if node not in self.world.nodes():
                self.world.start("--new", node=node)
        mine = {self.world.pid(node) for node in NODES}
        wait(lambda: mine <= self.listed(), 60, "all nodes have signed in")

    def calm(self, seconds=60):
        return self.world.await_calm(self.sent, seconds)

    def rows(self, query, **values):
        with self.database.read() as connection:
            return connection.execute(text(query), values).all()

    def listed(self):
        return {row.pid for row in self.rows("SELECT pid FROM node")}

    def node_of(self, node_id):
        """Return the name of a daemon by its id in the ledger, HOST:PID:RANDOM."""
        return next(name for name in self.world.nodes() if self.world.pid(name) == int(node_id.split(":")[1]))

    def holder(self):
        """Return who holds the mailbox, None while nobody does."""
        held = self.rows("SELECT owner FROM mailbox WHERE lease_until > :now", now=self.database.time())
        return held[0].owner if held else None

    def log(self):
        return "".join(self.world.log_of(node).read_text() for node in NODES)

    def everything_once(self):
        for name, crm in self.world.crms.items():
            keys = crm.keys()
            assert len(keys) == self.sent, f"{name} has {len(keys)} of {self.sent}"
            assert [key for key, ids in keys.items() if len(ids) != 1] == [], name
        counts = self.world.crms["amo"].counts()
        assert (counts["notes"], counts["tasks"]) == (counts["leads"], counts["leads"])


def mail(number):
    return (
        f"From: Person {number} <person{number}@example.com>\r\nTo: {USER}\r\nSubject: Question {number}\r\n"
        f"Message-ID: <{number}@example.com>\r\nDate: Sat, 21 Nov 2026 12:00:00 +0000\r\n\r\n"
        f"How much is the fish number {number}?\r\n"
    ).encode()


def most_in_a_second(journal):
    times = [entry.at for entry in journal]
    return max(sum(start <= at < start + 1 for at in times) for start in times)


def wait(condition, seconds, what):
    """Return the first true answer of a condition."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.05)
    pytest.fail(f"not within {seconds} s: {what}")


@pytest.fixture(scope="module")
def trio(postgres, tmp_path_factory):
    name = postgres.new_database()
    with world(tmp_path_factory.mktemp("trio"), ledger=postgres.url(name), lease_s=LEASE_S) as made:
        made.config.write_text(made.config.read_text().replace("timeout_s = 5", "timeout_s = 3"))
        three = Trio(made)
        yield three
        made.stop_all()
        three.database.close()
    postgres.drop(name)


def test_all_nodes_work_nothing_is_doubled_and_no_rate_is_exceeded(trio):
    trio.send(20)
    trio.start()
    for _ in range(20):  # small batches, so that there are many requests
        trio.send(1)
        time.sleep(0.3)
    assert trio.calm(), trio.log()[-3000:]
    trio.everything_once()
    for name, crm in trio.world.crms.items():
        refused = [entry.status for entry in crm.journal if entry.status in {429, 503}]
        assert refused == [], f"{name}: three nodes together must keep to the rate of one account"
        print(f"{name}: {len(crm.journal)} requests, at most {most_in_a_second(crm.journal)} in a second")  # noqa: T201
    workers = trio.rows("SELECT node, count(*) FROM attempt GROUP BY node")
    print("deliveries per node:", [row.count for row in workers])  # noqa: T201 - the measured figures
    assert len(workers) >= 2


def test_one_node_holds_the_mailbox_and_the_command_shows_it(trio):
    done = trio.world.run("nodes", "-c", str(trio.world.config), "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 3
    assert sorted(row["mailboxes"] for row in rows) == [[], [], ["demo"]]
    assert all(row["silent_s"] < LEASE_S for row in rows)


def test_the_batch_of_a_killed_node_is_finished_within_lease_and_quiet_period(trio):
    amo = trio.world.crms["amo"]
    amo.faults.append(Fault("late", path="/api/v4/leads/complex", method="POST", delay_s=8))
    trio.send(1)
    in_flight = "SELECT d.owner FROM delivery d JOIN step s ON s.delivery_id = d.id AND s.state = 'writing'"
    owner = wait(lambda: trio.rows(f"{in_flight} WHERE d.sink = 'amo'"), 20, "amo has a request in flight")[0].owner
    victim = trio.node_of(owner)
    wait(lambda: not amo.faults[-1].times, 10, "the CRM has the request, the answer is on its way")
    trio.world.stop(signal.SIGKILL, node=victim)
    began = time.monotonic()
    assert trio.calm(LEASE_S + QUIET_S + NOTICED_S + 10), trio.log()[-3000:]
    seconds = time.monotonic() - began
    print(f"batch of a killed node finished after {seconds:.1f} s, lease {LEASE_S} + quiet {QUIET_S}")  # noqa: T201
    assert seconds < LEASE_S + QUIET_S + NOTICED_S
    trio.everything_once()


def test_a_mailbox_moves_when_its_node_is_killed(trio):
    owner = wait(trio.holder, 20, "somebody holds the mailbox")
    trio.world.stop(signal.SIGKILL, node=trio.node_of(owner))
    began = time.monotonic()
    trio.send(1)
    wait(lambda: (found := trio.holder()) and found != owner, LEASE_S + NOTICED_S, "another node takes the mailbox")
    print(f"mailbox moved after {time.monotonic() - began:.1f} s, lease {LEASE_S}")  # noqa: T201
    assert trio.calm(LEASE_S + QUIET_S + NOTICED_S), trio.log()[-3000:]
    trio.everything_once()


def test_a_node_that_is_stopped_hands_the_mailbox_over_at_once(trio):
    trio.start()
    owner = wait(trio.holder, 20, "somebody holds the mailbox")
    assert trio.world.stop(node=trio.node_of(owner)) == 0
    wait(lambda: (found := trio.holder()) and found != owner, 5, "no lease has to end")


def test_daemons_go_on_by_themselves_after_a_restart_of_the_database(trio, postgres):
    before = {node: trio.world.pid(node) for node in trio.world.nodes()}
    assert len(before) == 2
    trio.send(10)
    time.sleep(0.3)
    postgres.halt(signal.SIGQUIT)
    trio.send(5)
    time.sleep(2)
    postgres.start()
    assert trio.calm(LEASE_S + QUIET_S + 30), trio.log()[-3000:]
    trio.everything_once()
    for pid in before.values():
        os.kill(pid, 0)
    assert not re.search(r"thread_died|Traceback|sink_failed", trio.log())
    for node in before:
        said = trio.world.log_of(node).read_text()
        assert said.count('"ledger_busy"') <= 2, "many threads, one outage"
        wait(lambda node=node: told(trio, node, "ledger_back"), 10, "it says that it goes on")


def told(trio, node, event):
    """Return whether a node that could not use the ledger said so, and whether it said once that it can."""
    said = trio.world.log_of(node).read_text()
    return '"ledger_busy"' not in said or said.count(f'"{event}"') == 1
