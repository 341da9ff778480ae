"""The emulated amoCRM has the rough edges of the real one."""

import json
from urllib.parse import parse_qsl

import pytest

from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.amocrm_account import OLGA, SALES
from mailbridge.testing.emulator import Call

AUTHORISED = {"authorization": "Bearer demo-token", "host": "x"}
CLIENT = {"client_id": "demo-client", "client_secret": "demo-secret", "redirect_uri": "https://bridge.example/oauth"}


class Crm:
    def __init__(self, **settings):
        self.now = 1_790_000_000.0
        self.emulator = AmocrmEmulator(**{"clock": lambda: self.now, "rate_per_s": None, **settings})

    def ask(self, method, path, body=None, token="demo-token"):
        path, _, query = path.partition("?")
        content = b"" if body is None else json.dumps(body).encode()
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        answer, _ = self.emulator.process(
            Call(method, path, pairs, {"authorization": f"Bearer {token}", "host": "x"}, content)
        )
        return answer

    def post(self, path, body):
        return self.ask("POST", f"/api/v4{path}", body)

    def get(self, path):
        return self.ask("GET", f"/api/v4{path}")

    def names(self, path, plural="leads"):
        answer = self.get(path)
        return [] if answer.status == 204 else [row["name"] for row in answer.body["_embedded"][plural]]


def phone(number):
    return {"custom_fields_values": [{"field_code": "PHONE", "values": [{"value": number, "enum_code": "WORK"}]}]}


def form(uid, **more):
    metadata = {"form_id": "f", "form_name": "Форма", "form_page": "https://x", "form_sent_at": 1790000000}
    return {"source_uid": uid, "source_name": "VK", "metadata": metadata, **more}


def test_one_bad_element_refuses_the_whole_array():
    crm = Crm()
    answer = crm.post("/leads", [{"name": "а"}, {"name": "б", "responsible_user_id": 1}, {"price": "много"}])
    assert answer.status == 400
    assert [error["request_id"] for error in answer.body["validation-errors"]] == ["1", "2"]
    assert crm.get("/leads").status == 204


@pytest.mark.parametrize(
    "element",
    [
        {"name": "щ" * 256},
        {"custom_fields_values": [{"field_id": 294473, "values": [{"value": "щ" * 256}]}]},
        {"custom_fields_values": [{"field_id": 294473, "values": []}]},
        {"custom_fields_values": [{"field_id": 294474, "values": [{"value": "Нет такого"}]}]},
        {"custom_fields_values": [{"field_id": 294476, "values": [{"value": "вчера"}]}]},
        {"custom_fields_values": [{"field_id": 294473, "values": [{"value": "x"}]}] * 41},
        {"pipeline_id": 5},
        {"pipeline_id": SALES, "status_id": 5},
        {"_embedded": {"contacts": [{"id": 77}]}},
        {"_embedded": {"contacts": [{"name": 5}]}},
    ],
)
def test_what_a_lead_may_not_hold(element):
    crm = Crm()
    assert crm.post("/leads/complex", [element]).status == 400
    assert crm.emulator.counts()["leads"] == crm.emulator.counts()["contacts"] == 0


def test_arrays_and_pages_have_a_largest_size():
    crm = Crm()
    assert crm.post("/leads/complex", [{}] * 51).status == 422
    assert crm.post("/leads", [{}] * 251).status == 422
    assert crm.get("/leads?limit=251").status == 422
    assert crm.post("/leads", {"name": "не список"}).status == 400
    assert crm.ask("DELETE", "/api/v4/leads").status == 405
    assert crm.get("/no").status == 404


def test_filters_are_ignored_until_they_are_paid_for():
    for paid, expected in ((False, ["а", "б"]), (True, ["б"])):
        crm = Crm(filters=paid)
        crm.post("/leads", [{"name": "а"}, {"name": "б"}])
        ids = list(crm.emulator.account.leads)
        assert crm.names(f"/leads?filter[id][]={ids[1]}") == expected
        assert crm.get("/account?with=is_api_filter_enabled").body["is_api_filter_enabled"] is paid


