"""Descriptions of an API that can't work are refused when the configuration is read."""

import pytest
from pydantic import ValidationError

from mailbridge_sinks.rest import RestConfig

BODY = {"external_key": "{{ key }}", "name": "{{ who }}"}
LEAD = {"path": "/api/leads", "body": BODY}
MANY = {**LEAD, "batch": 5, "item": BODY, "body": {"all": "{{ items }}"}, "rows": "all"}
SEARCH = {"path": "/x", "params": {"q": "{{ key }}"}, "key": "key"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"steps": {}}, "steps is missing"),
        ({"steps": {"deal": LEAD}}, "main = 'lead' is no step"),
        ({"steps": {"lead": {**LEAD, "when": "phone"}}}, "main = 'lead' is no step without when"),
        ({"steps": {"lead": {**LEAD, "body": "{{ author.nam }}"}}}, "did you mean 'author.name'"),
        ({"steps": {"lead": {**LEAD, "id": "a..b"}}}, "no JMESPath"),
        ({"steps": {"lead": {**LEAD, "batch": 5}}}, "batch needs item"),
        ({"steps": {"lead": {**MANY, "body": {"a": "{{ text }}"}}}}, "many deliveries has no text; put it into item"),
        ({"steps": {"lead": {**MANY, "idempotency_header": "K"}}}, "can't carry the keys of many"),
        ({"steps": {"lead": MANY}, "headers": {"X": "{{ key }}"}}, "many deliveries has no key"),
        ({"steps": {"lead": {**LEAD, "search": {**SEARCH, "batch": 9}}}}, "many deliveries has no key"),
        (
            {"steps": {"lead": {**LEAD, "search": {**SEARCH, "params": {}, "batch": 9}}}},
            "asks for none of them",
        ),
        ({"steps": {"lead": {**LEAD, "item": BODY}}}, "item needs batch"),
        ({"steps": {"lead": {**LEAD, "answers": [{"status": ["9xx"], "means": "later"}]}}}, "no HTTP status"),
        ({"steps": {"lead": {**LEAD, "wen": "phone"}}}, "Extra inputs"),
        ({"auth": "bearer", "token": None}, "needs also: token"),
        ({"auth": "oauth", "client_id": "x"}, "needs also: client_secret, login_url"),
        ({"preset": "hubspott"}, "there is no 'hubspott'; there are bottlecrm"),
        ({"preset": "pipedrive"}, "values.person_key"),
        ({"url": "http://crm.example"}, "https"),
        ({"url": "https://user:secret@crm.example"}, "without user"),
        ({"values": {"a b": 1}}, "no name that a template can use"),
        ({"hmac": {"signed": "{nonce}"}}, "it may name body"),
    ],
)
def test_a_wrong_description_is_refused_when_it_is_read(settings, words):
    table = {"url": "https://crm.example", "auth": "bearer", "token": "t0k3n-of-mine", "steps": {"lead": LEAD}}
    with pytest.raises(ValidationError, match=words) as caught:
        RestConfig(**{**table, **settings})
    assert "t0k3n-of-mine" not in str(caught.value)


@pytest.mark.parametrize(
    ("steps", "taken"),
    [
        ({"lead": LEAD}, 50),
        ({"lead": {**LEAD, "search": SEARCH}}, 50),
        ({"lead": {**MANY, "batch": 2}}, 50),
        ({"lead": {**MANY, "batch": 80}}, 80),
        ({"note": {**MANY, "batch": 90}, "lead": LEAD}, 90),
    ],
)
def test_a_worker_takes_what_fills_its_requests_and_no_hundred_cards_for_single_ones(steps, taken):
    config = RestConfig(url="https://crm.example", auth="none", steps=steps)
    assert config.max_batch == taken
