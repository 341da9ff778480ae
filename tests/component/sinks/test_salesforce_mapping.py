"""Other objects, templates, and further interests of one person, against the emulated org."""

import dataclasses

import pytest
from pydantic import ValidationError

from mailbridge.sdk import CARD_PATHS, Delivered, Doubt, Known, NoTokens, Refused, Rejected, Sent, Unusable
from mailbridge.testing.emulator import Fault
from mailbridge.testing.interests import make_card, make_deliveries, make_delivery
from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.salesforce_schema import SfField, SfObject
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.salesforce import SalesforceConfig, SalesforceSink

TASK_KEY = SfField("MB_Task__c", length=60, external_id=True, unique=True)
APPEND = {"same_person": "append", "task": {"key_field": "MB_Task__c"}}


@pytest.fixture
def org():
    emulator = SalesforceEmulator()
    emulator.store.objects["Task"].add(TASK_KEY)
    return emulator


def sink_for(org, **settings):
    config = SalesforceConfig(url="http://127.0.0.1", token=org.token, **settings)
    return SalesforceSink(config, tokens=NoTokens(), transport=EmulatorTransport(org))


def rows(org, table):
    return list(org.store.rows[table].values())


# Templates ----------------------------------------------------------------------------------------------------------


def test_fields_and_text_by_templates(org):
    org.store.objects["Lead"].add(SfField("Short__c", length=20), SfField("Stars__c", "double"))
    sink = sink_for(
        org,
        values={"Short__c": "{{ word('network') }}: {{ product.name }} {{ text }}", "Stars__c": "{{ rating }}"},
        text="Спрашивает {{ who }}:\n{{ text }}",
        lengths={"Short__c": 20},
    )
    sink.check()
    (outcome,) = sink.deliver([make_delivery(make_card(1, rating=4))], MemorySteps())
    assert isinstance(outcome, Delivered)
    (lead,) = rows(org, "Lead")
    assert (lead["Short__c"], lead["Stars__c"]) == ("ВКонтакте: Торт № 1…", 4)
    assert lead["Description"].startswith("Спрашивает Иван Петров-1:\nСколько стоит")
    assert lead["Description"].splitlines()[-1] == f"mailbridge: {lead['MB_Key__c']}"


def test_check_compares_the_length_of_a_field_with_what_a_template_may_write(org):
    org.store.objects["Lead"].add(SfField("Short__c", length=20))
    with pytest.raises(Unusable, match=r"Lead\.Short__c takes 20 characters, not 255; set lengths\.Short__c"):
        sink_for(org, values={"Short__c": "{{ text }}"}).check()


def test_an_interest_that_a_template_does_not_fit_is_a_dead_letter_and_no_other(org):
    org.store.objects["Lead"].add(SfField("Half__c", "double"))
    sink = sink_for(org, values={"Half__c": "{{ rating / 2 }}"})
    fits, does_not = make_delivery(make_card(1, rating=4)), make_delivery(make_card(2))
    outcomes = sink.deliver([fits, does_not], MemorySteps())
    assert [type(outcome) for outcome in outcomes] == [Delivered, Rejected]
    assert "rating / 2" in outcomes[1].reason
    with pytest.raises(Refused, match="rating / 2"):
        sink.plan([does_not])


def test_a_template_with_a_misspelt_name_is_a_problem_of_the_configuration():
    with pytest.raises(ValidationError, match=r"author.nam.*did you mean 'author.name'"):
        SalesforceConfig(url="https://a.example", token="t", values={"X__c": "{{ author.nam }}"})


# Any object ---------------------------------------------------------------------------------------------------------


def case_object():
    common = SalesforceEmulator().store.objects["User"].fields
    fields = {name: common[name] for name in ("Id", "OwnerId", "CreatedDate", "LastModifiedDate", "SystemModstamp")}
    case = SfObject("Case", "500", fields)
    case.add(
        SfField("Subject", required=True), SfField("Description", "textarea"), SfField("SuppliedEmail", "email"),
        SfField("Status", "picklist", values=("New", "Working", "Closed")), SfField("Origin", "picklist"),
        SfField("MB_Key__c", length=40, external_id=True, unique=True),
    )  # fmt: skip
    return case


