"""What one look finds and whom it is told, on a real ledger with a clock of its own: no sleeps, no network."""

import sqlite3
import time
from datetime import datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import generate_latest
from sqlalchemy import select

from mailbridge.cli.health import found_by
from mailbridge.config.watching import AlertSettings, WatchSettings
from mailbridge.daemon.series import prepare_metrics
from mailbridge.ledger.errors import LedgerUnavailable
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.outcomes import Waits
from mailbridge.ledger.schema import delivery, remote
from mailbridge.ledger.settle import Outgoing, Settlement
from mailbridge.observe import metrics
from mailbridge.ports import Arrival, Chunk
from mailbridge.sdk import Delivered, Receipt
from mailbridge.stations.alerting import AlertDesk
from mailbridge.stations.reading import ReadingRoom
from mailbridge.stations.shadowing import Shadow
from mailbridge.stations.watching import Senses, Watch
from mailbridge.testing.interests import make_card

HOUR_S = 3600.0
NOON = 1_800_014_400.0  # 2027-01-15, a Friday, 12:00 UTC


class Place:
    def __init__(self, folder):
        self.now = NOON
        self.url = f"sqlite:///{folder}/ledger.db"
        self.sent = []
        self.away = set()
        self.ledger = self.node()

    def node(self):
        return Ledger(self.url, new=True, clock=lambda: self.now)

    def watch(self, ledger=None, senses=None, **bounds):
        made = Watch(
            ledger or self.ledger, WatchSettings(**bounds), poll_s={}, accounts={"crm": "crm"},
            senses=senses or Senses(), steady_looks=1, clock=lambda: self.now,
        )  # fmt: skip
        made._rested_until = 0.0  # it has run for long
        return made

    def desk(self, ledger=None, urls=("json://one.example",), **more):
        return AlertDesk(
            ledger or self.ledger, AlertSettings(urls=urls, **more), timezone="UTC",
            post=self._post, clock=lambda: self.now,
        )  # fmt: skip

    def _post(self, url, title, text):
        if url in self.away:
            return "it is away"
        self.sent.append((url, title, text))
        return None

    def add(self, *numbers, outcome="parsed", sink="crm"):
        for number in numbers:
            raw = f"Subject: {number}\n\nhello".encode()
            self.ledger.intake("box").store(Chunk(1, (Arrival(number, raw, None, len(raw)),), number))
            (mail,) = self.ledger.reader.take(10)
            out = Outgoing(key=f"mb1-{number}", sink=sink, account_id=sink, lane=None)
            interests = ((make_card(number), (out,)),) if outcome == "parsed" else ()
            reason = None if outcome == "parsed" else "unknown_sender"
            self.ledger.reader.settle(
                [Settlement(mail.mail_id, outcome, reason, interests=interests)], searches_first=False
            )


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    made.ledger.close()


def kinds(watch):
    watch.cycle()
    return {one.kind for one in watch.found if one.level != "ok"}


def test_quiet_hours_hold_back_all_but_the_urgent_and_one_message_sums_up(place):
    desk = place.desk(quiet="00:00-13:00")
    place.ledger.alerts.begin("disk_low", "", "little room")
    place.ledger.alerts.begin("sink_down", "crm", "no answer")
    place.ledger.alerts.note("complaint_arrived", "i1", "review from shop")
    assert desk.cycle() == 1
    assert "complains" in place.sent[0][1]
    place.now += HOUR_S
    assert desk.cycle() == 1
    assert "2 messages" in place.sent[1][1]
    assert "disk under the ledger" in place.sent[1][2]
    assert "CRM of crm is away" in place.sent[1][2]
    assert desk.cycle() == 0


def test_what_began_and_ended_in_quiet_hours_is_one_message(place):
    desk = place.desk(quiet="00:00-13:00")
    place.ledger.alerts.begin("disk_low", "", "little room")
    place.ledger.alerts.end(place.ledger.alerts.lasting()[0].row_id)
    assert desk.cycle() == 0
    place.now += HOUR_S
    assert desk.cycle() == 1
    assert "→ There is room on the disk again" in place.sent[0][1].replace("mailbridge: ", "")
    assert desk.cycle() == 0


