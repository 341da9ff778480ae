"""A batch of the rest sink keeps no cards that it does not need: those of a hundred deliveries are megabytes."""

import weakref

import pytest

from acme_rest import AcmeRest
from mailbridge.sdk import Delivered, NoTokens
from mailbridge.testing.interests import make_deliveries
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.rest import RestConfig, RestSink, work
from mailbridge_sinks.rest.forms import values_of

LEAD = {"path": "/api/leads", "body": {"external_key": "{{ key }}", "name": "{{ who }}", "text": "{{ card }}"}}


class Values(dict):
    """As the sink has them, but it can be seen whether they are still held."""


class Watching(AcmeRest):
    """Notes at each request how many cards are held."""

    def __init__(self):
        super().__init__()
        self.held = []

    def handle(self, call):
        self.held.append(len(CARDS))
        return super().handle(call)


CARDS = weakref.WeakValueDictionary()


def made(delivery, *more):
    values = Values(values_of(delivery, *more))
    CARDS[delivery.key] = values
    return values


@pytest.fixture
def crm(monkeypatch):
    monkeypatch.setattr(work, "values_of", made)
    return Watching()


def delivered(crm, **lead):
    config = RestConfig(url="http://127.0.0.1", auth="bearer", token="demo-token", steps={"lead": {**LEAD, **lead}})
    sink = RestSink(config, tokens=NoTokens(), transport=EmulatorTransport(crm))
    return sink.deliver(make_deliveries(5), MemorySteps())


def test_a_card_is_made_when_it_is_sent_and_let_go_then(crm):
    assert all(isinstance(one, Delivered) for one in delivered(crm))
    assert crm.held == [1, 1, 1, 1, 1]
    assert not CARDS


def test_a_page_is_filled_in_before_its_card_is_let_go(crm):
    outcomes = delivered(crm, page="https://crm.example/leads/{{ id }}?who={{ key }}")
    assert [one.receipt.url for one in outcomes] == [
        f"https://crm.example/leads/{one.receipt.remote_id}?who={delivery.key}"
        for one, delivery in zip(outcomes, make_deliveries(5), strict=True)
    ]
