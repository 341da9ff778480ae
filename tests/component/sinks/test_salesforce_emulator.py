"""Behaviour of the emulated org that needs more than one request and one answer."""

import json

import httpx
import pytest

from mailbridge.testing.emulator import Call
from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.salesforce_schema import SfField
from mailbridge.testing.salesforce_store import with_checksum
from mailbridge.testing.server import serve

DATA = "/services/data/v59.0"
LEAD = {"LastName": "Петров", "Company": "—"}


@pytest.fixture
def org():
    return SalesforceEmulator()


def ask(org, method, path, body=None, query=(), **headers):
    fields = {"authorization": f"Bearer {org.token}", "host": "x", **headers}
    raw = b"" if body is None else json.dumps(body).encode()
    answer = org.handle(Call(method, DATA + path, tuple(query), fields, raw))
    return answer.status, json.loads(answer.encoded() or b"null")


def select(org, soql):
    status, body = ask(org, "GET", "/query", query=[("q", soql)])
    return body["records"] if status == 200 else body[0]["errorCode"]


def names(org, where):
    found = select(org, f"SELECT LastName FROM Lead WHERE {where}")
    return [record["LastName"] for record in found] if isinstance(found, list) else found


@pytest.fixture
def people(org):
    for name, email, stars in (("O'Brien", "o@a.example", 1), ("Zoë\\", "z@a.example", 5), ("50%_", None, None)):
        org.store.put("Lead", LastName=name, Company="—", Email=email, Rating=None if stars is None else str(stars))
    return org


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (r"LastName = 'O\'Brien'", ["O'Brien"]),
        (r"LastName = 'o\'BRIEN'", ["O'Brien"]),
        (r"LastName = 'Zoë\\'", ["Zoë\\"]),
        (r"LastName LIKE '50\%\_'", ["50%_"]),
        ("LastName LIKE '%b%'", ["O'Brien"]),
        ("LastName LIKE 'Z__\\\\'", ["Zoë\\"]),
        ("Email IN ('o@a.example','z@a.example')", ["O'Brien", "Zoë\\"]),
        ("Email NOT IN ('o@a.example')", ["Zoë\\", "50%_"]),
        ("Email = null", ["50%_"]),
        ("Email != null AND (Rating = '5' OR Rating = '9')", ["Zoë\\"]),
        ("NOT Email = 'o@a.example'", ["Zoë\\", "50%_"]),
        ("Email = 'o@a.example' OR Rating = '5' AND LastName = 'no'", ["O'Brien"]),
        ("Rating > '1'", ["Zoë\\"]),
        ("CreatedDate > 2000-01-01T00:00:00Z LIMIT 1", ["O'Brien"]),
        ("IsConverted = false ORDER BY LastName DESC LIMIT 1 OFFSET 1", ["O'Brien"]),
        ("LastName = 'x' OR", "MALFORMED_QUERY"),
        ("LastName = 'O'Brien'", "MALFORMED_QUERY"),
        (r"LastName = 'a\qb'", "MALFORMED_QUERY"),
        ("Shoe = 'x'", "INVALID_FIELD"),
        ("Description = 'x'", "INVALID_FIELD"),
    ],
)
def test_queries(people, where, expected):
    assert names(people, where) == expected


def test_queries_by_index_follow_changes_and_keep_other_conditions(org):
    path = "/sobjects/Lead/MB_Key__c/k1"
    ask(org, "PATCH", path, LEAD)
    assert names(org, "MB_Key__c IN ('k1','K1','none')") == ["Петров"]
    assert names(org, "MB_Key__c IN ('k1') AND LastName = 'x'") == []
    assert names(org, "NOT MB_Key__c IN ('k1')") == []
    record_id = ask(org, "GET", path)[1]["Id"]
    ask(org, "PATCH", f"/sobjects/Lead/{record_id}", {"MB_Key__c": "k2"})
    assert names(org, "MB_Key__c IN ('k1')") == []
    assert names(org, "MB_Key__c IN ('k2')") == ["Петров"]
    ask(org, "DELETE", f"/sobjects/Lead/{record_id}")
    assert names(org, "MB_Key__c IN ('k2')") == []


