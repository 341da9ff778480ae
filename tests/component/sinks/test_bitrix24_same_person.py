"""A further interest of a person: a lead at the one contact, a comment in the open lead, or a lead and a contact."""

import dataclasses

import pytest

from mailbridge.sdk import Author, Delivered, Known, NoTokens, Sent
from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.bitrix24_data import CONTACT, DEAL, LEAD
from mailbridge.testing.emulator import Fault
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge.testing.sinkbench import Bench
from mailbridge.testing.sinksuite import UNKNOWN_ENDS
from mailbridge_sinks.bitrix24 import Bitrix24Config, Bitrix24Sink

FORM = Author(name="Анна К", email="anna@people.example", phones=("+79120000001",))
WORK = Author(name="Анна", email="anna.k@work.example")
VK = Author(name="Анна", url="https://vk.com/id1")
APPEND = {"same_person": "append", "todo": {"text": "Ответить"}}


@pytest.fixture
def portal():
    return Bitrix24Emulator()


def bench_of(portal, **settings):
    config = Bitrix24Config(url=f"https://portal.example/rest/1/{portal.token}/", **(APPEND | settings))
    return Bench(portal, lambda _portal, transport: Bitrix24Sink(config, tokens=NoTokens(), transport=transport))


def interest(number, known=None, **changes):
    return dataclasses.replace(make_delivery(make_card(number, **({"author": FORM} | changes))), known=known)


def first(portal, **settings):
    (outcome,) = bench_of(portal, **settings).deliver([interest(1)])
    return outcome.receipt


def again(number, receipt, **changes):
    return interest(number, Known(contact_id=receipt.contact_id, open_id=receipt.remote_id), **changes)


def comments(portal, delivery):
    return [row for row in portal.portal.comments.values() if f"{delivery.key}/note" in row["COMMENT"]]


def todos(portal, delivery):
    return [row for row in portal.portal.activities.values() if f"{delivery.key}/task" in row["DESCRIPTION"]]


def test_a_further_interest_is_a_comment_with_the_whole_card_and_a_to_do_at_the_open_lead(portal):
    there = first(portal)
    portal.portal.items[LEAD][int(there.remote_id)]["assignedById"] = 6
    more = again(2, there, author=WORK, text="Есть ли белый?")
    (outcome,) = bench_of(portal).deliver([more])
    assert (outcome.receipt.remote_id, outcome.receipt.created) == (there.remote_id, False)
    assert outcome.receipt.contact_id == there.contact_id
    assert (len(portal.portal.items[LEAD]), len(portal.portal.items[CONTACT])) == (1, 1)
    [comment], [todo] = comments(portal, more), todos(portal, more)
    assert "Есть ли белый?" in comment["COMMENT"]
    assert "anna.k@work.example" in comment["COMMENT"]
    assert str(comment["ENTITY_ID"]) == str(todo["OWNER_ID"]) == there.remote_id
    assert str(todo["RESPONSIBLE_ID"]) == "6"


@pytest.mark.parametrize("gone", ["closed", "deleted"])
def test_a_lead_that_is_closed_or_deleted_gets_nothing_more(portal, gone):
    there = first(portal)
    lead = portal.portal.items[LEAD][int(there.remote_id)]
    if gone == "closed":
        lead |= {"stageId": "JUNK", "stageSemanticId": "F"}
    else:
        del portal.portal.items[LEAD][int(there.remote_id)]
    (outcome,) = bench_of(portal).deliver([again(2, there)])
    assert outcome.receipt.remote_id != there.remote_id
    assert outcome.receipt.contact_id == there.contact_id


def test_who_could_not_be_found_again_gets_a_lead_and_so_do_orders(portal):
    there = first(portal)
    (vk,) = bench_of(portal).deliver([again(2, there, author=VK)])
    (order,) = bench_of(portal).deliver([again(3, there, kind="order")])
    assert len({there.remote_id, vk.receipt.remote_id, order.receipt.remote_id}) == 3


def test_two_interests_of_one_person_in_one_batch_are_one_lead(portal):
    back = interest(2, author=Author(name="Анна", phones=("8 912 000-00-01",)))
    one, two = bench_of(portal).deliver([interest(1), back])
    assert one.receipt.remote_id == two.receipt.remote_id
    assert len(comments(portal, back)) == len(todos(portal, back)) == 1


