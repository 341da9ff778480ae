"""A further interest of a person: a lead at the one contact, a note in the open lead, or a lead and a contact."""

import dataclasses

import pytest

from mailbridge.sdk import Author, Delivered, Known, NoTokens, Sent
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.emulator import Fault
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge.testing.sinkbench import Bench
from mailbridge.testing.sinksuite import UNKNOWN_ENDS
from mailbridge_sinks.amocrm import AmocrmConfig, AmocrmSink

WON, OTHER_USER = 142, 504142
FORM = Author(name="Анна К", email="anna@people.example", phones=("+79120000001",))
VK = Author(name="Анна", url="https://vk.com/id1")
APPEND = {"same_person": "append", "task": {"text": "Ответить"}}


@pytest.fixture(params=[False, True], ids=["no filters", "filters"])
def emulator(request):
    return AmocrmEmulator(rate_per_s=None, filters=request.param)


def bench_of(emulator, **settings):
    config = AmocrmConfig(url="http://127.0.0.1", token=emulator.token, **(APPEND | settings))
    return Bench(emulator, lambda _emulator, transport: AmocrmSink(config, tokens=NoTokens(), transport=transport))


def interest(number, known=None, **changes):
    return dataclasses.replace(make_delivery(make_card(number, **({"author": FORM} | changes))), known=known)


def first(emulator, **settings):
    (outcome,) = bench_of(emulator, **settings).deliver([interest(1)])
    return outcome.receipt


def again(number, receipt, **changes):
    return interest(number, Known(contact_id=receipt.contact_id, open_id=receipt.remote_id), **changes)


def texts(emulator, delivery, step="note"):
    table = emulator.account.tasks if step == "task" else emulator.account.notes
    told = [str(row.get("text") or row["params"]["text"]) for row in table.values()]
    return [text for text in told if delivery.step_key(step) in text]


def test_a_further_interest_is_a_note_with_the_whole_card_and_a_task_at_the_open_lead(emulator):
    there = first(emulator)
    emulator.account.leads[int(there.remote_id)]["responsible_user_id"] = OTHER_USER
    vk = again(2, there, author=VK, text="Есть ли белый?")
    (outcome,) = bench_of(emulator, fields={"text": "Текст обращения"}).deliver([vk])
    assert (outcome.receipt.remote_id, outcome.receipt.created) == (there.remote_id, False)
    assert outcome.receipt.contact_id == there.contact_id
    assert (len(emulator.account.leads), len(emulator.account.contacts)) == (1, 1)
    [note] = texts(emulator, vk)
    assert "Есть ли белый?" in note
    assert "https://vk.com/id1" in note
    [task] = [row for row in emulator.account.tasks.values() if vk.key in row["text"]]
    assert (task["entity_id"], task["responsible_user_id"]) == (int(there.remote_id), OTHER_USER)


@pytest.mark.parametrize("gone", ["won", "deleted"])
def test_a_lead_that_is_closed_or_deleted_gets_nothing_more(emulator, gone):
    there = first(emulator)
    if gone == "won":
        emulator.account.leads[int(there.remote_id)]["status_id"] = WON
    else:
        del emulator.account.leads[int(there.remote_id)]
    delivery = again(2, there)
    (outcome,) = bench_of(emulator).deliver([delivery])
    assert outcome.receipt.remote_id != there.remote_id
    assert emulator.keys()[delivery.key] == [outcome.receipt.remote_id]
    assert outcome.receipt.contact_id == there.contact_id, "the contact is the same all the same"


def test_orders_are_a_lead_of_their_own(emulator):
    there = first(emulator)
    (outcome,) = bench_of(emulator).deliver([again(2, there, kind="order")])
    assert outcome.receipt.remote_id != there.remote_id


def test_two_interests_of_one_person_in_one_batch_are_one_lead(emulator):
    back = interest(2, author=Author(name="Анна", phones=("8 912 000-00-01",)))
    one, two = bench_of(emulator).deliver([interest(1), back])
    assert one.receipt.remote_id == two.receipt.remote_id
    assert len(texts(emulator, back)) == len(texts(emulator, back, "task")) == 1


def test_the_default_links_and_new_is_a_contact_of_its_own(emulator):
    there = first(emulator, same_person="link")
    (linked,) = bench_of(emulator, same_person="link").deliver([again(2, there)])
    assert (linked.receipt.remote_id != there.remote_id, linked.receipt.contact_id) == (True, there.contact_id)
    (new,) = bench_of(emulator, same_person="new").deliver([again(3, there)])
    assert new.receipt.contact_id != there.contact_id
    assert len(emulator.account.contacts) == 2


def test_a_plan_shows_what_is_appended_without_a_lead(emulator):
    sink = bench_of(emulator).sink
    there = first(emulator)
    assert [one.step for one in sink.plan([again(2, there)])] == ["note", "task"]


def test_a_fault_at_any_request_leaves_one_note_and_one_task(emulator):
    there = first(emulator)
    clean = bench_of(emulator)
    clean.deliver([again(99, there)])
    for number in range(1, clean.requests + 1):
        for place, fault in enumerate({**UNKNOWN_ENDS, "429": Fault("status", status=429)}.values()):
            delivery = again(1000 * number + place, there)
            bench = bench_of(emulator)
            bench.fault, bench.fault_at = dataclasses.replace(fault), number
            bench.deliver([delivery])
            final = bench.settle([delivery])[delivery.key]
            assert isinstance(final, Delivered), f"{fault} at request {number}: {final}"
            assert final.receipt.remote_id == there.remote_id
            assert len(texts(emulator, delivery)) == len(texts(emulator, delivery, "task")) == 1
    assert len(emulator.account.leads) == 1


def test_a_crash_at_any_point_leaves_one_note_and_one_task(emulator):
    there = first(emulator)
    clean = bench_of(emulator)
    clean.deliver([again(99, there)])
    for point in range(1, clean.crash_points + 1):
        delivery, bench = again(100 + point, there), bench_of(emulator)
        bench.crash_at = point
        final = bench.settle([delivery])[delivery.key]
        assert isinstance(final, Delivered), f"crash point {point}: {final}"
        assert len(texts(emulator, delivery)) == len(texts(emulator, delivery, "task")) == 1
    assert len(emulator.account.leads) == 1


def test_a_lost_ledger_finds_what_was_appended_and_adds_nothing(emulator):
    there = first(emulator)
    vk, other = again(2, there, author=VK), interest(7)
    bench_of(emulator).deliver([vk])
    lost = [dataclasses.replace(vk, known=None), other]
    bench = bench_of(emulator)
    found = bench.find(lost)
    assert set(found[vk.key]) == {"lead", "note", "task"}
    assert found[vk.key]["lead"].remote_id == there.remote_id
    assert not found[other.key], "what was never written is not found"
    (outcome,) = bench.deliver([lost[0]])
    assert outcome.receipt.remote_id == there.remote_id
    assert not bench.writes


def test_our_own_note_of_a_further_interest_is_nobodys_answer(emulator):
    there = first(emulator)
    more = again(2, there)
    bench = bench_of(emulator)
    bench.deliver([more])
    sent = [Sent(interest(1).key, there.remote_id, {}), Sent(more.key, there.remote_id, bench.steps.done(more.key))]
    for receipts in (sent, sent[:1], sent[1:]):
        [state], _ = bench.sink.read_back(receipts, None)
        assert (state.processed, state.first_answer_at) == (False, None)
    emulator.close_tasks(there.remote_id)
    [state], _ = bench.sink.read_back(sent[:1], None)
    assert state.processed, "a task of ours was closed, whichever of them"
