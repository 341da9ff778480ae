"""An emulator in a process of its own is looked at and spoilt over HTTP."""

import httpx
import pytest

from mailbridge.testing.account_settings import change
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.emulator import Call
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


def test_the_account_is_changed_while_it_runs(portal):
    wanted = {"simple": True, "scopes": ["crm"], "lead_fields": ["ufCrm_1700000000"]}
    assert portal.get("/_emulator/settings").json()["simple"] is False
    told = portal.post("/_emulator/settings", json=wanted).json()
    assert wanted.items() <= told.items()
    assert portal.post(f"{portal.method}/crm.settings.mode.get").json()["result"] == 2
    fields = portal.post(f"{portal.method}/crm.item.fields", json={"entityTypeId": 1}).json()["result"]["fields"]
    assert "ufCrm_1700000000" in fields
    assert portal.post(f"{portal.method}/user.get").status_code == 403


@pytest.mark.parametrize(
    "wanted", [[], {}, "x", {"simple": 1}, {"limited": True, "simpel": True}, {"scopes": "crm"}, {"cost_s": True}]
)
def test_a_setting_that_is_none_changes_nothing_and_says_why(portal, wanted):
    before = portal.get("/_emulator/settings").json()
    answer = portal.post("/_emulator/settings", json=wanted)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("no setting: ")
    assert portal.get("/_emulator/settings").json() == before


def test_the_settings_of_the_other_accounts():
    amo, org = AmocrmEmulator(), SalesforceEmulator()
    change(amo.account_settings(), {"filters": True, "kommo": True, "rate_per_s": 1, "lead_fields": ["A", "A"]})
    assert [row["type"] for row in amo.account.fields["leads"]] == ["text", "text"]
    call = Call("GET", "/api/v4/account", (), {"authorization": "Bearer demo-token"}, b"")
    answers = [amo.process(call)[0] for _ in range(2)]
    assert [answers[0].status, answers[1].status, answers[1].body["retry_after"]] == [200, 429, 1]
    change(org.account_settings(), {"key_field_unique": False, "createable": False, "assigned_to": None})
    assert not org.store.object("Lead").fields["MB_Key__c"].unique
    change(org.account_settings(), {"lead_fields": []})
    assert "MB_Key__c" not in org.store.object("Lead").fields


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


def test_a_setting_is_changed_by_a_form(org):
    data = {"do": "setting", "name": "daily_limit", "value": "5"}
    assert org.post("/_emulator/page", data=data).status_code == 200
    assert org.crm.daily_limit == 5
    assert org.post("/_emulator/page", data=data | {"value": "five"}).status_code == 400
