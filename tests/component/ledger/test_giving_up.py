"""When a delivery is given up and waits for a person, and when it is not."""

from mailbridge.sdk import RetryLater, Unknown


def fall_into_doubt(kit):
    """A request is sent, its answer is lost, and the quiet period passes."""
    claim = kit.claim()
    kit.steps(claim).writing("lead", [item.delivery.key for item in claim.items])
    kit.finish(claim, Unknown("cut"))
    kit.clock.now += 100


def fail_searches(kit):
    """So many searches fail, one after the other, as are tried."""
    for _ in range(kit.waits.max_searches):
        kit.ledger.outcomes.search_failed(kit.claim(), RetryLater("no search"), kit.waits)
        kit.clock.now += 100


def test_attempts_are_capped_and_a_person_sees_why(kit):
    key = kit.deliver(1)
    for _ in range(3):
        kit.finish(kit.claim(), RetryLater("record locked"))
        kit.clock.now += 100
    assert kit.claim() is None
    assert kit.row(key)["state"] == "dead"
    assert "gave up after 3 attempts: record locked" in kit.row(key)["reason"]


def test_only_answers_that_said_later_count_as_attempts(kit):
    key = kit.deliver(1)
    for _ in range(kit.waits.max_attempts):
        kit.claim()  # and the process is killed
        kit.clock.now += 100
    kit.finish(kit.claim(), RetryLater("the CRM is down", pause=True))
    kit.clock.now += 100
    kit.finish(kit.claim(), RetryLater("record locked"))
    assert kit.row(key)["state"] == "waiting"


def test_who_retries_by_hand_gets_all_attempts_anew(kit):
    key = kit.deliver(1)
    for _ in range(kit.waits.max_attempts):
        kit.finish(kit.claim(), RetryLater("record locked"))
        kit.clock.now += 100
    kit.ledger.acts.retry([key])
    kit.ledger.outcomes.found(kit.claim(), {}, kit.waits)
    kit.finish(kit.claim(), RetryLater("record locked"))
    assert kit.row(key)["state"] == "waiting"


def test_only_searches_that_fail_one_after_the_other_send_a_doubt_to_a_person(kit):
    key = kit.deliver(1)
    for _ in range(kit.waits.max_searches + 1):
        fall_into_doubt(kit)
        kit.ledger.outcomes.found(kit.claim(), {}, kit.waits)
    fall_into_doubt(kit)
    kit.ledger.outcomes.search_failed(kit.claim(), RetryLater("no search"), kit.waits)
    assert kit.row(key)["state"] == "doubt"


def test_a_doubt_that_can_not_be_searched_goes_to_a_person(kit):
    key = kit.deliver(1)
    fall_into_doubt(kit)
    fail_searches(kit)
    assert kit.row(key)["state"] == "dead"
    assert "can't be searched" in kit.row(key)["reason"]


def test_a_delivery_retried_by_hand_with_an_open_intent_is_searched_first(kit):
    key = kit.deliver(1)
    fall_into_doubt(kit)
    fail_searches(kit)
    assert kit.ledger.acts.retry([key]) == 1
    assert kit.claim().kind == "search"
