"""Strangers in numbers, statistics fields, deadlines and array sizes of the amoCRM sink."""

import dataclasses
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from mailbridge.sdk import Author, Delivered, FormField, NoTokens, Unusable
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge.testing.sinkbench import Bench
from mailbridge_sinks.amocrm import AmocrmConfig, AmocrmSink, AmocrmTask
from mailbridge_sinks.amocrm import contacts as contacts_module
from mailbridge_sinks.amocrm.places import Places, remarks


def bench_of(emulator, **settings):
    config = AmocrmConfig(url="http://127.0.0.1", token=emulator.token, **settings)
    return Bench(emulator, lambda _emulator, transport: AmocrmSink(config, tokens=NoTokens(), transport=transport))


@pytest.fixture
def emulator():
    return AmocrmEmulator(rate_per_s=None)


def person(number, **author):
    told = {"name": f"Н{number}", "phones": (f"+7912{number:07}",), "email": f"p{number}@people.example"}
    return make_delivery(make_card(number, author=Author(**(told | author))))


def put_contact(emulator, **values):
    codes = [{"field_code": code, "values": [{"value": value}]} for code, value in values.items()]
    return emulator.records.add_contact({"name": "Уже есть", "custom_fields_values": codes})["id"]


def lookups(bench):
    return [event.call for event in bench.events if event.call and event.call.path == "/api/v4/contacts"]


def contact_of(emulator, delivery):
    return emulator.account.linked[int(emulator.keys()[delivery.key][0])]


def test_fifty_strangers_cost_one_look_up_and_a_known_one_is_found_among_them(emulator):
    known = put_contact(emulator, PHONE="8 (912) 000-00-07")  # its spelling would escape the search by words
    bench = bench_of(emulator)
    people = [person(number) for number in range(50)]
    assert all(isinstance(outcome, Delivered) for outcome in bench.deliver(people))
    assert len(lookups(bench)) == 1
    assert contact_of(emulator, people[7]) == [known]
    assert len(emulator.account.contacts) == 50


def test_a_list_of_several_pages_is_looked_at_once_more_for_what_moved_meanwhile(emulator):
    for number in range(260):
        put_contact(emulator, PHONE=f"+7913{number:07}")
    bench = bench_of(emulator)
    bench.deliver([person(number) for number in range(50)])
    assert [call.arg("page") for call in lookups(bench)[:3]] == ["1", "2", "1"]


def test_nobody_waits_while_another_worker_reads_what_has_changed(emulator, monkeypatch):
    monkeypatch.setattr(contacts_module, "AHEAD_S", 0.0)
    monkeypatch.setattr(contacts_module, "FRESH_S", 600.0)
    config = AmocrmConfig(url="http://127.0.0.1", token=emulator.token)
    bench = Bench(emulator, lambda _emulator, transport: AmocrmSink(config, tokens=NoTokens(), transport=transport))
    bench.deliver([person(number) for number in range(50)])
    before = len(lookups(bench))
    with config.memory.people.reading:
        assert all(isinstance(outcome, Delivered) for outcome in bench.deliver([person(60), person(3)]))
    assert len(lookups(bench)) == before
    bench.deliver([person(61)])
    assert len(lookups(bench)) == before + 1, "the next one reads, for nobody else does"


def test_a_list_longer_than_we_may_read_is_left_and_people_are_asked_for(emulator, monkeypatch):
    known = [put_contact(emulator, PHONE=f"+7913{number:07}") for number in range(300)]
    bench = bench_of(emulator, contact_pages=1)
    people = [person(1), person(2, phones=("+79130000005",), email=None)]
    bench.deliver(people)
    assert contact_of(emulator, people[1]) == [known[5]]
    assert [call.arg("query") for call in lookups(bench)[1:]] == ["9120000001", "p1@people.example", "9130000005"]


def test_the_list_is_never_read_where_that_is_not_wanted(emulator):
    bench = bench_of(emulator, contact_pages=0)
    bench.deliver([person(number) for number in range(50)])
    assert len(lookups(bench)) == 100
    assert all(call.arg("query") for call in lookups(bench))


