import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from mailbridge.testing.bitrix24 import Bitrix24Emulator, shown
from mailbridge.testing.bitrix24_data import CONTACT, DEAL, LEAD
from mailbridge.testing.bitrix24_php import parse_query, substitute
from mailbridge.testing.emulator import Call

FIXTURES = Path(__file__).parents[3] / "fixtures" / "crm" / "bitrix24"


class Clock:
    now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def emulator(clock):
    return Bitrix24Emulator(clock=clock)


def post(emulator, path, body, client="10.0.0.1"):
    headers = {"content-type": "application/json", "host": "portal.example"}
    path = path if path.startswith("/") else f"/rest/1/{emulator.token}/{path}"
    return emulator.handle(Call("POST", path, (), headers, json.dumps(body).encode(), client))


def result(emulator, method, **params):
    answer = post(emulator, method, params)
    assert answer.status == 200, answer.body
    return answer.body["result"]


def add(emulator, kind=LEAD, **fields):
    return result(emulator, "crm.item.add", entityTypeId=kind, fields=fields)["item"]["id"]


def contains(actual, wanted, where="body"):
    """Fail unless all of `wanted` stands in `actual`; maps may hold more."""
    if isinstance(wanted, dict) and isinstance(actual, dict):
        for key, value in wanted.items():
            assert key in actual, f"{where}.{key} is missing"
            contains(actual[key], value, f"{where}.{key}")
    elif isinstance(wanted, list) and isinstance(actual, list) and len(wanted) == len(actual):
        for place, (one, other) in enumerate(zip(actual, wanted, strict=True)):
            contains(one, other, f"{where}[{place}]")
    else:
        assert actual == wanted, where


@pytest.mark.parametrize("case", sorted(path.name for path in FIXTURES.iterdir()))
def test_answers_are_those_of_the_documentation(emulator, case):
    request = json.loads((FIXTURES / case / "request.json").read_text("utf-8"))
    response = json.loads((FIXTURES / case / "response.json").read_text("utf-8"))
    for earlier in request["given"]:
        assert post(emulator, earlier["path"], earlier["body"]).status == 200
    answer = post(emulator, request["path"], request["body"])
    assert answer.status == response["status"]
    contains(answer.body, response["body"])
    if answer.status == 200:
        assert {"start", "finish", "duration", "date_start"} <= answer.body["time"].keys()


def test_unknown_fields_are_silently_ignored(emulator):
    add(emulator, title="x", misspelt="y", id=77)
    assert "misspelt" not in emulator.portal.items[LEAD][1]


def test_origins_are_not_unique(emulator):
    for _ in range(2):
        add(emulator, title="x", originatorId="mailbridge", originId="mb1-a")
    assert emulator.keys() == {"mb1-a": ["1", "2"]}


def test_lists_have_pages_of_fifty(emulator):
    for number in range(120):
        add(emulator, title=f"№ {number}")
    pages = [post(emulator, "crm.item.list", {"entityTypeId": 1, "start": start}).body for start in (0, 50, 100, -1)]
    assert [len(page["result"]["items"]) for page in pages] == [50, 50, 20, 50]
    assert [page.get("next") for page in pages] == [50, 100, None, None]
    assert [page.get("total") for page in pages] == [120, 120, 120, None]
    assert pages[1]["result"]["items"][0]["id"] == 51


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ({"title": "б"}, [2]),
        ({"=title": "б"}, [2]),
        ({"!=title": "б"}, [1, 3]),
        ({"!title": "б"}, [1, 3]),
        ({"@id": [1, 3]}, [1, 3]),
        ({"!@id": ["1", "3"]}, [2]),
        ({">id": 1}, [2, 3]),
        ({">=id": "3"}, [3]),
        ({"<id": 2}, [1]),
        ({"<=id": 2}, [1, 2]),
        ({"%title": "Б"}, [2, 3]),
        ({"!%title": "б"}, [1]),
        ({"=%title": "б%"}, [2, 3]),
        ({">id": 1, "=title": "а"}, []),
        ({"0": {"logic": "OR", "0": {"id": 1}, "1": {"=title": "бв"}}}, [1, 3]),
        ({"@id": []}, []),
        ([], [1, 2, 3]),
    ],
)
def test_filters(emulator, condition, ids):
    for title in ("а", "б", "бв"):
        add(emulator, title=title)
    rows = result(emulator, "crm.item.list", entityTypeId=1, filter=condition, select=["id"])["items"]
    assert rows == [{"id": number} for number in ids]


def test_order_and_selection(emulator):
    for title in ("а", "б"):
        add(emulator, title=title, fm=[{"typeId": "PHONE", "value": "1"}])
    rows = result(emulator, "crm.item.list", entityTypeId=1, order={"id": "DESC"}, select=["title", "fm"])["items"]
    assert rows == [{"id": 2, "title": "б"}, {"id": 1, "title": "а"}]
    assert "fm" in result(emulator, "crm.item.list", entityTypeId=1, select=["*"])["items"][0]


