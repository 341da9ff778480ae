"""The outbox: lanes, leases, fences, doubts. Each test names the promise that would break."""

import pytest

from mailbridge.sdk import Delivered, NotWritten, Receipt, Rejected, RetryLater, SinkUnusable, Unknown


def keys(claim):
    return [item.delivery.key for item in claim.items] if claim else []


def sent(kit, claim, step="lead"):
    """What a sink does before its request."""
    steps = kit.steps(claim)
    steps.writing(step, keys(claim))
    return steps


def done(number=1):
    return Delivered(Receipt(f"remote-{number}"))


def test_a_claimed_delivery_is_not_claimed_again_while_its_lease_lives(kit):
    kit.deliver(1)
    assert keys(kit.claim()) == ["mb1-1"]
    assert kit.claim() is None


def test_delivered_is_final(kit):
    key = kit.deliver(1)
    claim = kit.claim()
    steps = sent(kit, claim)
    steps.finished("lead", {key: "77"})
    steps.keep()
    kit.finish(claim, Delivered(Receipt("77", "https://crm.example/77")))
    row = kit.row(key)
    assert (row["state"], row["remote_id"], row["remote_url"]) == ("delivered", "77", "https://crm.example/77")
    kit.clock.now += 10_000
    assert kit.claim() is None
    assert kit.ledger.waiting().total == 0


def test_one_lane_keeps_its_order_and_other_lanes_go_on(kit):
    kit.deliver(1, lane="anna")
    kit.deliver(2, lane="anna")
    kit.deliver(3, lane="boris")
    first = kit.claim()
    assert keys(first) == ["mb1-1", "mb1-3"]
    kit.finish(first, RetryLater("busy"), done(3))
    assert kit.claim() is None, "the second of the lane must not overtake the waiting first"
    kit.clock.now += 11
    assert keys(kit.claim()) == ["mb1-1"]


def test_dead_deliveries_release_their_lane(kit):
    kit.deliver(1, lane="anna")
    kit.deliver(2, lane="anna")
    kit.finish(kit.claim(), Rejected("no such field"))
    assert keys(kit.claim()) == ["mb1-2"]
    assert kit.row("mb1-1")["reason"] == "no such field"


def test_fresh_interests_overtake_a_backlog(kit):
    kit.deliver(1, backlog=True)
    kit.deliver(2, backlog=True)
    kit.deliver(3)
    assert keys(kit.claim(limit=1)) == ["mb1-3"]


def test_fresh_interests_overtake_a_backlog_that_is_in_doubt(make_kit):
    kit = make_kit(new=False)
    for number in (1, 2):
        kit.deliver(number, backlog=True, first_uid=10, searches_first=True)
    kit.deliver(11, first_uid=10, searches_first=True)
    claims = [kit.claim(limit=2), kit.claim(limit=2)]
    assert [(one.kind, keys(one)) for one in claims] == [("deliver", ["mb1-11"]), ("search", ["mb1-1", "mb1-2"])]


def test_what_keeps_a_fresh_interest_waiting_in_its_lane_overtakes_the_backlog_too(kit):
    for number, author in enumerate(("boris", "anna", "clara"), 1):
        kit.deliver(number, lane=author, backlog=True)
    kit.deliver(4, lane="anna")
    first = kit.claim(limit=1)
    assert keys(first) == ["mb1-2"], "the older interest of the same author"
    assert keys(kit.claim(limit=1)) == ["mb1-1"], "its successor waits for it, the backlog goes on"
    kit.finish(first, done())
    assert keys(kit.claim(limit=1)) == ["mb1-4"]


def test_a_lease_that_ended_before_any_intent_is_simply_ready_again(kit):
    kit.deliver(1)
    kit.claim()
    kit.clock.now += 61
    again = kit.claim()
    assert (again.kind, keys(again)) == ("deliver", ["mb1-1"])


def test_a_lease_that_ended_after_an_intent_is_a_doubt_and_waits_out_the_quiet_period(kit):
    kit.deliver(1)
    sent(kit, kit.claim())
    intent_at = kit.clock.now
    kit.clock.now = intent_at + 61
    assert kit.claim().kind == "search"
    assert kit.row("mb1-1")["state"] == "doubt"


def test_no_search_in_the_quiet_period(kit):
    kit.deliver(1)
    claim = kit.claim()
    sent(kit, claim)
    kit.finish(claim, Unknown("timed out"))
    kit.clock.now += 29
    assert kit.claim() is None
    kit.clock.now += 2
    claim = kit.claim()
    assert claim.kind == "search"
    assert claim.items[0].open == ("lead",)


