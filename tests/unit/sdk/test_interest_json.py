"""The JSON of an interest: every key always there, unknown null, no string empty, objects always objects."""

import json
from typing import Any

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.sdk import Author, FormField, make_interest
from mailbridge.testing.fixtures import cases

KEYS = {
    "": (
        "schema id kind source occurred_at occurred_at_precision author text product responsible processed "
        "processed_at first_answer_at proof reply rating amount currency refs priority labels fields attachments "
        "language mail"
    ),
    "source": "url title channel network",
    "author": "name url photo_url email phones",
    "product": "name url",
    "reply": "method target",
    "refs": "order comment post thread form",
    "mail": "mail_id mailbox message_id received_at parser parser_version evidence trust",
    "mail.trust": "verdict reason",
}

MAIL = decode(
    b"From: Anna <anna@example.com>\r\nTo: leads@example.org\r\nSubject: Photo\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n'
    b"--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment\r\n\r\nPNG\r\n--b--\r\n"
)


def of_nothing(**more: Any) -> dict[str, Any]:
    return make_interest(MAIL, kind="message", channel="email", network="email", **more).to_json()


def part(body: dict[str, Any], path: str) -> Any:
    for name in filter(None, path.split(".")):
        body = body[name]
    return body


def empty_strings(value: Any, where: str = "") -> list[str]:
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in empty_strings(inner, f"{where}.{key}")]
    if isinstance(value, list):
        return [found for number, inner in enumerate(value) for found in empty_strings(inner, f"{where}[{number}]")]
    return [where] if isinstance(value, str) and not value.strip() else []


@pytest.mark.parametrize("path", KEYS)
def test_every_key_is_there_when_nothing_is_known(path):
    found = part(of_nothing(), path)
    assert sorted(found) == sorted(KEYS[path].split())


def test_what_is_empty_is_null_or_left_out():
    body = of_nothing(
        author=Author(name=" ", url="", email="", phones=("", " ", "+79990000001")),
        text=" \n ",
        labels=("", "complaint"),
        fields=(FormField(label="", value="value"), FormField(label="Label", value=" ")),
    )
    assert body["author"] == {"name": None, "url": None, "photo_url": None, "email": None, "phones": ["+79990000001"]}
    assert (body["text"], body["labels"], body["fields"]) == (None, ["complaint"], [{"label": None, "value": "value"}])
    (file,) = body["attachments"]
    assert (file["name"], file["media_type"]) == (None, "image/png")
    body["mail"]["parser"] = body["mail"]["parser_version"] = "set when a parser returned it"
    assert empty_strings(body) == []


def test_no_expectation_of_a_fixture_holds_an_empty_string():
    for case in cases():
        assert empty_strings(case.expected) == [], case.name


def test_the_json_reads_back_as_the_same_interest():
    interest = make_interest(MAIL, kind="message", channel="email", network="email", text="Hello")
    assert type(interest).model_validate(json.loads(json.dumps(interest.to_json()))) == interest
