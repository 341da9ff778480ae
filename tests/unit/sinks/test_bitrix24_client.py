import json

import httpx
import pytest

from mailbridge.sdk import MaybeWritten, NotWritten, Refused, SinkError, Unusable
from mailbridge_sinks.bitrix24.client import Bitrix24Client, items, new_id
from mailbridge_sinks.bitrix24.commands import Command

URL = "https://old.example/rest/1/s3cret/"
COMMANDS = {"a": Command("crm.item.add", {"fields": {"title": "x"}}), "b": Command("crm.item.add")}


def answering(*answers, seen=None):
    left = list(answers)

    def handle(request):
        if seen is not None:
            seen.append(request)
        answer = left.pop(0)
        return answer(request) if callable(answer) else answer

    return Bitrix24Client(URL, transport=httpx.MockTransport(handle), timeout_s=5)


def batch_answer(**parts):
    empty = {"result": [], "result_error": [], "result_total": [], "result_next": [], "result_time": []}
    return httpx.Response(200, json={"result": {**empty, **parts}, "time": {"finish": 1000.0}})


def test_one_request_carries_all_commands():
    seen = []
    client = answering(batch_answer(result={"a": {"item": {"id": 5}}, "b": 7}), seen=seen)
    answers = client.batch(COMMANDS, write=True)
    assert [request.url for request in seen] == [URL + "batch"]
    body = json.loads(seen[0].content)
    assert body == {"halt": 0, "cmd": {"a": "crm.item.add?fields[title]=x", "b": "crm.item.add?"}}
    assert {name: new_id(result) for name, result in answers.results.items()} == {"a": "5", "b": "7"}
    assert not answers.errors


def test_each_command_has_its_own_end():
    errors = {"b": {"error": "CRM_FIELD_ERROR_REQUIRED", "error_description": "Required field"}}
    answers = answering(batch_answer(result={"a": 5}, result_error=errors)).batch(COMMANDS, write=True)
    assert answers.results == {"a": 5}
    assert isinstance(answers.errors["b"], Refused)


@pytest.mark.parametrize(("write", "kind"), [(True, MaybeWritten), (False, NotWritten)])
def test_a_command_without_any_answer_is_in_doubt(write, kind):
    assert isinstance(answering(batch_answer(result={"a": 5})).batch(COMMANDS, write=write).errors["b"], kind)


def test_a_blocked_method_waits_by_the_portals_clock():
    errors = {"b": {"error": "OPERATION_TIME_LIMIT", "error_description": ""}}
    times = {"a": {"operating": 480.1, "operating_reset_at": 1090}}
    answers = answering(batch_answer(result={"a": 5}, result_error=errors, result_time=times)).batch(
        COMMANDS, write=True
    )
    assert answers.errors["b"].after_s == pytest.approx(90)


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'{"result":5}', b'{"result":{"result":{', b"null"])
def test_a_write_without_a_readable_answer_is_in_doubt(body):
    with pytest.raises(MaybeWritten):
        answering(httpx.Response(200, content=body)).batch(COMMANDS, write=True)


def moved(location, status=302):
    return httpx.Response(status, headers={"location": location})


def test_a_moved_portal_gets_the_same_request_at_its_new_address():
    seen = []
    answers = [moved("https://new.example/rest/1/s3cret/batch"), batch_answer(), batch_answer()]
    client = answering(*answers, seen=seen)
    client.batch(COMMANDS, write=True)
    client.batch(COMMANDS, write=True)
    assert [str(request.url) for request in seen] == [
        f"https://{host}.example/rest/1/s3cret/batch" for host in ("old", "new", "new")
    ]
    assert {request.method for request in seen} == {"POST"}
    assert len({request.content for request in seen}) == 1
    assert client.portal == "https://new.example"


@pytest.mark.parametrize(
    "location", ["http://new.example/rest/1/s3cret/batch", "", "https://old.example/login", "ftp://x.example/"]
)
def test_the_secret_is_not_sent_after_a_bad_redirect(location):
    seen = []
    with pytest.raises(Unusable):
        answering(moved(location), batch_answer(), seen=seen).batch(COMMANDS, write=True)
    assert len(seen) == 1


def test_a_portal_that_redirects_for_ever_is_asked_twice():
    seen = []
    client = answering(moved("https://b.example/"), moved("https://c.example/"), seen=seen)
    with pytest.raises(Unusable):
        client.batch(COMMANDS, write=True)
    assert len(seen) == 2


def test_a_time_out_is_in_doubt_and_tells_no_address():
    def time_out(request):
        raise httpx.ReadTimeout(f"timed out at {request.url}", request=request)

    with pytest.raises(MaybeWritten) as caught:
        answering(time_out).batch(COMMANDS, write=True)
    assert "s3cret" not in str(caught.value)


def test_an_answer_that_repeats_the_address_is_redacted():
    body = {"error": "INVALID_CREDENTIALS", "error_description": f"bad address {URL}"}
    with pytest.raises(SinkError) as caught:
        answering(httpx.Response(401, json=body)).batch(COMMANDS, write=True)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("result", [[], {}, {"item": {}}, {"id": 0}, True, "x", None, {"item": []}, -5])
def test_an_answer_without_an_id_is_in_doubt(result):
    assert isinstance(new_id(result), MaybeWritten)


@pytest.mark.parametrize("result", [None, 5, {"items": 5}, ["x"], {}])
def test_a_list_that_is_none_is_never_taken_for_an_empty_one(result):
    with pytest.raises(NotWritten):
        items(result)
