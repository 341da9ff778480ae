"""Canary mails on a real ledger: sent by one node, recognised by another, missed when they do not come."""

import pytest

from mailbridge.config.canary import CanarySettings
from mailbridge.config.watching import WatchSettings
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.listing import Wanted
from mailbridge.mailbox.smtp import NotSent
from mailbridge.observe.health import Watched, findings
from mailbridge.pipeline.canary_mail import compose
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.ports import Arrival, Chunk
from mailbridge.registry import parser_types
from mailbridge.stations.canary_mail import CanarySender, CanaryWatch
from mailbridge.stations.reading import InProcessCrew, ReadingRoom

SETTINGS = CanarySettings(host="smtp.example.org", to="leads@example.org", every_s=3600, late_s=600)


class Place:
    def __init__(self, folder):
        self.now = 1_800_014_400.0
        self.url = f"sqlite:///{folder}/ledger.db"
        self.out = []
        self.refuses = False
        self.uid = 0
        self.ledger = self.node()
        self.sender = self.sender_of(self.ledger)
        self.room = self.room_of(SETTINGS.key)

    def node(self):
        return Ledger(self.url, new=True, clock=lambda: self.now)

    def sender_of(self, ledger):
        return CanarySender(ledger, SETTINGS, name="shop", send=self._send)

    def _send(self, _settings, mail):
        if self.refuses:
            raise NotSent("smtp.example.org:465: timed out")
        self.out.append(mail.as_bytes())

    def room_of(self, key):
        tables = {name: {} for name in parser_types()}
        return ReadingRoom(
            self.ledger.reader, InProcessCrew(tables, TrustRules()), {}, receivers={}, searches_first=False,
            canary=CanaryWatch(self.ledger, key),
        )  # fmt: skip

    def arrive(self, raw):
        """Let a mail come in and be read; return outcome and reason."""
        self.uid += 1
        self.ledger.intake("box").store(Chunk(1, (Arrival(self.uid, raw, None, len(raw)),), self.uid))
        self.room.cycle()
        (row, *_) = self.ledger.listings.mails(Wanted(limit=1))
        return row["state"], row["reason"]

    def canary(self):
        """Return level and words of what health says of canary mails."""
        watched = Watched({}, {}, ("ok", ""), SETTINGS.late_s)
        found = findings(self.ledger.vitals(), watched, WatchSettings(), self.now)
        return next((one.level, one.about) for one in found if one.kind == "canary_missing")


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    made.ledger.close()


def test_one_is_sent_when_due_and_is_no_interest(place):
    assert place.canary() == ("ok", "none was read yet")
    assert place.sender.cycle()
    assert not place.sender.cycle()
    place.now += 4
    assert place.arrive(place.out[0]) == ("ignored", "canary")
    assert place.canary() == ("ok", "the last one took 4 s, 0 s ago")
    place.now += 3500
    assert not place.sender.cycle()
    place.now += 100
    assert place.sender.cycle()
    assert len(place.ledger.listings.interests(Wanted())) == 0


def test_of_several_nodes_one_sends(place):
    other = place.node()
    assert place.sender.cycle()
    place.arrive(place.out[0])
    place.now += 10  # the lease lasts
    place.ledger.canaries.begin("0" * 32)
    place.now += 3600
    assert place.ledger.alerts.hold()
    assert not place.sender_of(other).cycle()
    assert place.sender.cycle()
    other.close()


def test_one_that_does_not_come_is_missed_until_another_one_does(place):
    place.sender.cycle()
    place.now += 590
    assert place.canary()[0] == "ok"
    place.now += 20
    assert place.canary() == ("fail", "for 610 s: sent and not read")
    assert place.sender.cycle()  # sooner than every_s
    place.now += 3
    place.arrive(place.out[1])
    assert place.canary()[0] == "ok"
    place.now += 50
    place.arrive(place.out[0])  # late, and no news
    assert place.canary() == ("ok", "the last one took 3 s, 50 s ago")


def test_one_that_can_not_be_sent_is_a_warning_that_says_why(place):
    place.refuses = True
    assert not place.sender.cycle()
    assert place.canary()[0] == "ok"
    place.now += 601
    assert place.canary() == ("warn", "for 601 s: can't be sent: smtp.example.org:465: timed out")
    place.refuses = False
    assert place.sender.cycle()
    place.arrive(place.out[0])
    assert place.canary()[0] == "ok"


def test_a_forged_one_proves_nothing_and_waits_for_a_person(place):
    place.sender.cycle()
    raw = place.out[0]
    forged = raw.replace(b"X-Mailbridge-Canary: ", b"X-Mailbridge-Canary: f")
    assert place.arrive(forged) == ("quarantined", "canary_forged")
    guessed = compose("ab" * 16, b"a guess", sender="a@example.org", to="leads@example.org", name="x", now=place.now)
    assert place.arrive(guessed.as_bytes()) == ("quarantined", "canary_forged")
    place.now += 601
    assert place.canary()[0] == "fail"


def test_the_same_one_again_proves_nothing(place):
    place.sender.cycle()
    place.arrive(place.out[0])
    place.now += 7200
    place.sender.cycle()
    place.now += 601
    assert place.arrive(place.out[0] + b"again\r\n") == ("ignored", "canary")
    assert place.canary()[0] == "fail"


def test_ours_are_known_after_the_ledger_was_lost_and_when_none_are_sent_any_more(place, tmp_path):
    place.sender.cycle()
    (tmp_path / "new").mkdir()
    again = Place(tmp_path / "new")
    assert again.arrive(place.out[0]) == ("ignored", "canary")
    again.room = again.room_of(None)
    assert again.arrive(place.out[0] + b"x") == ("ignored", "canary")
    again.ledger.close()
