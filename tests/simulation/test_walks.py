"""Random runs by seed. A failure names its seed; `MAILBRIDGE_SEED=N` runs that one alone, with its story."""

import pytest

from simulation.points import Violation
from simulation.walk import seeds, walk

pytestmark = pytest.mark.timeout(900)  # seconds on a free machine; a busy one may take its time


@pytest.mark.parametrize("seed", seeds())
def test_a_random_run_keeps_every_promise(seed):
    walk(seed)


@pytest.mark.parametrize("seed", seeds()[:3])
def test_a_second_object_after_a_stop_between_check_and_write_is_a_listed_suspect(seed):
    walk(seed, lenient=True)


def test_a_violation_names_the_seed_that_reproduces_it(monkeypatch):
    monkeypatch.setattr("simulation.closing.check", _complain)
    with pytest.raises(Violation, match="MAILBRIDGE_SEED=3"):
        walk(3)


def _complain(_world):
    raise Violation("I0", "planted")
