import base64
import gc
import gzip
import json
import weakref

import httpx
import pytest

from mailbridge.sdk import CrmClient, GatedTransport, MaybeWritten


class Open:
    def permit(self, timeout_s):
        pass


def certificates(transport):
    return transport._inner._pool._ssl_context


def test_transports_in_use_share_the_trusted_certificates_and_later_ones_read_them_anew():
    first, second = GatedTransport(Open()), GatedTransport(Open())
    shared = certificates(first)
    assert certificates(second) is shared
    assert shared.check_hostname
    seen = weakref.ref(shared)
    del shared, first, second
    gc.collect()
    assert seen() is None
    assert certificates(GatedTransport(Open())).check_hostname


class Crm(httpx.BaseTransport):
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers) or [httpx.Response(200, json={})]
        self.asked = []

    def handle_request(self, request):
        self.asked.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_a_request_goes_to_the_path_below_the_address_with_all_headers_and_time_outs():
    crm = Crm()
    client = CrmClient("https://crm.example/api", headers={"X-Own": "1"}, transport=crm, timeout_s=9)
    client.send("POST", "/leads", write=True, json={"a": 1}, params={"b": "2"}, headers={"X-This": "3"})
    asked = crm.asked[0]
    assert str(asked.url) == "https://crm.example/api/leads?b=2"
    assert {
        "x-own": "1",
        "x-this": "3",
        "user-agent": "mailbridge",
        "content-type": "application/json",
    }.items() <= dict(asked.headers).items()
    assert json.loads(asked.read()) == {"a": 1}
    assert asked.extensions["timeout"] == {"connect": 5.0, "read": 9, "write": 9, "pool": 9}


def test_a_log_in_is_that_of_the_request_else_the_one_that_the_address_names():
    crm = Crm()
    client = CrmClient("https://anna:pass%40word@crm.example", transport=crm)
    client.send("GET", "/", write=False)
    client.send("GET", "/", write=False, auth=httpx.BasicAuth("bot", "other"))
    told = [base64.b64decode(one.headers["Authorization"].removeprefix("Basic ")) for one in crm.asked]
    assert told == [b"anna:pass@word", b"bot:other"]


def test_a_redirect_is_an_answer_and_nothing_is_sent_where_it_leads():
    crm = Crm(httpx.Response(302, headers={"Location": "https://elsewhere.example/"}))
    client = CrmClient("https://crm.example", transport=crm)
    answer = client.send("POST", "/leads", write=True, json={})
    assert (answer.status_code, str(answer.next_request.url)) == (302, "https://elsewhere.example/")
    with pytest.raises(MaybeWritten):
        client.call("POST", "/leads", write=True, json={})
    assert len(crm.asked) == 2


def test_a_cookie_that_a_server_sets_is_sent_again():
    crm = Crm(httpx.Response(200, headers={"Set-Cookie": "node=7; Path=/"}), httpx.Response(200))
    client = CrmClient("https://crm.example", transport=crm)
    client.send("GET", "/", write=False)
    client.send("GET", "/", write=False)
    assert [one.headers.get("Cookie") for one in crm.asked] == [None, "node=7"]


class Broken(httpx.SyncByteStream):
    def __init__(self):
        self.is_closed = False

    def __iter__(self):
        yield b"{"
        raise httpx.ReadError("gone")

    def close(self):
        self.is_closed = True


def test_an_answer_that_breaks_off_is_perhaps_written_and_its_connection_is_let_go():
    stream = Broken()
    client = CrmClient("https://crm.example", transport=Crm(httpx.Response(200, stream=stream)))
    with pytest.raises(MaybeWritten):
        client.send("POST", "/leads", write=True, json={})
    assert stream.is_closed


def test_a_packed_answer_is_unpacked():
    body = gzip.compress(b'{"id": 1}')
    crm = Crm(httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(body)))
    assert CrmClient("https://crm.example", transport=crm).send("GET", "/", write=False).json() == {"id": 1}
