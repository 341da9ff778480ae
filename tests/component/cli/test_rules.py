"""Rules, assignment and reading back, through the program: mails in a folder, two emulated Salesforce orgs."""

import json
from contextlib import ExitStack

import pytest

from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.salesforce_schema import SfField
from mailbridge.testing.server import serve

BASE = """
[ledger]
url = "sqlite:///ledger.db"
[log]
format = "json"
level = "WARNING"
[run]
parse_workers = 0
[mailboxes.box]
type = "directory"
path = "mails"
"""
ORG = """
[sinks.{name}]
type = "salesforce"
url = "{url}"
token = "demo-token"
rate_per_s = 1000
timeout_s = 5
server_acts_s = 0
search_lag_s = 0
"""


@pytest.fixture
def orgs(office):
    """Two orgs; `configure` takes the further lines of each sink's table."""
    with ExitStack() as stack:
        made = {name: SalesforceEmulator() for name in ("sales", "care")}
        urls = {name: stack.enter_context(serve(org)) for name, org in made.items()}

        def configure(sales="", care=None):
            text = BASE + ORG.format(name="sales", url=urls["sales"]) + sales
            if care is not None:
                text += ORG.format(name="care", url=urls["care"]) + care
            office.configure(text)

        office.rules = configure
        office.crms = made
        yield office


def leads(office, name="sales"):
    return list(office.crms[name].store.rows["Lead"].values())


def owners(office):
    """Return the owners of the leads, in the order of the mails."""
    return [row["OwnerId"] for row in sorted(leads(office), key=lambda row: row["Email"])]


def once(office, *more):
    code, _, err = office.run("run", "--once", "--new", *more)
    return code, err


def interests(office):
    _, out, _ = office.run("interests", "list", "--json")
    return [json.loads(line) for line in out.splitlines()]


def test_each_sink_gets_what_its_rules_ask_for(orgs):
    orgs.rules(sales='when = { text = "number 1" }', care='unless = [{ text = "number 2" }, { network = "vk" }]')
    for number in (1, 2, 3):
        orgs.arrive(number)
    assert once(orgs)[0] == 0
    assert [row["Email"] for row in leads(orgs, "sales")] == ["p1@example.com"]
    assert sorted(row["Email"] for row in leads(orgs, "care")) == ["p1@example.com", "p3@example.com"]
    code, out, _ = orgs.run("audit", "--since", "7d")
    assert code == 0, out


def test_people_take_turns_over_runs(orgs):
    olga, api = (orgs.crms["sales"].store.owner(name) for name in ("Olga", "Api"))
    orgs.rules(sales=f'assign = {{ users = ["{olga}", "{api}"] }}')
    for number in (1, 2, 3):
        orgs.arrive(number)
        assert once(orgs)[0] == 0
    assert owners(orgs) == [olga, api, olga]


def test_whoever_has_least_to_do_by_the_crm(orgs):
    org = orgs.crms["sales"]
    olga, api = (org.store.owner(name) for name in ("Olga", "Api"))
    for number in range(3):
        org.store.put("Lead", LastName=f"Old {number}", Email=f"z{number}@example.com", OwnerId=olga)
    orgs.rules(sales=f'assign = {{ how = "least_loaded", users = ["{olga}", "{api}"] }}')
    for number in (1, 2, 3, 4):
        orgs.arrive(number)
    assert once(orgs)[0] == 0
    assert sorted(owners(orgs)[:3]) == [api, api, api]


def test_a_user_who_was_deleted_is_passed_over_and_the_fallback_gets_it(orgs):
    org = orgs.crms["sales"]
    olga, gone = (org.store.owner(name) for name in ("Olga", "Gone"))
    orgs.rules(sales=f'assign = {{ users = ["{gone}"], fallback = "{olga}" }}')
    orgs.arrive(1)
    code, err = once(orgs)
    assert code == 0, err
    assert owners(orgs) == [olga]
    assert "user_gone" in err
    (key,) = orgs.keys("sales")
    shown = json.loads(orgs.run("deliveries", "show", key, "--json")[1])
    assert shown["responsible"] == olga
    code, out, _ = orgs.run("check", "--connect", "--json")
    told = json.loads(out.splitlines()[-1])
    assert (code, told["ok"]) == (77, False)
    assert gone in told["about"]
    assert olga not in told["about"]


def test_a_user_who_is_deleted_between_two_looks_is_refused_and_passed_over(orgs):
    org = orgs.crms["sales"]
    olga, api = (org.store.owner(name) for name in ("Olga", "Api"))
    orgs.rules(sales=f'assign = {{ users = ["{olga}"], fallback = "{api}" }}')
    orgs.arrive(1)
    assert once(orgs)[0] == 0
    org.store.rows["User"][olga[:15]]["IsActive"] = False
    orgs.arrive(2)
    code, err = once(orgs)
    assert code == 0, err
    assert owners(orgs) == [olga, api]
    assert "INACTIVE_OWNER_OR_USER" in err


