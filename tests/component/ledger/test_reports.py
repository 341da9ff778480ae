"""A report is right to the number, on both databases."""

import sqlite3
from contextlib import closing
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailbridge.ledger import report_facts
from mailbridge.ledger.engine import open_database
from mailbridge.ledger.reports import Reports
from mailbridge.ledger.schema import interest
from mailbridge.reporting import periods
from mailbridge.reporting.report import as_json, make_report
from report_month import ANSWER_S, BEFORE, SINCE, UNTIL, VALUES, ZONE, One, Told, Truth, fill, month

NUMBERS = ("interests", "before", "answered", "waiting", "overdue", "unknown", "late", "p50_s", "p95_s")
OCTOBER = periods.Period(SINCE, UNTIL, BEFORE, SINCE)


def told(kit, period=OCTOBER, *, answer_s=ANSWER_S, top=1000, names=False):
    made = make_report(kit.ledger.reports, period, "Europe/Berlin", answer_s=answer_s, top=top, names=names)
    return as_json(made)


def numbers(group):
    return {name: pytest.approx(group[name], abs=1e-3) for name in NUMBERS}


def test_a_month_of_ten_thousand_is_right_to_the_number(kit, monkeypatch):
    monkeypatch.setattr(report_facts, "CHUNK", 3_000)
    ones = month(20_000)
    truth = Truth(ones, now=kit.clock.now)
    assert len(truth.own) > 10_000
    fill(kit.ledger.database, ones)
    report = told(kit)
    assert truth.total() == numbers(report["total"])
    for dimension, value in VALUES.items():
        found = {group["name"] or "": numbers(group) for group in report["by"][dimension]}
        assert truth.by(value) == found, dimension
    assert report["hours"] == truth.hours()
    assert report["no_hour"] == sum(one.precision == "day" for one in truth.own)
    assert report["weekdays"] == truth.weekdays()
    assert {day["date"]: day["interests"] for day in report["days"]} == truth.days()
    assert sum(day["before"] for day in report["days"]) == len(truth.before)
    assert {name: report["people"][name] for name in ("known", "repeat", "interests")} == truth.people()
    few = told(kit, top=20)
    for dimension in VALUES:
        assert sum(group["interests"] for group in few["by"][dimension]) == len(truth.own)
        assert sum(group["overdue"] for group in few["by"][dimension]) == truth.total()["overdue"]
    assert len(few["by"]["source"]) == 21
    assert few["by"]["source"][-1]["others"]
    assert few["others"]["source"] == len(truth.by(VALUES["source"])) - 20
    assert "secret" not in str(report)
    assert "Author" not in str(report)


