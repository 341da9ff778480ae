"""The emulated org answers as the vendor documents: recorded shapes, request by request."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from mailbridge.testing.emulator import Call
from mailbridge.testing.salesforce import SalesforceEmulator

CASES = Path(__file__).parents[3] / "fixtures" / "crm" / "salesforce"


def call_of(request: dict) -> Call:
    session = request.get("session", "demo-token")
    headers = {"host": "acme.example", **({"authorization": f"Bearer {session}"} if session else {})}
    body = json.dumps(request["body"]) if "body" in request else urlencode(request.get("form", {}))
    query = tuple(request.get("query", {}).items())
    return Call(request["method"], request["path"], query, headers, body.encode())


def matches(expected: object, found: object) -> bool:
    if isinstance(expected, str) and expected.startswith("<"):
        return isinstance(found, str) and bool(found)
    if isinstance(expected, dict):
        same = isinstance(found, dict) and expected.keys() == found.keys()
        return same and all(matches(value, found[name]) for name, value in expected.items())
    if isinstance(expected, list):
        same = isinstance(found, list) and len(expected) == len(found)
        return same and all(map(matches, expected, found))
    return expected == found


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_the_org_answers_as_documented(case):
    request = json.loads((CASES / case / "request.json").read_text(encoding="utf-8"))
    response = json.loads((CASES / case / "response.json").read_text(encoding="utf-8"))
    org = SalesforceEmulator(clock=lambda: 1_790_000_000.0)
    for name, value in request.get("org", {}).items():
        setattr(org.store, name, value)
    for name in request.keys() & {"daily_limit", "busy"}:
        setattr(org, name, request[name])
    for earlier in request.get("before", []):
        assert org.handle(call_of(earlier)).status < 300
    answer = org.handle(call_of(request))
    body = json.loads(answer.encoded())
    assert answer.status == response["status"]
    assert matches(response["body"], body), body
    assert response.get("headers", {}).items() <= answer.headers.items()