def test_found_in_the_crm_is_not_written_again(kit):
    key = kit.deliver(1)
    claim = kit.claim()
    sent(kit, claim)
    kit.finish(claim, Unknown("cut"))
    kit.clock.now += 31
    kit.ledger.outcomes.found(kit.claim(), {key: {"lead": Receipt("9")}}, kit.waits)
    claim = kit.claim()
    assert claim.kind == "deliver"
    assert kit.steps(claim).done(key) == {"lead": "9"}


def test_not_found_is_ready_again_without_its_intent(kit):
    key = kit.deliver(1)
    claim = kit.claim()
    sent(kit, claim)
    kit.finish(claim, Unknown("cut"))
    kit.clock.now += 31
    kit.ledger.outcomes.found(kit.claim(), {}, kit.waits)
    claim = kit.claim()
    assert (claim.kind, claim.items[0].open, kit.steps(claim).done(key)) == ("deliver", (), {})


def test_an_old_fence_changes_nothing_and_its_result_is_a_suspect(kit):
    key = kit.deliver(1)
    old = kit.claim()
    steps = sent(kit, old)
    kit.clock.now += 61
    search = kit.claim()
    kit.ledger.outcomes.found(search, {}, kit.waits)
    kit.claim()
    steps.finished("lead", {key: "late"})
    steps.keep()
    kit.finish(old, Delivered(Receipt("late")))
    row = kit.row(key)
    assert row["state"] == "sending"
    assert [suspect["remote_id"] for suspect in row["suspects"]] == ["late", "late"]


def test_no_intent_without_a_living_lease(kit):
    key = kit.deliver(1)
    claim = kit.claim()
    kit.clock.now += 61
    with pytest.raises(NotWritten, match="lease"):
        kit.steps(claim).writing("lead", [key])


def test_an_intent_extends_the_lease(kit):
    key = kit.deliver(1)
    claim = kit.claim()
    steps = kit.steps(claim)
    kit.clock.now += 50
    steps.writing("lead", [key])
    kit.clock.now += 50
    steps.writing("note", [key])
    assert kit.claim() is None


def test_a_rate_limit_pauses_the_account_and_costs_no_attempt(kit):
    key = kit.deliver(1)
    claim = kit.claim()
    sent(kit, claim)
    kit.finish(claim, RetryLater("HTTP 429", after_s=20, pause=True))
    assert kit.ledger.accounts.take_slot("crm", 0.1).paused_s == pytest.approx(20)
    kit.clock.now += 19
    assert kit.claim() is None
    kit.clock.now += 2
    claim = kit.claim()
    assert (claim.kind, claim.items[0].delivery.attempt) == ("deliver", 1)
    assert kit.row(key)["steps"] == [], "nothing was written, so no intent stays open"


def test_an_unusable_sink_pauses_its_account_only(kit):
    kit.deliver(1)
    kit.ledger.accounts.add("other")
    kit.finish(kit.claim(), SinkUnusable("token revoked"))
    assert kit.ledger.accounts.state("crm").unusable
    assert kit.ledger.accounts.state("other").paused_s == 0
    kit.clock.now += 61
    kit.finish(kit.claim(), done())
    assert not kit.ledger.accounts.state("crm").unusable


def test_cancel_resolve_and_release_by_hand(kit):
    one, two = kit.deliver(1), kit.deliver(2)
    assert kit.ledger.acts.cancel([one]) == 1
    assert kit.ledger.acts.resolve(two, "55") == 1
    assert kit.claim() is None
    assert (kit.row(one)["state"], kit.row(two)["remote_id"]) == ("cancelled", "55")
    assert kit.row(two)["transitions"][-1]["actor"] == "person"


def test_slots_are_evenly_spaced_over_all_takers(kit):
    waits = [kit.ledger.accounts.take_slot("crm", 0.5).wait_s for _ in range(4)]
    assert waits == pytest.approx([0, 0.5, 1.0, 1.5])
    kit.clock.now += 10
    assert kit.ledger.accounts.take_slot("crm", 0.5).wait_s == 0


def test_after_a_rest_some_slots_may_follow_each_other_at_once(kit):
    waits = [kit.ledger.accounts.take_slot("crm", 0.5, 3).wait_s for _ in range(5)]
    assert waits == pytest.approx([0, 0, 0, 0.5, 1.0])


def test_what_arrives_while_a_batch_is_sent_shares_the_next_one(kit):
    kit.deliver(1)
    first = kit.claim()
    kit.deliver(2)
    assert kit.claim(gather_s=2) is None, "half a batch while another one is under way"
    kit.deliver(3)
    kit.finish(first, Delivered(Receipt("1")))
    assert len(kit.claim(gather_s=2).items) == 2


