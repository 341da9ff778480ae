"""A share of what `test_crash_everywhere` does, on PostgreSQL; `make crashes LEDGER=postgresql` leaves nothing out."""

import pytest

from simulation.on_postgres import postgres_ledgers
from simulation.scenario import CHECKS, play, thinned
from simulation.storage import ledgers_of

pytestmark = pytest.mark.timeout(900)  # seconds on a free machine; a busy one may take its time


@pytest.fixture(scope="module")
def ledgers(postgres):
    with postgres_ledgers(postgres) as make:
        yield make


@pytest.mark.parametrize("check", CHECKS)
def test_nothing_is_lost_and_nothing_is_doubled(check, ledgers):
    with ledgers_of(ledgers), thinned(15):
        assert sum(1 for _ in CHECKS[check]()), "a check that runs nothing proves nothing"


def test_the_same_seed_is_the_same_run(ledgers):
    with ledgers_of(ledgers):
        first, second = play(nodes=2), play(nodes=2)
    assert first.points == second.points
    assert [crm.things for crm in first.crms] == [crm.things for crm in second.crms]