def test_a_target_that_is_away_is_told_later_and_the_other_at_once(place, monkeypatch):
    one, two = "json://one.example", "json://two.example"
    desk = place.desk(urls=(one, two))
    place.away = {one}
    place.ledger.alerts.begin("disk_low", "", "little room")
    assert desk.cycle() == 1
    assert desk.cycle() == 0  # it is left in peace for a while
    place.away = set()
    later = time.monotonic() + 3600
    monkeypatch.setattr("mailbridge.stations.alerting.time.monotonic", lambda: later)
    assert desk.cycle() == 1
    assert [url for url, *_ in place.sent] == [two, one]


def test_of_several_nodes_one_tells_and_the_next_takes_over(place):
    other = place.node()
    first, second = place.desk(), place.desk(other)
    place.ledger.alerts.begin("disk_low", "", "little room")
    assert first.cycle() + second.cycle() == 1
    place.ledger.close()
    other.alerts.begin("sink_down", "crm", "no answer")
    assert second.cycle() == 1
    other.close()
    place.ledger = place.node()
    assert len(place.sent) == 2


def test_the_quarantine_grows_is_told_once_and_is_over(place):
    watch, desk = place.watch(quarantine_per_hour=3), place.desk()
    place.add(1, 2, outcome="quarantined")
    assert "quarantine_grows" not in kinds(watch)
    place.add(3, 4, outcome="quarantined")
    assert "quarantine_grows" in kinds(watch)
    watch.cycle()
    assert sum("quarantine" in row.kind for row in place.ledger.alerts.latest(10)) == 1
    place.now += 2 * HOUR_S
    assert "quarantine_grows" not in kinds(watch)
    desk.cycle()
    assert any("stopped growing" in title + text for _, title, text in place.sent)


def test_a_doubt_that_stays_is_told(place):
    place.add(1)
    with place.ledger.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE delivery SET state = 'doubt', sent_at = {place.now}")
    watch = place.watch(doubt_s=600)
    assert "doubt_stuck" not in kinds(watch)
    place.now += 601
    assert "doubt_stuck" in kinds(watch)


