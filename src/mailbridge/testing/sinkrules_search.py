"""Rules for sinks: what `find` sees, and what it must not say."""

import dataclasses

from mailbridge.sdk import Doubt, SinkError
from mailbridge.testing.emulator import Fault
from mailbridge.testing.interests import make_deliveries
from mailbridge.testing.sinkproof import announced, assert_once
from mailbridge.testing.sinksuite import UNKNOWN_ENDS, SuiteBase

SEARCH_ENDS = {
    **UNKNOWN_ENDS,
    "status_429": Fault("status", status=429),
    "html_403": Fault("html", status=403),
    "status_404": Fault("status", status=404),
}


class SearchRules(SuiteBase):
    """A doubt is cleared by what the CRM holds, and stays while the CRM can't be asked."""

    def test_s04_a_lost_ledger_makes_nothing_new(self) -> None:
        """With no memory at all `find` sees every step of every delivery, and `deliver` writes nothing.

        Where the CRM itself refuses doubles, `deliver` may repeat; where nothing can be asked, `find` raises.
        """
        deliveries = make_deliveries(3)
        bench = self.clean_run(deliveries)
        steps, whole = set(announced(bench)), bench.emulator.counts()
        bench.forget()
        if self.reconcile == "person":
            assert self.error_of_find(bench, deliveries), "find() said what it can't know"
            return
        found = bench.find(deliveries, since=0.0)
        assert not bench.writes, "find() wrote"
        if self.reconcile == "search":
            missed = [(delivery.key, steps - found.get(delivery.key, {}).keys()) for delivery in deliveries]
            assert all(not names for _, names in missed), f"find() does not see what deliver() made: {missed}"
        bench.deliver(deliveries)
        assert self.reconcile == "repeat" or not bench.writes, "written again after the ledger was lost"
        assert_once(bench, deliveries)
        assert bench.emulator.counts() == whole

    def test_s04_what_was_never_written_is_not_found(self) -> None:
        """`find` does not take another delivery's objects for its own."""
        if self.reconcile == "person":
            return
        bench = self.clean_run(make_deliveries(2))
        stranger = make_deliveries(3)[2]
        assert not bench.find([stranger], since=0.0).get(stranger.key), "found what nobody wrote"

    def test_s19_a_fault_while_searching_keeps_the_doubt(self) -> None:
        """At any request of `find`: a SinkError when it could not search; never "not found" instead.

        An answer that is whole, though late or of the wrong type, may be believed.
        """
        if self.reconcile != "search":
            return
        deliveries = make_deliveries(2)
        clean = self.clean_run(deliveries)
        clean.forget()
        before = clean.requests
        whole = clean.find(deliveries, since=0.0)
        for number in range(1, clean.requests - before + 1):
            for name, fault in SEARCH_ENDS.items():
                clean.forget()
                clean.emulator.faults.clear()
                clean.fault, clean.fault_at = dataclasses.replace(fault), clean.requests + number
                try:
                    found = clean.sink.find([Doubt(delivery) for delivery in deliveries])
                except SinkError:
                    continue
                seen = {key: set(steps) for key, steps in found.items()}
                assert seen == {key: set(steps) for key, steps in whole.items()}, f"{name} at request {number}: {seen}"

    def test_s20_a_search_that_lags_is_asked_again(self) -> None:
        """What an index did not show yet, a later `find` of the same sink sees: nothing is remembered as missing."""
        deliveries = make_deliveries(2)
        whole = self.clean_run(deliveries).emulator.counts()
        for step in self.steps():
            bench = self.bench()
            bench.reads_lag(from_step=step)
            bench.faults[step] = Fault("drop_after")
            bench.deliver(deliveries)
            self.error_of_find(bench, deliveries)
            bench.reads_catch_up()
            self.assert_settles(bench, deliveries, whole, f"a search lagged after {step}")

    def test_s20_a_delivery_does_not_wait_for_the_index(self) -> None:
        """While searches show nothing of what was just written, whole deliveries still arrive, once."""
        deliveries = make_deliveries(2)
        whole = self.clean_run(deliveries).emulator.counts()
        bench = self.bench()
        bench.reads_lag()
        self.assert_settles(bench, deliveries, whole, "searches lag")
