"""What `run --once` says to a person: every failure once, with what failed; and what waits, with what helps."""

import json

import pytest

from mailbridge.cli.common import _fitted


def last_words(err):
    return [line.removeprefix("mailbridge: ") for line in err.splitlines() if line.startswith("mailbridge: ")]


def test_each_refused_token_is_told_once_with_the_name_of_its_sink(crms):
    crms.configure((crms.folder / "config.toml").read_text().replace("demo-token", "wrong"))
    crms.arrive(1)
    code, _, err = crms.run("run", "--once", "--new")
    assert code == 77
    said = last_words(err)
    assert [line.partition(": ")[0] for line in said[:3]] == ["sink amo", "sink bitrix", "sink salesforce"]
    assert said[3] == "deliveries that are not final: 3 ready; `mailbridge deliveries` lists them"
    pauses = said[4:]
    assert [line.partition(" pauses for another ")[0] for line in pauses] == [
        "sink amo",
        "sink bitrix",
        "sink salesforce",
    ]
    assert pauses[0].endswith("when that is mended: mailbridge deliveries resume amo")

    code, _, err = crms.run("run", "--once")
    assert code == 75
    assert "sink amo pauses for another " in err, "a later run says why nothing moves"


def test_resume_answers_in_json_too(office):
    office.arrive(1)
    assert office.run("run", "--once", "--new")[0] == 0
    code, out, _ = office.run("deliveries", "resume", "file", "--json")
    assert (code, json.loads(out)) == (0, {"done": 1, "of": 1})


def test_a_run_without_anything_left_says_nothing(office):
    office.arrive(1)
    code, _, err = office.run("run", "--once", "--new")
    assert (code, last_words(err)) == (0, [])


def test_check_says_what_is_set_up_and_wants_a_mailbox(office):
    code, out, _ = office.run("check")
    assert (code, out.split("fine; ")[1].strip()) == (0, "mailboxes: box; sinks: file")
    office.configure('[mailboxes.box]\ntype = "directory"\npath = "mails"\n')
    assert "no sink: interests stay in the ledger" in office.run("check")[1]
    office.configure("")
    code, _, err = office.run("check")
    assert (code, "[mailboxes.NAME]: there is none" in err) == (78, True)


@pytest.mark.parametrize("width", [80, 200])
def test_a_table_keeps_ids_whole_and_cuts_what_is_long(width):
    lines = [["mb1-h42px4tydplo", "Жанна Овсова", "A subject that goes on and on " * 20]]
    (cells,) = _fitted(("key", "author", "subject"), lines, width)
    assert cells[:2] == lines[0][:2]
    assert cells[2].endswith("…")
    assert sum(map(len, cells)) + 4 == width


def test_the_beginning_of_an_id_may_end_as_a_table_cuts_it(office):
    office.arrive(1)
    assert office.run("run", "--once", "--new")[0] == 0
    key = office.keys("file")[0]
    assert office.run("deliveries", "show", f"{key[:10]}…")[0] == 0