CASE = {
    "object": "Case",
    "title_field": "Subject",
    "values": {"SuppliedEmail": "{{ author.email }}"},
    "lengths": {"SuppliedEmail": 80},
    "fixed": {"Origin": "Web", "Status": "New"},
    "task": {"subject": "Ответить"},
    "read_back": {"closed_stages": ["Closed"]},
}


@pytest.fixture
def desk(org):
    org.store.objects["Case"] = case_object()
    org.store.rows["Case"] = {}
    return org


def test_a_case_instead_of_a_lead(desk):
    sink = sink_for(desk, **CASE)
    sink.check()
    (outcome,) = sink.deliver(make_deliveries(1), MemorySteps())
    (case,), (task,) = rows(desk, "Case"), rows(desk, "Task")
    assert outcome.receipt.remote_id == case["Id"]
    assert case["Subject"] == "Комментарий (ВКонтакте): Иван Петров-1"
    assert case["SuppliedEmail"] == "ivan1@example.org"
    assert "LastName" not in case
    assert (task["WhatId"], task.get("WhoId")) == (case["Id"], None)
    assert rows(desk, "Lead") == []


def test_a_case_is_found_again_and_read_back(desk):
    from mailbridge.sdk import Sent

    sink, (delivery,) = sink_for(desk, **CASE), make_deliveries(1)
    steps = MemorySteps()
    sink.deliver([delivery], steps)
    found = sink.find([Doubt(delivery)])
    assert set(found[delivery.key]) == {"lead", "task"}
    sent = Sent(delivery.key, found[delivery.key]["lead"].remote_id, steps.done(delivery.key))
    (state,), _ = sink.read_back([sent], None)
    assert (state.open, state.processed) == (True, False)
    rows(desk, "Case")[0]["Status"] = "Closed"
    (state,), _ = sink.read_back([sent], None)
    assert (state.open, state.processed) == (False, True)


def test_check_names_a_required_field_of_the_other_object(desk):
    desk.store.objects["Case"].add(SfField("Branch__c", required=True))
    with pytest.raises(Exception, match=r"Case\.Branch__c is required"):
        sink_for(desk, **CASE).check()


# The same person again ----------------------------------------------------------------------------------------------


def again(number, lead_id, **changes):
    card = make_card(number, **changes)
    return dataclasses.replace(make_delivery(card), known=Known(open_id=lead_id))


def first_lead(sink):
    return sink.deliver(make_deliveries(1), MemorySteps())[0].receipt.remote_id


def test_a_further_interest_becomes_a_task_with_the_whole_card_at_the_open_lead(org):
    sink = sink_for(org, **APPEND)
    sink.check()
    lead_id = first_lead(sink)
    (outcome,) = sink.deliver([again(2, lead_id)], MemorySteps())
    assert (outcome.receipt.remote_id, outcome.receipt.created) == (lead_id, False)
    assert len(rows(org, "Lead")) == 1
    one, two = rows(org, "Task")
    assert one["WhoId"] == two["WhoId"] == lead_id
    assert "Сколько стоит доставка 2?" in two["Description"]


def test_without_the_policy_and_for_orders_it_is_a_new_lead(org):
    lead_id = first_lead(sink_for(org, task={}))
    sink_for(org, task={}).deliver([again(2, lead_id)], MemorySteps())
    sink_for(org, **APPEND).deliver([again(3, lead_id, kind="order")], MemorySteps())
    assert len(rows(org, "Lead")) == 3


def test_a_lead_that_was_closed_converted_or_deleted_meanwhile_gets_nothing_more(org):
    sink = sink_for(org, **APPEND)
    lead_id = first_lead(sink)
    rows(org, "Lead")[0]["Status"] = "Closed - Not Converted"
    sink.deliver([again(2, lead_id)], MemorySteps())
    assert len(rows(org, "Lead")) == 2
    second = rows(org, "Lead")[1]["Id"]
    org.convert(second)
    sink.deliver([again(3, second)], MemorySteps())
    assert len(rows(org, "Lead")) == 3
    third = rows(org, "Lead")[2]["Id"]
    del org.store.rows["Lead"][third[:15]]
    sink.deliver([again(4, third)], MemorySteps())
    assert len(rows(org, "Lead")) == 3