def test_a_rollback_forgets_what_was_indexed(org):
    records = [{"attributes": {"type": "Lead"}, **LEAD, "MB_Key__c": "k1"}, {"attributes": {"type": "Lead"}}]
    ask(org, "POST", "/composite/sobjects", {"allOrNone": True, "records": records})
    assert names(org, "MB_Key__c IN ('k1')") == []
    assert ask(org, "PATCH", "/sobjects/Lead/MB_Key__c/k1", LEAD)[0] == 201


def test_a_query_of_an_unknown_object(org):
    assert select(org, "SELECT Id FROM Lid") == "INVALID_TYPE"


def test_ids_compare_by_fifteen_characters_with_case(people):
    record_id = select(people, "SELECT Id FROM Lead LIMIT 1")[0]["Id"]
    assert len(record_id) == 18
    assert len(select(people, f"SELECT Id FROM Lead WHERE Id = '{record_id[:15]}'")) == 1
    assert not select(people, f"SELECT Id FROM Lead WHERE Id = '{record_id[:15].swapcase()}'")


def test_the_checksum_of_ids():
    # An id of the vendor's own documentation.
    assert with_checksum("001D000000IqhSL") == "001D000000IqhSLIAZ"


def test_pages(people):
    people.page_size = 2
    status, first = ask(people, "GET", "/query", query=[("q", "SELECT Id FROM Lead")])
    assert (status, first["done"], first["totalSize"], len(first["records"])) == (200, False, 3, 2)
    _, second = ask(people, "GET", first["nextRecordsUrl"].removeprefix(DATA))
    assert (second["done"], len(second["records"])) == (True, 1)
    assert ask(people, "GET", first["nextRecordsUrl"].removeprefix(DATA))[0] == 400


def test_a_session_lives_for_its_time():
    now = [1000.0]
    org = SalesforceEmulator(clock=lambda: now[0])
    form = b"grant_type=client_credentials&client_id=demo-client&client_secret=demo-secret"
    log_in = Call("POST", "/services/oauth2/token", (), {"host": "x"}, form)
    token = json.loads(org.handle(log_in).encoded())["access_token"]
    assert ask(org, "GET", "/limits", authorization=f"Bearer {token}")[0] == 200
    now[0] += org.login.session_s
    assert ask(org, "GET", "/limits", authorization=f"Bearer {token}")[0] == 401


@pytest.mark.parametrize("host", ["login.salesforce.com", "test.salesforce.com"])
def test_shared_hosts_refuse_client_credentials(org, host):
    form = b"grant_type=client_credentials&client_id=demo-client&client_secret=demo-secret"
    assert org.handle(Call("POST", "/services/oauth2/token", (), {"host": host}, form)).status == 400


def test_a_replaced_refresh_token_cancels_the_chain(org):
    org.login.rotate = True

    def refresh(token):
        form = f"grant_type=refresh_token&client_id=demo-client&client_secret=demo-secret&refresh_token={token}"
        answer = org.handle(Call("POST", "/services/oauth2/token", (), {"host": "x"}, form.encode()))
        return answer.status, json.loads(answer.encoded())

    status, body = refresh("demo-refresh")
    assert status == 200
    assert refresh("demo-refresh") == (
        400,
        {"error": "invalid_grant", "error_description": "expired access/refresh token"},
    )
    assert refresh(body["refresh_token"])[0] == 400


def test_upsert_creates_then_updates(org):
    path = "/sobjects/Lead/MB_Key__c/vk:1"
    assert ask(org, "PATCH", path, LEAD)[0] == 201
    status, body = ask(org, "PATCH", path, {"Company": "ООО"})
    assert (status, body["created"]) == (200, False)
    assert ask(org, "GET", path, query=[("fields", "Company")])[1]["Company"] == "ООО"


def test_several_matches_without_unique(org):
    org.store.objects["Lead"].add(SfField("Other__c", external_id=True))
    for _ in range(2):
        org.store.put("Lead", **LEAD, Other__c="x")
    status, body = ask(org, "PATCH", "/sobjects/Lead/Other__c/x", LEAD)
    assert status == 300
    assert len(body) == 2
    assert ask(org, "PATCH", "/sobjects/Lead/Company/x", LEAD)[0] == 404


