"""Mails through the whole pipeline again, through the real command line: shown, delivered once, never taken back."""

import json

import pytest

from mailbridge.cli import replay_work
from mailbridge.sdk import TemplateChanged
from mailbridge.testing.emulator import Fault
from mailbridge_parsers.direct import DirectParser

SECOND = '[sinks.second]\ntype = "jsonl"\npath = "second.jsonl"\nserver_acts_s = 0\nsearch_lag_s = 0\n'


@pytest.fixture
def mails(office):
    for number in (1, 2, 3):
        office.arrive(number)
    return office


@pytest.fixture
def delivered(mails):
    code, _, err = mails.run("run", "--once", "--new")
    assert code == 0, err
    return mails


def rows(said):
    code, out, err = said
    assert code == 0, err
    return [json.loads(line) for line in out.splitlines()]


def keys_in(office, name="out.jsonl"):
    file = office.folder / name
    return [json.loads(line)["key"] for line in file.read_text().splitlines()] if file.exists() else []


def add_sink(office):
    office.configure((office.folder / "config.toml").read_text() + SECOND)


def reads_otherwise(monkeypatch, **update):
    """Let a newer parser read something else."""
    old = DirectParser.parse

    def parse(self, mail):
        return [one.model_copy(update=update) for one in old(self, mail)]

    monkeypatch.setattr(DirectParser, "parse", parse)


def fails(monkeypatch):
    def parse(_self, _mail):
        raise TemplateChanged("no_author", "nobody is named")

    monkeypatch.setattr(DirectParser, "parse", parse)


def test_without_deliver_nothing_is_written_anywhere(mails):
    found = rows(mails.run("replay", "mails", "--json"))
    assert [row["path"] for row in found] == ["mails/1.eml", "mails/2.eml", "mails/3.eml"]
    for row in found:
        delivery = row["deliveries"][0]
        assert (delivery["sink"], delivery["state"], delivery["remote_id"]) == ("file", "new", None)
        request = row["requests"][delivery["key"]][0]
        assert (request["step"], request["method"]) == ("line", "APPEND")
        assert delivery["key"] in request["body"][0]
    assert {path.name for path in mails.folder.iterdir()} == {"config.toml", "mails"}


def test_people_see_what_would_be_written(mails):
    code, out, err = mails.run("replay", "mails/2.eml")
    assert code == 0
    assert "Person 2" in out
    assert "line: APPEND out.jsonl" in out
    assert "nothing was written" in err


def test_delivered_once_however_often_it_is_replayed(mails):
    first = rows(mails.run("replay", "mails", "--deliver", "--new", "--json"))
    assert [row["deliveries"][0]["state"] for row in first] == ["delivered"] * 3
    assert len(set(keys_in(mails))) == len(keys_in(mails)) == 3
    again = rows(mails.run("replay", "mails", "--deliver", "--json"))
    assert [row["deliveries"] for row in again] == [row["deliveries"] for row in first]
    assert rows(mails.run("replay", "--from-ledger", "--deliver", "--json")) != []
    assert mails.run("run", "--once")[0] == 0, "the same mails come from the mailbox too"
    assert len(keys_in(mails)) == 3
    assert mails.sql("SELECT count(*), sum(state = 'parsed') FROM mail") == [(3, 3)]


def test_a_lost_ledger_is_searched_before_anything_is_made(mails):
    mails.run("replay", "mails", "--deliver", "--new")
    mails.ledger.unlink()
    assert mails.run("replay", "mails", "--deliver")[0] == 0
    assert len(keys_in(mails)) == 3
    assert mails.sql("SELECT DISTINCT state FROM delivery") == [("delivered",)]


