"""Rules for sinks: what happens when something goes wrong."""

import dataclasses
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from mailbridge.sdk import Delivered, RetryLater, SinkUnusable, Unknown, Unusable
from mailbridge.testing.emulator import Fault
from mailbridge.testing.interests import make_deliveries
from mailbridge.testing.sinksuite import UNKNOWN_ENDS, SuiteBase


class FaultRules(SuiteBase):
    """After any fault and the core's recovery there is one of everything."""

    def test_s03_a_lost_answer_at_any_step_leaves_one_of_everything(self) -> None:
        """Whatever end a step's request has: Unknown (or later), then `find` and `deliver` make it exactly one."""
        deliveries = make_deliveries(3)
        whole = self.clean_run(deliveries).emulator.counts()
        for step in self.steps():
            for name, fault in UNKNOWN_ENDS.items():
                bench = self.bench()
                bench.faults[step] = dataclasses.replace(fault)
                outcomes = bench.deliver(deliveries)
                odd = [outcome for outcome in outcomes if not isinstance(outcome, (Unknown, RetryLater))]
                assert not odd, f"{name} at step {step}: {odd[0]}"
                self.assert_settles(bench, deliveries, whole, f"{name} at step {step}")

    def test_s11_without_the_lease_nothing_is_written(self) -> None:
        """The lease may be gone when a step is announced, or at the gate directly before the socket."""
        deliveries = make_deliveries(2)
        whole = self.clean_run(deliveries).emulator.counts()
        for step in self.steps():
            bench = self.bench()
            bench.lease_ends_at = step
            self.assert_stops(bench, deliveries, step)
            bench.lease_ends_at, bench.steps.lease_lost = "", False
            self.assert_settles(bench, deliveries, whole, f"lease lost at {step}")
            bench = self.bench()
            bench.gate_shut_at = step
            self.assert_stops(bench, deliveries, step)
            bench.gate_shut_at = ""
            self.assert_settles(bench, deliveries, whole, f"gate shut at {step}")

    def test_s17_a_fault_at_any_request_leaves_one_of_everything(self) -> None:
        """As s03, for every single request: look-ups too."""
        deliveries = make_deliveries(2)
        clean = self.clean_run(deliveries)
        for number in range(1, clean.requests + 1):
            for name, fault in {**UNKNOWN_ENDS, "wrong_type": Fault("wrong_type")}.items():
                bench = self.bench()
                bench.fault, bench.fault_at = dataclasses.replace(fault), number
                self.assert_settles(bench, deliveries, clean.emulator.counts(), f"{name} at request {number}")

    def test_s18_a_crash_at_any_point_leaves_one_of_everything(self) -> None:
        """The process dies after an intent, before and after a request, before and after a result was noted."""
        deliveries = make_deliveries(2)
        clean = self.clean_run(deliveries)
        for point in range(1, clean.crash_points + 1):
            bench = self.bench()
            bench.crash_at = point
            self.assert_settles(bench, deliveries, clean.emulator.counts(), f"crash at point {point}")

    def test_s05_a_rate_limit_pauses_and_writes_nothing(self) -> None:
        """429 at any request: RetryLater with pause for all that is not complete, never Unknown; later one of each."""
        deliveries = make_deliveries(2)
        clean = self.clean_run(deliveries)
        whole = clean.emulator.counts()
        for number in range(1, clean.requests + 1):
            bench = self.bench()
            bench.fault, bench.fault_at = Fault("status", status=429), number
            waiting = [one for one in bench.deliver(deliveries) if not isinstance(one, Delivered)]
            assert waiting, f"429 at request {number}, and all is delivered"
            for outcome in waiting:
                assert isinstance(outcome, RetryLater), f"429 at request {number}: {outcome}"
                assert outcome.pause, "a rate limit concerns the whole account: pause=True"
            self.assert_settles(bench, deliveries, whole, f"429 at request {number}")

    def test_s05_retry_after_reaches_the_core(self) -> None:
        """How long a 429 says to wait, in seconds or as a date, is handed on: who asks too early waits longer."""
        soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
        for told, least in (("37", 37.0), (soon, 60.0)):
            for number in range(1, self.clean_run(make_deliveries(1)).requests + 1):
                bench = self.bench()
                bench.fault, bench.fault_at = Fault("status", status=429, retry_after=told), number
                outcome = bench.deliver(make_deliveries(1))[0]
                assert isinstance(outcome, RetryLater), f"429 at request {number}: {outcome}"
                assert (outcome.after_s or 0) >= least, f"Retry-After: {told} at request {number}: {outcome.after_s}"

    def test_s06_refused_credentials_make_the_sink_unusable(self) -> None:
        """401 on everything: SinkUnusable for every delivery, `check` raises Unusable, nothing is written."""
        bench = self.bench()
        bench.emulator.faults.append(Fault("status", status=401, times=1000))
        outcomes = bench.deliver(make_deliveries(2))
        assert all(isinstance(outcome, SinkUnusable) for outcome in outcomes), outcomes
        assert not bench.emulator.keys()
        assert isinstance(self.error_of_check(bench), Unusable)

    def test_s06_a_page_that_forbids_kills_no_delivery(self) -> None:
        """403 as HTML, from a firewall or a lock-out, at any request: the account waits, no delivery is dead."""
        deliveries = make_deliveries(2)
        clean = self.clean_run(deliveries)
        for number in range(1, clean.requests + 1):
            bench = self.bench()
            bench.fault, bench.fault_at = Fault("html", status=403), number
            waiting = [one for one in bench.deliver(deliveries) if not isinstance(one, Delivered)]
            for outcome in waiting:
                held = isinstance(outcome, SinkUnusable) or (isinstance(outcome, RetryLater) and outcome.pause)
                assert held, f"403 HTML at request {number}: {outcome}"
            self.assert_settles(bench, deliveries, clean.emulator.counts(), f"403 HTML at request {number}")

    def test_s21_a_token_that_expires_is_renewed(self) -> None:
        """Before any request the access token ends: it is renewed, and one of everything arrives."""
        deliveries = make_deliveries(2)
        if not self.expire(self.make_emulator()):
            return
        clean = self.clean_run(deliveries)
        for number in range(1, clean.requests + 1):
            bench = self.bench()
            bench.expire, bench.expire_at = self.expire, number
            self.assert_settles(bench, deliveries, clean.emulator.counts(), f"token ends before request {number}")

    def test_s21_a_fault_while_a_token_is_renewed_doubles_nothing(self) -> None:
        """Whatever end the request for a new token has, nothing is there twice, and no raw error comes out."""
        deliveries = make_deliveries(2)
        if not self.expire(self.make_emulator()):
            return
        for number in range(1, self.clean_run(deliveries).requests + 1):
            for name, fault in {**UNKNOWN_ENDS, "status_429": Fault("status", status=429)}.items():
                bench = self.bench()
                bench.expire, bench.expire_at = self.expire, number
                bench.fault, bench.fault_at = dataclasses.replace(fault), number + 1
                self.assert_at_most_once(bench, deliveries, f"{name} after the token ended at request {number}")