def test_a_full_batch_and_one_that_waited_long_enough_do_not_wait(kit):
    kit.deliver(1)
    kit.claim()
    kit.deliver(2)
    assert len(kit.claim(1, gather_s=2).items) == 1, "it is full"
    kit.deliver(3)
    kit.clock.now += 2.5
    assert len(kit.claim(gather_s=2).items) == 1, "the batch under way hangs"


def test_leases_of_dead_processes_of_this_host_end_at_once(kit):
    kit.deliver(1)
    kit.claim()
    crashed = kit.ledger
    heir = kit.open()  # same pid, other node: what a restarted container looks like
    if not heir.database.is_sqlite:
        assert heir.free_leases_of_the_dead() == 0, "it may be a living neighbour in another container"
        kit.clock.now += 26
    assert heir.free_leases_of_the_dead() == 1
    kit.ledger = heir
    assert keys(kit.claim()) == ["mb1-1"]
    crashed.database.close()


class TestLostLedger:
    """A ledger that is not the first one searches before it creates."""

    @pytest.fixture
    def kit(self, make_kit):
        return make_kit(new=False)

    def test_old_mails_are_searched_and_young_ones_are_not(self, kit):
        kit.deliver(1, first_uid=2, searches_first=kit.ledger.searches_first)
        kit.deliver(2, searches_first=kit.ledger.searches_first)
        claim = kit.claim()
        assert (claim.kind, keys(claim), claim.items[0].open) == ("search", ["mb1-1"], ())
        assert keys(kit.claim()) == ["mb1-2"]

    def test_nothing_of_ours_in_the_crm_means_no_quiet_period(self, kit):
        kit.deliver(1, first_uid=2, searches_first=True)
        kit.ledger.outcomes.found(kit.claim(), {}, kit.waits)
        assert kit.claim().kind == "deliver"

    def test_a_key_of_ours_means_that_all_is_searched_twice(self, kit):
        kit.deliver(1, first_uid=3, searches_first=True)
        kit.deliver(2, searches_first=True)
        kit.ledger.outcomes.found(kit.claim(), {"mb1-1": {"lead": Receipt("5")}}, kit.waits)
        assert kit.claim() is None, "an earlier ledger may still be writing the one, or the next step of the other"
        kit.clock.now += 31
        claim = kit.claim()
        assert (claim.kind, keys(claim)) == ("search", ["mb1-1", "mb1-2"])
        assert claim.items[0].done == {"lead": "5"}
        kit.ledger.outcomes.found(claim, {"mb1-1": {"note": Receipt("6")}}, kit.waits)
        claim = kit.claim()
        assert (claim.kind, keys(claim)) == ("deliver", ["mb1-1", "mb1-2"])
        assert claim.items[0].done == {"lead": "5", "note": "6"}, "only what is not there is written"


@pytest.mark.parametrize("state", ["doubt", "dead"])
def test_what_a_person_cancelled_and_retried_is_searched_before_it_is_written(kit, state):
    key = kit.deliver(1)
    claim = kit.claim()
    sent(kit, claim)
    kit.finish(claim, Unknown("cut"))
    if state == "dead":
        for _ in range(2):
            kit.clock.now += 100
            kit.ledger.outcomes.search_failed(kit.claim(), RetryLater("no search"), kit.waits)
    assert kit.ledger.acts.cancel([key]) == 1
    assert kit.ledger.acts.retry([key]) == 1
    assert kit.claim() is None or state == "dead", "the quiet period goes on"
    kit.clock.now += 1000
    claim = kit.claim()
    assert (claim.kind, claim.items[0].open) == ("search", ("lead",))


def test_a_long_lane_hides_no_other_one_and_keeps_its_order(kit):
    """A claim walks in pieces of four times its size: what it wants lies behind several of them."""
    for number in range(1, 31):
        kit.deliver(number, lane="anna")
    kit.deliver(31, lane="boris")
    kit.deliver(32)
    kit.deliver(33, lane="boris")
    kit.deliver(34)
    first = kit.claim(limit=3)
    assert keys(first) == ["mb1-1", "mb1-31", "mb1-32"]
    assert keys(kit.claim(limit=3)) == ["mb1-34"]
    kit.finish(first, done(1), done(31), done(32))
    assert keys(kit.claim(limit=3)) == ["mb1-2", "mb1-33"]


def test_several_objects_under_one_key_are_told_in_the_history_of_the_delivery(kit):
    key = kit.deliver(1)
    claim = kit.claim()
    sent(kit, claim)
    kit.finish(claim, Unknown("cut"))
    kit.clock.now += 31
    kit.ledger.outcomes.found(kit.claim(), {key: {"lead": Receipt("9")}}, kit.waits, {key: ["9", "11"]})
    row = kit.row(key)
    assert row["state"] == "ready", "what exists is not written again"
    assert row["reason"] == "found: lead; 2 objects carry the key: 9, 11"