def test_a_source_that_falls_silent_in_working_hours_is_told_after_the_floor(place):
    week = [NOON - 86_400 * day - HOUR_S * hour for day in range(1, 29) for hour in range(12)]
    history = {"shop": {int(moment // HOUR_S): 1 for moment in week}}
    last = max(week)
    place.ledger.signs.history = lambda _: history
    place.ledger.signs.arrived = lambda _: {"shop": last}
    asked = {"silent_hours": 4, "silent_floor_s": 6 * HOUR_S}
    place.now = last + 5 * HOUR_S
    assert "source_silent" not in kinds(place.watch(**asked))  # under the floor
    place.now = last + 30 * HOUR_S
    assert "source_silent" in kinds(place.watch(**asked))
    # The same silence on a Friday and Saturday, where only Mondays count.
    assert "source_silent" not in kinds(place.watch(**asked, hours="Mo 09:00-18:00"))


class Second:
    """What another connection shows."""

    def __init__(self, *uids):
        self.uids = uids

    def newest(self, count):
        return 1, [(uid, None) for uid in self.uids]

    def close(self):
        pass


def test_a_second_look_finds_an_unseen_mail_and_lets_the_first_connect_anew(place):
    place.add(1)
    doubted, clock = [], [0.0]
    collector = SimpleNamespace(
        mailbox=SimpleNamespace(name="box"), holds=True, failure=None, doubt=lambda: doubted.append(1)
    )
    shadow = Shadow(Second(1, 2), place.ledger.intake("box"), collector, every_s=300, clock=lambda: clock[0])
    for moment, behind in ((1, 0), (301, 0), (302, 0), (602, 1)):  # at once it may only be on its way
        clock[0] = moment
        shadow.look()
        assert shadow.behind == behind
    assert doubted == [1]
    place.add(2)
    clock[0] = 903
    shadow.look()
    assert shadow.behind == 0


def test_an_interest_that_nobody_answers_in_time_is_told(place):
    place.add(1)
    claim = place.ledger.claims.take("crm", 10, quiet_s=1)
    place.ledger.outcomes.finish(
        claim, [Delivered(Receipt("r1"))], Waits(1, lambda _: 1, lambda _: 1, lambda _: 1, 5, 5, 100)
    )
    with place.ledger.database.write() as connection:
        row = {"found": True, "processed": False, "read_at": place.now}
        connection.execute(remote.insert().values(delivery_id=select(delivery.c.id).scalar_subquery(), **row))
    assert "answer_late" not in kinds(place.watch(answer_s=7200))
    place.now += 7201
    assert "answer_late" in kinds(place.watch(answer_s=7200))
    with place.ledger.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE remote SET first_answer_at = {place.now}")
    assert "answer_late" not in kinds(place.watch(answer_s=7200))


@pytest.mark.timeout(30)
def test_health_says_within_five_seconds_that_the_ledger_is_locked(place):
    settings = SimpleNamespace(
        ledger=SimpleNamespace(url=place.url, min_free_bytes=0, reserve_bytes=0, lease_s=120.0, key=None),
        watch=WatchSettings(), mailboxes={}, sinks={}, canary=None,
    )  # fmt: skip
    with sqlite3.connect(place.url.removeprefix("sqlite:///"), isolation_level=None) as locker:
        locker.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        (found,) = found_by(settings)
        took_s = time.monotonic() - began
        locker.execute("ROLLBACK")
    locker.close()
    assert (found.kind, found.level) == ("ledger_unusable", "fail")
    assert took_s < 8  # three seconds of patience; the rest is a slow machine
    assert "ledger_unusable" not in {one.kind for one in found_by(settings) if one.level == "fail"}


def test_a_complaint_is_told_once_without_the_words_of_the_person(place):
    crew = SimpleNamespace(workers=1)
    room = ReadingRoom(place.ledger.reader, crew, {}, receivers={}, searches_first=False, note=place.ledger.alerts.note)
    card = make_card(1).model_copy(update={"priority": "urgent", "labels": ("complaint",)})
    room._tell([Settlement("m1", "parsed", interests=((card, ()),))], 0)
    room._tell([Settlement("m1", "parsed", interests=((card, ()),))], 0)  # replayed
    (alert,) = place.ledger.alerts.latest(10)
    assert (alert.kind, alert.subject, alert.event) == ("complaint_arrived", card.id, True)
    desk = place.desk()
    assert desk.cycle() == 1
    assert desk.cycle() == 0
    assert card.author.name not in "".join(place.sent[0])
    place.now += HOUR_S
    assert "complaint_arrived" not in kinds(place.watch())  # an event: nothing lasts, nothing is over
    assert place.ledger.alerts.latest(10)[-1].over_at is None


@pytest.mark.parametrize(("priority", "told"), [("urgent", ["urgent_arrived"]), ("high", [])])
def test_what_a_rule_calls_urgent_is_told_at_once_too(place, priority, told):
    crew = SimpleNamespace(workers=1)
    room = ReadingRoom(place.ledger.reader, crew, {}, receivers={}, searches_first=False, note=place.ledger.alerts.note)
    card = make_card(1).model_copy(update={"priority": priority, "labels": ("our_name",)})
    room._tell([Settlement("m1", "parsed", interests=((card, ()),))], 0)
    assert [alert.kind for alert in place.ledger.alerts.latest(10)] == told


def test_who_was_told_while_the_ledger_could_not_be_written_is_not_told_again(place, monkeypatch):
    desk = place.desk()
    place.ledger.alerts.begin("disk_low", "", "little room")

    def locked(*_, **__):
        raise LedgerUnavailable("locked")

    with monkeypatch.context() as patched:
        patched.setattr(place.ledger.alerts, "told", locked)
        with pytest.raises(LedgerUnavailable):
            desk.cycle()
    assert desk.cycle() == 0
    assert [len(one.told) for one in place.ledger.alerts.lasting()] == [1]
    place.ledger.alerts.end(place.ledger.alerts.lasting()[0].row_id)
    assert desk.cycle() == 1
    assert len(place.sent) == 2


def test_what_lasted_for_weeks_is_over_for_whoever_knew_of_it(place):
    desk = place.desk(urls=("json://one.example", "json://two.example"))
    place.away = {"json://two.example"}
    place.ledger.alerts.begin("source_silent", "vk", "nothing for 30 h")
    assert desk.cycle() == 1
    place.now += 21 * 86_400
    place.away, desk._failures = set(), {}
    assert desk.cycle() == 1  # it still lasts, and two is back
    place.ledger.alerts.end(place.ledger.alerts.lasting()[0].row_id)
    assert desk.cycle() == 2
    assert desk.cycle() == 0
    assert place.ledger.alerts.open() == []


def test_an_alert_that_nobody_has_to_be_told_of_costs_no_transaction(place, monkeypatch):
    desk = place.desk()
    place.ledger.alerts.begin("disk_low", "", "little room")
    desk.cycle()
    monkeypatch.setattr(place.ledger.alerts, "told", lambda *_, **__: pytest.fail("nothing has changed"))
    assert desk.cycle() == 0


def test_hundreds_of_alerts_are_one_message_of_bounded_length(place):
    for number in range(300):
        place.ledger.alerts.note("complaint_arrived", f"interest-{number}", "review from shop")
    desk = place.desk()
    assert desk.cycle() == 1
    ((_, title, text),) = place.sent
    assert "300 messages" in title
    assert "… and 280 older ones: mailbridge alert list" in text
    assert "interest-299" in text
    assert len(text) < 6000
    assert desk.cycle() == 0


@pytest.mark.parametrize(
    ("zone", "moment", "held"),
    [
        ("Europe/Berlin", "2026-03-29T00:59:00+00:00", True),  # 01:59, a minute before the clocks go forward
        ("Europe/Berlin", "2026-03-29T01:00:00+00:00", False),  # 03:00
        ("Europe/Berlin", "2026-10-25T00:30:00+00:00", True),  # 02:30, the first time
        ("Europe/Berlin", "2026-10-25T01:30:00+00:00", True),  # 02:30, the second time
        ("Europe/Berlin", "2026-10-25T02:00:00+00:00", False),  # 03:00
        ("Europe/Moscow", "2026-12-31T20:59:00+00:00", True),  # 23:59
        ("Europe/Moscow", "2026-12-31T21:00:00+00:00", True),  # midnight
        ("Europe/Moscow", "2026-12-31T18:59:00+00:00", False),  # 21:59
        ("Pacific/Kiritimati", "2026-06-30T07:59:00+00:00", False),  # 21:59 of that day
        ("Pacific/Kiritimati", "2026-06-30T08:00:00+00:00", True),
    ],
)
def test_quiet_hours_go_over_midnight_in_their_zone_and_through_changes_of_the_clock(place, zone, moment, held):
    place.now = datetime.fromisoformat(moment).timestamp()
    desk = place.desk(quiet="22:00-24:00, 00:00-03:00")
    desk._zone = ZoneInfo(zone)
    place.ledger.alerts.begin("disk_low", "", "little room")
    assert desk.cycle() == (0 if held else 1)


def test_series_of_networks_that_the_ledger_knows_exist_from_the_start(place):
    place.now = time.time()
    place.add(1)
    settings = SimpleNamespace(mailboxes={"box": None}, sinks={"crm": None})
    network = make_card(1).source.network
    prepare_metrics(SimpleNamespace(settings=settings, ledger=place.ledger))
    text = generate_latest(metrics.REGISTRY).decode()
    for source in (network, "vk", "wordpress", "email"):
        assert f'mailbridge_lead_latency_seconds_count{{sink="crm",source="{source}"}}' in text
