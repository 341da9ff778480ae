"""One failure of an account is one pause, however many deliveries and workers it meets."""

from dataclasses import replace

import pytest

from mailbridge.ledger.outcomes import Waits
from mailbridge.sdk import Delivered, Receipt, RetryLater, SinkUnusable

DOWN = RetryLater("HTTP 500", pause=True)
DOUBLING = Waits(
    quiet_s=30, retry_s=lambda attempt: 10 * attempt, pause_s=lambda pauses: 2.0**pauses,
    unusable_s=lambda pauses: 30 * 2.0**pauses, max_attempts=3, max_searches=2,
)  # fmt: skip


def paused_s(kit):
    return kit.ledger.accounts.state("crm").paused_s


def fail(kit, outcome, count):
    claim = kit.claim()
    assert len(claim.items) == count
    kit.ledger.outcomes.finish(claim, [outcome] * count, DOUBLING)


def test_a_batch_that_fails_as_a_whole_pauses_the_account_once(kit):
    for number in range(10):
        kit.deliver(number)
    fail(kit, DOWN, 10)
    assert paused_s(kit) == 1
    kit.clock.now += 2
    fail(kit, DOWN, 10)
    assert paused_s(kit) == 2, "the second failure in a row waits twice as long"


def test_an_unusable_account_is_looked_at_again_soon(kit):
    for number in range(10):
        kit.deliver(number)
    fail(kit, SinkUnusable("HTTP 403"), 10)
    assert paused_s(kit) == 30


def test_workers_that_meet_the_same_failure_count_once(kit):
    for number in range(3):
        kit.deliver(number)
    claims = [kit.claim(1) for _ in range(3)]
    for claim in claims:
        kit.ledger.outcomes.finish(claim, [DOWN], DOUBLING)
    assert paused_s(kit) == 1


def test_a_named_time_is_kept_even_when_the_account_pauses_already(kit):
    for number in range(2):
        kit.deliver(number)
    claims = [kit.claim(1) for _ in range(2)]
    kit.ledger.outcomes.finish(claims[0], [DOWN], DOUBLING)
    kit.ledger.outcomes.finish(claims[1], [replace(DOWN, after_s=17)], DOUBLING)
    assert paused_s(kit) == 17


def test_a_success_forgets_the_pauses(kit):
    kit.deliver(1)
    for _ in range(3):
        fail(kit, DOWN, 1)
        kit.clock.now += paused_s(kit) + 1
    fail(kit, Delivered(Receipt("77")), 1)
    kit.deliver(2)
    fail(kit, DOWN, 1)
    assert paused_s(kit) == 1


def test_a_clock_that_is_set_back_holds_up_no_request(kit):
    for _ in range(3):
        kit.ledger.accounts.take_slot("crm", 0.5)
    kit.clock.now -= 3600
    waits = [kit.ledger.accounts.take_slot("crm", 0.5).wait_s for _ in range(3)]
    assert waits == [pytest.approx(wait, abs=0.01) for wait in (0.0, 0.5, 1.0)], "the rate still holds"


def test_what_was_under_way_does_not_end_the_pause_of_another_worker(kit):
    for number in range(3):
        kit.deliver(number)
    limited, under_way, mixed = [kit.claim(1) for _ in range(3)]
    kit.ledger.outcomes.finish(limited, [replace(DOWN, after_s=17)], DOUBLING)
    kit.ledger.outcomes.finish(under_way, [Delivered(Receipt("1"))], DOUBLING)
    assert paused_s(kit) == 17
    kit.clock.now += 18
    kit.ledger.outcomes.finish(mixed, [Delivered(Receipt("2"))], DOUBLING)
    fail(kit, DOWN, 1)
    assert paused_s(kit) == 1, "a success after the pause ends the row"


def test_a_batch_of_which_one_arrived_and_one_met_the_limit_pauses(kit):
    for number in range(2):
        kit.deliver(number)
    claim = kit.claim()
    kit.ledger.outcomes.finish(claim, [replace(DOWN, after_s=17), Delivered(Receipt("1"))], DOUBLING)
    assert paused_s(kit) == 17
