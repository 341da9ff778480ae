"""Layouts through the real command line: listed, accepted, and what waited read."""

import json

MAIL = """\
From: Shop <wordpress@shop.example>
To: leads@example.org
Subject: New request {number}
Date: Sun, 22 Nov 2026 10:00:00 +0300
Message-ID: <{number}@shop.example>
Content-Type: text/html; charset=utf-8

{body}
"""
OLD = '<table class="f"><tr class="r"><td class="l">Name</td><td class="v">P {number}</td></tr>\
<tr class="r"><td class="l">Phone</td><td class="v">+44 20 7946 0{number:03}</td></tr>\
<tr class="r"><td class="l">Message</td><td class="v">How much?</td></tr></table>'
NEW = '<dl class="g" style="color:red"><dt class="k">Name</dt><dd class="w">P {number}</dd>\
<dt class="k">Message</dt><dd class="w">How much?</dd></dl><b class="z">.</b><i class="y">.</i>'


def arrive(office, number, body):
    text = MAIL.format(number=number, body=body.format(number=number))
    (office.folder / "mails" / f"{number:03}.eml").write_text(text)


def test_from_the_alarm_to_the_read_mail(office):
    for number in range(25):
        arrive(office, number, OLD)
    assert office.run("run", "--once", "--new")[0] == 0
    arrive(office, 100, NEW)
    _, _, err = office.run("run", "--once")
    rows = [json.loads(line) for line in office.run("layouts", "--json")[1].splitlines()]
    assert [(row["state"], row["mails"], row["missing"]) for row in rows] == [
        ("held", 1, ["contact"]),
        ("known", 25, []),
    ]
    assert "form@shop.example" in office.run("health")[1]
    assert "layout_changed" in office.run("quarantine", "list")[1]
    code, out, _ = office.run("quarantine", "retry", "--reason", "layout_changed")
    assert (code, out.partition(": ")[2][:27]) == (0, "quarantined (layout_changed"), "nobody mended or accepted it"
    waiting = office.sql("SELECT id FROM mail WHERE state = 'quarantined'")[0][0]
    shown = office.run("quarantine", "show", waiting)[1]
    assert "today      quarantined (layout_changed) by form" in shown
    assert "mailbridge layouts accept LAYOUT" in shown
    assert office.run("layouts", "accept", rows[0]["id"][:6])[0] == 0
    assert office.run("layouts", "accept", "zzz")[0] == 65
    assert office.run("quarantine", "retry", "--reason", "layout_changed")[0] == 0
    arrive(office, 101, NEW)
    assert office.run("run", "--once")[0] == 0, err
    assert office.sql("SELECT count(*) FROM mail WHERE state = 'parsed'") == [(27,)]
    assert len((office.folder / "out.jsonl").read_text().splitlines()) == 27


RECIPE = """title = "Shop"
[match]
senders = ["shop.example"]
[fields]
"author.name" = { label = "Name" }
"author.phone" = { label = "Phone" }
"text" = { label = "Message" }
"""


def test_a_recipe_that_was_mended_reads_what_waits_and_its_source_is_held_no_more(office):
    (office.folder / "recipes").mkdir()
    (office.folder / "recipes" / "shop.toml").write_text(RECIPE)
    office.configure((office.folder / "config.toml").read_text() + '[recipes]\nfolder = "recipes"\n')
    for number in range(25):
        arrive(office, number, OLD)
    assert office.run("run", "--once", "--new")[0] == 0
    arrive(office, 100, OLD.replace(">Name<", ">Called<"))
    arrive(office, 101, OLD)
    assert office.run("run", "--once")[0] == 0
    assert office.sql("SELECT reason FROM mail WHERE state = 'quarantined'") == [("layout_changed",)]
    assert "shop@shop.example" in office.run("health")[1]
    mended = RECIPE.replace('{ label = "Name" }', '{ label = ["Name", "Called"] }')
    (office.folder / "recipes" / "shop.toml").write_text(mended)
    told = office.run("replay", "--from-ledger", "--diff")[1]
    assert "quarantined (layout_changed) by shop 1 → parsed by shop 1" in told
    assert "1 of 1 left the quarantine" in office.run("quarantine", "retry", "--reason", "layout_changed")[2]
    arrive(office, 102, OLD.replace(">Name<", ">Called<"))
    assert office.run("run", "--once")[0] == 0
    assert office.sql("SELECT count(*) FROM mail WHERE state = 'parsed'") == [(28,)]
    assert {json.loads(line)["state"] for line in office.run("layouts", "--json")[1].splitlines()} == {"known"}
