"""The judge of the chaos runs finds what it is there for, and nothing else."""

from dataclasses import replace

import pytest

from chaos.judge import Books, Held, Suspect, Wanted, judge

WANTED = {"crm": Wanted(frozenset({"k1", "k2"}), {"leads": 2, "notes": 2}, {"leads": frozenset({"lead", "delivery"})})}
GOOD = Held({"k1": ["1"], "k2": ["2"]}, {"leads": 2, "notes": 2, "contacts": 7})
BOOKS = Books({"parsed": 2}, {"delivered": 2})
TWICE = Held({"k1": ["1", "3"], "k2": ["2"]}, {"leads": 3, "notes": 2})
LATE = Suspect("crm", "k1", "lead")


def verdict(held=GOOD, books=BOOKS):
    return judge(WANTED, {"crm": held}, books)


def test_a_good_end_is_a_good_end():
    assert verdict().faults(freezes=False) == verdict().faults(freezes=True) == []


def test_a_key_in_no_crm_is_lost():
    found = verdict(Held({"k1": ["1"]}, {"leads": 2, "notes": 2}))
    assert found.lost == ["crm lacks k2"]
    assert found.faults(freezes=True) == ["crm lacks k2"]


def test_a_missing_note_is_lost_though_every_lead_is_there():
    assert verdict(replace(GOOD, counts={"leads": 2, "notes": 1})).lost == ["crm has 1 notes instead of 2"]


def test_two_leads_with_one_key_are_a_double():
    found = verdict(TWICE)
    assert found.doubled == ["crm holds k1 2 times: 1, 3", "crm has 3 leads instead of 2"]
    assert found.faults(freezes=False) == found.doubled


def test_a_second_note_is_a_double_though_every_key_is_there_once():
    assert verdict(replace(GOOD, counts={"leads": 2, "notes": 3})).doubled == ["crm has 3 notes instead of 2"]


def test_a_lead_that_nobody_sent_is_never_right():
    found = verdict(Held({**GOOD.keys, "k9": ["9"]}, GOOD.counts))
    assert found.faults(freezes=True) == found.faults(freezes=False) == ["crm holds k9, which nobody sent"]


def test_after_freezes_a_double_is_right_only_when_the_ledger_lists_it():
    assert verdict(TWICE).faults(freezes=True) == verdict(TWICE).doubled
    listed = verdict(TWICE, replace(BOOKS, suspects=[LATE]))
    assert (listed.faults(freezes=True), listed.suspects) == ([], 1)
    assert listed.faults(freezes=False) == listed.doubled, "without freezes no double is right"


@pytest.mark.parametrize(
    "other", [replace(LATE, sink="other"), replace(LATE, key="k2", step="note"), replace(LATE, key="k2")]
)
def test_a_suspect_of_something_else_explains_no_double(other):
    assert verdict(TWICE, replace(BOOKS, suspects=[other])).faults(freezes=True)


@pytest.mark.parametrize(
    ("mails", "deliveries", "stuck"),
    [
        ({"parsed": 1, "stored": 1}, {"delivered": 2}, ["1 mails are stored"]),
        ({"parsed": 1, "quarantined": 1}, {"delivered": 2}, ["1 mails are quarantined"]),
        (
            {"parsed": 2},
            {"delivered": 1, "doubt": 1},
            ["1 deliveries are doubt", "the ledger has 1 deliveries delivered instead of 2"],
        ),
        (
            {"parsed": 2},
            {"delivered": 1, "dead": 1},
            ["1 deliveries are dead", "the ledger has 1 deliveries delivered instead of 2"],
        ),
    ],
)
def test_what_waits_or_was_given_up_is_stuck(mails, deliveries, stuck):
    assert verdict(books=Books(mails, deliveries)).faults(freezes=True) == stuck
