"""What the sink reads back from the emulated org."""

from datetime import datetime

import pytest

from mailbridge.sdk import CountsOpen, NoTokens, ReadsBack, Sent
from mailbridge.testing.interests import make_deliveries
from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.salesforce_schema import SfField
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.salesforce import SalesforceConfig, SalesforceSink

NOW = 1_800_000_000.0


@pytest.fixture
def org():
    emulator = SalesforceEmulator()
    emulator.clock = lambda: NOW
    return emulator


class Filled:
    """An org with some leads of ours."""

    def __init__(self, org, count=1, **settings):
        self.org = org
        config = SalesforceConfig(url="http://127.0.0.1", token=org.token, task={}, **settings)
        self.sink = SalesforceSink(config, tokens=NoTokens(), transport=EmulatorTransport(org))
        self.deliveries, self.steps = make_deliveries(count), MemorySteps()
        outcomes = self.sink.deliver(self.deliveries, self.steps)
        self.receipts = [
            Sent(item.key, outcome.receipt.remote_id, self.steps.done(item.key), NOW)
            for item, outcome in zip(self.deliveries, outcomes, strict=True)
        ]
        org.journal.clear()

    def lead(self, number=0):
        return self.org.store.rows["Lead"][self.receipts[number].remote_id[:15]]

    def task(self, number=0):
        return self.org.store.rows["Task"][self.receipts[number].steps["task"][:15]]

    def close_task(self, task):
        task.update(Status="Completed")
        self.org.store._derive("Task", task)

    def read(self, number=0):
        states, _ = self.sink.read_back(self.receipts, None)
        assert len(states) == len(self.receipts)
        return next(state for state in states if state.remote_id == self.receipts[number].remote_id)


def test_the_sink_says_that_it_can(org):
    assert isinstance(Filled(org).sink, ReadsBack)
    assert isinstance(Filled(org).sink, CountsOpen)


def test_an_untouched_lead_is_open_and_not_processed(org):
    state = Filled(org).read()
    assert (state.open, state.processed, state.first_answer_at) == (True, False, None)
    assert state.stage == "Open - Not Contacted"


def test_a_lead_of_the_queue_is_nobody_s(org):
    filled = Filled(org)
    filled.lead()["OwnerId"] = org.store.owner("ASAP")
    assert filled.read().responsible is None
    filled.lead()["OwnerId"] = org.store.owner("Olga")
    assert (filled.read().responsible, filled.read().responsible_id) == ("Olga", org.store.owner("Olga"))


def test_a_moved_stage_is_processed_at_the_time_of_the_change(org):
    filled = Filled(org)
    filled.lead().update(Status="Working - Contacted", LastModifiedDate="2027-01-15T09:00:00.000+0000")
    state = filled.read()
    assert (state.open, state.processed, state.proof) == (True, True, "Working - Contacted")
    assert state.processed_at == state.first_answer_at == datetime.fromisoformat("2027-01-15T09:00:00+00:00")


def test_a_status_that_every_lead_is_given_is_its_first_stage(org):
    filled = Filled(org, fixed={"Status": "Working - Contacted"})
    assert not filled.read().processed


def test_a_converted_lead_is_closed_and_leads_to_its_contact(org):
    filled = Filled(org)
    contact = org.convert(filled.receipts[0].remote_id)
    state = filled.read()
    assert (state.open, state.processed) == (False, True)
    assert state.url.endswith(contact)


def test_a_closed_lead_has_nothing_left_to_do(org):
    filled = Filled(org)
    filled.lead()["Status"] = "Closed - Not Converted"
    assert filled.read().open is False


def test_our_task_closed_is_processed_also_when_the_lead_was_converted_meanwhile(org):
    filled = Filled(org, read_back={"processed_when": ["task"]})
    org.convert(filled.receipts[0].remote_id)
    assert not filled.read().processed
    filled.close_task(filled.task())
    state = filled.read()
    assert state.processed
    assert state.proof.endswith(filled.task()["Id"])
    assert state.processed_at.timestamp() == NOW


def test_a_logged_call_is_an_answer_and_no_proof_by_itself(org):
    filled = Filled(org)
    call = org.store.put("Task", WhoId=filled.receipts[0].remote_id, Subject="Call", Status="Completed")
    state = filled.read()
    assert (state.processed, state.first_answer_at.timestamp()) == (False, NOW)
    call["Description"] = "answered: https://vk.com/wall-1_1?reply=99"
    assert filled.read().proof == "https://vk.com/wall-1_1?reply=99"


def test_an_open_task_of_a_person_says_nothing(org):
    filled = Filled(org)
    org.store.put("Task", WhoId=filled.receipts[0].remote_id, Subject="Call", Description="https://a.example")
    assert filled.read().first_answer_at is None


def test_a_file_on_the_lead_is_proof(org):
    filled = Filled(org)
    org.store.put("ContentDocumentLink", LinkedEntityId=filled.receipts[0].remote_id, ContentDocumentId="0690001")
    assert filled.read().proof.endswith("/0690001")


def test_a_link_in_the_configured_field_is_proof(org):
    org.store.objects["Lead"].add(SfField("MB_Proof__c", "url"))
    filled = Filled(org, read_back={"proof_field": "MB_Proof__c"})
    filled.lead()["MB_Proof__c"] = "https://vk.com/wall-1_1?reply=5"
    assert filled.read().proof == "https://vk.com/wall-1_1?reply=5"


def test_only_the_configured_signs_count(org):
    filled = Filled(org, read_back={"processed_when": ["attachment"]})
    filled.lead().update(Status="Working - Contacted")
    state = filled.read()
    assert not state.processed
    assert state.first_answer_at is not None


def test_a_deleted_lead_is_gone(org):
    filled = Filled(org, 2)
    del org.store.rows["Lead"][filled.receipts[0].remote_id[:15]]
    assert filled.read(0).exists is False
    assert filled.read(1).exists is True


def test_two_hundred_leads_are_four_requests_that_read(org):
    filled = Filled(org, 200)
    filled.read()
    assert len(org.journal) == 4
    assert {entry.method for entry in org.journal} == {"GET"}
    assert max(len(entry.path) for entry in org.journal) < 16_000


def test_open_counts_are_of_active_people_and_open_leads(org):
    filled = Filled(org, 4)
    olga, gone, api = (org.store.owner(name) for name in ("Olga", "Gone", "Api"))
    for number in range(3):
        filled.lead(number)["OwnerId"] = olga
    filled.lead(0)["Status"] = "Closed - Not Converted"
    assert filled.sink.open_counts([olga, gone, api]) == {olga: 2, api: 1}
    assert filled.sink.open_counts([gone]) == {}
    assert filled.sink.open_counts([]) == {}