def test_phones_and_addresses_of_a_contact_change_by_their_ids(emulator):
    contact = add(
        emulator, CONTACT, name="А", fm=[{"typeId": "PHONE", "value": "1"}, {"typeId": "EMAIL", "value": "a@b"}]
    )
    fm = {
        "1": {"typeId": "PHONE", "value": ""},
        "2": {"typeId": "EMAIL", "value": "c@d"},
        "n0": {"typeId": "PHONE", "value": "3"},
        "n1": {"value": "no type: nothing happens"},
    }
    result(emulator, "crm.item.update", entityTypeId=3, id=contact, fields={"fm": fm, "name": "Б"})
    item = result(emulator, "crm.item.get", entityTypeId=3, id=contact)["item"]
    assert (item["name"], [line["value"] for line in item["fm"]]) == ("Б", ["c@d", "3"])


@pytest.mark.parametrize("number", ["+7 912 345-67-89", "8(912)3456789", "79123456789#12"])
def test_phones_are_compared_by_digits(emulator, number):
    contact = add(emulator, CONTACT, name="А", fm=[{"typeId": "PHONE", "value": "+79123456789"}])
    assert result(emulator, "crm.duplicate.findbycomm", type="PHONE", values=[number]) == {"CONTACT": [contact]}


def test_twenty_leads_hide_the_contact(emulator):
    fm = [{"typeId": "EMAIL", "value": "a@b.example"}]
    for _ in range(25):
        add(emulator, title="x", fm=fm)
    add(emulator, CONTACT, name="А", fm=fm)
    found = result(emulator, "crm.duplicate.findbycomm", type="EMAIL", values=["A@b.example"])
    assert {kind: len(ids) for kind, ids in found.items()} == {"LEAD": 20}


def test_a_lead_in_simple_mode_becomes_deal_and_contact(emulator):
    emulator.switches.simple = True
    lead = add(emulator, title="x", name="Иван", originId="mb1-a")
    assert emulator.portal.items[LEAD][lead]["stageId"] == "CONVERTED"
    assert emulator.portal.items[CONTACT][1]["name"] == "Иван"
    assert emulator.portal.items[DEAL][1]["contactId"] == 1
    assert result(emulator, "crm.settings.mode.get") == 2


def test_the_bucket_is_counted_per_address_and_drains(emulator, clock):
    emulator.switches.limited = True
    statuses = [post(emulator, "profile", {}).status for _ in range(52)]
    assert statuses == [200] * 50 + [503] * 2
    assert post(emulator, "profile", {}, client="10.0.0.2").status == 200
    clock.now += 1
    assert [post(emulator, "profile", {}).status for _ in range(3)] == [200, 200, 503]


def test_a_batch_is_one_hit_of_the_bucket(emulator):
    emulator.switches.limited = True
    commands = {f"c{number}": "profile" for number in range(50)}
    assert [post(emulator, "batch", {"cmd": commands}).status for _ in range(51)] == [200] * 50 + [503]


def test_a_method_is_blocked_after_its_time_and_others_are_not(emulator, clock):
    emulator.operating.cost_s = 100
    times = [post(emulator, "profile", {}).body["time"] for _ in range(5)]
    assert [time["operating"] for time in times] == [100, 200, 300, 400, 500]
    blocked = post(emulator, "profile", {})
    assert (blocked.status, blocked.body["error"]) == (429, "OPERATION_TIME_LIMIT")
    assert post(emulator, "crm.settings.mode.get", {}).status == 200
    clock.now = times[-1]["operating_reset_at"]
    assert post(emulator, "profile", {}).status == 200


def test_inside_a_batch_only_the_blocked_command_fails(emulator):
    emulator.operating.cost_s = 300
    body = {"cmd": {"a": "profile", "b": "profile", "c": "profile", "d": "crm.settings.mode.get"}}
    parts = result(emulator, "batch", **body)
    assert parts["result"].keys() == {"a", "b", "d"}
    assert parts["result_error"]["c"]["error"] == "OPERATION_TIME_LIMIT"
    assert parts["result_time"]["a"]["operating_reset_at"]


def test_more_than_fifty_commands_each_fail(emulator):
    parts = result(emulator, "batch", cmd={f"c{number}": "profile" for number in range(52)})
    assert len(parts["result"]) == 50
    assert {error["error"] for error in parts["result_error"].values()} == {"ERROR_BATCH_LENGTH_EXCEEDED"}


def test_a_reference_to_a_failed_command_is_nothing_so_the_lead_is_unlinked(emulator):
    cmd = {
        "c": "crm.item.add?entityTypeId=3&fields[post]=x",
        "l": "crm.item.add?entityTypeId=1&fields[contactId]=$result[c][item][id]",
    }
    parts = result(emulator, "batch", cmd=cmd)
    assert parts["result_error"]["c"]["error"] == "CRM_FIELD_ERROR_REQUIRED"
    assert parts["result"]["l"]["item"]["contactId"] is None