def test_when_the_first_of_them_is_refused_the_second_becomes_a_lead(portal):
    bad = dataclasses.replace(interest(1), responsible="nobody")
    back = interest(2)
    final = bench_of(portal).settle([bad, back])
    assert final[back.key].receipt.remote_id in portal.keys()[back.key]


def test_the_default_links_and_new_is_a_contact_of_its_own(portal):
    there = first(portal, same_person="link")
    (linked,) = bench_of(portal, same_person="link").deliver([again(2, there)])
    assert (linked.receipt.remote_id != there.remote_id, linked.receipt.contact_id) == (True, there.contact_id)
    (new,) = bench_of(portal, same_person="new").deliver([again(3, there)])
    assert new.receipt.contact_id != there.contact_id


def test_a_plan_shows_what_is_appended_without_a_lead(portal):
    there = first(portal)
    assert [one.step for one in bench_of(portal).sink.plan([again(2, there)])] == ["note", "task"]


def test_deals_too(portal):
    there = first(portal, entity="deal")
    (outcome,) = bench_of(portal, entity="deal").deliver([again(2, there)])
    assert outcome.receipt.remote_id == there.remote_id
    assert len(portal.portal.items[DEAL]) == 1


def test_a_fault_at_any_request_leaves_one_comment_and_one_to_do(portal):
    there = first(portal)
    clean = bench_of(portal)
    clean.deliver([again(99, there)])
    for number in range(1, clean.requests + 1):
        for place, fault in enumerate({**UNKNOWN_ENDS, "503": Fault("status", status=503)}.values()):
            delivery, bench = again(1000 * number + place, there), bench_of(portal)
            bench.fault, bench.fault_at = dataclasses.replace(fault), number
            bench.deliver([delivery])
            final = bench.settle([delivery])[delivery.key]
            assert isinstance(final, Delivered), f"{fault} at request {number}: {final}"
            assert len(comments(portal, delivery)) == len(todos(portal, delivery)) == 1
    assert len(portal.portal.items[LEAD]) == 1


def test_a_crash_at_any_point_leaves_one_comment_and_one_to_do(portal):
    there = first(portal)
    clean = bench_of(portal)
    clean.deliver([again(99, there)])
    for point in range(1, clean.crash_points + 1):
        delivery, bench = again(100 + point, there), bench_of(portal)
        bench.crash_at = point
        final = bench.settle([delivery])[delivery.key]
        assert isinstance(final, Delivered), f"crash point {point}: {final}"
        assert len(comments(portal, delivery)) == len(todos(portal, delivery)) == 1
    assert len(portal.portal.items[LEAD]) == 1


def test_a_lost_ledger_finds_what_was_appended_and_adds_nothing(portal):
    there = first(portal)
    more, other = again(2, there), interest(7)
    bench_of(portal).deliver([more])
    lost = dataclasses.replace(more, known=None)
    bench = bench_of(portal)
    found = bench.find([lost, other])
    assert set(found[more.key]) == {"lead", "note", "task"}
    assert found[more.key]["lead"].remote_id == there.remote_id
    assert other.key not in found, "what was never written is not found"
    (outcome,) = bench.deliver([lost])
    assert outcome.receipt.remote_id == there.remote_id
    assert not bench.writes


def test_our_own_comment_of_a_further_interest_is_nobodys_answer(portal):
    there = first(portal)
    more = again(2, there)
    bench = bench_of(portal)
    bench.deliver([more])
    sent = [
        Sent(interest(1).key, there.remote_id, {}),
        Sent(more.key, there.remote_id, bench.steps.done(more.key)),
    ]
    for receipts in (sent, sent[:1], sent[1:]):
        [state], _ = bench.sink.read_back(receipts, None)
        assert (state.processed, state.first_answer_at) == (False, None)
    for todo in portal.portal.activities.values():
        todo |= {"COMPLETED": "Y", "STATUS": "2"}
    [state], _ = bench.sink.read_back(sent[:1], None)
    assert state.processed, "a to-do of ours was closed, whichever of them"
