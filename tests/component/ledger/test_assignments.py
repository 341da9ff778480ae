"""Who gets a delivery is decided once, in turn over all nodes; persons are recognised over networks."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from mailbridge.ledger.schema import interest, person
from mailbridge.ledger.settle import Outgoing, Settlement
from mailbridge.pipeline.assignment import Assign, choose
from mailbridge.sdk import Author, Delivered, NoSuchUser, Receipt, RemoteState, RetryLater, Source
from mailbridge.testing.interests import make_card

ACCOUNT = "crm"


def decider(assign):
    return lambda item, team: choose(assign, item.delivery.interest, team, None)


TURNS = decider(Assign(users=["1", "2", "3"], keep_manager=False))


def assign(kit, claim, decide=TURNS, ledger=None):
    return (ledger or kit.ledger).assignments.settle(claim, decide)


def people(claim):
    return [item.delivery.responsible for item in claim.items]


def test_turns_go_on_over_batches_and_nodes(kit):
    for number in range(1, 6):
        kit.deliver(number)
    other = kit.open()
    first = assign(kit, kit.claim(2))
    second = assign(kit, other.claims.take(ACCOUNT, 2, quiet_s=30), ledger=other)
    third = assign(kit, kit.claim(2))
    assert people(first) + people(second) + people(third) == ["1", "2", "3", "1", "2"]
    other.close()


def test_what_was_decided_stays_whatever_happens_to_the_settings(kit):
    key = kit.deliver(1)
    claim = assign(kit, kit.claim())
    kit.finish(claim, RetryLater("busy"))
    kit.clock.now += 60
    again = assign(kit, kit.claim(), decider(Assign(users=["9"])))
    assert people(again) == ["1"]
    assert kit.row(key)["responsible"] == "1"
    assert [row["why"] for row in kit.row(key)["transitions"] if row["why"]].count("assigned to 1") == 1


def test_who_can_t_get_anything_is_passed_over_and_tried_again_the_next_day(kit):
    key = kit.deliver(1)
    claim = assign(kit, kit.claim())
    kit.ledger.assignments.gone(ACCOUNT, "1")
    kit.finish(claim, NoSuchUser("user 1 was deleted"))
    assert kit.row(key)["state"] == "ready"
    again = assign(kit, kit.claim())
    assert people(again) == ["2"]
    kit.finish(again, Delivered(Receipt("r1")))
    kit.clock.now += 90_000
    kit.deliver(2)
    kit.deliver(3)
    assert people(assign(kit, kit.claim())) == ["3", "1"]


def test_an_account_in_which_nobody_is_left_ends_with_a_person(kit):
    key = kit.deliver(1)
    for _ in range(kit.waits.max_attempts):
        kit.finish(kit.claim(), NoSuchUser("deleted"))
    assert kit.row(key)["state"] == "dead"


def test_open_objects_as_counted_and_what_was_given_since(kit):
    least = decider(Assign(how="least_loaded", users=["1", "2", "3"]))
    assert kit.ledger.assignments.counted_s(ACCOUNT) is None
    kit.ledger.assignments.counted(ACCOUNT, frozenset({"1", "2", "3"}), {"1": 5, "2": 3})
    assert kit.ledger.assignments.counted_s(ACCOUNT) == pytest.approx(0, abs=5)
    for number in range(1, 6):
        kit.deliver(number)
    assert people(assign(kit, kit.claim(), least)) == ["2", "2", "1", "2", "1"]  # 3 is not in the CRM any more


def test_a_claim_that_was_taken_over_decides_nothing(kit):
    key = kit.deliver(1)
    late = kit.claim()
    kit.clock.now += 61
    taken = assign(kit, kit.claim())
    assign(kit, late, decider(Assign(users=["9"])))
    assert people(taken) == ["1"]
    assert kit.row(key)["responsible"] == "1"


# Persons ------------------------------------------------------------------------------------------------------------


def come(kit, number, author, *, network="vk", channel="social"):
    """Store an interest of somebody, with a delivery."""
    mail_id = kit.store(number)
    source = Source(channel=channel, network=network)
    record = make_card(number, author=author, source=source)
    out = Outgoing(key=f"mb1-{number}", sink=ACCOUNT, account_id=ACCOUNT, lane=None)
    kit.ledger.reader.settle([Settlement(mail_id, "parsed", interests=((record, (out,)),))], searches_first=False)
    return out.key


def known(kit):
    (item,) = kit.claim().items
    return item.delivery.known


def sent(kit, remote_id, *, contact_id=None, responsible=None):
    claim = kit.claim()
    items = [replace(item, delivery=replace(item.delivery, responsible=responsible)) for item in claim.items]
    kit.ledger.assignments.settle(replace(claim, items=tuple(items)), lambda _item, _team: responsible)
    kit.finish(claim, Delivered(Receipt(remote_id, contact_id=contact_id)))


def test_one_person_over_two_networks_is_known_by_phone(kit):
    come(kit, 1, Author(name="Anna", url="https://vk.com/id1", phones=("+79120000001",)))
    sent(kit, "lead-1", contact_id="contact-1", responsible="7")
    come(
        kit,
        2,
        Author(name="Anna S", email="anna@example.org", phones=("+79120000001",)),
        network="form",
        channel="form",
    )
    found = known(kit)
    assert (found.contact_id, found.open_id, found.responsible) == ("contact-1", "lead-1", "7")


def test_two_who_turn_out_to_be_one_are_joined(kit):
    come(kit, 1, Author(url="https://vk.com/id1"))
    sent(kit, "lead-1")
    come(kit, 2, Author(email="Anna@Example.org"), channel="email", network="email")
    assert known(kit) is None
    come(kit, 3, Author(url="https://vk.com/id1", email="anna@example.org"))
    found = known(kit)
    assert found.open_id == "lead-1"


def test_the_deliveries_of_who_turn_out_to_be_one_are_joined_too(kit):
    come(kit, 1, Author(email="anna@example.org"), channel="email", network="email")
    assert known(kit) is None
    come(kit, 2, Author(url="https://vk.com/id1"))
    sent(kit, "lead-2", contact_id="contact-2")
    come(kit, 3, Author(url="https://vk.com/id1", email="anna@example.org"))
    assert known(kit).contact_id == "contact-2"
    come(kit, 4, Author(email="anna@example.org"), channel="email", network="email")
    assert known(kit).contact_id == "contact-2"


def test_strangers_share_nothing(kit):
    come(kit, 1, Author(name="Anna", email="anna@example.org"))
    sent(kit, "lead-1")
    come(kit, 2, Author(name="Anna", email="anna@example.com"))
    assert known(kit) is None


def test_the_website_in_a_form_makes_nobody_one(kit):
    for number in (1, 2):
        come(kit, number, Author(name=f"A{number}", url="https://example.com"), network="wordpress", channel="site")
        if number == 1:
            sent(kit, "lead-1")
    assert known(kit) is None


def test_a_closed_or_deleted_object_is_not_open_any_more(kit):
    from mailbridge.ledger.remotes import Pace

    for number, state in ((1, RemoteState("lead-1", open=False)), (2, RemoteState("lead-2", exists=False))):
        come(kit, number, Author(email="anna@example.org"))
        sent(kit, f"lead-{number}", contact_id="contact-1")
        kit.clock.now += 61
        page = kit.ledger.remotes.take(ACCOUNT, 10)
        kit.ledger.remotes.keep(page, [state], None, Pace(10.0, 100_000.0))
    come(kit, 3, Author(email="anna@example.org"))
    found = known(kit)
    assert (found.contact_id, found.open_id) == ("contact-1", None)


def test_who_owns_it_in_the_crm_now_counts_more_than_who_was_given_it(kit):
    from mailbridge.ledger.remotes import Pace

    come(kit, 1, Author(email="anna@example.org"))
    sent(kit, "lead-1", responsible="7")
    kit.clock.now += 61
    page = kit.ledger.remotes.take(ACCOUNT, 10)
    state = RemoteState("lead-1", responsible="Ivan", responsible_id="8")
    kit.ledger.remotes.keep(page, [state], None, Pace(10.0, 1e5))
    come(kit, 2, Author(email="anna@example.org"))
    assert known(kit).responsible == "8"


def test_persons_of_many_mails_that_are_settled_together(kit):
    authors = (
        Author(email="anna@example.org"), Author(name="nobody knows"), Author(phones=("+79120000001",)),
        Author(email="boris@example.org"), Author(email="anna@example.org", phones=("+79120000001",)),
    )  # fmt: skip
    settlements = []
    for number, author in enumerate(authors):
        record = make_card(number, author=author, source=Source(channel="form", network="form"))
        out = Outgoing(key=f"mb1-{number}", sink=ACCOUNT, account_id=ACCOUNT, lane=None)
        settlements.append(Settlement(kit.store(number), "parsed", interests=((record, (out,)),)))
    assert kit.ledger.reader.settle(settlements, searches_first=False) == 5
    with kit.ledger.database.read() as connection:
        rows = {row.id: row.person_id for row in connection.execute(select(interest.c.id, interest.c.person_id))}
        known_people = connection.scalars(select(person.c.id)).all()
    anna, nobody, phone, boris, both = (rows[one.interests[0][0].id] for one in settlements)
    assert nobody is None
    assert anna == phone == both != boris
    assert sorted(known_people) == sorted({anna, boris})
