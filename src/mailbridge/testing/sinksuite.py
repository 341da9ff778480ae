"""What the rules for sinks stand on: what a suite says of its sink, and the proofs that several rules share."""

import dataclasses
from collections.abc import Iterator, Sequence

import httpx

from mailbridge.sdk import Delivered, Delivery, RetryLater, Sink, SinkError, SinkUnusable
from mailbridge.testing.emulator import Emulator, Fault
from mailbridge.testing.interests import make_deliveries
from mailbridge.testing.sinkbench import Bench, Reconcile
from mailbridge.testing.sinkproof import announced, assert_once, main_ids

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


class SuiteBase:
    """What a suite says of its sink.

    Attributes:
        secrets: Texts that may never appear in a reason, a plan or a repr.
        reconcile: How a doubt is cleared: see `Reconcile`.
        names_ids: Whether the CRM's answers name the ids of what was made; else the key is the receipt.
    """

    secrets: Sequence[str] = ("demo-token",)
    reconcile: Reconcile = "search"
    names_ids: bool = True

    def make_emulator(self) -> Emulator:
        """Return a fresh emulator without rate limit."""
        raise NotImplementedError

    def make_sink(self, emulator: Emulator, transport: httpx.BaseTransport) -> Sink:
        """Return the sink, set up for the emulator, with every step that it has."""
        raise NotImplementedError

    def spoil(self, delivery: Delivery) -> Delivery:
        """Return the delivery changed so that the CRM will never take it; by default its user does not exist."""
        return dataclasses.replace(delivery, responsible="999999999")

    def expire(self, emulator: Emulator) -> bool:
        """Make the access token that the sink got useless, as time does; return whether there is such a thing."""
        del emulator
        return False

    def bench(self) -> Bench:
        """Return a fresh bench."""
        return Bench(self.make_emulator(), self.make_sink, reconcile=self.reconcile)

    def clean_run(self, deliveries: Sequence[Delivery]) -> Bench:
        """Return a bench on which the deliveries were delivered without faults."""
        bench = self.bench()
        outcomes = bench.deliver(deliveries)
        assert all(isinstance(outcome, Delivered) for outcome in outcomes), f"without any fault: {outcomes}"
        return bench

    def steps(self) -> list[str]:
        """Return the names of the steps of an ordinary delivery, in order."""
        return announced(self.clean_run(make_deliveries(1)))

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

    def main_ids(self, bench: Bench, deliveries: Sequence[Delivery]) -> list[str]:
        """Return the remote ids that receipts of these deliveries must have."""
        return main_ids(bench, deliveries) if self.names_ids else [delivery.key for delivery in deliveries]

    def error_of_find(self, bench: Bench, deliveries: Sequence[Delivery]) -> SinkError | None:
        """Return what `find` raises."""
        try:
            bench.look(deliveries)
        except SinkError as error:
            return error
        return None

    def assert_at_most_once(self, bench: Bench, deliveries: Sequence[Delivery], when: str) -> None:
        """Prove that nothing is there twice, also where a person has to log in anew."""
        outcomes = bench.deliver(deliveries)
        if not any(isinstance(outcome, SinkUnusable) for outcome in outcomes):
            bench.settle(deliveries, unusable=True)
        doubled = {key: ids for key, ids in bench.emulator.keys().items() if len(ids) > 1}
        assert not doubled, f"{when}: {doubled}"
