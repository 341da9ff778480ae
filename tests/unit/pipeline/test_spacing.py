import pytest

from mailbridge.pipeline.spacing import Spacing


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        return True


def leave(rate_per_s, arrivals):
    """Return when requests leave that want to leave at these moments."""
    clock, left = Clock(), []
    spacing = Spacing(rate_per_s, clock.sleep, clock=clock)
    for at in arrivals:
        clock.now = max(clock.now, at)
        assert spacing.enter()
        spacing.leave()
        left.append(clock.now)
    return left


def most_in_a_second(moments):
    return max(sum(1 for one in moments if at <= one < at + 1) for at in moments)


def test_a_request_that_woke_up_late_delays_those_behind_it():
    even = [number / 6.5 for number in range(30)]
    late = [at + 0.4 if number % 8 == 0 else at for number, at in enumerate(even)]
    assert most_in_a_second(sorted(late)) > 7, "the case is no case"
    assert most_in_a_second(leave(7.0, sorted(late))) == 7


def test_what_comes_evenly_is_not_held_up():
    even = [number / 6.5 for number in range(30)]
    assert leave(7.0, even) == even


def test_less_than_one_request_a_second_needs_slots_only():
    assert leave(0.5, [0.0, 0.1, 0.2]) == [0.0, 0.1, 0.2]


def test_a_stop_during_the_wait_lets_nothing_leave():
    spacing = Spacing(1.0, lambda _seconds: False, clock=lambda: 5.0)
    assert spacing.enter()
    spacing.leave()
    assert not spacing.enter()


def test_what_waits_for_the_ledger_before_it_leaves_counts_from_when_it_left():
    clock, looks = Clock(), []

    def sleep(seconds):
        looks.append(seconds)
        clock.now += seconds
        if clock.now > 3 and len(left) == 1:
            left.append(clock.now)
            spacing.leave()  # the one that the ledger kept
        return True

    spacing = Spacing(2.0, sleep, clock=clock)
    left = [0.0]
    assert spacing.enter()
    spacing.leave()
    assert spacing.enter(), "may leave, and is kept"
    assert spacing.enter(), "the first left more than a second ago, the second counts still"
    assert spacing.enter()
    assert clock.now >= left[1] + 1


@pytest.mark.parametrize("rate_per_s", [1.0, 2.0, 7.0, 50.0])
def test_a_flood_never_exceeds_the_permitted_rate(rate_per_s):
    assert most_in_a_second(leave(rate_per_s, [0.0] * 120)) <= rate_per_s