def test_the_search_finds_parts_of_any_field_but_not_young_rows():
    crm = Crm(search_lag_s=30)
    crm.post("/leads/complex", [{"name": "Торт"}, {"name": "x", "custom_fields_values": [
        {"field_id": 294473, "values": [{"value": "большой ТОРТ 5"}]},
    ]}])  # fmt: skip
    assert crm.names("/leads?query=торт") == []
    assert crm.names("/leads") == ["Торт", "x"]
    crm.now += 31
    assert crm.names("/leads?query=торт") == ["Торт", "x"]


def test_pages_follow_each_other():
    crm = Crm()
    crm.post("/leads", [{"name": str(number)} for number in range(5)])
    first = crm.get("/leads?limit=2&order[id]=desc")
    assert [row["name"] for row in first.body["_embedded"]["leads"]] == ["4", "3"]
    assert "page=2" in first.body["_links"]["next"]["href"]
    last = crm.get("/leads?limit=2&page=3")
    assert "next" not in last.body["_links"]
    assert crm.get("/leads?limit=2&page=4").status == 204


def test_unsorted_hides_lead_and_contact_until_somebody_accepts():
    crm = Crm()
    contact = {"name": "Иван", **phone("+79120000001")}
    made = crm.post("/leads/unsorted/forms", [form("u1", _embedded={"leads": [{"name": "Ф"}], "contacts": [contact]})])
    uid = made.body["_embedded"]["unsorted"][0]["uid"]
    row = crm.get("/leads/unsorted").body["_embedded"]["unsorted"][0]
    assert (row["source_uid"], row["metadata"]["form_sent_at"]) == ("u1", "1790000000")
    assert crm.names("/leads") == crm.names("/contacts", "contacts") == []
    assert crm.get("/leads/unsorted?filter[source_uid]=other").status == 200
    accepted = crm.post(f"/leads/unsorted/{uid}/accept", {"user_id": OLGA})
    assert accepted.body["uid"] == uid
    assert crm.names("/leads") == ["Ф"]
    assert crm.names("/contacts?query=9120000001", "contacts") == ["Иван"]
    assert crm.get("/leads/unsorted").status == 204
    assert crm.post(f"/leads/unsorted/{uid}/accept", {}).status == 404


def test_a_declined_form_takes_its_lead_along():
    crm = Crm()
    uid = crm.post("/leads/unsorted/forms", [form("u1")]).body["_embedded"]["unsorted"][0]["uid"]
    assert crm.ask("DELETE", f"/api/v4/leads/unsorted/{uid}/decline", {"user_id": OLGA}).status == 200
    assert crm.emulator.counts()["leads"] == 0


def test_duplicate_control_compares_with_what_is_stored_and_only_there():
    crm = Crm(duplicate_control=["PHONE"])
    same = {"name": "Л", "_embedded": {"contacts": [{"name": "И", **phone("+79120000001")}]}, "request_id": "r"}
    assert [item["merged"] for item in crm.post("/leads/complex", [same, same]).body] == [False, False]
    merged = crm.post("/leads/complex", [same]).body[0]
    assert merged["merged"] is True
    assert merged["id"] == min(crm.emulator.account.leads)
    crm.post("/leads/complex", [{"name": "x"}])
    assert crm.emulator.counts()["leads"] == 3


def test_more_than_three_matches_merge_nothing():
    crm = Crm(duplicate_control=["PHONE"])
    same = {"_embedded": {"contacts": [{"name": "И", **phone("+79120000001")}]}}
    crm.post("/leads/complex", [same] * 4)
    assert crm.post("/leads/complex", [same]).body[0]["merged"] is False


def test_patch_replaces_a_multitext_field_and_tags_add_up():
    crm = Crm()
    crm.post("/contacts", [{"name": "И", **phone("+79120000001")}])
    contact_id = next(iter(crm.emulator.account.contacts))
    crm.ask("PATCH", f"/api/v4/contacts/{contact_id}", {**phone("+79130000002"), "tags_to_add": [{"name": "VIP"}]})
    row = crm.get(f"/contacts/{contact_id}").body
    assert [item["value"] for item in row["custom_fields_values"][0]["values"]] == ["+79130000002"]
    assert [tag["name"] for tag in row["_embedded"]["tags"]] == ["VIP"]
    assert crm.get("/contacts/1").status == 204


