import dataclasses

import pytest

from mailbridge.sdk import (
    Author,
    Delivered,
    Doubt,
    NoTokens,
    NotWritten,
    Refused,
    Rejected,
    RetryLater,
    SinkUnusable,
    Unknown,
    Unusable,
)
from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.bitrix24_data import CONTACT, DEAL, LEAD, FieldSpec, RestError
from mailbridge.testing.emulator import Fault
from mailbridge.testing.interests import make_card, make_deliveries, make_delivery
from mailbridge.testing.server import serve
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.bitrix24 import Bitrix24Sink


@pytest.fixture
def emulator():
    return Bitrix24Emulator(clock=lambda: 1_800_000_000.0)


def sink_for(emulator, origin="https://portal.example", transport=None, **settings):
    config = Bitrix24Sink.Config(url=f"{origin}/rest/1/{emulator.token}/", **settings)
    return Bitrix24Sink(config, tokens=NoTokens(), transport=transport or EmulatorTransport(emulator))


def person(number, **author):
    return make_delivery(make_card(number, author=Author(**author)))


def add_contact(emulator, *, phones=(), emails=(), **fields):
    fm = [{"typeId": "PHONE", "value": phone} for phone in phones]
    fm += [{"typeId": "EMAIL", "value": email} for email in emails]
    call = {"entityTypeId": 3, "fields": {"name": "Раньше", "fm": fm, **fields}}
    return emulator._call("1", "crm.item.add", call).result["item"]["id"]


def contacts_of_leads(emulator):
    return [lead["contactId"] for lead in emulator.portal.items[LEAD].values()]


def test_a_thousand_interests_cost_at_most_120_requests(emulator):
    sink, steps, deliveries = sink_for(emulator, todo={}), MemorySteps(), make_deliveries(1000)
    for start in range(0, 1000, sink.max_batch):
        outcomes = sink.deliver(deliveries[start : start + sink.max_batch], steps)
        assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert len(emulator.keys()) == 1000
    assert len(emulator.journal) <= 120


def test_the_receipt_leads_to_the_lead(emulator):
    outcome = sink_for(emulator).deliver(make_deliveries(1), MemorySteps())[0]
    assert outcome.receipt.url == "https://portal.example/crm/lead/details/1/"


@pytest.mark.parametrize(
    ("stored", "author"),
    [
        ({"phones": ["8 (912) 345-67-89"]}, {"phones": ("+79123456789",)}),
        ({"emails": ["Ivan@Example.org"]}, {"email": "ivan@example.org"}),
        ({"phones": ["+7 912 345 67 89#12"]}, {"phones": ("8 912 3456789",)}),
    ],
)
def test_a_known_person_gets_no_second_contact(emulator, stored, author):
    contact = add_contact(emulator, **stored)
    sink_for(emulator).deliver([person(1, name="Иван", **author)], MemorySteps())
    assert contacts_of_leads(emulator) == [contact]
    assert len(emulator.portal.items[CONTACT]) == 1


def test_who_shares_more_is_the_person(emulator):
    add_contact(emulator, emails=["a@b.example"])
    both = add_contact(emulator, emails=["a@b.example"], phones=["+79123456789"])
    add_contact(emulator, phones=["+79123456789"])
    sink_for(emulator).deliver([person(1, email="a@b.example", phones=("+79123456789",))], MemorySteps())
    assert contacts_of_leads(emulator) == [both]


def test_a_search_that_answers_too_much_is_not_believed(emulator, monkeypatch):
    add_contact(emulator, phones=["+79990000000"])
    monkeypatch.setattr("mailbridge.testing.bitrix24_items._reachable_by", lambda *_: True)
    sink_for(emulator).deliver([person(1, phones=("+79123456789",))], MemorySteps())
    assert contacts_of_leads(emulator) == [2]


