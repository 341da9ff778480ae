"""Requests and answers as the documentation has them: the sink sends the ones, the emulator gives the others."""

import json
from pathlib import Path

import httpx
import pytest

from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.amocrm_account import OLGA
from mailbridge.testing.emulator import Call
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge_sinks.amocrm.client import judge
from mailbridge_sinks.amocrm.config import AmocrmConfig
from mailbridge_sinks.amocrm.mapping import Mapper
from mailbridge_sinks.amocrm.places import FieldPlace, Places

FIXTURES = Path(__file__).parents[3] / "fixtures" / "crm" / "amocrm"
CASES = sorted(folder.name for folder in FIXTURES.iterdir())
LEAD_ID = 15198335
OWN_WAY = {"access_token", "refresh_token", "href", "uid", "request_id"}
"""Texts that are somebody's own; everything else in an error must be the same words."""


def read(case, name):
    return json.loads((FIXTURES / case / f"{name}.json").read_text(encoding="utf-8"))


def form(value, name=""):
    """Return what must agree: keys, kinds of values, and the words of errors."""
    if isinstance(value, dict):
        return {key: form(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [form(value[0], name)] if value else []
    return value if isinstance(value, str) and name not in OWN_WAY else type(value).__name__


def prepared(case):
    emulator = AmocrmEmulator(rate_per_s=0 if case == "rate_limit" else None)
    emulator.locked_out = case == "locked_out"
    key = make_delivery(make_card(1)).key
    contact = {"name": "Иван Петров-1", "responsible_user_id": OLGA, "custom_fields_values": [
        {"field_code": "PHONE", "values": [{"value": "+79120000001", "enum_code": "WORK"}]},
    ]}  # fmt: skip
    lead = emulator.records.add_lead({
        "name": "Комментарий (ВКонтакте): Иван Петров-1", "tags_to_add": [{"name": "mailbridge"}],
        "custom_fields_values": [{"field_id": 294471, "values": [{"value": key}]}],
    })  # fmt: skip
    emulator.account.leads[LEAD_ID] = lead
    emulator.records.add_contact(contact)
    return emulator


@pytest.mark.parametrize("case", CASES)
def test_the_emulator_answers_as_documented(case):
    request, expected = read(case, "request"), read(case, "response")
    token = "wrong" if case == "token_refused" else AmocrmEmulator.token
    body = b"" if request["body"] is None else json.dumps(request["body"]).encode()
    headers = {"authorization": f"Bearer {token}", "host": "korzh.amocrm.ru"}
    query = tuple((name, value) for name, value in request["query"])
    answer, _ = prepared(case).process(Call(request["method"], request["path"], query, headers, body))
    assert (answer.status, answer.content_type) == (expected["status"], expected["content_type"])
    if isinstance(expected["body"], str):
        assert answer.encoded().decode() == expected["body"]
    else:
        assert form(json.loads(answer.encoded() or "null")) == form(expected["body"])


@pytest.mark.parametrize("case", ["lead_with_contact", "unsorted_form", "note", "task"])
def test_the_sink_sends_what_is_documented(case):
    config = AmocrmConfig(
        url="https://korzh.amocrm.ru", token="t", responsible=OLGA, tags=("mailbridge",), task={"text": "Ответить"}
    )
    fields = {"source.url": FieldPlace(294472, "url")}
    mapper = Mapper(config, Places(FieldPlace(294471, "text"), fields, {}, pipeline_id=3177727, status_id=31777271))
    delivery = make_delivery(make_card(1))
    made = {
        "lead_with_contact": lambda: mapper.lead(delivery, None),
        "unsorted_form": lambda: mapper.unsorted(delivery),
        "note": lambda: mapper.note(delivery, LEAD_ID),
        "task": lambda: mapper.task(delivery, LEAD_ID),
    }
    assert [made[case]()] == read(case, "request")["body"]


@pytest.mark.parametrize(
    ("case", "error"),
    [
        ("bad_element", "BadElements"),
        ("unsorted_without_metadata", "BadElements"),
        ("token_refused", "TokenRefused"),
        ("rate_limit", "NotWritten"),
        ("locked_out", "NotWritten"),
        ("too_many", "NoneType"),
        ("nothing_found", "NoneType"),
    ],
)
def test_the_sink_reads_the_answer(case, error):
    answer = read(case, "response")
    body = answer["body"] if isinstance(answer["body"], str) else json.dumps(answer["body"])
    response = httpx.Response(answer["status"], headers={"Content-Type": answer["content_type"]}, text=body)
    response.headers["Content-Type"] = answer["content_type"]
    assert type(judge(response, True)).__name__ == error
