"""The kit must catch sinks with realistic mistakes; `make mutants` prints the table."""

import pytest

from mutants.all import MUTANTS
from mutants.mutant import fails

WHOLE = sorted(
    {(one.suite, rule) for one in MUTANTS for rule in one.rules}, key=lambda pair: (pair[0].__name__, pair[1])
)


@pytest.mark.parametrize(("suite", "rule"), WHOLE, ids=lambda one: getattr(one, "__name__", one))
def test_the_unbroken_sink_passes(suite, rule):
    assert not fails(suite, rule)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_kit_catches(mutant):
    assert mutant.mistake
    assert mutant.caught_by() == set(mutant.rules)
