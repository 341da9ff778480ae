"""Who was here before is linked without a search, while that contact is still there."""

import dataclasses

import pytest

from mailbridge.sdk import Author, Known, NoTokens, RetryLater
from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.bitrix24_data import CONTACT, LEAD
from mailbridge.testing.emulator import Fault
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.bitrix24 import Bitrix24Sink

FORM = Author(name="Анна К", email="anna@people.example", phones=("+79120000001",))
OTHER = Author(name="Анна", email="anna.k@work.example")


@pytest.fixture
def portal():
    return Bitrix24Emulator()


def deliver(portal, number, author, known=None):
    config = Bitrix24Sink.Config(url=f"https://portal.example/rest/1/{portal.token}/")
    sink = Bitrix24Sink(config, tokens=NoTokens(), transport=EmulatorTransport(portal))
    delivery = dataclasses.replace(make_delivery(make_card(number, author=author)), known=known)
    return sink.deliver([delivery], MemorySteps())[0]


def searches(portal):
    return [entry for entry in portal.journal if "findbycomm" in entry.body]


def contacts_of_leads(portal):
    return [lead["contactId"] for lead in portal.portal.items[LEAD].values()]


def test_the_receipt_names_the_contact_and_the_next_interest_needs_no_search(portal):
    contact = deliver(portal, 1, FORM).receipt.contact_id
    portal.journal.clear()
    second = deliver(portal, 2, OTHER, Known(contact_id=contact))
    assert second.receipt.contact_id == contact
    assert contacts_of_leads(portal) == [int(contact)] * 2
    assert searches(portal) == []
    assert len(portal.portal.items[CONTACT]) == 1


def test_who_left_neither_phone_nor_mail_this_time_is_linked_too(portal):
    contact = deliver(portal, 1, FORM).receipt.contact_id
    deliver(portal, 2, Author(name="Анна", url="https://vk.com/id1"), Known(contact_id=contact))
    assert contacts_of_leads(portal) == [int(contact)] * 2


def test_a_contact_that_was_deleted_is_searched_for(portal):
    contact = deliver(portal, 1, FORM).receipt.contact_id
    del portal.portal.items[CONTACT][int(contact)]
    second = deliver(portal, 2, FORM, Known(contact_id=contact))
    assert second.receipt.contact_id != contact
    assert len(portal.portal.items[CONTACT]) == 1


def test_a_look_that_fails_makes_nobody_a_stranger(portal):
    contact = deliver(portal, 1, FORM).receipt.contact_id
    portal.faults.append(Fault("html", status=502))
    assert isinstance(deliver(portal, 2, OTHER, Known(contact_id=contact)), RetryLater)
    assert len(portal.portal.items[LEAD]) == 1