@pytest.mark.parametrize("encoding", ["query", "form"])
def test_forms_and_addresses_are_read_like_json(emulator, encoding):
    pairs = [
        ("entityTypeId", "1"),
        ("fields[title]", "A & Б"),
        ("fields[fm][0][typeId]", "PHONE"),
        ("fields[fm][0][value]", "1"),
    ]
    path = f"/rest/1/{emulator.token}/crm.item.add.json"
    if encoding == "query":
        call = Call("GET", path, tuple(pairs), {}, b"")
    else:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        call = Call("POST", path, (), kind, urlencode(pairs).encode())
    emulator.handle(call)
    lead = emulator.portal.items[LEAD][1]
    assert (lead["title"], lead["fm"][0]["value"]) == ("A & Б", "1")


def test_a_moved_portal_answers_with_its_new_address(emulator):
    emulator.switches.moved_to = "https://new.example"
    answer = post(emulator, "profile", {})
    assert (answer.status, answer.headers["location"]) == (302, "https://new.example/rest/1/demo-token/profile")


def test_a_webhook_that_has_ended_opens_nothing(emulator):
    emulator.switches.webhook_ended = True
    answer = post(emulator, "crm.item.fields", {"entityTypeId": 1})
    assert (answer.status, answer.body["error"]) == (401, "expired_token")


def test_a_right_is_needed(emulator):
    emulator.switches.scopes = frozenset({"crm"})
    answer = post(emulator, "user.get", {})
    assert (answer.status, answer.body["error"]) == (403, "insufficient_scope")


def test_reset_forgets_everything_but_the_switches(emulator):
    emulator.switches.scopes = frozenset({"crm"})
    add(emulator, title="x", originId="mb1-a")
    emulator.reset()
    assert not emulator.keys()
    assert add(emulator, title="x") == 1
    assert emulator.switches.scopes == frozenset({"crm"})


def test_writes_are_told_from_reads_although_both_are_posts(emulator):
    def is_write(method, body):
        path = f"/rest/1/{emulator.token}/{method}"
        return emulator.writes(Call("POST", path, (), {"content-type": "application/json"}, json.dumps(body).encode()))

    assert is_write("crm.item.add", {})
    assert is_write("batch", {"cmd": {"a": "profile", "b": "crm.item.update?id=1"}})
    assert not is_write("crm.item.list", {})
    assert not is_write("batch", {"cmd": {"a": "crm.duplicate.findbycomm?type=PHONE"}})


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("a=1&b[c][d]=2&b[c][e]=3", {"a": "1", "b": {"c": {"d": "2", "e": "3"}}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[0]=x&a[2]=y", {"a": {"0": "x", "2": "y"}}),
        ("a=1&a=2", {"a": "2"}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("filter[%3Did]=5&b=%26+%2B", {"filter": {"=id": "5"}, "b": "& +"}),
        ("a.b=1&=2&&c", {"a_b": "1", "c": ""}),
        ("a[b=1", {"a_b": "1"}),
    ],
)
def test_queries_are_read_as_php_reads_them(query, read):
    assert parse_query(query) == read


def test_references_take_the_type_they_refer_to():
    results = {"c": {"item": {"id": 5, "ids": [1, 2]}}}
    assert substitute("$result[c][item][id]", results) == 5
    assert substitute("№ $result[c][item][ids][1]!", results) == "№ 2!"
    assert substitute({"a": ["$result[x][y]"]}, results) == {"a": [""]}


def test_what_a_person_sees_has_no_working_markup():
    assert shown("[b]жирно[/b] [url=https://evil.example]тут[/url] <script>x</script> [0]") == "жирно тут x [0]"


def test_the_stage_history_tells_every_stage_a_lead_was_in(emulator):
    first, second = add(emulator, title="one"), add(emulator, title="two")
    result(emulator, "crm.item.update", entityTypeId=LEAD, id=first, fields={"stageId": "JUNK"})
    result(emulator, "crm.item.update", entityTypeId=LEAD, id=first, fields={"title": "same stage"})
    rows = result(emulator, "crm.stagehistory.list", entityTypeId=LEAD, order={"ID": "ASC"})["items"]
    told = [(row["OWNER_ID"], row["STATUS_ID"], row["STAGE_SEMANTIC_ID"], row["TYPE_ID"]) for row in rows]
    assert told == [(first, "NEW", "P", 1), (second, "NEW", "P", 1), (first, "JUNK", "F", 2)]
    later = result(emulator, "crm.stagehistory.list", entityTypeId=LEAD, filter={">ID": rows[1]["ID"]})["items"]
    assert [row["STATUS_ID"] for row in later] == ["JUNK"]
    assert post(emulator, "crm.stagehistory.list", {"entityTypeId": CONTACT}).status == 400
