"""Rules for sinks that can tell what people did: reading back, and counting what is open."""

import dataclasses
from collections.abc import Sequence

from mailbridge.sdk import CountsOpen, Delivered, Delivery, ReadsBack, RemoteState, Sent, SinkError
from mailbridge.testing.emulator import Fault
from mailbridge.testing.interests import make_deliveries
from mailbridge.testing.sinkbench import Bench
from mailbridge.testing.sinksuite import UNKNOWN_ENDS, SuiteBase


class PeopleRules(SuiteBase):
    """Both protocols are optional: a sink without them keeps these rules by having nothing to tell."""

    def test_s24_reading_back_only_reads_and_tells_the_truth(self) -> None:
        """Untouched objects exist and are not processed, deleted ones are not there, and nothing is written."""
        bench, receipts = self._delivered(3)
        writes = len(bench.writes)
        states = self._states(bench, receipts)
        assert len({state.remote_id for state in states}) == len(states), "an object is told twice"
        wrong = [state for state in states if not state.exists or state.processed or state.first_answer_at]
        assert not wrong, f"nobody has touched these: {wrong}"
        bench.emulator.reset()
        there = [state for state in self._states(bench, receipts) if state.exists]
        assert not there, f"these are gone: {there}"
        assert len(bench.writes) == writes, "read_back wrote"

    def test_s24_a_look_that_fails_says_nothing_of_the_objects(self) -> None:
        """At any request of `read_back`: a SinkError, or what is true; never "deleted" because an answer is missing."""
        clean, receipts = self._delivered(2)
        before = clean.requests
        self._states(clean, receipts)
        for number in range(before + 1, clean.requests + 1):
            for name, fault in {**UNKNOWN_ENDS, "html_403": Fault("html", status=403)}.items():
                bench, mine = self._delivered(2)
                bench.fault, bench.fault_at = dataclasses.replace(fault), number
                gone = [state for state in self._tried(bench, mine) if not state.exists]
                assert not gone, f"{name} at request {number}: {gone}"

    def test_s24_counting_only_reads(self) -> None:
        """`open_counts` writes nothing, and knows no user that nobody asked for."""
        bench, _ = self._delivered(1)
        if not isinstance(bench.sink, CountsOpen):
            return
        writes = len(bench.writes)
        assert dict(bench.sink.open_counts([])) == {}
        asked = ["999999998", "999999999"]
        assert set(bench.sink.open_counts(asked)) <= set(asked)
        assert len(bench.writes) == writes, "open_counts wrote"

    def _delivered(self, count: int) -> tuple[Bench, list[Sent]]:
        deliveries = make_deliveries(count)
        bench = self.bench()
        outcomes = bench.deliver(deliveries)
        return bench, [
            _sent(bench, delivery, outcome)
            for delivery, outcome in zip(deliveries, outcomes, strict=True)
            if isinstance(outcome, Delivered)
        ]

    @staticmethod
    def _states(bench: Bench, receipts: Sequence[Sent]) -> list[RemoteState]:
        if not isinstance(bench.sink, ReadsBack):
            return []
        states, _ = bench.sink.read_back(receipts, None)
        ours = {sent.remote_id for sent in receipts}
        return [state for state in states if state.remote_id in ours]

    def _tried(self, bench: Bench, receipts: Sequence[Sent]) -> list[RemoteState]:
        try:
            return self._states(bench, receipts)
        except SinkError:
            return []


def _sent(bench: Bench, delivery: Delivery, outcome: Delivered) -> Sent:
    return Sent(delivery.key, outcome.receipt.remote_id, bench.steps.done(delivery.key))
