"""Who was here before is linked without a search, and searched again when that contact has gone."""

import dataclasses

from mailbridge.sdk import Author, Delivered, Known, NoTokens, RetryLater
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.amocrm import AmocrmConfig, AmocrmSink

VK = Author(name="Анна", url="https://vk.com/id1")
FORM = Author(name="Анна К", email="anna@people.example", phones=("+79120000001",))


def deliver(crm, number, author, known=None, attempt=1):
    config = AmocrmConfig(url="http://127.0.0.1", token=crm.token)
    sink = AmocrmSink(config, tokens=NoTokens(), transport=EmulatorTransport(crm))
    delivery = make_delivery(make_card(number, author=author))
    (outcome,) = sink.deliver([dataclasses.replace(delivery, known=known, attempt=attempt)], MemorySteps())
    return outcome


def looked_up(crm):
    return [entry for entry in crm.journal if entry.method == "GET" and entry.path.startswith("/api/v4/contacts?")]


def test_the_receipt_names_the_contact_and_the_next_interest_needs_no_search():
    crm = AmocrmEmulator(rate_per_s=None)
    first = deliver(crm, 1, VK)
    contact = first.receipt.contact_id
    assert int(contact) in crm.account.contacts
    crm.journal.clear()
    second = deliver(crm, 2, FORM, Known(contact_id=contact))
    assert second.receipt.contact_id == contact
    assert looked_up(crm) == []
    assert len(crm.account.contacts) == 1


def test_a_contact_that_was_deleted_is_searched_at_the_next_attempt():
    crm = AmocrmEmulator(rate_per_s=None)
    contact = deliver(crm, 1, FORM).receipt.contact_id
    crm.remove_contact(int(contact))
    outcome = deliver(crm, 2, FORM, Known(contact_id=contact))
    assert isinstance(outcome, RetryLater)
    again = deliver(crm, 2, FORM, Known(contact_id=contact), attempt=2)
    assert isinstance(again, Delivered)
    assert again.receipt.contact_id != contact
