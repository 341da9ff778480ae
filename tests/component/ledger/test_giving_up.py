"""When a delivery is given up and waits for a person, and when it is not."""

from mailbridge.sdk import RetryLater, Unknown


def sent(kit, claim):
    """What a sink does before its request."""
    kit.steps(claim).writing("lead", [item.delivery.key for item in claim.items])


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
        claim = kit.claim()
        sent(kit, claim)
        kit.finish(claim, Unknown("cut"))
        kit.clock.now += 100
        kit.ledger.outcomes.found(kit.claim(), {}, kit.waits)
    claim = kit.claim()
    sent(kit, claim)
    kit.finish(claim, Unknown("cut"))
    kit.clock.now += 100
    kit.ledger.outcomes.search_failed(kit.claim(), RetryLater("no search"), kit.waits)
    assert kit.row(key)["state"] == "doubt"


def test_a_doubt_that_can_not_be_searched_goes_to_a_person(kit):
    key = kit.deliver(1)
    claim = kit.claim()
    sent(kit, claim)
    kit.finish(claim, Unknown("cut"))
    for _ in range(2):
        kit.clock.now += 100
        kit.ledger.outcomes.search_failed(kit.claim(), RetryLater("no search"), kit.waits)
    assert kit.row(key)["state"] == "dead"
    assert "can't be searched" in kit.row(key)["reason"]


def test_a_delivery_retried_by_hand_with_an_open_intent_is_searched_first(kit):
    key = kit.deliver(1)
    claim = kit.claim()
    sent(kit, claim)
    kit.finish(claim, Unknown("cut"))
    for _ in range(2):
        kit.clock.now += 100
        kit.ledger.outcomes.search_failed(kit.claim(), RetryLater("no search"), kit.waits)
    assert kit.ledger.acts.retry([key]) == 1
    assert kit.claim().kind == "search"