def test_get_patch_delete_by_id(org):
    record_id = ask(org, "POST", "/sobjects/Lead", LEAD)[1]["id"]
    assert ask(org, "PATCH", f"/sobjects/Lead/{record_id[:15]}", {"Title": "x"})[0] == 204
    assert ask(org, "GET", f"/sobjects/Lead/{record_id}")[1]["Title"] == "x"
    assert ask(org, "DELETE", f"/sobjects/Lead/{record_id}")[0] == 204
    assert ask(org, "GET", f"/sobjects/Lead/{record_id}")[0] == 404


def test_a_converted_lead_takes_no_changes_and_no_tasks(org):
    record_id = ask(org, "POST", "/sobjects/Lead", LEAD)[1]["id"]
    org.convert(record_id)
    for method, path, body in (
        ("PATCH", f"/sobjects/Lead/{record_id}", {"Title": "x"}),
        ("POST", "/sobjects/Task", {"WhoId": record_id, "Subject": "x"}),
    ):
        assert ask(org, method, path, body)[1][0]["errorCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_the_duplicate_rule_lists_what_it_found(org):
    org.store.duplicate_rule = "alert"
    same = {**LEAD, "Email": "a@b.example"}
    ask(org, "POST", "/sobjects/Lead", same)
    status, body = ask(org, "POST", "/sobjects/Lead", same)
    assert status == 400
    found = body[0]["duplicateResut"]["matchResults"][0]["matchRecords"]
    assert len(found) == 1
    allowed = {"sforce-duplicate-rule-header": "allowSave=true; includeRecordDetails=true"}
    assert ask(org, "POST", "/sobjects/Lead", same, **allowed)[0] == 201


def test_composite_halts_and_rolls_back(org):
    parts = [
        {"method": "POST", "url": f"{DATA}/sobjects/Lead", "referenceId": "lead", "body": LEAD},
        {"method": "POST", "url": f"{DATA}/sobjects/Task", "referenceId": "bad", "body": {"WhoId": "@{lead.id}x"}},
        {"method": "POST", "url": f"{DATA}/sobjects/Task", "referenceId": "last", "body": {"WhoId": "@{lead.id}"}},
    ]
    status, body = ask(org, "POST", "/composite", {"allOrNone": True, "compositeRequest": parts})
    codes = [part["body"][0]["errorCode"] for part in body["compositeResponse"]]
    assert status == 200
    assert codes == ["PROCESSING_HALTED", "STRING_TOO_LONG", "PROCESSING_HALTED"]
    assert not org.store.rows["Lead"]


def test_too_many_records_at_once(org):
    records = [{"attributes": {"type": "Lead"}, **LEAD}] * 201
    status, _ = ask(org, "POST", "/composite/sobjects", {"records": records})
    assert status == 400
    assert not org.store.rows["Lead"]


@pytest.mark.parametrize("body", [[], 5, {"records": 5}, {"records": [5]}, {}])
def test_nonsense_is_refused_not_crashed_on(org, body):
    assert ask(org, "POST", "/composite/sobjects", body)[0] == 400


def test_reading_by_post_is_no_write(org):
    assert not org.writes(Call("POST", f"{DATA}/composite/sobjects/Lead", (), {}, b""))
    assert not org.writes(Call("POST", "/services/oauth2/token", (), {}, b""))
    assert org.writes(Call("POST", f"{DATA}/composite/sobjects", (), {}, b""))
    assert org.writes(Call("PATCH", f"{DATA}/composite/sobjects/Lead/MB_Key__c", (), {}, b""))


def test_reset_keeps_schema_and_users(org):
    ask(org, "POST", "/sobjects/Lead", {**LEAD, "MB_Key__c": "k"})
    owner = org.store.owner("Olga")
    org.reset()
    assert not org.keys()
    assert org.store.owner("Olga") == owner


def test_over_http_a_person_sees_the_card_without_its_markup(org):
    record = org.store.put("Lead", LastName="<script>alert(1)</script>", Company="—")
    with serve(org) as url:
        page = httpx.get(f"{url}/{record['Id']}", trust_env=False)
        limits = httpx.get(f"{url}{DATA}/limits", headers={"Authorization": f"Bearer {org.token}"}, trust_env=False)
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text
    assert limits.headers["Sforce-Limit-Info"].startswith("api-usage=1/")