def test_a_crowd_at_one_number_hides_nobody_else(emulator):
    for _ in range(25):
        add_contact(emulator, phones=["+78000000000"])
    known = add_contact(emulator, phones=["+79123456789"])
    strangers = [person(number, phones=(f"+7900{number:07d}",)) for number in range(1, 80)]
    crowd = [person(100, phones=("+78000000000",)), person(101, phones=("+79123456789",))]
    sink = sink_for(emulator)
    sink.deliver(crowd + strangers, MemorySteps())
    assert contacts_of_leads(emulator)[1] == known


def test_one_person_twice_in_a_batch_is_one_contact(emulator):
    twins = [person(1, email="a@b.example", phones=("+79123456789",)), person(2, phones=("89123456789",))]
    outcomes = sink_for(emulator).deliver(twins, MemorySteps())
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert contacts_of_leads(emulator) == [1, 1]


def test_the_second_waits_when_the_first_could_not_be_made(emulator):
    twins = [person(1, email="a@b.example"), person(2, email="a@b.example")]
    emulator.errors["crm.item.add"] = [RestError(500, "INTERNAL_SERVER_ERROR", "")]
    outcomes = sink_for(emulator).deliver(twins, MemorySteps())
    assert isinstance(outcomes[0], Unknown)
    assert isinstance(outcomes[1], RetryLater)
    assert not emulator.keys()


def test_who_can_not_be_found_again_gets_no_contact(emulator):
    sink_for(emulator).deliver([person(1, name="Пётр", url="https://vk.com/id8")], MemorySteps())
    assert contacts_of_leads(emulator) == [None]
    lead = emulator.portal.items[LEAD][1]
    assert (lead["name"], lead["fm"][0]["value"]) == ("Пётр", "https://vk.com/id8")


def test_a_profile_field_makes_one_person_of_many_comments(emulator):
    emulator.add_field(CONTACT, "ufCrm_7")
    sink = sink_for(emulator, profile_field="ufCrm_7")
    for number in (1, 2):
        sink.deliver([person(number, name="Пётр", url="https://vk.com/id8")], MemorySteps())
    assert contacts_of_leads(emulator) == [1, 1]


@pytest.mark.parametrize("step", ["contact", "lead", "note", "task"])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RestError(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "Invalid value"), Rejected),
        (RestError(400, "ACCESS_DENIED", "Access denied!"), SinkUnusable),
        (RestError(500, "INTERNAL_SERVER_ERROR", ""), Unknown),
        (RestError(429, "OPERATION_TIME_LIMIT", "Method is blocked"), RetryLater),
    ],
)
def test_an_error_of_one_command_concerns_one_delivery(emulator, step, error, kind):
    methods = {"note": "crm.timeline.comment.add", "task": "crm.activity.todo.add"}
    deliveries, steps = make_deliveries(3), MemorySteps()
    if step == "lead":
        deliveries = [person(number, name="Без контакта") for number in (1, 2, 3)]
    emulator.errors[methods.get(step, "crm.item.add")] = [error]
    outcomes = sink_for(emulator, todo={}).deliver(deliveries, steps)
    assert [type(outcome) for outcome in outcomes] == [kind, Delivered, Delivered]
    assert step not in steps.done(deliveries[0].key)


def test_a_refused_request_is_taken_apart_until_the_bad_one_is_found(emulator):
    deliveries = make_deliveries(9)
    bad = deliveries[6]
    emulator.faults.append(Fault("html", path=f"{bad.key}%2Fnote", status=413, times=99))
    steps = MemorySteps()
    outcomes = sink_for(emulator).deliver(deliveries, steps)
    assert [type(outcome) for outcome in outcomes] == [Delivered] * 6 + [Rejected] + [Delivered] * 2
    announced = [name for what, name, _ in steps.log if (what, name) == ("writing", "note")]
    assert len(announced) == sum("comment.add" in entry.body for entry in emulator.journal) > 1


