"""Reading back gives way to deliveries, keeps the account's rate, and never stops them when it is refused."""

from types import SimpleNamespace

import pytest

from mailbridge.config.settings import SinkSettings
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.settle import Outgoing, Settlement
from mailbridge.ports import Arrival, Chunk
from mailbridge.sdk import Delivered, NotWritten, ReadBackConfig, Receipt, RemoteState, Unusable
from mailbridge.stations.reading_back import GIVE_WAY_S, UNUSABLE_REST_S, ReadBackDesk
from mailbridge.stations.sending import FIRST_READ_S
from mailbridge.testing.interests import make_card


class FakeSink:
    """Knows what `states` holds; raises what `error` holds; asks its gate as a request would."""

    manifest = SimpleNamespace(name="fake")
    max_read = 2

    def __init__(self, transport):
        self.gate = transport._gate
        self.states, self.asked, self.error = {}, [], None

    def read_back(self, receipts, cursor):
        self.gate.permit(1.0)
        if self.error:
            raise self.error
        self.asked.append([sent.remote_id for sent in receipts])
        return [self.states[sent.remote_id] for sent in receipts if sent.remote_id in self.states], "cursor"

    def close(self):
        pass


class Place:
    def __init__(self, folder):
        self.now = 1_800_000_000.0
        self.slept = []
        self.ledger = Ledger(f"sqlite:///{folder}/ledger.db", new=True, clock=lambda: self.now)
        self.settings = SinkSettings(type="fake")
        self.desk = ReadBackDesk(
            "crm", self.settings, ReadBackConfig(every_s=100, days=1), self.ledger, self._make,
            rate_per_s=1, sleep=self._sleep, clock=lambda: self.now,
        )  # fmt: skip

    def _make(self, transport):
        self.sink = FakeSink(transport)
        return self.sink

    def _sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds
        return True

    def add(self, *numbers):
        for number in numbers:
            raw = f"Subject: {number}\n\nhello".encode()
            self.ledger.intake("box").store(Chunk(1, (Arrival(number, raw, None, len(raw)),), number))
            (mail,) = self.ledger.reader.take(10)
            out = Outgoing(key=f"mb1-{number}", sink="crm", account_id="crm", lane=None)
            done = Settlement(mail.mail_id, "parsed", interests=((make_card(number), (out,)),))
            self.ledger.reader.settle([done], searches_first=False)

    def deliver(self, *numbers):
        self.add(*numbers)
        claim = self.ledger.claims.take("crm", 10, quiet_s=1)
        outcomes = [Delivered(Receipt(f"r{item.delivery.key[4:]}")) for item in claim.items]
        self.ledger.outcomes.finish(claim, outcomes, self.desk._waits)
        self.now += FIRST_READ_S + 1

    def shown(self, number):
        return self.ledger.listings.interest(make_card(number).id)["interest"]


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    made.ledger.close()


def test_everything_due_is_read_page_by_page(place):
    place.deliver(1, 2, 3)
    place.sink.states = {"r2": RemoteState("r2", processed=True, responsible="Olga")}
    assert [place.desk.cycle(), place.desk.cycle(), place.desk.cycle()] == [2, 1, 0]
    assert sorted(one for page in place.sink.asked for one in page) == ["r1", "r2", "r3"]
    assert (place.shown(2)["processed"], place.shown(2)["responsible"]) == (True, "Olga")


def test_what_can_be_sent_goes_first_but_not_for_ever(place):
    place.deliver(1)
    place.add(2)
    assert place.desk.cycle() == 0
    assert place.sink.asked == []
    assert place.desk.rest_s == GIVE_WAY_S
    place.now += 11 * 100
    assert place.desk.cycle() == 1


def test_reading_waits_for_its_slot_of_the_account_s_rate(place):
    place.deliver(1, 2, 3)
    place.ledger.accounts.take_slot("crm", 50.0)
    place.desk.cycle()
    assert place.slept == [pytest.approx(50.0)]


def test_a_limit_pauses_the_account_for_everybody(place):
    place.deliver(1)
    place.sink.error = NotWritten("HTTP 429", after_s=40.0, pause=True)
    assert place.desk.cycle() == 0
    assert place.ledger.accounts.state("crm").paused_s == pytest.approx(40.0)
    place.sink.error = None
    assert place.desk.cycle() == 0
    place.now += 41
    assert place.desk.cycle() == 1


def test_a_missing_right_stops_only_reading_back(place):
    place.deliver(1)
    place.sink.error = Unusable("HTTP 403: no right to read tasks")
    assert place.desk.cycle() == 0
    assert place.desk.rest_s == UNUSABLE_REST_S
    assert place.ledger.accounts.state("crm").paused_s == 0
    place.sink.error = None
    assert place.desk.cycle() == 1


def test_a_bug_of_a_plugin_is_told_and_tried_again(place):
    place.deliver(1)
    place.sink.error = RuntimeError("oops")
    assert place.desk.cycle() == 0
    place.sink.error = None
    assert place.desk.cycle() == 1


def test_after_its_days_an_interest_is_left_alone(place):
    place.deliver(1)
    place.now += 86_400
    assert place.desk.cycle() == 1
    place.now += 10 * 86_400
    assert place.desk.cycle() == 0