@pytest.mark.parametrize("lost", ["answer", "ledger"])
def test_whatever_is_lost_it_is_appended_once(org, lost):
    sink = sink_for(org, **APPEND)
    lead_id = first_lead(sink)
    delivery, steps = again(2, lead_id), MemorySteps()
    org.faults.append(Fault("drop_after", path="composite/sobjects", times=1))
    sink.deliver([delivery], steps)
    if lost == "ledger":
        delivery, steps = dataclasses.replace(delivery, known=None), MemorySteps()
    doubt = Doubt(delivery, done=steps.done(delivery.key), steps=("task",) if lost == "answer" else ())
    found = sink.find([doubt])[delivery.key]
    assert {"lead", "task"} == {*found, *doubt.done}
    for step, receipt in found.items():
        steps.writing(step, [delivery.key])
        steps.finished(step, {delivery.key: receipt.remote_id})
    (outcome,) = sink.deliver([delivery], steps)
    assert outcome.receipt.remote_id == lead_id
    assert (len(rows(org, "Lead")), len(rows(org, "Task"))) == (1, 2)


def test_a_lead_of_its_own_from_an_earlier_attempt_is_kept(org):
    sink = sink_for(org, **APPEND)
    lead_id = first_lead(sink)
    delivery = make_deliveries(2)[1]
    own = sink.deliver([delivery], MemorySteps())[0].receipt.remote_id
    (outcome,) = sink.deliver([dataclasses.replace(delivery, known=Known(open_id=lead_id))], MemorySteps())
    assert outcome.receipt.remote_id == own


def test_our_own_task_of_a_further_interest_is_processed_and_its_text_no_proof(org):
    sink = sink_for(org, **APPEND)
    first = make_deliveries(1)[0]
    lead_id = sink.deliver([first], MemorySteps())[0].receipt.remote_id
    sink.deliver([again(2, lead_id)], MemorySteps())
    one, two = rows(org, "Task")
    two.update(Status="Completed", IsClosed=True)
    (state,), _ = sink.read_back([Sent(first.key, lead_id, {"task": one["Id"]})], None)
    assert state.processed
    assert two["Id"] in state.proof, "the task itself, not a link out of our own text"


def test_append_needs_a_field_to_be_found_by():
    with pytest.raises(ValidationError, match=r"task\.key_field"):
        SalesforceConfig(url="https://a.example", token="t", same_person="append", task={})


def test_every_path_of_the_card_can_be_a_template():
    for path in CARD_PATHS:
        SalesforceConfig(url="https://a.example", token="t", values={"X__c": f"{{{{ {path} }}}}"})


def test_a_duplicate_rule_that_blocks_leads_to_the_lead_that_is_there(org):
    org.store.duplicate_rule = "block"
    typed = org.store.put("Lead", LastName="Typed by hand", Company="—", Email="IVAN2@example.org")
    sink = sink_for(org, **APPEND)
    mine, other = make_deliveries(2)
    outcomes = sink.deliver([mine, other], MemorySteps())
    assert [type(outcome) for outcome in outcomes] == [Delivered, Delivered]
    assert outcomes[1].receipt.remote_id == typed["Id"]
    assert len(rows(org, "Lead")) == 2
    assert any("Сколько стоит доставка 2?" in task["Description"] for task in rows(org, "Task"))
    again = sink.deliver([other], MemorySteps())
    assert again[0].receipt.remote_id == typed["Id"]
    assert len(rows(org, "Task")) == 2


def test_a_duplicate_rule_that_blocks_without_an_open_lead_is_told(org):
    org.store.duplicate_rule = "block"
    org.store.put("Lead", LastName="Old", Company="—", Email="ivan1@example.org", Status="Closed - Not Converted")
    (outcome,) = sink_for(org, **APPEND).deliver(make_deliveries(1), MemorySteps())
    assert isinstance(outcome, Rejected)
    assert "DUPLICATES_DETECTED" in outcome.reason