def test_tasks_are_filtered_free_of_charge_and_closed():
    crm = Crm()
    crm.post("/leads", [{"name": "а"}, {"name": "б"}])
    first, second = crm.emulator.account.leads
    for lead in (first, second):
        task = {"text": f"т{lead}", "complete_till": 1790000000, "entity_id": lead, "entity_type": "leads"}
        assert crm.post("/tasks", [task]).status == 200
    rows = crm.get(f"/tasks?filter[entity_type]=leads&filter[entity_id][]={second}").body["_embedded"]["tasks"]
    assert [row["text"] for row in rows] == [f"т{second}"]
    crm.ask("PATCH", f"/api/v4/tasks/{rows[0]['id']}", {"is_completed": True, "result": {"text": "готово"}})
    assert crm.get(f"/tasks/{rows[0]['id']}").body["result"] == {"text": "готово"}
    assert crm.post("/tasks", [{"text": "без срока"}]).status == 400


def test_the_eighth_request_in_a_second_is_refused_and_persistence_locks_the_account():
    crm = Crm(rate_per_s=7, breaches=3)
    assert [crm.get("/account").status for _ in range(8)] == [200] * 7 + [429]
    crm.now += 1.001
    assert crm.get("/account").status == 200
    for _ in range(8):
        crm.get("/account")
    crm.now += 60
    assert crm.get("/account").status == 403
    assert crm.get("/account").content_type == "text/html"
    crm.emulator.reset()
    assert crm.get("/account").status == 200


def test_refresh_tokens_work_once_and_access_tokens_a_day():
    crm = Crm()
    refresh = {**CLIENT, "grant_type": "refresh_token", "refresh_token": "demo-refresh"}
    pair = crm.ask("POST", "/oauth2/access_token", refresh).body
    assert crm.ask("POST", "/oauth2/access_token", refresh).status == 401
    assert crm.ask("GET", "/api/v4/account", token=pair["access_token"]).status == 200
    crm.now += 86_401
    assert crm.ask("GET", "/api/v4/account", token=pair["access_token"]).status == 401
    again = {**refresh, "refresh_token": pair["refresh_token"]}
    assert crm.ask("POST", "/oauth2/access_token", again).status == 200
    code = {**CLIENT, "grant_type": "authorization_code", "code": "demo-code"}
    assert [crm.ask("POST", "/oauth2/access_token", code).status for _ in range(2)] == [200, 401]
    assert crm.ask("POST", "/oauth2/access_token", {**code, "client_secret": "x"}).status == 401


def test_a_long_lived_token_ends_at_its_moment():
    crm = Crm()
    crm.emulator.desk.eternal_ends = crm.now + 10
    assert crm.get("/account").status == 200
    crm.now += 10
    assert crm.get("/account").status == 401


def test_who_may_not_see_users():
    assert Crm(admin=False).get("/users").status == 403
    assert Crm().names("/users", "users") == ["Ольга Ким", "Павел Лис"]


def test_notes_belong_to_existing_leads():
    crm = Crm()
    note = {"note_type": "common", "params": {"text": "привет"}}
    assert crm.post("/leads/notes", [{**note, "entity_id": 5}]).status == 400
    crm.post("/leads", [{"name": "а"}])
    lead_id = next(iter(crm.emulator.account.leads))
    assert crm.post(f"/leads/{lead_id}/notes", [note]).status == 200
    assert crm.get(f"/leads/notes?filter[entity_id][]={lead_id}&filter[note_type]=common").status == 200
    assert crm.get("/leads/notes?filter[entity_id][]=5").status == 204


def test_managers_can_move_and_remove():
    crm = Crm()
    crm.post("/leads", [{"name": "а"}])
    lead_id = next(iter(crm.emulator.account.leads))
    crm.now += 5
    crm.emulator.move(lead_id, 142)
    row = crm.get(f"/leads/{lead_id}").body
    assert (row["status_id"], row["updated_at"] - row["created_at"]) == (142, 5)
    crm.emulator.remove_lead(lead_id)
    assert crm.get(f"/leads/{lead_id}").status == 204


