"""Hypothesis looks for a sequence of events that breaks a promise, and shrinks it."""

import os
import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from simulation import walk
from simulation.points import FATES, Crash, Plan
from simulation.world import World

pytestmark = pytest.mark.timeout(900)  # seconds on a free machine; a busy one may take its time

AUTHORS = st.sampled_from("abc")
EXAMPLES = 400 if os.environ.get("MAILBRIDGE_THOROUGH") else 8


class Orders(Plan):
    """Does what the rules order: the next request ends so, the process dies or stands still at the n-th point."""

    def __init__(self):
        self.fates = []
        self.crash_in = self.freeze_in = None
        self.freeze_s = 0.0
        self.full_for = 0

    def at(self, world, kind):
        if self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in < 0:
                self.crash_in = None
                raise Crash
        if self.freeze_in is not None and kind != "gap":
            self.freeze_in -= 1
            if self.freeze_in < 0:
                self.freeze_in = None
                world.freeze(self.freeze_s)
        if self.full_for and kind in {"sql", "commit"}:
            self.full_for -= 1
            raise world.storage.full()

    def fate(self, crm, *, write):
        return self.fates.pop(0) if self.fates else "ok"


class Mailbridge(RuleBasedStateMachine):
    """A mailbox, two CRMs, one to three nodes; teardown heals everything and checks the end."""

    @initialize(nodes=st.integers(1, 3), new=st.booleans(), seed=st.integers(0, 1000))
    def begin(self, nodes, new, seed):
        self.orders = Orders()
        self.world = World(seed, nodes=nodes, new=new, plan=self.orders)
        self.world.__enter__()
        self.backup = None

    @rule(author=AUTHORS, events=st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True), late=st.booleans())
    def mail_arrives(self, author, events, late):
        self.world.mail([f"event{event}" for event in events], author=author, late=late)

    @rule(author=AUTHORS, event=st.integers(10, 19))
    def mail_with_a_known_message_id_arrives(self, author, event):
        self.world.mail([f"event{event}"], author=author, message_id="always the same")

    @precondition(lambda self: self.world.raws)
    @rule(data=st.data())
    def the_same_bytes_arrive_again(self, data):
        self.world.again(data.draw(st.sampled_from(sorted(self.world.raws.values()))))

    @rule()
    def a_mail_arrives_that_kills_its_parser(self):
        self.world.mail(["never"], poison=True)

    @precondition(lambda self: self.world.server.uids())
    @rule(data=st.data())
    def somebody_moves_a_mail_away(self, data):
        self.world.server.expunge(data.draw(st.sampled_from(self.world.server.uids())))

    @rule(gap=st.sampled_from((1, 7)))
    def the_server_rebuilds_the_folder(self, gap):
        self.world.server.rebuild(gap)

    @rule(fates=st.lists(st.sampled_from(FATES), min_size=1, max_size=3))
    def the_next_requests_go_wrong(self, fates):
        self.orders.fates = fates

    @rule(points=st.integers(0, 150))
    def a_process_will_die(self, points):
        self.orders.crash_in = points

    @rule(points=st.integers(0, 150), seconds=st.sampled_from((3.0, 20.0, 100.0)))
    def a_process_will_stand_still(self, points, seconds):
        self.orders.freeze_in, self.orders.freeze_s = points, seconds

    @rule(tries=st.sampled_from((1, 3, 40)))
    def the_disk_is_full(self, tries):
        self.orders.full_for = tries

    @rule()
    def a_backup_is_made(self):
        self.backup = self.world.storage.copy()

    @precondition(lambda self: self.backup is not None)
    @rule()
    def the_backup_is_brought_back(self):
        self.world.bring_back(self.backup)

    @rule(seconds=st.sampled_from((-7200.0, -90.0, -1.0)))
    def the_clock_is_set_back(self, seconds):
        self.world.clock.ahead += seconds

    @precondition(lambda self: all(crm.at_rest() for crm in self.world.crms))
    @rule(seconds=st.sampled_from((1.0, 90.0, 7200.0)))
    def the_clock_is_set_forward(self, seconds):
        """Not while a quiet period runs: nobody but this clock can tell when that is over (docs/reliability.md)."""
        self.world.clock.ahead += seconds

    @rule(seconds=st.sampled_from((0.0, 1.0, 10.0, 65.0, 200.0)))
    def time_passes(self, seconds):
        self.world.live(seconds)

    @rule(what=st.sampled_from(("retry", "cancel", "retry cancelled", "release", "resume")), seed=st.integers(0, 9))
    def an_operator_acts(self, what, seed):
        walk.person(self.world, what, random.Random(seed))

    def teardown(self):
        if not hasattr(self, "world"):
            return
        try:
            self.world.calm()
        finally:
            self.world.__exit__(None, None, None)


Mailbridge.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=12,
    deadline=None,
    derandomize="MAILBRIDGE_SEED" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
TestEverySequenceOfEvents = Mailbridge.TestCase
