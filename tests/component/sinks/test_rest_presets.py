"""Every ready-made configuration of the rest sink passes the kit against an emulator of its CRM."""

import dataclasses

import pytest

from mailbridge.sdk import Author, Doubt, MaybeWritten, NoSuchUser, NoTokens, Rejected, Unusable
from mailbridge.testing.bottlecrm import INTAKE, BottlecrmEmulator
from mailbridge.testing.espocrm import EspocrmEmulator
from mailbridge.testing.hubspot import HubspotEmulator
from mailbridge.testing.interests import hard_interests, make_deliveries, make_delivery
from mailbridge.testing.odoo import OdooEmulator
from mailbridge.testing.pipedrive import LEAD_KEY, PERSON_KEY, PipedriveEmulator
from mailbridge.testing.sinks import SinkSuite
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.rest import RestConfig, RestSink
from mailbridge_sinks.rest.presets import preset_table


def rest_sink(emulator, transport, preset, **settings):
    config = RestConfig(preset=preset, url="http://127.0.0.1", token=emulator.token, **settings)
    return RestSink(config, tokens=NoTokens(), transport=transport)


def with_email(delivery, email):
    author = delivery.interest.author.model_copy(update={"email": email})
    return dataclasses.replace(delivery, interest=delivery.interest.model_copy(update={"author": author}))


class TestHubspot(SinkSuite):
    def make_emulator(self):
        return HubspotEmulator()

    def make_sink(self, emulator, transport):
        return rest_sink(emulator, transport, "hubspot")


class DealsWithoutContact(TestHubspot):
    """What is refused within a batch of deals."""

    def spoil(self, delivery):
        nobody = delivery.interest.model_copy(update={"author": Author(name="Nobody")})
        return dataclasses.replace(delivery, interest=nobody, responsible="999999999")


def test_a_bad_deal_does_not_take_its_batch_along():
    DealsWithoutContact().test_s07_a_bad_element_does_not_take_the_others_along()


class TestPipedrive(SinkSuite):
    def make_emulator(self):
        return PipedriveEmulator()

    def make_sink(self, emulator, transport):
        return rest_sink(emulator, transport, "pipedrive", values={"person_key": PERSON_KEY, "lead_key": LEAD_KEY})


class TestOdoo(SinkSuite):
    def make_emulator(self):
        return OdooEmulator()

    def make_sink(self, emulator, transport):
        return rest_sink(emulator, transport, "odoo", values={"database": "crm"}, language="en")


class TestEspocrm(SinkSuite):
    reconcile = "repeat"
    names_ids = False

    def make_emulator(self):
        return EspocrmEmulator()

    def make_sink(self, emulator, transport):
        return rest_sink(emulator, transport, "espocrm")

    def spoil(self, delivery):
        return with_email(delivery, "no address")


class TestBottlecrm(SinkSuite):
    reconcile = "repeat"

    def make_emulator(self):
        return BottlecrmEmulator()

    def make_sink(self, emulator, transport):
        return rest_sink(emulator, transport, "bottlecrm", values={"intake": INTAKE})

    def spoil(self, delivery):
        return with_email(delivery, "no address")


def test_bottlecrm_is_checked_by_the_token_that_reads():
    emulator = BottlecrmEmulator()
    settings = {"values": {"intake": INTAKE}, "read_token": emulator.read_token}
    rest_sink(emulator, EmulatorTransport(emulator), "bottlecrm", **settings).check()
    emulator.active = False
    with pytest.raises(Unusable, match="no active lead webhook"):
        rest_sink(emulator, EmulatorTransport(emulator), "bottlecrm", **settings).check()


@pytest.mark.parametrize(
    ("preset", "emulator", "values", "spoil", "words"),
    [
        ("hubspot", HubspotEmulator(), {}, {"unique": {"contacts": True, "deals": False}}, "deals have no property"),
        ("hubspot", HubspotEmulator(), {"stage": "won"}, {}, "no pipeline default with the stage won"),
        ("hubspot", HubspotEmulator(), {"owner": "78"}, {}, "no owner 78"),
        ("pipedrive", PipedriveEmulator(), {"lead_key": "x"}, {}, "leads have no field x"),
        ("pipedrive", PipedriveEmulator(), {"owner": "78"}, {}, "no active user 78"),
        ("odoo", OdooEmulator(), {}, {"fields": set()}, "crm.lead has no field x_mailbridge_key"),
        ("odoo", OdooEmulator(), {"user": "78"}, {}, "no active user 78"),
        ("odoo", OdooEmulator(), {"database": "other"}, {}, "no such database"),
    ],
)
def test_check_of_a_preset_says_what_to_click(preset, emulator, values, spoil, words):
    given = {"person_key": PERSON_KEY, "lead_key": LEAD_KEY, "database": "crm"}
    known = {name: given[name] for name in preset_table(preset).get("needs", {})}
    sink = rest_sink(emulator, EmulatorTransport(emulator), preset, values=known)
    sink.check()
    for name, value in spoil.items():
        setattr(emulator, name, value)
    with pytest.raises(Unusable, match=words):
        rest_sink(emulator, EmulatorTransport(emulator), preset, values={**known, **values}).check()


def test_a_doubt_about_a_lead_without_addresses_goes_to_a_person():
    """EspoCRM finds leads again by e-mail and phone only."""
    sink = rest_sink(EspocrmEmulator(), None, "espocrm")
    known, unknown = make_deliveries(1)[0], make_delivery(hard_interests()["no_contact"])
    assert sink.find([Doubt(known)]) == {}
    with pytest.raises(MaybeWritten, match=unknown.key):
        sink.find([Doubt(known), Doubt(unknown)])


def test_a_person_of_pipedrive_is_found_by_a_number_that_is_written_otherwise():
    emulator = PipedriveEmulator()
    emulator.persons[1] = {"id": 1, "name": "Иван", "phones": [{"value": "+79120000001"}], "emails": []}
    sink = rest_sink(emulator, EmulatorTransport(emulator), "pipedrive", values={
        "person_key": PERSON_KEY, "lead_key": LEAD_KEY,
    })  # fmt: skip
    sink.deliver(make_deliveries(1), MemorySteps())
    assert len(emulator.persons) == 1
    assert next(iter(emulator.leads.values()))["person_id"] == 1


@pytest.mark.parametrize(
    ("preset", "kind", "values"),
    [
        ("hubspot", HubspotEmulator, {"owner": "78"}),
        ("pipedrive", PipedriveEmulator, {"owner": "78", "person_key": PERSON_KEY, "lead_key": LEAD_KEY}),
        ("odoo", OdooEmulator, {"user": "78", "database": "crm"}),
    ],
)
def test_an_assignee_who_is_gone_is_told_from_a_wrong_setting(preset, kind, values):
    emulator = kind()
    sink = rest_sink(emulator, EmulatorTransport(emulator), preset, values=values)
    chosen, nobody = make_deliveries(2)
    chosen = dataclasses.replace(chosen, responsible="999999999")
    first, second = sink.deliver([chosen, nobody], MemorySteps())
    assert isinstance(first, NoSuchUser), first
    assert isinstance(second, Rejected), second
    assert not emulator.keys()