def test_a_further_interest_of_a_person_goes_to_the_open_lead_and_its_manager(orgs):
    org = orgs.crms["sales"]
    org.store.objects["Task"].add(SfField("MB_Task__c", length=60, external_id=True, unique=True))
    olga, api = (org.store.owner(name) for name in ("Olga", "Api"))
    assign = f'assign = {{ users = ["{olga}", "{api}"] }}\n'
    orgs.rules(sales=f'{assign}same_person = "append"\ntask = {{ key_field = "MB_Task__c" }}')
    orgs.arrive(1)
    assert once(orgs)[0] == 0
    again = orgs.folder / "mails" / "again.eml"
    text = (orgs.folder / "mails" / "1.eml").read_text()
    again.write_text(text.replace("<1@", "<1b@").replace("How much is number 1?", "And do you deliver?"))
    assert once(orgs)[0] == 0
    assert len(leads(orgs)) == 1
    tasks = list(org.store.rows["Task"].values())
    assert [task["OwnerId"] for task in tasks] == [olga, olga]
    assert "And do you deliver?" in tasks[1]["Description"]
    assert orgs.run("audit", "--since", "7d")[0] == 0


def test_what_a_manager_did_is_shown_with_the_interest(orgs):
    org = orgs.crms["sales"]
    orgs.rules(sales="read_back = { every_s = 0.01 }")
    orgs.arrive(1)
    assert once(orgs)[0] == 0
    (lead,) = leads(orgs)
    lead.update(Status="Working - Contacted", OwnerId=org.store.owner("Olga"))
    assert once(orgs)[0] == 0
    (interest,) = interests(orgs)
    assert (interest["responsible"], interest["processed"]) == ("Olga", True)
    assert interest["processed_at"] is not None
    _, table, _ = orgs.run("interests", "list")
    assert "Olga" in table


def test_reading_back_that_is_refused_holds_up_nothing(orgs):
    org = orgs.crms["sales"]
    orgs.rules(sales="read_back = { every_s = 0.01 }")
    orgs.arrive(1)
    assert once(orgs)[0] == 0
    del org.store.objects["ContentDocumentLink"]
    orgs.arrive(2)
    code, err = once(orgs)
    assert code == 0
    assert "read_back_failed" in err
    assert len(leads(orgs)) == 2


def test_the_other_interests_of_the_person_are_named_with_one(orgs):
    orgs.rules()
    for number in (1, 2):
        orgs.arrive(number)
    again = orgs.folder / "mails" / "again.eml"
    text = (orgs.folder / "mails" / "1.eml").read_text()
    again.write_text(text.replace("<1@", "<1b@").replace("How much is number 1?", "And do you deliver?"))
    assert once(orgs)[0] == 0
    first, second = (one["id"] for one in interests(orgs) if one["author"]["email"] == "p1@example.com")
    shown = json.loads(orgs.run("interests", "show", first, "--json")[1])
    assert shown["same_person"] == [second]


REPLIES = """
[[replies]]
when = { text = "number 1" }
text = "Hello {{ author.email }}, about your {{ word('kind') }}:"
[[replies]]
when = { text = "number 2" }
text = "{{ text | epoch }}"
"""


def test_a_ready_reply_stands_on_the_card_that_its_rule_holds_for(orgs):
    orgs.rules(sales='language = "en"\n' + REPLIES)
    for number in (1, 2, 3):
        orgs.arrive(number)
    code, out, _ = orgs.run("replay", "mails", "--json")
    assert (code, out.count("Ready reply:\\nHello p1@example.com")) == (0, 1)
    code, err = once(orgs)
    assert code == 0
    told = {row["Email"]: row["Description"] for row in leads(orgs)}
    assert "\nReady reply:\nHello p1@example.com, about your " in told["p1@example.com"]
    assert not any("Ready reply" in told[email] for email in ("p2@example.com", "p3@example.com"))
    (failed,) = [json.loads(line) for line in err.splitlines() if "reply_failed" in line]
    assert failed["rule"] == "replies.1"
    assert "number 2" not in err


def test_a_ready_reply_that_names_what_is_not_there_is_told_with_its_key(orgs):
    orgs.rules(sales=REPLIES.replace("author.email", "autor.email"))
    code, _, err = orgs.run("check")
    assert code == 78
    assert "[replies.0] text: " in err
    assert "'autor'" in err
