import copy
import json

import pytest


@pytest.fixture
def settled(crms):
    """Three mails, delivered into a file and three CRMs."""
    for number in (1, 2, 3):
        crms.arrive(number)
    code, _, err = crms.run("run", "--once", "--new")
    assert code == 0, err
    return crms


def audit(office, *arguments):
    """Return the exit code, and (what, where, name) of every difference with what is said about it."""
    code, out, err = office.run("audit", "--json", *arguments)
    rows = [json.loads(line) for line in out.splitlines()]
    return code, {(row["what"], row["where"], row["name"]): row["about"] for row in rows}, err


def test_when_all_agree_nothing_is_said_and_nothing_is_written(settled):
    tables = ("delivery", "mail", "place", "transition", "step", "attempt", "node")

    def everything():
        return {table: settled.sql(f"SELECT * FROM {table}") for table in tables}

    before = everything(), {name: crm.counts() for name, crm in settled.crms.items()}
    code, found, err = audit(settled)
    assert (code, found) == (0, {}), err
    assert before == (everything(), {name: crm.counts() for name, crm in settled.crms.items()})


def test_the_table_for_people(settled):
    code, out, err = settled.run("audit")
    assert (code, out.strip()) == (0, "nothing to show")
    assert "0 differences since" in err
    settled.crms["amo"].remove_lead(int(settled.crms["amo"].keys()[settled.keys("amo")[0]][0]))
    code, out, _ = settled.run("audit")
    assert code == 65
    assert "missing" in out
    assert "sink amo" in out


def test_a_mail_that_the_ledger_does_not_know(settled):
    settled.sql("DELETE FROM place WHERE uid = (SELECT min(uid) FROM place)")
    code, found, _ = audit(settled)
    assert code == 65
    ((what, where, name),) = found
    assert (what, where) == ("missing", "mailbox box")
    assert name.startswith("0/")
    assert "not in the ledger" in found[what, where, name]


def test_a_mail_that_came_a_moment_ago_is_not_missed_and_one_before_since_neither(settled):
    settled.arrive("young", age_s=0)
    settled.arrive("old", age_s=9 * 86_400)
    assert audit(settled)[0] == 0
    assert audit(settled, "--since", "10d")[0] == 65


def test_an_interest_without_a_delivery(settled):
    key = settled.keys("bitrix")[1]
    interest = settled.sql("SELECT interest_id FROM delivery WHERE key = ?", key)[0][0]
    settled.sql("DELETE FROM transition WHERE delivery_id = (SELECT id FROM delivery WHERE key = ?)", key)
    settled.sql("DELETE FROM delivery WHERE key = ?", key)
    code, found, _ = audit(settled)
    assert code == 65
    assert list(found) == [("missing", "sink bitrix", interest)]


def test_a_sink_that_does_not_want_it_or_came_later_misses_nothing(settled):
    config = settled.folder / "config.toml"
    late = '[sinks.late]\ntype = "jsonl"\npath = "late.jsonl"\n'
    config.write_text(config.read_text() + late)
    assert audit(settled)[0] == 0
    settled.sql("DELETE FROM delivery WHERE sink = 'file' AND id > (SELECT min(id) FROM delivery WHERE sink = 'file')")
    assert audit(settled)[0] == 65
    config.write_text(config.read_text().replace('path = "out.jsonl"', 'path = "out.jsonl"\nnetworks = ["vk"]'))
    assert audit(settled)[0] == 0


def remove(crm, name, remote_id):
    """Delete a lead as a person does in the CRM."""
    if name == "amo":
        crm.remove_lead(int(remote_id))
    elif name == "bitrix":
        del crm.portal.items[1][int(remote_id)]
    else:
        del crm.store.rows["Lead"][remote_id[:15]]


def double(crm, name, remote_id):
    """Plant a second lead with the same key, as a lost fence would; return its id."""
    if name == "bitrix":
        crm.portal.items[1][990_001] = {**copy.deepcopy(crm.portal.items[1][int(remote_id)]), "id": 990_001}
        return "990001"
    lead = crm.account.leads[int(remote_id)]
    values = [{"field_id": one["field_id"], "values": one["values"]} for one in lead["custom_fields_values"]]
    return str(crm.records.add_lead({"name": lead["name"], "custom_fields_values": values})["id"])


def test_objects_that_are_gone_from_the_crm(settled):
    expected = {}
    for name, crm in settled.crms.items():
        key = settled.keys(name)[1]
        (remote_id,) = crm.keys()[key]
        remove(crm, name, remote_id)
        expected["missing", f"sink {name}", key] = f"delivered as {remote_id}; under this key the CRM has nothing"
    assert audit(settled)[:2] == (65, expected)


def test_two_objects_with_one_key(settled):
    expected = {}
    for name in ("amo", "bitrix"):
        crm, key = settled.crms[name], settled.keys(name)[1]
        (remote_id,) = crm.keys()[key]
        other = double(crm, name, remote_id)
        expected["doubled", f"sink {name}", key] = f"the CRM has 2 objects with this key: {remote_id}, {other}"
    assert audit(settled)[:2] == (65, expected)


def test_two_lines_with_one_key(settled):
    out = settled.folder / "out.jsonl"
    first = out.read_text().splitlines(keepends=True)[0]
    with out.open("a") as file:
        file.write(first)
    assert list(audit(settled)[1]) == [("doubled", "sink file", json.loads(first)["key"])]