def test_what_a_manager_changes_later_is_seen(emulator, monkeypatch):
    monkeypatch.setattr(contacts_module, "FRESH_S", 0.0)
    monkeypatch.setattr(contacts_module, "AHEAD_S", 0.0)
    moved = put_contact(emulator, PHONE="+79120000060")
    bench = bench_of(emulator)
    bench.deliver([person(number) for number in range(50)])
    phone = {"field_code": "PHONE", "values": [{"value": "+79120000061"}]}
    emulator.records.change("contacts", emulator.account.contacts[moved], {"custom_fields_values": [phone]})
    old, new = person(60, email=None), person(61, email=None)
    bench.deliver([old, new])
    assert contact_of(emulator, new) == [moved]
    assert contact_of(emulator, old) != [moved], "the phone is not that contact's any more"


def test_sinks_of_one_configuration_ask_once(emulator):
    config = AmocrmConfig(url="http://127.0.0.1", token=emulator.token)

    def make(_emulator, transport):
        return AmocrmSink(config, tokens=NoTokens(), transport=transport)

    first, second = Bench(emulator, make), Bench(emulator, make)
    first.deliver([person(1)])
    second.deliver([person(1_000)])
    assert [call.path for call in second.writes] == ["/api/v4/leads/complex", "/api/v4/leads/notes"]
    assert second.requests == 2 + 2, "fields and pipelines were asked for again"


def test_utm_marks_stand_in_the_statistics_fields_without_configuration(emulator):
    marks = (FormField(label="utm_source", value="vk"), FormField(label="UTM_Campaign", value="осень"))
    delivery = make_delivery(make_card(1, fields=marks))
    bench_of(emulator).deliver([delivery])
    assert emulator.card(delivery.key)["fields"]["utm_source"] == ["vk"]


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-23T09:00+00:00", "2026-11-23T18:00+03:00"),
        ("2026-11-23T15:00+00:00", "2026-11-24T18:00+03:00"),
        ("2026-11-23T22:30+00:00", "2026-11-24T18:00+03:00"),
    ],
)
def test_a_deadline_by_time_of_day_is_that_of_the_account(received, due):
    task = AmocrmTask(due_at=time(18, 0))
    moment = task.due(datetime.fromisoformat(received), ZoneInfo("Europe/Moscow"))
    assert moment == datetime.fromisoformat(due)
    assert AmocrmTask(deadline_s=60).due(datetime(2026, 1, 1, tzinfo=UTC), UTC).minute == 1


def test_the_account_tells_its_zone(emulator):
    delivery = person(1)
    bench_of(emulator, task={"due_at": "18:00"}).deliver([delivery])
    [task] = emulator.account.tasks.values()
    assert datetime.fromtimestamp(task["complete_till"], ZoneInfo("Europe/Moscow")).time() == time(18, 0)


def test_what_failed_before_goes_in_smaller_arrays(emulator):
    bench = bench_of(emulator)
    bench.deliver([dataclasses.replace(person(number), attempt=2) for number in range(50)])
    sizes = [len(call.json()) for call in bench.writes if call.path.endswith("complex")]
    assert sizes == [25, 25]


def test_a_key_field_that_is_there_twice_is_told(emulator):
    twin = dict(emulator.account.field_named("leads", "mailbridge key"), id=777)
    emulator.account.fields["leads"].append(twin)
    with pytest.raises(Unusable, match=r"'mailbridge key' \(key_field\) is there 2 times: .*294471, 777"):
        bench_of(emulator).sink.check()
    bench_of(emulator, key_field=294471).sink.check()


def test_missing_filters_and_a_token_that_ends_soon_are_remarked(emulator):
    [remark] = bench_of(emulator).sink.remarks()
    assert "paid list filters are missing" in remark
    emulator.settings.filters = True
    assert list(bench_of(emulator).sink.remarks()) == []
    [remark] = remarks(Places(None, {}, {}, filters=True), 1_000_000.0 + 86_400 * 3.5, 1_000_000.0)
    assert "the token ends in 3 days" in remark
