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