def test_what_the_ledger_gave_up_and_the_crm_has(settled):
    expected = set()
    for name in ("amo", "bitrix", "salesforce", "file"):
        for key, state in zip(settled.keys(name), ("cancelled", "dead"), strict=False):
            settled.sql("UPDATE delivery SET state = ?, remote_id = NULL WHERE key = ?", state, key)
            expected.add(("orphaned", f"sink {name}", key))
    code, found, _ = audit(settled)
    assert code == 65
    assert set(found) == expected
    assert {about.split(" in the ledger")[0] for about in found.values()} == {"cancelled", "dead"}


def test_what_was_given_up_and_is_not_there_is_fine(settled):
    key = settled.keys("amo")[0]
    remove(settled.crms["amo"], "amo", settled.crms["amo"].keys()[key][0])
    settled.sql("UPDATE delivery SET state = 'cancelled' WHERE key = ?", key)
    assert audit(settled)[0] == 0


def test_what_a_person_resolved_need_not_carry_the_key(settled):
    key = settled.keys("amo")[0]
    remove(settled.crms["amo"], "amo", settled.crms["amo"].keys()[key][0])
    settled.sql("UPDATE delivery SET state = 'dead' WHERE key = ?", key)
    settled.run("deliveries", "resolve", key, "--remote-id", "4711")
    assert audit(settled)[0] == 0


@pytest.fixture
def suspected(settled):
    """Plant a result that came back after its lease; return the key of its delivery."""

    def go(step, remote_id, seen_at=1e9):
        key = settled.keys("amo")[0]
        insert = "INSERT INTO suspect (delivery_id, step, remote_id, node, seen_at) SELECT id, ?, ?, 'n', ?"
        settled.sql(f"{insert} FROM delivery WHERE key = ?", step, remote_id, seen_at, key)
        return key

    return go


def verdicts(office):
    return [verdict for (verdict,) in office.sql("SELECT verdict FROM suspect WHERE resolved_at IS NOT NULL")]


@pytest.mark.parametrize("step", ["lead", "delivery"])
def test_a_result_that_came_back_late_and_is_the_only_object_is_cleared(settled, suspected, step):
    suspected(step, "77")
    assert audit(settled)[0] == 0
    assert verdicts(settled) == ["audit: one object carries the key"]


def test_a_result_that_a_search_had_found_before_it_came_back_is_cleared(settled, suspected):
    steps = settled.sql("SELECT name, remote_id FROM step WHERE delivery_id = 1 OR delivery_id IN "
                        "(SELECT id FROM delivery WHERE key = ?)", settled.keys("amo")[0])  # fmt: skip
    assert len(steps) > 1
    for name, remote_id in steps:
        if settled.sql(
            "SELECT 1 FROM step JOIN delivery d ON d.id = delivery_id WHERE sink = 'amo' AND name = ?", name
        ):
            suspected(name, remote_id)
    assert audit(settled)[0] == 0
    assert set(verdicts(settled)) == {"audit: the object that the ledger knows"}


def test_a_result_that_came_back_late_is_told_however_old_until_a_person_has_looked(settled, suspected):
    key = suspected("note", "77")
    assert list(audit(settled, "--since", "1h")[1]) == [("doubled", "sink amo", key)], "no sink counts notes"
    remote_id = settled.crms["amo"].keys()[key][0]
    code, out, err = settled.run("deliveries", "list", "--suspect", "--json")
    assert (code, [(one["key"], one["suspects"]) for one in map(json.loads, out.splitlines())]) == (0, [(key, 1)]), err
    assert settled.run("deliveries", "resolve", key, "--remote-id", remote_id)[0] == 0
    assert audit(settled)[0] == 0
    assert verdicts(settled) == [f"resolved by hand: it is {remote_id}"]
    assert settled.run("deliveries", "list", "--suspect", "--json")[1] == ""


def test_a_second_object_stays_suspect_until_it_is_merged(settled, suspected):
    crm = settled.crms["amo"]
    key = settled.keys("amo")[0]
    other = double(crm, "amo", crm.keys()[key][0])
    suspected("lead", other)
    assert list(audit(settled)[1]) == [("doubled", "sink amo", key)]
    assert audit(settled)[0] == 65
    remove(crm, "amo", other)
    assert audit(settled)[0] == 0
    assert verdicts(settled) == ["audit: one object carries the key"]


def test_a_search_may_not_see_a_second_object_yet(settled, suspected):
    suspected("lead", "77", seen_at=4e9)
    assert audit(settled)[0] == 65
    assert verdicts(settled) == []


def test_a_crm_that_can_not_be_asked_does_not_hide_what_the_others_say(settled):
    remove(settled.crms["bitrix"], "bitrix", settled.crms["bitrix"].keys()[settled.keys("bitrix")[0]][0])
    config = settled.folder / "config.toml"
    text = config.read_text()
    config.write_text(text.replace(settled.addresses["amo"], "http://127.0.0.1:1"))
    code, found, err = audit(settled)
    assert code == 69
    assert [where for _, where, _ in found] == ["sink bitrix"]
    assert "sink amo could not be asked" in err
    config.write_text(text.replace("demo-token", "wrong-token"))
    code, _, err = audit(settled)
    assert code == 77
    assert "wrong-token" not in err


def test_a_mailbox_that_can_not_be_read(settled):
    (settled.folder / "mails").rename(settled.folder / "elsewhere")
    code, found, err = audit(settled)
    assert code == 74
    assert found == {}
    assert "mailbox box could not be asked" in err
