"""Rules for sinks: what arrives in the CRM."""

import dataclasses
import json

from mailbridge.sdk import Delivered, NoSuchUser, Rejected
from mailbridge.testing.interests import hard_interests, make_deliveries, make_delivery
from mailbridge.testing.sinkproof import (
    announced,
    assert_once,
    assert_whole_card,
    fits,
    path_pattern,
    receipt_id,
    visible,
)
from mailbridge.testing.sinksuite import SuiteBase


class DataRules(SuiteBase):
    """Everything arrives, whole, once, and in its place."""

    def test_s01_one_and_a_full_batch_arrive_once_with_the_whole_card(self) -> None:
        """Every delivery is one main object, and all ten fields of the card can be read there."""
        for count in (1, self.bench().sink.max_batch):
            deliveries = make_deliveries(min(count, 200))
            bench = self.clean_run(deliveries)
            assert_once(bench, deliveries)
            for delivery in deliveries:
                assert_whole_card(bench.emulator, delivery)

    def test_s02_finished_steps_are_never_written_again(self) -> None:
        """A second `deliver` with the same steps sends no write and gives the same receipts."""
        deliveries = make_deliveries(3)
        bench = self.clean_run(deliveries)
        before = len(bench.writes)
        outcomes = bench.deliver(deliveries)
        assert len(bench.writes) == before, "a finished delivery was written again"
        assert_once(bench, deliveries)
        assert [receipt_id(outcome) for outcome in outcomes] == self.main_ids(bench, deliveries)

    def test_s07_a_bad_element_does_not_take_the_others_along(self) -> None:
        """Wherever it stands, what the CRM refuses is Rejected, or NoSuchUser, with a reason; its neighbours arrive."""
        for place in range(3):
            deliveries = make_deliveries(3)
            deliveries[place] = self.spoil(deliveries[place])
            bench = self.bench()
            final = bench.settle(deliveries)
            refused = final[deliveries[place].key]
            assert isinstance(refused, (Rejected, NoSuchUser)), refused
            assert refused.reason, "a rejection needs a reason that a person understands"
            assert_once(bench, [delivery for delivery in deliveries if delivery is not deliveries[place]])

    def test_s08_hard_interests_arrive_whole(self) -> None:
        """Emoji, 10,000 characters, right-to-left text, nobody's name, control characters: one object, all the text."""
        for name, interest in hard_interests().items():
            delivery = make_delivery(interest)
            bench = self.bench()
            outcome = bench.deliver([delivery])[0]
            assert isinstance(outcome, Delivered), f"{name}: {outcome}"
            assert_once(bench, [delivery])
            seen = visible(bench.emulator, delivery)
            lost = [line for line in (interest.text or "").splitlines() if line.strip() not in seen]
            assert not lost, f"{name}: lost in the CRM: {lost[:3]}"

    def test_s08_hard_interests_share_a_batch(self) -> None:
        """They do not spoil each other's requests."""
        deliveries = [make_delivery(interest) for interest in hard_interests().values()]
        bench = self.bench()
        bench.settle(deliveries)
        assert_once(bench, deliveries)

    def test_s09_one_outcome_per_delivery_in_order(self) -> None:
        """Receipts belong to the delivery in the same place, also when some were done before."""
        deliveries = make_deliveries(6)
        bench = self.bench()
        bench.deliver(deliveries[3:5])
        mixed = [deliveries[place] for place in (5, 3, 0, 4, 2, 1)]
        outcomes = bench.deliver(mixed)
        assert [receipt_id(outcome) for outcome in outcomes] == self.main_ids(bench, mixed)
        assert bench.deliver([]) == []

    def test_s13_plan_is_pure_and_tells_the_truth(self) -> None:
        """No request, the same twice, and the very writes that `deliver` sends."""
        deliveries = make_deliveries(2)
        bench = self.bench()
        plan = list(bench.sink.plan(deliveries))
        assert plan == list(bench.sink.plan(deliveries))
        assert not bench.requests, "plan() sent a request"
        text = json.dumps([dataclasses.asdict(request) for request in plan], ensure_ascii=False)
        assert all(delivery.key in text for delivery in deliveries), "the plan does not show the keys"
        assert not [secret for secret in self.secrets if secret in text], "the plan shows a credential"
        bench.deliver(deliveries)
        assert [request.step for request in plan] == announced(bench)
        for request, call in zip(plan, bench.writes, strict=True):
            assert request.method == call.method
            assert path_pattern(request.path).search(call.path), f"planned {request.path}, sent {call.path}"

    def test_s13_what_is_sent_is_what_was_planned(self) -> None:
        """The bodies, too: a placeholder such as "<lead id>" may stand for any value, and for nothing else."""
        deliveries = make_deliveries(2)
        bench = self.clean_run(deliveries)
        for request, call in zip(bench.sink.plan(deliveries), bench.writes, strict=True):
            assert fits(request.body, call.json()), f"planned {request.body}, sent {call.json()}"