def test_companies_are_made_alone_with_a_lead_and_by_a_link():
    crm = Crm()
    [alone] = crm.post("/companies", [{"name": "Стол и стул"}]).body["_embedded"]["companies"]
    [made] = crm.post("/leads/complex", [{"name": "A", "_embedded": {"companies": [{"name": "ООО"}]}}]).body
    assert crm.names("/companies", "companies") == ["Стол и стул", "ООО"]
    assert made["company_id"] is not None
    link = {"to_entity_id": alone["id"], "to_entity_type": "companies"}
    assert crm.post(f"/leads/{made['id']}/link", [link]).status == 200
    assert crm.get(f"/leads/{made['id']}").body["_embedded"]["companies"] == [{"id": alone["id"]}]
    bad = crm.post("/leads/complex", [{"_embedded": {"companies": [{"id": 5}]}}])
    assert bad.body["validation-errors"][0]["errors"][0]["path"] == "_embedded.companies.0.id"
    assert crm.post(f"/leads/{made['id']}/link", [{**link, "to_entity_id": 5}]).status == 400


def test_notes_of_contacts_and_companies_are_lists_of_their_own():
    crm = Crm()
    [contact] = crm.post("/contacts", [{"name": "Анна"}]).body["_embedded"]["contacts"]
    note = {"entity_id": contact["id"], "note_type": "common", "params": {"text": "привет"}}
    assert crm.post("/contacts/notes", [note]).status == 200
    assert crm.get(f"/contacts/{contact['id']}/notes").status == 200
    assert [crm.get(f"/{entity}/notes").status for entity in ("contacts", "leads", "companies")] == [200, 204, 204]
    assert crm.post("/companies/notes", [note]).status == 400


def test_a_file_is_taken_in_parts_and_tied_to_a_lead_without_an_answer():
    crm = Crm()
    lead = crm.post("/leads", [{"name": "A"}]).body["_embedded"]["leads"][0]["id"]
    assert crm.get("/account?with=drive_url").body["drive_url"] == "http://x"
    content = b"\x89PNG" * 200_000
    opened = crm.ask("POST", "/v1.0/sessions", {"file_name": "a.png", "file_size": len(content)}).body
    url, size, answer = opened["upload_url"], opened["max_part_size"], None
    for start in range(0, len(content), size):
        call = Call("POST", url.removeprefix("http://x"), (), AUTHORISED, content[start : start + size])
        answer = crm.emulator.process(call)[0]
        url = answer.body.get("next_url", "")
    assert answer.body["size"] == len(content)
    assert crm.emulator.drive.files[answer.body["uuid"]] == ("a.png", content)
    assert crm.ask("PUT", f"/api/v4/leads/{lead}/files", [{"file_uuid": answer.body["uuid"]}]).status == 202
    assert crm.ask("PUT", f"/api/v4/leads/{lead}/files", [{"file_uuid": "unknown"}]).status == 400


@pytest.mark.parametrize("told", [{}, {"file_name": "a"}, {"file_name": "a", "file_size": 0}, ["x"]])
def test_a_file_without_name_or_size_is_refused(told):
    assert Crm().ask("POST", "/v1.0/sessions", told).status == 400


def test_a_part_that_is_too_large_or_comes_twice_is_refused():
    crm = Crm()
    url = crm.ask("POST", "/v1.0/sessions", {"file_name": "a", "file_size": 600_000}).body["upload_url"]
    path = url.removeprefix("http://x")
    send = lambda body: crm.emulator.process(Call("POST", path, (), AUTHORISED, body))[0].status  # noqa: E731
    assert [send(b"x" * 600_000), send(b"x" * 500_000), send(b"x" * 100_000)] == [400, 202, 400]


def test_kommo_tells_in_json_how_long_to_wait():
    crm = Crm(rate_per_s=1, kommo=True)
    crm.get("/account")
    limited = crm.get("/account")
    assert (limited.status, limited.body["retry_after"]) == (429, 1)
