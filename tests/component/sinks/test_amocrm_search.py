"""How the amoCRM sink finds what earlier attempts left in the account."""

import pytest

from mailbridge.sdk import Doubt, NoTokens, NotWritten
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.interests import make_deliveries
from mailbridge.testing.sinkbench import Bench
from mailbridge_sinks.amocrm import AmocrmConfig, AmocrmSink, client


def make_bench(settings=None, **account):
    def make_sink(emulator, transport):
        config = AmocrmConfig(url="http://127.0.0.1", token=emulator.token, **(settings or {}))
        return AmocrmSink(config, tokens=NoTokens(), transport=transport)

    return Bench(AmocrmEmulator(rate_per_s=None, **account), make_sink)


def delivered(settings=None, count=1, **account):
    bench = make_bench(settings, **account)
    deliveries = make_deliveries(count)
    bench.deliver(deliveries)
    return bench, deliveries


def searches(bench, path):
    return [entry.path for entry in bench.emulator.journal if entry.path.startswith(path)]


def test_with_paid_filters_forty_keys_cost_one_question():
    bench, deliveries = delivered(count=40, filters=True)
    bench.emulator.journal.clear()
    found = bench.sink.find([Doubt(delivery, steps=("lead",)) for delivery in deliveries])
    assert all(found[delivery.key].keys() == {"lead"} for delivery in deliveries)
    assert len(searches(bench, "/api/v4/leads?")) == 1


def test_a_filter_that_amocrm_silently_ignores_is_not_believed():
    bench, deliveries = delivered(count=3, filters=True)
    bench.sink.check()
    bench.emulator.settings.filters = False
    found = bench.sink.find([Doubt(deliveries[2], steps=("lead",))])
    assert found[deliveries[2].key]["lead"].remote_id == bench.emulator.keys()[deliveries[2].key][0]


def test_a_lead_that_only_mentions_the_key_is_not_taken_for_it():
    bench = make_bench()
    delivery = make_deliveries(1)[0]
    bench.emulator.records.add_lead({"name": f"см. {delivery.key}"})
    assert bench.sink.find([Doubt(delivery)])[delivery.key] == {}


@pytest.mark.parametrize("filters", [False, True])
def test_of_several_leads_with_one_key_the_oldest_counts(filters):
    bench, [delivery] = delivered(filters=filters)
    bench.forget()
    bench.deliver([delivery])
    first, second = bench.emulator.keys()[delivery.key]
    assert int(first) < int(second)
    assert bench.sink.find([Doubt(delivery)])[delivery.key]["lead"].remote_id == first


def test_an_accepted_form_is_found_among_the_leads():
    bench, [delivery] = delivered({"asap": True})
    row = next(iter(bench.emulator.account.unsorted.values()))
    bench.emulator.records.leave_unsorted(row["uid"], accept=True, body={})
    found = bench.sink.find([Doubt(delivery, steps=("unsorted",), since=bench.began)])
    assert found[delivery.key]["unsorted"].remote_id == str(row["_embedded"]["leads"][0]["id"])


def test_a_lost_ledger_finds_forms_though_unsorted_was_switched_off_since():
    bench, [delivery] = delivered({"asap": True})
    other = Bench(bench.emulator, make_bench()._make_sink)
    assert other.sink.find([Doubt(delivery)])[delivery.key].keys() == {"lead", "note"}


def test_unsorted_is_read_no_further_back_than_the_doubt():
    bench, [delivery] = delivered({"asap": True})
    old = {
        "source_name": "x",
        "metadata": dict.fromkeys(("form_id", "form_name", "form_page", "form_sent_at"), "1"),
    }
    for number in range(600):
        bench.emulator.records.add_unsorted({**old, "source_uid": str(number), "created_at": 1_000_000 + number})
    bench.emulator.journal.clear()
    bench.sink.find([Doubt(delivery, steps=("unsorted",), since=bench.began)])
    assert len(searches(bench, "/api/v4/leads/unsorted")) == 1
    bench.sink.find([Doubt(make_deliveries(2)[1], steps=("unsorted",), since=0.0)])
    assert len(searches(bench, "/api/v4/leads/unsorted")) == 4


def test_a_list_longer_than_we_read_keeps_the_doubt(monkeypatch):
    bench, [delivery] = delivered()
    bench.forget()
    monkeypatch.setattr(client, "MOST_ROWS", 1)
    monkeypatch.setattr(client, "MOST_PAGES", 2)
    with pytest.raises(NotWritten, match="longer than 2 rows"):
        bench.sink.find([Doubt(delivery)])


def test_notes_of_a_known_lead_are_found_without_asking_for_the_lead():
    bench, [delivery] = delivered({"task": {}})
    done = {"lead": bench.emulator.keys()[delivery.key][0]}
    bench.emulator.journal.clear()
    found = bench.sink.find([Doubt(delivery, done=done, steps=("note",))])
    assert found[delivery.key].keys() == {"note"}
    assert not searches(bench, "/api/v4/leads?")
    assert not searches(bench, "/api/v4/tasks")


def test_a_note_of_another_delivery_is_not_ours():
    bench, deliveries = delivered(count=2)
    lead = bench.emulator.keys()[deliveries[0].key][0]
    found = bench.sink.find([Doubt(deliveries[1], done={"lead": lead}, steps=("note",))])
    assert found[deliveries[1].key] == {}


def test_a_note_that_a_manager_has_written_on_in_is_still_ours():
    bench, [delivery] = delivered()
    note = next(iter(bench.emulator.account.notes.values()))
    note["params"]["text"] += "\nпозвонил, ждёт счёт"
    lead = bench.emulator.keys()[delivery.key][0]
    assert bench.sink.find([Doubt(delivery, done={"lead": lead}, steps=("note",))])[delivery.key]["note"]


def test_what_the_index_does_not_show_yet_is_found_after_the_quiet_period():
    now = [1_790_000_000.0]
    emulator = AmocrmEmulator(rate_per_s=None, search_lag_s=45, clock=lambda: now[0])
    bench = Bench(emulator, make_bench()._make_sink)
    [delivery] = make_deliveries(1)
    bench.deliver([delivery])
    doubt = Doubt(delivery, steps=("lead",), since=now[0])
    assert bench.sink.find([doubt])[delivery.key] == {}
    now[0] += 60
    assert bench.sink.find([doubt])[delivery.key]["lead"]
