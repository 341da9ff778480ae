"""Recipes through the real command line: checked, tried, used by the daemon, changed while it runs."""

import json
import re
import sys
import threading
import time
from pathlib import Path

import pytest

from mailbridge.app import build
from mailbridge.config import load_settings
from mailbridge.daemon.life import Daemon

GUIDE = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text(encoding="utf-8")
RECIPE = re.search(r"^```recipe\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)[1]
MAIL = re.search(r"^```eml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)[1]


@pytest.fixture
def cook(office):
    (office.folder / "recipes" / "bell" / "first").mkdir(parents=True)
    (office.folder / "recipes" / "bell.toml").write_text(RECIPE)
    (office.folder / "recipes" / "bell" / "first" / "mail.eml").write_text(MAIL)
    office.configure((office.folder / "config.toml").read_text() + '[recipes]\nfolder = "recipes"\n')
    return office


def test_the_way_of_the_guide(cook):
    assert cook.run("recipes", "lint", "recipes")[0] == 0
    row = json.loads(cook.run("parse", "--json", "--recipes", "recipes", "recipes/bell/first/mail.eml")[1])
    assert (row["outcome"], row["parser"]) == ("parsed", "bell")
    assert cook.run("recipes", "test", "recipes")[0] == 65
    assert cook.run("recipes", "test", "recipes", "--write")[0] == 0
    code, out, _ = cook.run("recipes", "test", "recipes")
    assert (code, out) == (0, "ok   bell/first: parsed by bell\n")
    (cook.folder / "recipes" / "bell.toml").write_text(
        RECIPE.replace('label = ["Client", "Name"]', 'label = "Customer"')
    )
    code, out, _ = cook.run("recipes", "test", "recipes")
    assert code == 65
    assert 'interests[0].author.name is null, expected "Ann Wood"' in out
    assert cook.run("check")[0] == 0


def test_what_can_not_be_tried_is_told(cook):
    recipes = cook.folder / "recipes"
    (recipes / "ring.toml").write_text(RECIPE.replace("bell.example", "ring.example"))
    assert "no mail to try beside ring" in cook.run("recipes", "lint", "recipes")[2]
    (recipes / "bel" / "first").mkdir(parents=True)
    (recipes / "bel" / "first" / "mail.eml").write_text(MAIL)
    (recipes / "bell" / "second.eml").write_text(MAIL)
    (recipes / "bell" / "third").mkdir()
    (recipes / "bell" / "third" / "mail.eml").write_text(MAIL.replace("Phone:", "Fon:"))
    (recipes / "bell" / "fourth").mkdir()
    (recipes / "bell" / "fourth" / "mail.eml").write_text(MAIL)
    (recipes / "bell" / "fourth" / "expected.json").write_text("{'outcome': 'parsed'}")
    code, out, _ = cook.run("recipes", "test", "recipes", "--write")
    assert code == 65
    lines = dict(line.partition(": ")[::2] for line in out.splitlines())
    assert lines["ok   bell/first"].startswith("expected.json is written: parsed by bell")
    assert lines["FAIL bel/first"] == "there is no recipe bel.toml"
    assert lines["FAIL ring"].startswith("no mail to try: put one into recipes/ring/first/mail.eml")
    assert lines["FAIL bell/second.eml"].startswith("is not tried")
    assert lines["FAIL bell/third"].startswith("quarantined by bell (recipe_field_missing): nothing is written")
    assert lines["FAIL bell/fourth"].startswith("expected.json is not JSON")
    assert not (recipes / "bell" / "third" / "expected.json").exists()


def test_explain_says_what_each_recipe_makes_of_a_mail(cook):
    code, _, err = cook.run("parse", "--recipes", "recipes", "--explain", "recipes/bell/first/mail.eml")
    assert code == 0
    assert "recipe bell: author.name = 'Ann Wood' (label Client or Name)" in err
    assert "recipe bell: labels seen: Client, Phone, Wish, Page, Operator" in err
    recipe = RECIPE.replace('label = "Wish"', 'label = "Wich"').replace('label = "Page"', 'label = "Operator"')
    (cook.folder / "recipes" / "bell.toml").write_text(recipe)
    err = cook.run("parse", "--recipes", "recipes", "--explain", "recipes/bell/first/mail.eml")[2]
    assert "recipe bell: text: nothing (label Wich)" in err
    assert "recipe bell: source.url: '7' (label Operator) can't be read as one" in err
    (cook.folder / "recipes" / "bell.toml").write_text(RECIPE.replace('"call-back"', '"call-bak"'))
    err = cook.run("parse", "--recipes", "recipes", "--explain", "recipes/bell/first/mail.eml")[2]
    assert "recipe bell is not about it: its subject has no call-bak" in err


def test_a_mail_without_its_people_is_still_one_of_the_recipe(cook):
    (cook.folder / "real.eml").write_text(MAIL.replace("Ann Wood", "Harriet Quimby"))
    code, out, err = cook.run("fixture", "add", "real.eml", "--to", "recipes", "--case", "bell/second")
    assert (code, out.split()[0]) == (0, "recipes/bell/second/mail.eml"), err
    assert "Quimby" not in (cook.folder / "recipes/bell/second/mail.eml").read_text()
    assert "ok   bell/second: parsed by bell" in cook.run("recipes", "test", "recipes")[1]


def test_parse_processes_know_recipes_and_labels_too(cook):
    text = (cook.folder / "config.toml").read_text() + '[labels.stove]\nwords = "stoves"\n'
    cook.configure(text)
    found = [
        json.loads(cook.run("replay", "recipes/bell/first/mail.eml", "--json", "--workers", workers)[1])
        for workers in ("0", "1")
    ]
    assert found[0] == found[1]
    assert (found[1]["parser"], found[1]["interests"][0]["labels"]) == ("bell", ["stove"])


def test_a_bad_recipe_is_a_problem_of_the_configuration(cook):
    (cook.folder / "recipes" / "bell.toml").write_text(RECIPE.replace("callback", "nonsense"))
    code, _, err = cook.run("check")
    assert code == 78
    assert "[recipes] bell.toml: [kind]" in err
    assert cook.run("recipes", "lint", "recipes")[0] == 78


def test_with_a_bad_recipe_one_can_still_look_at_everything(cook):
    (cook.folder / "mails" / "one.eml").write_text(MAIL.replace("bell.example", "unknown.example"))
    assert cook.run("run", "--once", "--new")[0] == 0
    (cook.folder / "recipes" / "bell.toml").write_text(RECIPE.replace("callback", "nonsense"))
    for command in (["mails", "list"], ["quarantine", "list"], ["interests", "list"], ["deliveries", "list"]):
        assert cook.run(*command)[0] == 0, command
    assert "[recipes]" not in cook.run("health")[2]
    mail = json.loads(cook.run("mails", "list", "--json")[1].split("\n")[0])["mail_id"]
    code, out, err = cook.run("quarantine", "show", mail)
    assert (code, err) == (0, "")
    assert "not in force: bell.toml: [kind]" in out


OTHER = RECIPE.replace("bell.example", "other.example")


def test_who_starts_with_a_bad_recipe_reads_by_the_others_and_lets_its_mails_wait(cook):
    (cook.folder / "mails" / "one.eml").write_text(MAIL)
    (cook.folder / "mails" / "two.eml").write_text(MAIL.replace("bell.example", "other.example"))
    (cook.folder / "recipes" / "bell.toml").write_text(RECIPE.replace("callback", "nonsense"))
    (cook.folder / "recipes" / "other.toml").write_text(OTHER)
    code, _, err = cook.run("run", "--once", "--new")
    assert code == 0
    assert '"event": "recipes_refused"' in err
    assert "bell.toml: [kind]" in err
    rows = {row["parser"]: row for row in map(json.loads, cook.run("mails", "list", "--json")[1].splitlines())}
    assert (rows["bell"]["state"], rows["bell"]["reason"]) == ("quarantined", "recipe_refused")
    assert rows["other"]["state"] == "parsed"
    assert cook.run("check")[0] == 78
    (cook.folder / "recipes" / "bell.toml").write_text(RECIPE)
    assert cook.run("quarantine", "retry", "--reason", "recipe_refused")[0] == 0
    assert {row["state"] for row in map(json.loads, cook.run("mails", "list", "--json")[1].splitlines())} == {"parsed"}


def test_a_daemon_that_started_with_a_bad_recipe_says_so_until_it_is_mended(cook):
    (cook.folder / "recipes" / "bell.toml").write_text(RECIPE.replace("callback", "nonsense"))
    cook.configure((cook.folder / "config.toml").read_text() + "[watch]\nlook_s = 1\n")
    app = build(load_settings(cook.folder / "config.toml", {}, with_recipes=False), new=True)
    daemon = threading.Thread(target=Daemon(app).run)
    daemon.start()
    try:
        assert _by_and_by(lambda: "bell.toml" in cook.run("health")[1])
        (cook.folder / "recipes" / "bell.toml").write_text(RECIPE)
        assert _by_and_by(lambda: "bell.toml" not in cook.run("health")[1])
    finally:
        app.stop.set()
        daemon.join(30)
        app.close()


def test_a_folder_of_recipes_that_is_not_there_ends_the_start(cook):
    cook.configure((cook.folder / "config.toml").read_text().replace('"recipes"', '"recepies"'))
    code, _, err = cook.run("run", "--once", "--new")
    assert (code, "recepies: there is no such folder" in err) == (78, True)


def _by_and_by(condition):
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    return condition()


def test_the_daemon_reads_by_recipes_and_takes_up_a_change_while_it_runs(cook):
    app = build(load_settings(cook.folder / "config.toml", {}), new=True)
    daemon = threading.Thread(target=Daemon(app).run)
    daemon.start()
    try:
        (cook.folder / "mails" / "one.eml").write_text(MAIL)
        assert _read_by_and_by(cook, 1)["kind"] == "callback"
        (cook.folder / "recipes" / "bell.toml").write_text(RECIPE.replace('"callback"', '"order"'))
        deadline = time.monotonic() + 60
        for number in range(2, 40):
            (cook.folder / "mails" / f"{number}.eml").write_text(MAIL.replace("4711", str(number)))
            if _read_by_and_by(cook, number)["kind"] == "order" or time.monotonic() > deadline:
                break
        assert _read_by_and_by(cook, number)["kind"] == "order"
    finally:
        app.stop.set()
        daemon.join(30)
        app.close()


def _read_by_and_by(office, count):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        rows = office.sql("SELECT body FROM interest ORDER BY created_at") if office.ledger.exists() else []
        if len(rows) >= count:
            return json.loads(rows[-1][0])
        time.sleep(0.2)
    sys.exit("the daemon read nothing")
