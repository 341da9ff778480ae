"""A bench for one sink: an emulated CRM, watched steps, and the core's part played in a few lines."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import httpx

from mailbridge.sdk import (
    Delivered,
    Delivery,
    Doubt,
    NoSuchUser,
    NotWritten,
    Outcome,
    Receipt,
    Rejected,
    RetryLater,
    Sink,
    SinkError,
    SinkUnusable,
    Unknown,
)
from mailbridge.testing.emulator import Answer, Call, Emulator, Fault
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport, call_of

MakeSink = Callable[[Emulator, httpx.BaseTransport], Sink]

Reconcile = Literal["search", "repeat", "person"]
"""How a doubt is cleared. search: `find` sees what exists. repeat: the CRM itself never makes two objects of one key,
so `find` may answer "nothing" and the request is sent again. person: `find` raises, and somebody looks into the CRM."""

MOST_ROUNDS = 12
"""So many times the core may claim a delivery before the bench calls it stuck."""


class Crash(BaseException):
    """The process dies here: no code of the sink may catch it."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened on the bench, in order.

    Attributes:
        what: "writing", "finished", "read" or "write".
        step: Name of the step, "" for requests.
        keys: Delivery keys of the step, () for requests.
        call: The request, None for steps.
    """

    what: str
    step: str = ""
    keys: tuple[str, ...] = ()
    call: Call | None = None


class WatchedSteps(MemorySteps):
    """Steps whose events stand in one line with the requests."""

    def __init__(self, bench: "Bench") -> None:
        super().__init__()
        self._bench = bench

    def writing(self, name: str, keys: Iterable[str]) -> None:
        """Note the intent; what the bench has prepared for this step happens at its request."""
        keys = tuple(keys)
        if self._bench.lease_ends_at == name:
            self.lease_lost = True
        super().writing(name, keys)
        self._bench.note(Event("writing", name, keys))
        self._bench.arm(name)

    def finished(self, name: str, ids: Mapping[str, str]) -> None:
        """Note the result; a crash here loses it."""
        self._bench.crash_point()
        super().finished(name, ids)
        self._bench.note(Event("finished", name, tuple(ids)))

    def remember(self, key: str, found: Mapping[str, Receipt]) -> None:
        """Take over what `find` found; the steps it did not find were not written."""
        self._done.setdefault(key, {}).update({step: receipt.remote_id for step, receipt in found.items()})
        self.open.pop(key, None)


class Bench:
    """One emulated account and the sink under test.

    Args:
        emulator: A fresh emulator.
        make_sink: Makes the sink for an emulator and a transport.
        reconcile: How a doubt is cleared.

    Attributes:
        events: Steps and requests in order.
        faults: Step → fault that meets the first request of that step.
        lease_ends_at: Step whose announcement finds that the lease is gone; "" = none.
        gate_shut_at: Step whose request the core's gate refuses; "" = none.
        crash_at: Number of the crash point at which the process dies; 0 = never.
        fault_at: Number of the request, from 1, that `fault` meets; 0 = none.
        expire_at: Number of the request before which `expire` ends the access token; 0 = never.
        limits: Requests, and whether each had a time-out.
    """

    def __init__(self, emulator: Emulator, make_sink: MakeSink, *, reconcile: Reconcile = "search") -> None:
        self.emulator = emulator
        self.reconcile = reconcile
        self.events: list[Event] = []
        self.faults: dict[str, Fault] = {}
        self.lease_ends_at = self.gate_shut_at = ""
        self.crash_at = self.fault_at = 0
        self.fault: Fault | None = None
        self.expire_at = 0
        self.expire: Callable[[Emulator], bool] | None = None
        self.limits: list[tuple[Call, bool]] = []
        self._past: Emulator | None = None
        self._lag_from = ""
        self._lag_next = False
        self.steps = WatchedSteps(self)
        self.began = emulator.clock()
        self._make_sink = make_sink
        self._points = 0
        self._requests = 0
        self._refuse_next = False
        self._sink: Sink | None = None

    @property
    def sink(self) -> Sink:
        """The sink; a new one after a crash."""
        if self._sink is None:
            self._sink = self._make_sink(self.emulator, _BenchTransport(self, self._before, self._after))
        return self._sink

    @property
    def writes(self) -> list[Call]:
        """Requests that were meant to change the CRM, in order."""
        return [event.call for event in self.events if event.what == "write" and event.call is not None]

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self._requests

    @property
    def crash_points(self) -> int:
        """How many crash points were passed."""
        return self._points

    def forget(self) -> None:
        """Lose the ledger and the process; the CRM stays."""
        self.steps = WatchedSteps(self)
        self._sink = None
        self.events.clear()

    def reads_lag(self, *, from_step: str = "") -> None:
        """From the next write on (or the first of a step) reads show the CRM as it was before."""
        self._lag_from, self._lag_next = from_step, not from_step

    def reads_catch_up(self) -> None:
        """From now on reads see everything."""
        self._past = None

    def process(self, call: Call) -> tuple[Answer, Fault | None]:
        """Answer a request by the emulator, or by what its index shows of it."""
        if self._lag_next and self.emulator.writes(call):
            self._lag_next, self._past = False, copy.deepcopy(self.emulator)
            self._past.faults.clear()
        if self._past is not None and self.emulator.lags(call):
            return self._past.process(call)
        return self.emulator.process(call)

    def sent_after(self, number: int) -> list[str]:
        """Return the writes that were sent like the request of a number, and after it."""
        calls = [event.call for event in self.events if event.call is not None]
        failed = calls[number - 1]
        return [
            f"{call.method} {call.path}"
            for call in calls[number:]
            if (call.method, call.path, call.query, call.body)
            == (failed.method, failed.path, failed.query, failed.body)
        ]

    def arm(self, step: str) -> None:
        """Prepare what shall meet the next request of a step, once."""
        if fault := self.faults.pop(step, None):
            self.emulator.faults.append(fault)
        if step == self._lag_from:
            self._lag_from, self._lag_next = "", True
        if step == self.gate_shut_at:
            self._refuse_next = True

    def note(self, event: Event) -> None:
        """Write down an event; the process may die after it."""
        self.events.append(event)
        self.crash_point()

    def crash_point(self) -> None:
        """Die when this is the chosen point."""
        self._points += 1
        if self._points == self.crash_at:
            raise Crash

    def deliver(self, deliveries: Sequence[Delivery]) -> list[Outcome]:
        """Call `deliver` as the core does: one outcome per delivery; intents of what was not written are closed."""
        outcomes = list(self.sink.deliver(deliveries, self.steps))
        assert len(outcomes) == len(deliveries), f"{len(outcomes)} outcomes for {len(deliveries)} deliveries"
        for delivery, outcome in zip(deliveries, outcomes, strict=True):
            if isinstance(outcome, Unknown):
                assert self.steps.open.get(delivery.key), f"Unknown without an open intent: {outcome.reason}"
            else:
                self.steps.open.pop(delivery.key, None)
        return outcomes

    def find(self, deliveries: Sequence[Delivery], *, since: float | None = None) -> dict[str, dict[str, Receipt]]:
        """Call `find` as the core does and take over what it found."""
        found = self.look(deliveries, since=since)
        for delivery in deliveries:
            self.steps.remember(delivery.key, found.get(delivery.key, {}))
        return found

    def look(self, deliveries: Sequence[Delivery], *, since: float | None = None) -> dict[str, dict[str, Receipt]]:
        """Call `find`, and believe nothing of it yet."""
        doubts = [
            Doubt(
                delivery,
                done=self.steps.done(delivery.key),
                steps=tuple(sorted(self.steps.open.get(delivery.key, ()))),
                since=self.began - 1 if since is None else since,
            )
            for delivery in deliveries
        ]
        found = {key: dict(steps) for key, steps in self.sink.find(doubts).items()}
        unasked = found.keys() - {delivery.key for delivery in deliveries}
        assert not unasked, f"find() speaks of keys nobody asked for: {unasked}"
        return found

    def settle(self, deliveries: Sequence[Delivery], *, unusable: bool = False) -> dict[str, Outcome]:
        """Do what the core does until every delivery is delivered or rejected; crashes restart the sink.

        Args:
            deliveries: The deliveries.
            unusable: Whether the account may end as unusable: that is final, too.

        Returns:
            Key → last outcome, in the order of the deliveries.
        """
        final: dict[str, Outcome] = {}
        for _ in range(MOST_ROUNDS):
            waiting = [delivery for delivery in deliveries if delivery.key not in final]
            if not waiting:
                break
            try:
                ends: tuple[type[Outcome], ...] = (Delivered, Rejected, NoSuchUser)
                self._round(waiting, final, (*ends, SinkUnusable) if unusable else ends)
            except Crash:
                self._sink = None
        stuck = [delivery.key for delivery in deliveries if delivery.key not in final]
        assert not stuck, f"not settled after {MOST_ROUNDS} rounds: {stuck}"
        return {delivery.key: final[delivery.key] for delivery in deliveries}

    def _round(self, waiting: Sequence[Delivery], final: dict[str, Outcome], ends: tuple[type[Outcome], ...]) -> None:
        doubtful = [delivery for delivery in waiting if self.steps.open.get(delivery.key)]
        try:
            if doubtful:
                self.find(doubtful)
        except SinkError:
            if self.reconcile == "person":
                self._ask_a_person(doubtful, final)
            return
        for batch in _batches(waiting, self.sink.max_batch):
            for delivery, outcome in zip(batch, self.deliver(batch), strict=True):
                assert isinstance(outcome, (*ends, RetryLater, Unknown, SinkUnusable)), outcome
                if isinstance(outcome, ends):
                    final[delivery.key] = outcome

    def _ask_a_person(self, doubtful: Sequence[Delivery], final: dict[str, Outcome]) -> None:
        """Look into the CRM as somebody would: what is there is done, the rest may be sent again."""
        there = self.emulator.keys()
        for delivery in doubtful:
            self.steps.open.pop(delivery.key, None)
            if ids := there.get(delivery.key):
                final[delivery.key] = Delivered(Receipt(ids[0], created=False))

    def _before(self, call: Call) -> None:
        if self._refuse_next:
            self._refuse_next = False
            raise NotWritten("lease lost")
        self._requests += 1
        if self.expire is not None and self._requests == self.expire_at:
            self.expire(self.emulator)
        self.note(Event("write" if self.emulator.writes(call) else "read", call=call))
        if self.fault is not None and self._requests == self.fault_at:
            self.emulator.faults.append(self.fault)

    def _after(self, _call: Call) -> None:
        self.crash_point()


class _BenchTransport(EmulatorTransport):
    """Also notes whether a request has time-outs."""

    def __init__(self, bench: Bench, before: Callable[[Call], None], after: Callable[[Call], None]) -> None:
        super().__init__(bench, before, after)
        self._bench = bench

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        times = request.extensions.get("timeout", {})
        limited = all(times.get(part) for part in ("connect", "read", "write"))
        self._bench.limits.append((call_of(request), limited))
        return super().handle_request(request)


def _batches(deliveries: Sequence[Delivery], size: int) -> Iterable[Sequence[Delivery]]:
    return (deliveries[start : start + size] for start in range(0, len(deliveries), size))