def test_who_writes_into_a_file_gets_in_between_while_a_large_report_is_made(tmp_path, monkeypatch):
    database = open_database(f"sqlite:///{tmp_path / 'ledger.db'}")
    fill(database, [One(SINCE.timestamp() + number // 3) for number in range(30)])
    chunks, written = report_facts._chunks, []

    def meanwhile(*given):
        for within in chunks(*given):
            yield within
            with closing(sqlite3.connect(database.url.database, timeout=0.1)) as other, other:
                written.append(other.execute("UPDATE mail SET size = size + 1"))

    monkeypatch.setattr(report_facts, "CHUNK", 7)
    monkeypatch.setattr(report_facts, "_chunks", meanwhile)
    report = as_json(make_report(Reports(database), OCTOBER, "Europe/Berlin", answer_s=None))
    assert report["total"]["interests"] == 30
    assert len(written) == 4  # of nine each: what was stored at the same moment stays together
    database.close()


def test_of_an_empty_period_nothing_is_told_but_zeros(kit):
    report = told(kit)
    assert report["total"]["interests"] == 0
    assert report["total"]["p50_s"] is report["total"]["change"] is None
    assert all(groups == [] for groups in report["by"].values())
    assert report["hours"] == [0] * 24
    assert len(report["days"]) == 31


def test_one_interest_that_nobody_reads_back(kit):
    fill(kit.ledger.database, [One(SINCE.timestamp(), assigned="17", sinks=[None])])
    report = told(kit)
    assert report["total"] | {"unknown": 1, "answered": 0, "share": 1.0} == report["total"]
    assert [group["name"] for group in report["by"]["responsible"]] == ["17"]
    assert report["by"]["product"][0]["name"] is None
    assert not report["by"]["product"][0]["others"]


def test_the_first_moment_belongs_to_a_period_and_the_last_does_not(kit):
    edges = [SINCE.timestamp() - 0.001, SINCE.timestamp(), UNTIL.timestamp() - 0.001, UNTIL.timestamp()]
    fill(kit.ledger.database, [One(at) for at in edges])
    report = told(kit)
    assert (report["total"]["interests"], report["total"]["before"]) == (2, 1)


def test_nothing_happened_after_it_was_stored(kit):
    """Clocks of senders are wrong; what is dated into the future counts when it came."""
    fill(kit.ledger.database, [One(UNTIL.timestamp() + 9e6, stored_s=SINCE.timestamp() - UNTIL.timestamp() - 9e6 + 60)])
    assert told(kit)["total"]["interests"] == 1


def test_overdue_are_those_that_health_calls_late(kit):
    now = kit.clock.now
    deadline = now - ANSWER_S
    ones = [
        One(deadline - 20 + shift, sinks=[Told(found=found, answered_s=answered)])
        for shift in (-60, -1, 0, 1, 60)
        for found in (True, False)
        for answered in (None, 5.0)
    ]
    fill(kit.ledger.database, ones)
    kit.clock.now = now
    late = kit.ledger.vitals(answer_s=ANSWER_S).late
    kit.clock.now = now
    end = datetime.fromtimestamp(now, ZONE)
    report = told(kit, periods.between(end - timedelta(days=3), end))
    assert report["total"]["overdue"] == sum(late.values()) > 0
    assert told(kit, periods.between(end - timedelta(days=3), end), answer_s=None)["total"]["overdue"] == 0


def test_who_came_back_is_named_only_when_asked_for_and_never_when_erased(kit):
    at = SINCE.timestamp()
    ones = [One(at + number, person=number % 3 + 1, author=f"P{number % 3}", network="vk") for number in range(9)]
    ones.append(One(at + 50, person=1, author="P0", network="ok", channel="social"))
    fill(kit.ledger.database, ones)
    assert told(kit)["people"] == {"known": 3, "repeat": 3, "interests": 10, "authors": []}
    authors = told(kit, names=True)["people"]["authors"]
    assert next((one["name"], one["interests"], one["networks"]) for one in authors) == ("P0", 4, 2)
    with kit.ledger.database.write() as connection:
        gone = interest.update().where(interest.c.person_id == 1)
        connection.execute(gone.values(person_id=None, author=None))
    report = told(kit, names=True)
    assert report["total"]["interests"] == 10
    assert {one["name"] for one in report["people"]["authors"]} == {"P1", "P2"}


def test_a_report_can_be_taken_again_and_again(kit):
    fill(kit.ledger.database, [One(SINCE.timestamp())])
    assert told(kit)["total"] == told(kit)["total"]


@pytest.mark.parametrize(
    ("zone", "day", "hours"), [("Europe/Berlin", "2026-10-25", 25), ("Europe/Berlin", "2026-03-29", 23),
                               ("America/Santiago", "2026-09-06", 23), ("Asia/Kathmandu", "2026-03-29", 24)],
)  # fmt: skip
def test_a_day_is_as_long_as_its_clocks_say(zone, day, hours):
    since = periods.midnight(date.fromisoformat(day), ZoneInfo(zone))
    after = since + timedelta(days=1)
    period = periods.last_whole("day", after + timedelta(hours=3))
    assert (period.until.timestamp() - period.since.timestamp()) / 3600 == hours
    assert [f"{one}" for one in period.days()] == [day]
