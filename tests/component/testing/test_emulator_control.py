"""An emulator in a process of its own is looked at and spoilt over HTTP."""

import httpx
import pytest

from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.salesforce import SalesforceEmulator
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


# The page -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def org():
    emulator = SalesforceEmulator()
    with serve(emulator) as address, httpx.Client(base_url=address, follow_redirects=True) as client:
        client.crm = emulator
        yield client


def lead_of(org):
    return org.crm.store.put("Lead", LastName="<script>alert(1)</script>", Company="—", MB_Key__c="mb1-key")


def test_the_page_shows_cards_and_requests_and_carries_nothing_out(org):
    lead_of(org)
    org.get("/services/data/v59.0/limits")
    page = org.get("/_emulator/")
    assert page.headers["content-type"].startswith("text/html")
    assert "mb1-key" in page.text
    assert "/services/data/v59.0/limits" in page.text
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


def test_faults_are_set_and_taken_away_by_forms(org):
    form = {"do": "fault", "kind": "status", "path": "limits", "times": "2", "status": "503", "delay_s": "0"}
    assert org.post("/_emulator/page", data=form).status_code == 200
    assert org.get("/services/data/v59.0/limits").status_code == 503
    org.post("/_emulator/page", data={"do": "mend"})
    assert org.get("/services/data/v59.0/limits").status_code == 401
    assert org.post("/_emulator/page", data={**form, "times": "many"}).status_code == 400
    assert org.post("/_emulator/page", data={"do": "dance", "id": "1"}).status_code == 400


def test_a_person_works_on_a_lead_by_forms(org):
    lead = lead_of(org)
    org.crm.store.put("Task", WhoId=lead["Id"], Subject="Call")
    for act in ("take it", "work on it", "close its tasks", "attach a file", "convert it"):
        assert org.post("/_emulator/page", data={"do": act, "id": lead["Id"]}).status_code == 200, act
    assert lead["OwnerId"] == org.crm.store.owner("Olga")
    assert lead["IsConverted"]
    assert all(task["IsClosed"] for task in org.crm.store.rows["Task"].values())
    org.post("/_emulator/page", data={"do": "reset"})
    assert org.get("/_emulator/keys").json() == {}
