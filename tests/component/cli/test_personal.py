"""What is held of one person is shown whole, and taken out so that nothing brings it back."""

import json

import pytest

WHO = "p1@example.com"


@pytest.fixture
def settled(office):
    for number in (1, 2, 3):
        office.arrive(number)
    assert office.run("run", "--once", "--new")[0] == 0
    return office


def held(office):
    """Return all bytes of the ledger."""
    return b"".join(path.read_bytes() for path in office.folder.glob("ledger.db*") if path.suffix != ".reserve")


def cards(office):
    return [json.loads(line) for line in office.run("interests", "list", "--json")[1].splitlines()]


def test_export_tells_everything(settled):
    code, out, _ = settled.run("export", "--person", WHO.upper(), "--raw", str(settled.folder / "out"))
    assert code == 0
    found = json.loads(out)
    assert [one["author"]["email"] for one in found["interests"]] == [WHO]
    assert [one["sender"] for one in found["mails"]] == [WHO]
    assert [one["state"] for one in found["deliveries"]] == ["delivered"]
    assert len(found["places"]) == 1
    assert any("out.jsonl" in one for one in found["elsewhere"])
    (mail,) = (settled.folder / "out").glob("*.eml")
    assert b"Question 1" in mail.read_bytes()


def test_nothing_happens_without_yes(settled):
    code, out, err = settled.run("erase", "--person", WHO)
    assert code == 0
    assert "found: 1 interests, 1 mails" in out
    assert "--yes" in err
    assert WHO.encode() in held(settled)


def test_an_erased_person_is_nowhere_in_the_file_and_the_others_are(settled):
    code, out, _ = settled.run("erase", "--person", WHO, "--yes", "--json")
    assert code == 0
    assert json.loads(out)["erased"] == {"mails": 1, "interests": 1, "in_flight": 0}
    for word in (WHO, "Person 1", "Question 1", "number 1?"):
        assert word.encode() not in held(settled), word
    assert b"p2@example.com" in held(settled)
    assert sorted(one["labels"] == ["erased"] for one in cards(settled)) == [False, False, True]
    assert settled.run("audit", "--since", "10d")[0] == 0
    assert json.loads(settled.run("export", "--person", WHO)[1])["interests"] == []


def test_a_new_scan_brings_nothing_back(settled):
    mails = settled.folder / "mails"
    raw = (mails / "1.eml").read_bytes()
    settled.run("erase", "--person", WHO, "--yes")
    (mails / "1.eml").rename(mails / "again.eml")  # another place
    (mails / "other.eml").write_bytes(b"Received: from a by b; Mon, 2 Mar 2026 10:00:00 +0300\n" + raw)  # another way
    delivered = (settled.folder / "out.jsonl").read_text()
    assert settled.run("run", "--once")[0] == 0
    assert WHO.encode() not in held(settled)
    assert (settled.folder / "out.jsonl").read_text() == delivered
    assert len(cards(settled)) == 3


def test_what_is_being_sent_stays_for_now(settled):
    key = next(one["deliveries"][0]["key"] for one in [json.loads(settled.run("mails", "show", mail_of(settled))[1])])
    settled.sql("UPDATE delivery SET state = 'doubt' WHERE key = ?", key)
    code, _, err = settled.run("erase", "--person", WHO, "--yes")
    assert code == 75
    assert "try again" in err
    assert WHO.encode() in held(settled)


def test_what_waits_is_cancelled(settled):
    settled.sql("UPDATE delivery SET state = 'ready', remote_id = NULL")
    assert settled.run("erase", "--person", WHO, "--yes")[0] == 0
    states = settled.sql("SELECT state FROM delivery ORDER BY state")
    assert [state for (state,) in states] == ["cancelled", "ready", "ready"]


def test_an_erased_mail_is_not_released_and_says_what_became_of_its_bytes(settled):
    mail_id = mail_of(settled)
    settled.run("erase", "--person", WHO, "--yes")
    assert "released 0 of 1" in settled.run("quarantine", "release", mail_id)[2]
    code, _, err = settled.run("mails", "show", mail_id, "--raw")
    assert code == 65
    assert "erased" in err


@pytest.mark.parametrize("who", ["Anna", "12", "@example.com", ""])
def test_whom_nobody_can_tell_apart(settled, who):
    code, _, err = settled.run("erase", "--person", who, "--yes")
    assert code == 64
    assert "e-mail address" in err


def mail_of(office):
    found = json.loads(office.run("export", "--person", WHO)[1])
    return found["mails"][0]["id"]