def test_what_was_sent_gets_new_deliveries_only_when_they_are_wanted_and_lists_them_first(delivered):
    add_sink(delivered)
    assert delivered.run("run", "--once")[0] == 0
    shown = rows(delivered.run("replay", "--from-ledger", "--json"))
    assert [one["state"] for row in shown for one in row["deliveries"]] == ["delivered", "new"] * 3
    assert keys_in(delivered, "second.jsonl") == []
    code, out, err = delivered.run("replay", "--from-ledger", "--deliver")
    assert code == 0
    made = keys_in(delivered, "second.jsonl")
    assert len(made) == 3
    assert all(f"sent before, new now: second {key}" in err for key in made)
    assert err.index("sent before") < err.index("mails read")
    assert out.count("second: delivered") == 3
    assert len(keys_in(delivered)) == 3


def test_only_the_named_sinks_and_mails(mails):
    add_sink(mails)
    mails.run("replay", "mails", "--deliver", "--new", "--sink", "second")
    assert (len(keys_in(mails)), len(keys_in(mails, "second.jsonl"))) == (0, 3)
    mail_id = mails.sql("SELECT id FROM mail ORDER BY id LIMIT 1")[0][0]
    found = rows(mails.run("replay", "--from-ledger", mail_id[:10], "--json"))
    assert [row["mail_id"] for row in found] == [mail_id]
    assert len(rows(mails.run("replay", "--from-ledger", "--limit", "2", "--json"))) == 2


def test_diff_tells_what_a_newer_parser_changes_and_changes_nothing(delivered, monkeypatch):
    before = delivered.sql("SELECT body FROM interest ORDER BY id")
    assert rows(delivered.run("replay", "--from-ledger", "--diff", "--json")) == []
    reads_otherwise(monkeypatch, text="something else", kind="callback")
    found = rows(delivered.run("replay", "--from-ledger", "--diff", "--json"))
    assert len(found) == 3
    changes = {change["field"]: change["after"] for change in found[0]["changes"]}
    assert changes == {"kind": "callback", "text": "something else"}
    assert found[0]["new_deliveries"] == []
    assert delivered.sql("SELECT body FROM interest ORDER BY id") == before
    _, out, err = delivered.run("replay", "mails/1.eml", "--diff")
    assert 'text: "How much is number 1?" → "something else"' in out
    assert "1 mails read differently" in err


def test_a_newer_parser_with_other_ids_doubles_nothing(delivered, monkeypatch):
    reads_otherwise(monkeypatch, id="in1-somethingnew", text="read better")
    found = rows(delivered.run("replay", "--from-ledger", "--deliver", "--json"))
    assert [one["state"] for row in found for one in row["deliveries"]] == ["delivered"] * 3
    assert len(keys_in(delivered)) == 3
    assert delivered.sql("SELECT count(*) FROM interest WHERE body LIKE '%read better%'") == [(0,)], "it was sent so"


def test_what_was_never_sent_is_sent_as_it_reads_now(mails, monkeypatch):
    (mails.folder / "out.jsonl").mkdir()  # the sink can't work
    assert mails.run("run", "--once", "--new")[0] == 77
    (mails.folder / "out.jsonl").rmdir()
    mails.run("deliveries", "resume", "file")
    reads_otherwise(monkeypatch, text="read better")
    mails.run("replay", "--from-ledger", "--deliver")
    assert mails.run("run", "--once")[0] == 0
    assert (mails.folder / "out.jsonl").read_text().count("read better") == 3


def test_a_fixed_parser_reads_what_waits_in_quarantine(mails, monkeypatch):
    with monkeypatch.context() as broken:
        fails(broken)
        assert mails.run("run", "--once", "--new")[0] == 0
    assert mails.sql("SELECT DISTINCT state FROM mail") == [("quarantined",)]
    found = rows(mails.run("replay", "--from-ledger", "--state", "quarantined", "--deliver", "--json"))
    assert [row["outcome"] for row in found] == ["parsed"] * 3
    assert len(keys_in(mails)) == 3
    assert mails.sql("SELECT DISTINCT old, new, why, actor FROM transition WHERE why = 'replayed'") == [
        ("quarantined", "parsed", "replayed", "person")
    ]


