"""Labels and products of the configuration reach ledger and sink."""

import json

RULES = """
[labels.wholesale]
words = ["оптом"]
priority = "urgent"
[products.fish]
name = "Fish"
words = ["рыба"]
"""


def test_labels_priority_and_product_stand_in_the_delivered_card(office):
    office.configure((office.folder / "config.toml").read_text().replace('"ERROR"', '"INFO"') + RULES)
    head = (
        "From: Anna <anna@example.com>\nTo: leads@example.org\nSubject: x\nContent-Type: text/plain; charset=utf-8\n\n"
    )
    (office.folder / "mails" / "1.eml").write_text(head + "Почём рыбу отдаёте оптом? Прошлый раз обманули.\n")
    code, _, err = office.run("run", "--once", "--new")
    assert code == 0, err
    interest = json.loads((office.folder / "out.jsonl").read_text())["interest"]
    assert interest["labels"] == ["complaint", "wholesale"]
    assert interest["priority"] == "urgent"
    assert interest["product"]["name"] == "Fish"
    told = [json.loads(line) for line in err.splitlines() if '"interest_urgent"' in line]
    assert [(one["interest_id"], one["priority"]) for one in told] == [(interest["id"], "urgent")]


def test_a_wrong_rule_is_told_with_its_key(office):
    office.configure((office.folder / "config.toml").read_text() + '[labels.x]\nword = "a"\npriority = "top"\n')
    code, _, err = office.run("check")
    assert code == 78
    assert "labels.x" in err
    assert "word" in err
    assert "priority" in err


def test_a_rule_for_everything_or_nothing_is_refused(office):
    plain = (office.folder / "config.toml").read_text()
    for table, said in [
        ('[labels.x]\npriority = "urgent"\n', "x would be the label of everything"),
        ('[labels.x]\nwords = ["!"]\n', "'!' has no word in it"),
        ('[products.x]\nname = "X"\n', "x would never be found"),
        ('[products.x]\nname = "X"\nlinks = [""]\n', "'' is no beginning of a link"),
    ]:
        office.configure(plain + table)
        code, _, err = office.run("check")
        assert (code, said in err) == (78, True), err
    office.configure(plain + '[labels.complaint]\npriority = "urgent"\n')
    assert office.run("check")[0] == 0
