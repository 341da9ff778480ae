"""What is held of one person is shown whole, and taken out so that nothing brings it back."""

import json
import os

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


ODD = {
    "number": "From: Bob <bob@example.net>\nSubject: S1\n\nMy phone is 8 (912) 000-67-89, please call.\n",
    "passed on": (
        "From: Carl <carl@example.net>\nSubject: Fwd: Stove\n\nsee below\n\n---------- Forwarded message ---------\n"
        "From: Anna Weiss <Anna.Weiss@Example.COM>\nDate: Mon, 2 Nov 2026 10:00\nSubject: Stove\nTo: carl@example.net\n"
        "\nI want a stove, +7 912 000 67 89.\n"
    ),
    "waiting": "From: x@facebookmail.com\nSubject: S3\n\nANNA.WEISS@EXAMPLE.COM commented\n",
    "subject": "From: Eve <eve@example.net>\nSubject: From anna.weiss@example.com\n\nA letter of somebody else.\n",
}


@pytest.fixture
def odd(office):
    for number, (name, text) in enumerate(ODD.items()):
        file = office.folder / "mails" / f"{number}.eml"
        file.write_text(f"To: leads@example.org\nMessage-ID: <{name.replace(' ', '-')}@example.org>\n{text}")
        os.utime(file, (1_700_000_000,) * 2)
    assert office.run("run", "--once", "--new")[0] == 0
    return office


def test_a_person_is_found_wherever_and_however_she_is_named(odd):
    found = json.loads(odd.run("export", "--person", "ANNA.WEISS@example.com")[1])
    assert {one["subject"] for one in found["mails"]} == {"Fwd: Stove", "S3", "From anna.weiss@example.com"}
    odd.run("erase", "--person", "anna.weiss@EXAMPLE.com", "--yes")
    assert b"anna.weiss" not in held(odd).lower()
    assert odd.run("run", "--once")[0] == 0
    assert b"anna.weiss" not in held(odd).lower()
    assert b"bob@example.net" in held(odd)


@pytest.mark.parametrize("who", ["+79120006789", "8 912 000-67-89", "8(912)0006789"])
def test_a_number_is_found_in_cards_whose_mails_are_gone(odd, who):
    odd.sql("DELETE FROM raw")
    found = json.loads(odd.run("export", "--person", who)[1])
    assert [one["author"]["name"] for one in found["interests"]] == ["Bob"]


def mail_of(office):
    found = json.loads(office.run("export", "--person", WHO)[1])
    return found["mails"][0]["id"]
