import random

import pytest

from mailbridge.observe.clocks import ArrivalClock


def told(skew, gaps, *, delay=0.0):
    """Return what is told after mails that came some seconds after a look, ours being ahead by `skew`."""
    clock, found, theirs = ArrivalClock(), None, 1_800_000_000.0
    for gap in gaps:
        began = theirs + skew
        theirs += gap
        found = clock.skew(began, theirs + skew + delay, float(int(theirs)))
        theirs += 30
    return found


@pytest.mark.parametrize("skew", [-86_400.0, -300.0, -31.0, 31.0, 300.0, 86_400.0])
def test_a_clock_that_is_wrong_is_told_as_far_as_it_is_certain(skew):
    """Soon after a look is nearly exact; late after one says less, and never too much."""
    assert abs(told(skew, [1, 1, 1], delay=0.2) - skew) <= 3
    late = told(skew, [55, 58, 59], delay=0.2)
    assert abs(late) <= abs(skew)
    assert late * skew >= 0


def test_a_clock_that_is_right_is_never_called_wrong():
    dice = random.Random(7)
    for _ in range(2000):
        gaps = [dice.uniform(0, 3600) for _ in range(5)]
        assert abs(told(0.0, gaps, delay=dice.uniform(0, 20))) < 1e-6


def test_few_mails_say_nothing():
    assert told(300.0, [1, 1]) is None


def test_mails_that_somebody_moved_there_say_nothing():
    clock, now = ArrivalClock(), 1_800_000_000.0
    said = [clock.skew(now + step - 5, now + step, now - age) for step, age in enumerate((9_000, 200_000, 700))]
    assert said == [None, None, None]


def test_after_a_moved_mail_three_others_are_believed_again():
    clock, now = ArrivalClock(), 1_800_000_000.0
    clock.skew(now - 5, now, now - 90_000)
    found = [clock.skew(now + step - 2, now + step, now + step - 1) for step in (10, 20, 30)]
    assert found[:2] == [None, None]
    assert found[2] == 0.0
