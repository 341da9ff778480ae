"""A suite that catches nothing proves nothing: every planted bug must be caught by the check that is named for it."""

import pytest

from simulation.bugs import BUGS

pytestmark = pytest.mark.timeout(900)  # seconds on a free machine; a busy one may take its time


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught(bug):
    violation = bug.caught()
    assert violation is not None, f"{bug.check} does not see it: {bug.broken}"
    assert violation.invariant != "I10" or bug.name in {"waits for ever", "leases never end"}, violation
