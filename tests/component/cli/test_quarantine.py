"""The quarantine as a workshop, through the real command line: explained, mended, retried."""

import json

import pytest

from mailbridge.sdk import TemplateChanged
from mailbridge_parsers.direct import DirectParser
from mailbridge_parsers.vk import VkParser

VK = """\
Authentication-Results: mx.example.org; dmarc={verdict} header.from={domain}
Received: from mail.example by mx.example.org; Sun, 22 Nov 2026 10:00:00 +0300
From: {name} <{local}@{domain}>
To: leads@example.org
Subject: Something
Date: Sun, 22 Nov 2026 10:00:00 +0300
Message-ID: <1@{domain}>

{text}
"""


def put(office, **words):
    given = {"verdict": "pass", "domain": "vk.com", "name": "VK", "local": "notify", "text": "Hello"} | words
    (office.folder / "mails" / "vk.eml").write_text(VK.format(**given))
    assert office.run("run", "--once", "--new")[0] == 0
    return office.sql("SELECT id FROM mail WHERE state = 'quarantined'")[0][0]


def shown(office, mail_id):
    code, out, err = office.run("quarantine", "show", mail_id[:12], "--json")
    assert code == 0, err
    return json.loads(out)["explanation"]


def test_the_nearest_parser_says_what_it_missed(office):
    told = shown(office, put(office))
    assert told["today"]["parser"] == "vk"
    nearest = told["nearest"][0]
    assert (nearest["parser"], nearest["outcome"], nearest["vouched"]) == ("vk", "quarantined", True)
    assert nearest["routes"][0]["missing"] == "nothing"
    assert nearest["reason"] == told["today"]["reason"]
    assert "fixture add" in told["advice"]


def test_a_forged_sender_is_explained_as_one(office):
    mail_id = put(office, verdict="fail")
    told = shown(office, mail_id)
    assert told["today"]["reason"] == "unauthenticated"
    assert told["nearest"][0]["vouched"] is False
    _, out, _ = office.run("quarantine", "show", mail_id)
    assert "nobody vouches for the sender" in out
    assert "[parsers.NAME]" in out


def test_who_imitates_a_network_is_told_which_and_nobody_else_is_named(office):
    told = shown(office, put(office, verdict="none", domain="notify.vk.example"))
    assert told["today"]["reason"] == "impersonation"
    assert [one["parser"] for one in told["nearest"]] == ["vk"]


def test_of_a_sender_that_nobody_knows_those_are_told_who_could_read_it(office):
    (office.folder / "recipes").mkdir()
    recipe = 'title = "Bell"\n[match]\nsenders = ["bell.example"]\n[fields]\n"author.phone" = { label = "Fernruf" }\n'
    (office.folder / "recipes" / "bell.toml").write_text(recipe)
    office.configure((office.folder / "config.toml").read_text() + '[recipes]\nfolder = "recipes"\n')
    words = {"domain": "ring.example", "name": "Ring", "local": "noreply", "text": "Kunde: Ann\nFernruf: +49 30 901820"}
    told = shown(office, put(office, **words))
    assert told["today"]["reason"] == "unknown_notification"
    assert [(one["parser"], one["outcome"]) for one in told["nearest"]][:2] == [
        ("direct", "quarantined"), ("bell", "parsed"),
    ]  # fmt: skip
    assert all(one["outcome"] == "parsed" for one in told["nearest"][1:])
    assert "write a recipe for it" in told["advice"]


def test_people_read_it_line_by_line(office, monkeypatch):
    def parse(_self, _mail):
        raise TemplateChanged("no_author", "nobody is named in <h1>")

    office.arrive(1)
    with monkeypatch.context() as broken:
        broken.setattr(DirectParser, "parse", parse)
        assert office.run("run", "--once", "--new")[0] == 0
        mail_id = office.sql("SELECT id FROM mail")[0][0]
        _, out, _ = office.run("quarantine", "show", mail_id)
        assert "waits for  no_author: nobody is named in <h1>" in out
    _, out, _ = office.run("quarantine", "show", mail_id)
    assert "what to do it can be read now: mailbridge quarantine retry" in out


def test_what_killed_its_process_is_not_read_for_an_explanation(office, monkeypatch):
    mail_id = put(office)
    office.sql("UPDATE mail SET reason = 'parse_timeout'")
    monkeypatch.setattr(VkParser, "parse", lambda *_: pytest.fail("it was read"))
    told = shown(office, mail_id)
    assert (told["today"], told["nearest"]) == (None, [])


def test_retry_after_a_fix_lets_out_what_can_be_read_and_keeps_the_rest(office, monkeypatch):
    for number in (1, 2):
        office.arrive(number)

    def parse(_self, _mail):
        raise TemplateChanged("no_author")

    with monkeypatch.context() as broken:
        broken.setattr(DirectParser, "parse", parse)
        put(office)
        code, out, err = office.run("quarantine", "retry", "--reason", "no_author")
        assert (code, out.count("quarantined (no_author)")) == (0, 2)
    code, out, err = office.run("quarantine", "retry", "--all", "--json")
    assert code == 0
    assert "2 of 3 left the quarantine" in err
    assert sorted(json.loads(line)["outcome"] for line in out.splitlines()) == ["parsed", "parsed", "quarantined"]
    assert office.run("run", "--once")[0] == 0
    lines = (office.folder / "out.jsonl").read_text().splitlines()
    assert len(lines) == len(set(lines)) == 2


def test_retry_needs_a_choice(office):
    office.arrive(1)
    office.run("run", "--once", "--new")
    assert office.run("quarantine", "retry")[0] == 64
    assert office.run("quarantine", "retry", "abc")[0] == 65
