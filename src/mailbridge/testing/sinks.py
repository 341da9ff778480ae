"""The conformance kit for sinks: a pytest class that every sink must pass.

A sink's test file subclasses `SinkSuite` and says how its emulator and the sink are made:

    class TestAcme(SinkSuite):
        def make_emulator(self): return AcmeEmulator()
        def make_sink(self, emulator, transport):
            return AcmeSink(AcmeSink.Config(url="http://127.0.0.1", token=emulator.token), tokens=NoTokens(),
                            transport=transport)

Emulators are `mailbridge.testing.emulator.Emulator`s: the rules look at their `keys`, `card`, `counts` and `writes`.
"""

import dataclasses
import json
from collections.abc import Iterator, Sequence

import httpx

from mailbridge.sdk import (
    Delivered,
    Delivery,
    Doubt,
    NotWritten,
    Rejected,
    RetryLater,
    Sink,
    SinkError,
    SinkUnusable,
    Unknown,
    Unusable,
)
from mailbridge.testing.emulator import Emulator, Fault
from mailbridge.testing.interests import hard_interests, make_deliveries, make_delivery
from mailbridge.testing.sinkbench import Bench
from mailbridge.testing.sinkproof import (
    announced,
    assert_once,
    assert_whole_card,
    main_ids,
    path_pattern,
    receipt_id,
    visible,
)

UNKNOWN_ENDS = {
    "drop_after": Fault("drop_after"),
    "drop_before": Fault("drop_before"),
    "late": Fault("late", delay_s=3600),
    "status_500": Fault("status", status=500),
    "status_500_written": Fault("status", status=500, process=True),
    "html_502": Fault("html", status=502),
    "html_504_written": Fault("html", status=504, process=True),
    "html_200_written": Fault("html", status=200, process=True),
    "truncate": Fault("truncate"),
}
"""Ends of a request after which nobody can know whether it was carried out."""