def test_what_was_read_is_never_taken_back(delivered, monkeypatch):
    fails(monkeypatch)
    code, _, err = delivered.run("replay", "--from-ledger", "--deliver")
    assert code == 0
    assert "3 mails kept as they are" in err
    assert delivered.sql("SELECT DISTINCT state FROM mail") == [("parsed",)]
    assert delivered.sql("SELECT count(*) FROM interest") == [(3,)]


def test_an_erased_mail_stays_erased(mails):
    mail_id = rows(mails.run("parse", "mails/1.eml", "--json"))[0]["mail_id"]
    mails.run("replay", "mails/2.eml", "--deliver", "--new")
    mails.sql("INSERT INTO tombstone (mail_id, at, why) VALUES (?, 0, 'erased')", mail_id)
    row = rows(mails.run("replay", "mails/1.eml", "--deliver", "--json"))[0]
    assert (row["kept"], row["deliveries"]) == (True, [])
    assert len(keys_in(mails)) == 1


def test_what_was_erased_does_not_come_back_by_another_way(delivered):
    delivered.run("erase", "--person", "p1@example.com", "--yes")
    text = (delivered.folder / "mails" / "1.eml").read_text()
    (delivered.folder / "copy.eml").write_text(
        f"Received: from a.example by b.example; Sun, 22 Nov 2026 10:00:00 +0300\n{text}"
    )
    before = keys_in(delivered)
    rows(delivered.run("replay", "copy.eml", "--deliver", "--json"))
    assert keys_in(delivered) == before
    assert delivered.sql("SELECT count(*) FROM mail WHERE sender LIKE '%p1@%'") == [(0,)]
    assert delivered.sql("SELECT count(*) FROM interest WHERE body LIKE '%p1@%'") == [(0,)]


def test_all_three_crms_get_everything_once_although_an_answer_is_lost(crms):
    for number in range(5):
        crms.arrive(number)
    crms.crms["amo"].faults.append(Fault(kind="drop_after", path="leads", times=1))
    code, _, err = crms.run("replay", "mails", "--deliver", "--new")
    assert code == 0, err
    assert "20 delivered" in err
    for crm in crms.crms.values():
        keys = crm.keys()
        assert len(keys) == 5
        assert all(len(ids) == 1 for ids in keys.values())


def test_a_crm_that_is_away_gets_it_later(crms, monkeypatch):
    monkeypatch.setattr(replay_work, "PATIENCE_S", 1.0)
    crms.arrive(1)
    crms.configure((crms.folder / "config.toml").read_text().replace(crms.addresses["amo"], "http://127.0.0.1:9"))
    code, _, err = crms.run("replay", "mails", "--deliver", "--new")
    assert code in {69, 75}, err
    assert "could not deliver" in err
    assert len(crms.crms["bitrix"].keys()) == 1


def test_processes_read_in_order_what_was_given(mails):
    for number in range(10, 70):
        mails.arrive(number)
    alone = rows(mails.run("replay", "mails", "--workers", "0", "--json"))
    assert rows(mails.run("replay", "mails", "--workers", "2", "--json")) == alone
    assert len(alone) == 63


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["mails", "--diff", "--deliver"], 64, "--diff changes nothing"),
        ([], 64, "name the mails"),
        (["mails", "--state", "parsed"], 64, "--from-ledger"),
        (["--from-ledger", "--state", "lost"], 64, "'lost' is not one of"),
        (["mails", "--sink", "amo"], 78, "[sinks.amo]"),
        (["nowhere"], 74, "nowhere"),
        (["empty"], 65, "no mail to replay in empty"),
        (["--from-ledger"], 74, "there is none yet"),
    ],
)
def test_what_can_not_be_done_is_said(mails, words, code, said):
    (mails.folder / "empty").mkdir()
    got, out, err = mails.run("replay", *words)
    assert (got, out) == (code, "")
    assert said in err
