"""Every ready-made configuration of the rest sink passes the kit against an emulator of its CRM."""

import dataclasses

from mailbridge.sdk import Author, NoTokens
from mailbridge.testing.bottlecrm import INTAKE, BottlecrmEmulator
from mailbridge.testing.espocrm import EspocrmEmulator
from mailbridge.testing.hubspot import HubspotEmulator
from mailbridge.testing.odoo import OdooEmulator
from mailbridge.testing.pipedrive import LEAD_KEY, PERSON_KEY, PipedriveEmulator
from mailbridge.testing.sinks import SinkSuite
from mailbridge_sinks.rest import RestConfig, RestSink


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


class TestHubspotDealsWithoutContact(TestHubspot):
    """What is refused within a batch of deals."""

    def spoil(self, delivery):
        nobody = delivery.interest.model_copy(update={"author": Author(name="Nobody")})
        return dataclasses.replace(delivery, interest=nobody, responsible="999999999")


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


class TestBottlecrmWithReadToken(TestBottlecrm):
    secrets = ("demo-token", "demo-reader")

    def make_sink(self, emulator, transport):
        return rest_sink(emulator, transport, "bottlecrm", values={"intake": INTAKE}, read_token=emulator.read_token)
