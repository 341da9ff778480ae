"""From a mail in the quarantine to a fixture, through the real command line."""

import json

MAIL = """\
From: Widget <noreply@widget.example>
To: leads@example.org
Subject: New request
Date: Sun, 22 Nov 2026 10:00:00 +0300
Message-ID: <1@widget.example>

Name: Harriet Quimby
Phone: +44 20 7946 0958
Message: Call Harriet back please
"""


def test_a_file_becomes_a_fixture_that_parse_reads_as_expected(office):
    (office.folder / "one.eml").write_text(MAIL)
    code, out, err = office.run("fixture", "add", "one.eml", "--to", "made", "--case", "form/widget")
    assert code == 0, err
    assert out.split() == ["made/form/widget/mail.eml", "made/form/widget/expected.json"]
    text = (office.folder / "made/form/widget/mail.eml").read_text()
    assert not any(word in text for word in ("Harriet", "Quimby", "0958"))
    expected = json.loads((office.folder / "made/form/widget/expected.json").read_text())
    row = json.loads(office.run("parse", "--json", "made/form/widget/mail.eml")[1])
    assert row["interests"][0]["author"] == expected["interests"][0]["author"]
    assert office.run("fixture", "add", "one.eml", "--to", "made", "--case", "form/widget")[0] == 64


def test_a_mail_of_the_ledger_is_named_by_its_id(office):
    (office.folder / "mails" / "one.eml").write_text(MAIL)
    assert office.run("run", "--once", "--new")[0] == 0
    mail_id = office.sql("SELECT id FROM mail")[0][0]
    code, out, err = office.run("fixture", "add", mail_id[:12], "--to", "made")
    assert code == 0, err
    assert "made/" in out
    assert "Quimby" not in (office.folder / out.split()[0]).read_text()


def test_the_domain_of_a_sender_nobody_knows_is_kept_where_it_is_named(office):
    (office.folder / "one.eml").write_text(MAIL)
    words = ["fixture", "add", "one.eml", "--to", "made", "--case", "widget/one", "--keep", "widget.example"]
    code, _, err = office.run(*words)
    assert code == 0, err
    text = (office.folder / "made/widget/one/mail.eml").read_text()
    assert "From: Widget <noreply@widget.example>" in text
    assert "Quimby" not in text


def test_what_can_not_be_done_is_said(office):
    office.arrive(1)
    office.arrive(2)
    assert office.run("fixture", "add", "nowhere.eml")[0] == 74
    assert office.run("fixture", "add", "mails")[0] == 64
    (office.folder / "empty.eml").write_text("")
    assert office.run("fixture", "add", "empty.eml")[0] == 65
