"""A ready reply as a manager reads it in each emulated CRM: directly below where to answer, as text and no markup."""

import dataclasses

import pytest

from acme_rest import AcmeRest
from mailbridge.sdk import Delivered, NoTokens
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.sinkproof import visible
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.amocrm import AmocrmSink
from mailbridge_sinks.bitrix24 import Bitrix24Sink
from mailbridge_sinks.rest import RestSink
from mailbridge_sinks.salesforce import SalesforceSink

REPLY = "Здравствуйте, [b]Иван[/b]!\nКогда вам удобно?"
BELOW = "Ответить: https://vk.com/wall-1_1?reply=17#answer\nГотовый ответ:\n" + REPLY


def amocrm(**settings):
    emulator = AmocrmEmulator(rate_per_s=None)
    return emulator, AmocrmSink, {"url": "http://127.0.0.1", "token": emulator.token, **settings}


def bitrix24(**settings):
    emulator = Bitrix24Emulator(clock=lambda: 1_800_000_000.0)
    return emulator, Bitrix24Sink, {"url": f"https://portal.example/rest/1/{emulator.token}/", **settings}


def salesforce(**settings):
    emulator = SalesforceEmulator()
    return emulator, SalesforceSink, {"url": "http://127.0.0.1", "token": emulator.token, **settings}


def rest(text="{{ card }}", **settings):
    body = {"external_key": "{{ key }}", "name": "{{ who }}", "text": text}
    search = {"path": "/api/leads", "params": {"external_key": "{{ key }}"}, "rows": "items", "key": "external_key"}
    lead = {"path": "/api/leads", "body": body, "search": search}
    log_in = {"url": "http://127.0.0.1", "auth": "bearer", "token": "demo-token"}
    return AcmeRest("bearer"), RestSink, {**log_in, "steps": {"lead": lead}, **settings}


def seen(made, reply_text):
    """Deliver a card; return what a person can read of it in the CRM."""
    emulator, kind, settings = made
    delivery = dataclasses.replace(make_delivery(make_card(1)), reply_text=reply_text)
    sink = kind(kind.Config(**settings), tokens=NoTokens(), transport=EmulatorTransport(emulator))
    (outcome,) = sink.deliver([delivery], MemorySteps())
    assert isinstance(outcome, Delivered)
    return visible(emulator, delivery)


@pytest.mark.parametrize("make", [amocrm, salesforce, rest])
def test_it_stands_below_where_to_answer(make):
    assert BELOW in seen(make(), REPLY)


def test_in_bitrix24_it_stands_in_both_comments_and_is_no_markup():
    emulator, *settings = bitrix24()
    assert seen((emulator, *settings), REPLY).count(BELOW) == 2  # as shown: markup that works is not read
    (comment,) = emulator.portal.comments.values()
    assert "[b]" not in str(comment)


@pytest.mark.parametrize("make", [amocrm, bitrix24, salesforce, rest])
def test_the_heading_is_in_the_language_of_the_card(make):
    told = seen(make(language="en"), "Hello!")
    assert "\nReady reply:\nHello!" in told
    assert "Готовый ответ" not in told


@pytest.mark.parametrize("make", [amocrm, bitrix24, salesforce, rest])
def test_without_one_there_is_no_heading(make):
    assert "Готовый ответ" not in seen(make(), None)


@pytest.mark.parametrize("make", [amocrm, bitrix24, salesforce, rest])
def test_own_templates_have_it_as_a_value(make):
    told = seen(make(text="→ {{ reply_text }} ←"), "Добрый день!")
    assert "→ Добрый день! ←" in told
