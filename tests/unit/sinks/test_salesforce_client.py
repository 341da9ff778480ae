import base64
import json

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mailbridge.sdk import MaybeWritten, NoTokens, NotWritten, Unusable, soql_literal
from mailbridge.testing.salesforce_soql import unescape
from mailbridge_sinks.salesforce.client import SalesforceClient, api_usage
from mailbridge_sinks.salesforce.config import SalesforceConfig

URL = "https://acme.my.salesforce.com"
BY_SECRET = {"client_id": "app", "client_secret": "s3cret"}


def client(answers, tokens=None, **settings):
    """Return a client that gets the answers in turn, and the requests it will have sent."""
    sent, answers = [], iter(answers)

    def answer(request):
        sent.append(request)
        return next(answers)

    config = SalesforceConfig(**{"url": URL, **settings})
    return SalesforceClient(config, tokens or NoTokens(), httpx.MockTransport(answer)), sent


def session(token="t1", url="https://acme--x.my.salesforce.com"):
    return httpx.Response(200, json={"access_token": token, "instance_url": url})


ENDED = httpx.Response(401, json=[{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}])
DONE = httpx.Response(200, json=[{"id": "00Q1", "success": True, "errors": [], "created": True}])


@pytest.mark.parametrize(
    "value", ["plain", "O'Brien", "\\", "\\'", 'a"b', "a\nb\r\t\b\f", "' OR Id != '", "ы🌸", "\\n"]
)
def test_literals_mean_what_was_written(value):
    written = soql_literal(value)
    assert unescape(written) == value
    assert "\n" not in written


def test_requests_go_to_the_instance_the_log_in_names():
    sf, sent = client([session(), DONE], **BY_SECRET)
    sf.upsert([{}])
    assert [request.url.host for request in sent] == ["acme.my.salesforce.com", "acme--x.my.salesforce.com"]
    assert sent[1].headers["Authorization"] == "Bearer t1"
    assert "Authorization" not in sent[0].headers


@pytest.mark.parametrize("address", ["http://acme.my.salesforce.com", "ftp://x", "", "//evil.example"])
def test_no_token_is_sent_without_tls(address):
    sf, sent = client([session(url=address)], **BY_SECRET)
    with pytest.raises(Unusable, match="without https"):
        sf.upsert([{}])
    assert len(sent) == 1


def test_a_refused_session_is_renewed_exactly_once():
    sf, sent = client([session(), ENDED, session("t2"), ENDED], **BY_SECRET)
    with pytest.raises(Unusable, match="INVALID_SESSION_ID"):
        sf.upsert([{}])
    assert [request.headers.get("Authorization") for request in sent] == [None, "Bearer t1", None, "Bearer t2"]


def test_a_session_that_somebody_else_renewed_is_taken_over():
    tokens = NoTokens()
    first, _ = client([session(), DONE], tokens, **BY_SECRET)
    first.upsert([{}])
    seen = dict(tokens.load())

    class Renewed(NoTokens):
        def load(self):
            return seen

        def refresh(self, used, renew):
            assert used == "t1"
            return {**seen, "access_token": "t9"}

    second, sent = client([ENDED, DONE], Renewed(), **BY_SECRET)
    second.upsert([{}])
    assert [request.headers["Authorization"] for request in sent] == ["Bearer t1", "Bearer t9"]


def test_a_fixed_token_is_not_renewed():
    sf, sent = client([ENDED], token="fixed")
    with pytest.raises(Unusable):
        sf.upsert([{}])
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(400, json={"error": "invalid_grant", "error_description": "no"}), Unusable),
        (httpx.Response(400, text="<html>"), Unusable),
        (httpx.Response(200, json={"access_token": ""}), Unusable),
        (httpx.Response(200, text="<html>"), NotWritten),
        (httpx.Response(503), NotWritten),
        (httpx.Response(429), NotWritten),
    ],
)
def test_a_failed_log_in_never_leaves_doubt(answer, error):
    sf, _ = client([answer], **BY_SECRET)
    with pytest.raises(error) as raised:
        sf.upsert([{}])
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "<html>", '[{"id":', "null", "{}"])
def test_an_unreadable_answer_to_a_write_leaves_doubt(text):
    sf, _ = client([httpx.Response(200, text=text)], token="t")
    with pytest.raises(MaybeWritten):
        sf.upsert([{}])


@pytest.mark.parametrize("body", [None, [], {}, {"records": None}, {"records": {}}])
def test_an_unreadable_answer_to_a_query_is_no_empty_result(body):
    sf, _ = client([httpx.Response(200, json=body)], token="t")
    with pytest.raises(NotWritten):
        sf.select("Id", "Lead", "Id = 'x'")


@pytest.mark.parametrize(
    ("host", "audience"),
    [
        ("acme.my.salesforce.com", "https://login.salesforce.com"),
        ("acme--dev.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("test.salesforce.com", "https://test.salesforce.com"),
    ],
)
def test_the_assertion(host, audience):
    key = generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    sf, sent = client([session(), DONE], url=f"https://{host}", client_id="app", username="u@x", private_key=pem)
    sf.upsert([{}])
    form = dict(httpx.QueryParams(sent[0].content.decode()))
    claims = json.loads(base64.urlsafe_b64decode(form["assertion"].split(".")[1] + "=="))
    assert claims["aud"] == audience
    assert (claims["iss"], claims["sub"]) == ("app", "u@x")


def test_the_headers_of_the_settings():
    sf, sent = client([DONE, DONE], token="t")
    sf.upsert([{}])
    assert sent[0].headers["Sforce-Auto-Assign"] == "FALSE"
    assert sent[0].headers["Sforce-Duplicate-Rule-Header"] == "allowSave=true"


@pytest.mark.parametrize(
    ("header", "usage"),
    [
        ("api-usage=18/5000", (18, 5000)),
        ("api-usage=18/5000; per-app-api-usage=17/250(appName=x)", (18, 5000)),
        ("per-app-api-usage=17/250(appName=x); api-usage=18/5000", (18, 5000)),
        ("per-app-api-usage=17/250(appName=x)", None),
        ("", None),
    ],
)
def test_the_count_of_the_limit_header(header, usage):
    assert api_usage(header) == usage
