"""One run, repeated with one thing going wrong at every place where it can; `make simulate` leaves no place out."""

import pytest

from simulation.scenario import CHECKS, play, watched

pytestmark = pytest.mark.timeout(900)  # seconds on a free machine; a busy one may take its time


@pytest.mark.parametrize("check", CHECKS)
def test_nothing_is_lost_and_nothing_is_doubled(check):
    runs = sum(1 for _ in CHECKS[check]())
    assert runs, "a check that runs nothing proves nothing"


def test_the_run_that_is_repeated_does_all_that_there_is_to_interrupt():
    watch = watched()
    kinds = {kind: watch.kinds.count(kind) for kind in set(watch.kinds)}
    assert set(kinds) == {"sql", "commit", "committed", "sleep", "imap", "gap", "sent", "answered"}
    assert kinds["gap"] == watch.requests >= 8
    assert kinds["commit"] >= 30


def test_the_same_seed_is_the_same_run():
    first, second = play(), play()
    assert first.points == second.points
    assert [entry["event"] for entry in first.logs] == [entry["event"] for entry in second.logs]
    assert [crm.things for crm in first.crms] == [crm.things for crm in second.crms]