@pytest.mark.parametrize("fault", [Fault("drop_after"), Fault("html", status=502), Fault("truncate")])
def test_without_an_answer_about_people_nobody_is_taken_for_new(emulator, fault):
    emulator.faults.append(fault)
    outcomes = sink_for(emulator).deliver(make_deliveries(2), MemorySteps())
    assert all(isinstance(outcome, RetryLater) and outcome.pause for outcome in outcomes)
    assert not emulator.portal.items[CONTACT]


def test_a_refused_search_for_people_rejects_no_interest(emulator):
    emulator.errors["crm.duplicate.findbycomm"] = [RestError(400, "Communication type is not defined", "")]
    outcome = sink_for(emulator).deliver(make_deliveries(1), MemorySteps())[0]
    assert isinstance(outcome, SinkUnusable)


def test_a_full_bucket_pauses_the_account(emulator):
    emulator.switches.limited = True
    sink, deliveries = sink_for(emulator), make_deliveries(60)
    ends = [sink.deliver([delivery], MemorySteps())[0] for delivery in deliveries]
    paused = [end for end in ends if isinstance(end, RetryLater)]
    assert paused
    assert all(end.pause for end in paused)


def test_a_note_on_the_ninetieth_place_is_found(emulator):
    sink, steps, delivery = sink_for(emulator), MemorySteps(), make_deliveries(1)[0]
    for number in range(90):
        if number == 1:
            sink.deliver([delivery], steps)
            note = emulator.portal.comments.pop(1)
        elif number:
            fields = {"ENTITY_TYPE": "lead", "ENTITY_ID": 1, "COMMENT": f"Позвонил {number} раз"}
            emulator._call("1", "crm.timeline.comment.add", {"fields": fields})
    emulator.portal.comments[900] = {**note, "ID": "900"}
    found = sink.find([Doubt(delivery, done={"lead": "1"}, steps=("note",))])
    assert found[delivery.key]["note"].remote_id == "900"


def test_a_lead_deleted_by_a_person_ends_the_doubt_about_its_note(emulator):
    sink, deliveries = sink_for(emulator), make_deliveries(2)
    sink.deliver(deliveries, MemorySteps())
    emulator.errors["crm.timeline.comment.list"] = [RestError(400, "OWNER_NOT_FOUND", "Owner was not found")]
    doubts = [Doubt(one, done={"lead": str(place)}, steps=("note",)) for place, one in enumerate(deliveries, 1)]
    assert list(sink.find(doubts)) == [deliveries[1].key]


def test_the_search_stays_with_its_own_originator(emulator):
    delivery = make_deliveries(1)[0]
    fields = {"title": "x", "originatorId": "somebody", "originId": delivery.key}
    emulator._call("1", "crm.item.add", {"entityTypeId": 1, "fields": fields})
    assert not sink_for(emulator).find([Doubt(delivery)])


