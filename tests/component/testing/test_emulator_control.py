"""An emulator in a process of its own is looked at and spoilt over HTTP."""

import httpx
import pytest

from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.server import serve


@pytest.fixture
def portal():
    emulator = Bitrix24Emulator()
    with serve(emulator) as address, httpx.Client(base_url=address) as client:
        client.method = f"/rest/1/{emulator.token}"
        yield client


def test_faults_are_added_and_taken_away(portal):
    fault = {"kind": "status", "status": 500, "times": 100}
    assert portal.post("/_emulator/faults", json=fault).json() == {"faults": 1}
    assert portal.post(f"{portal.method}/crm.item.fields", json={"entityTypeId": 1}).status_code == 500
    assert portal.delete("/_emulator/faults").status_code == 200
    assert portal.post(f"{portal.method}/crm.item.fields", json={"entityTypeId": 1}).status_code == 200


def test_counts_and_keys_tell_what_was_made_until_a_reset(portal):
    fields = {"title": "A", "originId": "mb1-key"}
    assert portal.post(f"{portal.method}/crm.item.add", json={"entityTypeId": 1, "fields": fields}).status_code == 200
    assert portal.get("/_emulator/counts").json()["lead"] == 1
    assert list(portal.get("/_emulator/keys").json()) == ["mb1-key"]
    assert list(portal.get("/_emulator/cards").json()) == ["mb1-key"]
    assert [entry["path"] for entry in portal.get("/_emulator/journal").json()] == [f"{portal.method}/crm.item.add"]
    assert portal.post("/_emulator/reset").status_code == 200
    assert portal.get("/_emulator/keys").json() == {}


@pytest.mark.parametrize(("method", "what"), [("GET", "faults"), ("POST", "keys"), ("DELETE", "reset"), ("GET", "x")])
def test_other_addresses_are_not_there(portal, method, what):
    assert portal.request(method, f"/_emulator/{what}").status_code == 404


@pytest.mark.parametrize("body", ["", "nothing", "[]", '{"kind": "none"}', '{"kind": "late", "delay": 3}'])
def test_what_is_no_fault_is_refused_with_a_reason(portal, body):
    answer = portal.post("/_emulator/faults", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("no fault: ")
    assert portal.post(f"{portal.method}/crm.item.fields", json={"entityTypeId": 1}).status_code == 200