class SinkSuite:
    """The rules. Each runs on fresh emulators, without sockets, in well under a second.

    Attributes:
        secrets: Texts that may never appear in a reason, a plan or a repr.
    """

    secrets: Sequence[str] = ("demo-token",)

    def make_emulator(self) -> Emulator:
        """Return a fresh emulator without rate limit."""
        raise NotImplementedError

    def make_sink(self, emulator: Emulator, transport: httpx.BaseTransport) -> Sink:
        """Return the sink, set up for the emulator, with every step that it has."""
        raise NotImplementedError

    def spoil(self, delivery: Delivery) -> Delivery:
        """Return the delivery changed so that the CRM will never take it; by default its user does not exist."""
        return dataclasses.replace(delivery, responsible="999999999")

    def bench(self) -> Bench:
        """Return a fresh bench."""
        return Bench(self.make_emulator(), self.make_sink)

    def clean_run(self, deliveries: Sequence[Delivery]) -> Bench:
        """Return a bench on which the deliveries were delivered without faults."""
        bench = self.bench()
        outcomes = bench.deliver(deliveries)
        assert all(isinstance(outcome, Delivered) for outcome in outcomes), f"without any fault: {outcomes}"
        return bench

    def steps(self) -> list[str]:
        """Return the names of the steps of an ordinary delivery, in order."""
        return announced(self.clean_run(make_deliveries(1)))

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
        assert [receipt_id(outcome) for outcome in outcomes] == main_ids(bench, deliveries)

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

    def test_s04_a_lost_ledger_makes_nothing_new(self) -> None:
        """With no memory at all `find` sees every step of every delivery, and `deliver` writes nothing."""
        deliveries = make_deliveries(3)
        bench = self.clean_run(deliveries)
        steps, whole = set(announced(bench)), bench.emulator.counts()
        bench.forget()
        found = bench.find(deliveries, since=0.0)
        missed = [(delivery.key, steps - found.get(delivery.key, {}).keys()) for delivery in deliveries]
        assert all(not names for _, names in missed), f"find() does not see what deliver() made: {missed}"
        bench.deliver(deliveries)
        assert not bench.writes, "written again after the ledger was lost"
        assert bench.emulator.counts() == whole

    def test_s04_what_was_never_written_is_not_found(self) -> None:
        """`find` does not take another delivery's objects for its own."""
        bench = self.clean_run(make_deliveries(2))
        stranger = make_deliveries(3)[2]
        assert not bench.find([stranger], since=0.0).get(stranger.key), "found what nobody wrote"

    def test_s05_a_rate_limit_pauses_and_writes_nothing(self) -> None:
        """429 at any request: RetryLater with pause, never Unknown; afterwards one of everything."""
        deliveries = make_deliveries(2)
        clean = self.clean_run(deliveries)
        whole = clean.emulator.counts()
        for number in range(1, clean.requests + 1):
            bench = self.bench()
            bench.fault, bench.fault_at = Fault("status", status=429), number
            for outcome in bench.deliver(deliveries):
                assert isinstance(outcome, RetryLater), f"429 at request {number}: {outcome}"
                assert outcome.pause, "a rate limit concerns the whole account: pause=True"
            self.assert_settles(bench, deliveries, whole, f"429 at request {number}")

    def test_s06_refused_credentials_make_the_sink_unusable(self) -> None:
        """401 on everything: SinkUnusable for every delivery, `check` raises Unusable, nothing is written."""
        bench = self.bench()
        bench.emulator.faults.append(Fault("status", status=401, times=1000))
        outcomes = bench.deliver(make_deliveries(2))
        assert all(isinstance(outcome, SinkUnusable) for outcome in outcomes), outcomes
        assert not bench.emulator.keys()
        assert isinstance(self.error_of_check(bench), Unusable)

    def test_s07_a_bad_element_does_not_take_the_others_along(self) -> None:
        """The one the CRM refuses is Rejected with a reason; its neighbours are delivered once."""
        first, second, third = make_deliveries(3)
        deliveries = [first, self.spoil(second), third]
        bench = self.bench()
        final = bench.settle(deliveries)
        refused = final[second.key]
        assert isinstance(refused, Rejected), refused
        assert refused.reason, "a rejection needs a reason that a person understands"
        assert_once(bench, [first, third])

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
        assert [receipt_id(outcome) for outcome in outcomes] == main_ids(bench, mixed)
        assert bench.deliver([]) == []

    def test_s10_every_write_has_its_own_intent_directly_before_it(self) -> None:
        """`steps.writing`, then one write, and never a write without it."""
        bench = self.clean_run(make_deliveries(3))
        events = bench.events
        for place, event in enumerate(events):
            if event.what == "write":
                assert place, "the first event is a write"
                assert events[place - 1].what == "writing", f"no intent directly before {event.call}"
            if event.what == "writing":
                assert events[place + 1].what == "write", f"step {event.step} was announced, then no write followed"
        assert all(not steps for steps in bench.steps.open.values()), "announced and never finished"

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

    def test_s12_secrets_are_never_told(self) -> None:
        """No reason, no exception and no repr holds a credential."""
        told = [repr(self.bench().sink), *self.reasons()]
        for secret in self.secrets:
            assert not [text for text in told if secret in text], f"{secret!r} is told"

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

    def test_s14_check_only_reads(self) -> None:
        """It passes on a good account, writes nothing, and tells a broken line from a wrong set-up."""
        bench = self.bench()
        bench.sink.check()
        assert bench.requests, "check() asked nothing"
        assert not bench.writes, "check() wrote"
        bench.emulator.faults.append(Fault("drop_before", times=1000))
        assert isinstance(self.error_of_check(bench), NotWritten)

    def test_s15_close_twice(self) -> None:
        """Closing is safe at any time."""
        sink = self.bench().sink
        sink.close()
        sink.close()

    def test_s16_unknown_configuration_keys_are_refused(self) -> None:
        """A misspelt key must not be ignored, and every key explains itself."""
        config = self.bench().sink.Config
        assert config.model_config.get("extra") == "forbid"
        assert config.model_config.get("frozen")
        silent = [name for name, field in config.model_fields.items() if not field.description]
        assert not silent, f"keys without a description: {silent}"

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

    def test_s19_a_fault_while_searching_keeps_the_doubt(self) -> None:
        """`find` raises a SinkError when it could not search; it never says "not found" instead."""
        deliveries = make_deliveries(2)
        clean = self.clean_run(deliveries)
        for fault in (Fault("drop_before"), Fault("html", status=502), Fault("truncate"), Fault("status", status=429)):
            clean.forget()
            clean.emulator.faults.append(dataclasses.replace(fault, times=1000))
            try:
                found = clean.sink.find([Doubt(delivery) for delivery in deliveries])
            except SinkError:
                found = None
            clean.emulator.faults.clear()
            assert found is None, f"{fault.kind} while searching gave {found}"

    def assert_settles(self, bench: Bench, deliveries: Sequence[Delivery], whole: dict[str, int], when: str) -> None:
        """Prove that the core's recovery ends with one of everything."""
        final = bench.settle(deliveries)
        assert all(isinstance(outcome, Delivered) for outcome in final.values()), f"{when}: {final}"
        assert_once(bench, deliveries, when)
        assert bench.emulator.counts() == whole, f"{when}: {bench.emulator.counts()} instead of {whole}"

    def assert_stops(self, bench: Bench, deliveries: Sequence[Delivery], step: str) -> None:
        """Prove that a lost lease ends the batch before the step's request."""
        outcomes = bench.deliver(deliveries)
        assert all(isinstance(outcome, RetryLater) for outcome in outcomes), f"lease lost at {step}: {outcomes}"
        written = announced(bench)[: len(bench.writes)]
        assert step not in written, f"step {step} was written without the lease"

    def error_of_check(self, bench: Bench) -> SinkError | None:
        """Return what `check` raises."""
        try:
            bench.sink.check()
        except SinkError as error:
            return error
        return None

    def reasons(self) -> Iterator[str]:
        """Yield what the sink says under many faults."""
        for fault in (*UNKNOWN_ENDS.values(), *(Fault("status", status=code) for code in (400, 401, 403, 404, 429))):
            bench = self.bench()
            bench.emulator.faults.append(dataclasses.replace(fault, times=1000))
            yield from map(repr, bench.deliver(make_deliveries(1)))
            error = self.error_of_check(bench)
            yield f"{error!r} {error}"
