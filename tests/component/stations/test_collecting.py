"""One mailbox is read: until it stops, and with a look at the clocks."""

import threading
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from mailbridge.ledger.ledger import Ledger
from mailbridge.observe.clocks import CLOCKS
from mailbridge.ports import Arrival, Chunk
from mailbridge.stations.collecting import Collector


class Box:
    """Brings one mail at each look, stamped by a clock that is behind ours."""

    def __init__(self, name, behind_s, uidvalidity=7, age_s=0.0):
        self.name, self.behind_s, self.uidvalidity, self.age_s = name, behind_s, uidvalidity, age_s
        self.uid = 0

    def look(self, _places):
        self.uid += 1
        raw = b"Subject: %d\r\n\r\nhello\r\n" % self.uid
        stamp = datetime.fromtimestamp(int(time.time() - self.behind_s - self.age_s * self.uid), UTC)
        yield Chunk(self.uidvalidity, (Arrival(self.uid, raw, stamp, len(raw)),), self.uid)

    def close(self):
        pass


@pytest.fixture
def measured(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db", new=True)

    def measure(box):
        collector = Collector(box, ledger.intake(box.name), poll_s=60)
        for _ in range(4):  # the first look only begins
            collector.cycle()
        return CLOCKS.skews().get(f"mailbox {box.name}")

    yield measure
    ledger.close()


def test_a_wrong_clock_is_seen_by_the_mails_of_three_looks(measured):
    assert measured(Box("ahead", 300.0)) == pytest.approx(300, abs=3)
    assert measured(Box("behind", -300.0)) == pytest.approx(-300, abs=3)
    assert measured(Box("right", 0.0)) == pytest.approx(0, abs=2)


def test_old_mails_that_were_moved_there_and_files_say_nothing(measured):
    assert measured(Box("moved", 0.0, age_s=5000)) is None
    assert measured(Box("files", 300.0, uidvalidity=0)) is None


class Backlog:
    """Holds many mails, a chunk each."""

    name, chunks = "full", 50

    def look(self, places):
        start = (places.cursor(7) or SimpleNamespace(last_uid=0)).last_uid
        for uid in range(start + 1, self.chunks + 1):
            raw = b"Subject: %d\r\n\r\nhello\r\n" % uid
            yield Chunk(7, (Arrival(uid, raw, None, len(raw)),), uid, backlog=True)

    def close(self):
        pass


def test_a_look_ends_early_when_the_daemon_stops_and_the_next_one_goes_on_there(tmp_path):
    ledger, stop = Ledger(f"sqlite:///{tmp_path}/ledger.db", new=True), threading.Event()
    collector = Collector(Backlog(), ledger.intake("full", whole=True), poll_s=60)
    stop.set()
    assert collector.cycle(stop) == 1
    assert collector.synced_at is None
    assert collector.takes_history, "a history that is not read to its end goes on after a reload"
    assert collector.cycle() == 49
    assert not collector.takes_history
    ledger.close()
