"""The steps of a batch: when intents and results are durable, and what proves that a request may be sent."""

import pytest
from sqlalchemy import event

from mailbridge.ledger.steps import LedgerSteps
from mailbridge.pipeline.delivery import AccountGate
from mailbridge.sdk import NotWritten


def sent(kit, claim, step="lead"):
    """What a sink does before its request."""
    steps = kit.steps(claim)
    steps.writing(step, [item.delivery.key for item in claim.items])
    return steps


def test_the_age_of_an_intent_and_the_end_of_its_lease_are_told_by_the_clock_of_the_ledger(kit):
    key = kit.deliver(1)
    steps = sent(kit, kit.claim())
    kit.clock.now += 7
    assert steps.standing([key]) == pytest.approx((7, 53), abs=0.01)
    steps.renew([key])
    assert steps.standing([key]) == pytest.approx((0, 60), abs=0.01)


def test_no_request_is_permitted_without_an_intent_of_its_step_or_after_another_node_took_over(kit):
    key = kit.deliver(1)
    claim = kit.claim()
    steps = kit.steps(claim)
    with pytest.raises(NotWritten):
        steps.standing([key])
    steps.writing("lead", [key])
    steps.finished("lead", {key: "77"})
    steps.keep()
    with pytest.raises(NotWritten):
        steps.standing([key])
    steps.writing("note", [key])
    kit.clock.now += 61
    assert kit.claim().kind == "search"
    with pytest.raises(NotWritten, match="lease"):
        steps.standing([key])


def test_a_block_of_slots_is_taken_by_one_node_only(kit):
    other = kit.open()
    try:
        waits = [node.accounts.take_slot("crm", 0.1, 1, 5).wait_s for node in (kit.ledger, other, kit.ledger)]
        assert waits == pytest.approx([0, 0.5, 1.0], abs=0.01)
        assert other.accounts.take_slot("crm", 0.1).wait_s == pytest.approx(1.5, abs=0.01)
        assert other.accounts.take_slot("crm", 0.1, 3, 2).wait_s == pytest.approx(1.4, abs=0.01), "a burst of 3"
    finally:
        other.close()


def test_a_result_is_committed_with_the_intent_that_follows(kit):
    first, second = kit.deliver(1), kit.deliver(2)
    steps = kit.steps(kit.claim())
    steps.writing("lead", [first])
    steps.finished("lead", {first: "77"})
    assert steps.done(first) == {"lead": "77"}
    assert kit.row(first)["steps"][0]["state"] == "writing"
    steps.writing("lead", [second])
    assert kit.row(first)["steps"][0]["remote_id"] == "77"
    assert kit.row(second)["steps"][0]["state"] == "writing"
    steps.keep()
    assert len(kit.row(first)["steps"]) == 1


def test_a_result_is_not_lost_with_the_intent_that_could_not_be_committed(kit):
    first, second = kit.deliver(1), kit.deliver(2)
    steps = kit.steps(kit.claim())
    steps.writing("lead", [first])
    steps.finished("lead", {first: "77"})
    kit.clock.now += 61
    with pytest.raises(NotWritten, match="lease"):
        steps.writing("lead", [second])
    assert kit.row(first)["steps"][0]["state"] == "writing"
    steps.keep()
    assert kit.row(first)["steps"][0]["remote_id"] == "77"


def test_a_fresh_intent_is_read_again_where_the_clock_is_not_ours_or_has_jumped(kit):
    key = kit.deliver(1)
    steps = sent(kit, kit.claim())
    reads = []
    event.listen(kit.ledger.database.engine, "begin", reads.append)
    assert steps.standing([key]) == pytest.approx((0, 60), abs=0.01)
    assert len(reads) == (0 if kit.ledger.database.is_sqlite else 1)
    for moved in (-5, 7):
        reads.clear()
        kit.clock.now += moved
        steps.standing([key])
        assert len(reads) == 1


def test_a_request_that_reads_needs_no_intent_of_what_is_finished(kit):
    first, second = kit.deliver(1), kit.deliver(2)
    gate = AccountGate(lambda: (0.0, 0.0, ""), lambda _seconds: True)
    steps = LedgerSteps(kit.ledger.database, kit.claim(), lease_s=60, armed=gate.arm)
    gate.begin(steps, 60)
    steps.writing("contact", [first, second])
    steps.finished("contact", {first: "77"})
    gate.permit(10)  # the other one is still under way
    kit.clock.now += 61
    with pytest.raises(NotWritten, match="lease"):
        gate.permit(10)
    steps.finished("contact", {second: "78"})
    gate.permit(10)