def test_a_fault_in_one_command_of_a_search_keeps_all_doubts(emulator):
    sink, delivery = sink_for(emulator), make_deliveries(1)[0]
    sink.deliver([delivery], MemorySteps())
    emulator.errors["crm.item.list"] = [RestError(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")]
    with pytest.raises(NotWritten):
        sink.find([Doubt(delivery)])


def test_a_refused_search_for_leads_is_not_an_empty_one(emulator):
    sink, delivery = sink_for(emulator), make_deliveries(1)[0]
    sink.deliver([delivery], MemorySteps())
    emulator.errors["crm.item.list"] = [RestError(400, "INVALID_ARG_VALUE", "Invalid filter")]
    with pytest.raises(Refused):
        sink.find([Doubt(delivery)])


def test_check_names_every_problem_at_once(emulator):
    emulator.switches.simple = True
    emulator.add_field(LEAD, "ufCrm_list", FieldSpec("enumeration", items=(("1", "Да"),)))
    emulator.add_field(LEAD, "ufCrm_must", FieldSpec(required=True))
    emulator.add_field(LEAD, "ufCrm_many", FieldSpec(multiple=True))
    emulator.portal.users[1]["ACTIVE"] = False
    sink = sink_for(
        emulator,
        stage="NOWHERE",
        source_id="VK",
        responsible=6,
        asap_user=99,
        profile_field="ufCrm_none",
        fields={"source.url": "ufCrm_typo", "text": "ufCrm_list"},
        constants={"stageSemanticId": "x", "ufCrm_many": "x"},
    )
    with pytest.raises(Unusable) as caught:
        sink.check()
    for told in (
        "simple mode",
        "'ufCrm_typo'",
        "'ufCrm_list'",
        "ufCrm_must",
        "'ufCrm_none'",
        "'stageSemanticId' can't be written",
        "'ufCrm_many'",
        "'NOWHERE'",
        "IN_PROCESS",
        "'VK'",
        "responsible 6 is dismissed",
        "asap_user 99 does not exist",
    ):
        assert told in caught.value.reason


def test_check_is_content_with_a_good_portal_and_reads_once(emulator):
    emulator.add_field(LEAD, "ufCrm_1")
    sink_for(emulator, stage="NEW", responsible=6, fields={"source.url": "ufCrm_1"}).check()
    assert len(emulator.journal) == 1


def test_check_goes_without_the_right_to_see_people(emulator):
    emulator.switches.scopes = frozenset({"crm"})
    sink_for(emulator, responsible=6).check()


@pytest.mark.parametrize(
    ("switch", "value", "told"),
    [
        ("scopes", frozenset({"user"}), "tick CRM"),
        ("commercial", False, "commercial plans"),
        ("wrong_code_status", 401, "Inbound webhook"),
        ("wrong_code_status", 403, "Inbound webhook"),
    ],
)
def test_check_says_what_to_click(emulator, switch, value, told):
    sink = sink_for(emulator)
    setattr(emulator.switches, switch, value)
    if switch == "wrong_code_status":
        emulator.token = "another"
    with pytest.raises(Unusable, match=told):
        sink.check()


def test_check_knows_the_stages_of_a_funnel(emulator):
    sink_for(emulator, entity="deal", stage="C9:NEW").check()
    with pytest.raises(Unusable, match="C9:OLD"):
        sink_for(emulator, entity="deal", stage="C9:OLD").check()


def test_a_lead_in_simple_mode_would_become_a_deal_without_our_key(emulator):
    emulator.switches.simple = True
    sink_for(emulator, entity="deal").deliver(make_deliveries(1), MemorySteps())
    assert [deal["originatorId"] for deal in emulator.portal.items[DEAL].values()] == ["mailbridge"]
    assert not emulator.portal.items[LEAD]


def test_over_a_real_connection_with_a_moved_portal(emulator):
    with serve(emulator) as new:
        emulator.switches.moved_to = new
        old = new.replace("127.0.0.1", "localhost")
        sink = Bitrix24Sink(
            Bitrix24Sink.Config(url=f"{old}/rest/1/{emulator.token}/"), tokens=NoTokens(), transport=None
        )
        deliveries, steps = make_deliveries(2), MemorySteps()
        assert all(isinstance(outcome, Delivered) for outcome in sink.deliver(deliveries, steps))
        statuses = [entry.status for entry in emulator.journal]
        assert statuses == [302] + [200] * (len(statuses) - 1)
        assert sink.find([Doubt(one) for one in deliveries]).keys() == {one.key for one in deliveries}
        sink.close()


def test_the_plan_shows_values_as_people_read_them(emulator):
    delivery = dataclasses.replace(make_deliveries(1)[0], responsible="6")
    plan = sink_for(emulator).plan([delivery])
    lead = plan[1].body["cmd"][delivery.key]["fields"]
    assert (lead["contactId"], lead["assignedById"]) == ("<contact id>", 6)
    assert plan[2].body["cmd"][delivery.key]["fields"]["ENTITY_ID"] == "<lead id>"
