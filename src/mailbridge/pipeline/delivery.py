"""Steps 7–10 of the path: claim → search or deliver → finish. One call works off one batch."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from mailbridge.observe.events import log
from mailbridge.pipeline.spacing import Spacing
from mailbridge.ports import LedgerError
from mailbridge.sdk import (
    Counting,
    CountsOpen,
    Delivered,
    Delivery,
    Doubt,
    NotWritten,
    Outcome,
    ReadsBack,
    Receipt,
    RemoteState,
    RetryLater,
    Sent,
    Sink,
    SinkError,
    SinkUnusable,
    Steps,
    Unknown,
    outcome_of,
)

Found = TypeVar("Found")

FRESH_S = 5.0
"""An intent older than this is committed anew before its request may be sent."""

MAX_RENEWALS = 3
"""A commit that takes longer than an intent stays fresh is tried so often."""


class Item(Protocol):
    """One delivery of a claimed batch; see `ledger.claims.Claimed`."""

    @property
    def delivery(self) -> Delivery: ...
    @property
    def done(self) -> Mapping[str, str]: ...
    @property
    def open(self) -> Sequence[str]: ...
    @property
    def sent_at(self) -> float: ...


class Batch(Protocol):
    """A claimed batch; see `ledger.claims.Claim`."""

    @property
    def kind(self) -> str: ...
    @property
    def items(self) -> Sequence[Item]: ...


class BatchSteps(Steps, Protocol):
    """`Steps` whose committed intents have an age, and can be made fresh again; results may be held for a moment."""

    def keep(self) -> None:
        """Commit the results that are held, if any."""
        ...

    def standing(self, keys: Sequence[str]) -> tuple[float, float]:
        """Return (age of the intent, seconds that the lease still lives) by the clock of the ledger.

        Raises:
            NotWritten: The lease is gone, or the ledger can't be asked.
        """
        ...

    def renew(self, keys: Sequence[str]) -> None:
        """Commit the intent anew; raises NotWritten when the lease is gone."""
        ...


class SlotTaker(Protocol):
    """The account's rate budget over all nodes."""

    def __call__(self) -> tuple[float, float, str]:
        """Return (seconds to wait, seconds the account pauses, why); a pause reserves nothing."""
        ...


class AccountGate:
    """Stands directly before the socket write of one worker: rate slot, then fresh intent and living lease.

    The order matters: the slot may take seconds, so the intent is renewed after it, not before. The ledger's clock
    judges intent and lease, for other nodes take over by that one: the clock of a machine that was suspended, or
    whose hypervisor stopped it, has not moved. Our own clock adds only how long the ledger took to answer.

    Args:
        take_slot: Reserves the next moment.
        sleep: Waits; returns False when the program is told to stop at once.
        clock: Monotonic seconds.
        spacing: Of all workers of the account in this process.
    """

    def __init__(
        self,
        take_slot: SlotTaker,
        sleep: Callable[[float], bool],
        *,
        clock: Callable[[], float] = time.monotonic,
        spacing: Spacing | None = None,
    ) -> None:
        self._spacing = spacing
        self._take_slot = take_slot
        self._sleep = sleep
        self._clock = clock
        self._armed: tuple[str, ...] = ()
        self._steps: BatchSteps | None = None
        self._lease_s = 0.0

    def begin(self, steps: BatchSteps | None, lease_s: float) -> None:
        """Start a batch; None = only reads will follow."""
        self._steps = steps
        self._armed = ()
        self._lease_s = lease_s

    def arm(self, keys: tuple[str, ...]) -> None:
        """Note of which deliveries a step is about to be written; of none: requests only read until the next intent."""
        self._armed = keys

    def permit(self, timeout_s: float) -> None:
        """Wait for the slot, then prove that a request of at most `timeout_s` may be sent; see `sdk.Gate`."""
        if self._steps is not None:
            self._steps.keep()  # what is known must not wait for a request that only reads
        wait_s, paused_s, reason = self._take_slot()
        if paused_s > 0:
            raise NotWritten(f"the account pauses: {reason}", after_s=paused_s, pause=True)
        if wait_s > 0 and not self._sleep(wait_s):
            raise NotWritten("shutting down", after_s=0.0)
        if self._spacing is None:
            self._refresh_intent(timeout_s)
            return
        if not self._spacing.enter():
            raise NotWritten("shutting down", after_s=0.0)
        try:
            self._refresh_intent(timeout_s)
        finally:
            self._spacing.leave()

    def _refresh_intent(self, timeout_s: float) -> None:
        if not self._armed or self._steps is None:
            return
        if timeout_s >= self._lease_s:
            raise NotWritten(f"a request of {timeout_s:.0f} s would outlive the lease of {self._lease_s:.0f} s")
        for _ in range(MAX_RENEWALS + 1):
            asked = self._clock()
            age_s, lease_s = self._steps.standing(self._armed)
            spent_s = self._clock() - asked
            if age_s + spent_s <= FRESH_S and timeout_s + spent_s < lease_s:
                return
            self._steps.renew(self._armed)
        raise NotWritten("the ledger is too slow to keep an intent fresh")


def deliver(sink: Sink, items: Sequence[Item], steps: Steps) -> list[Outcome]:
    """Hand a batch to its sink; whatever it does, there is one outcome per delivery."""
    deliveries = [item.delivery for item in items]
    try:
        outcomes = list(sink.deliver(deliveries, steps))
    except SinkError as error:
        return [outcome_of(error)] * len(items)
    except LedgerError as error:  # not the sink's doing: a result could not be written down
        return [Unknown(str(error))] * len(items)
    except Exception as error:  # noqa: BLE001 - a bug in a plugin: what it wrote is not known
        log.exception("sink_failed", sink=sink.manifest.name, error=repr(error))
        return [Unknown(f"the sink failed: {type(error).__name__}")] * len(items)
    if len(outcomes) != len(items):
        log.error("sink_failed", sink=sink.manifest.name, error=f"{len(outcomes)} outcomes for {len(items)} deliveries")
        return [Unknown("the sink returned a wrong number of outcomes")] * len(items)
    return outcomes


def search(
    sink: Sink, items: Sequence[Item], *, anew: bool = False
) -> Mapping[str, Mapping[str, Receipt]] | RetryLater | SinkUnusable:
    """Ask the CRM which objects of doubtful deliveries exist; an outcome instead when it can't be asked.

    Args:
        sink: The account.
        items: The deliveries.
        anew: Believe nothing of what the ledger knows.
    """
    doubts = [
        Doubt(item.delivery) if anew else Doubt(item.delivery, item.done, tuple(item.open), item.sent_at)
        for item in items
    ]
    return _asked(sink, lambda: sink.find(doubts))


def count_copies(sink: Counting, keys: Sequence[str]) -> Mapping[str, Sequence[str]] | RetryLater | SinkUnusable:
    """Ask the CRM for all main objects that carry a key; an outcome instead when it can't be asked."""
    return _asked(sink, lambda: sink.copies(keys))


def count_open(sink: CountsOpen, users: Sequence[str]) -> Mapping[str, int] | RetryLater | SinkUnusable:
    """Ask the CRM how much each user has to do; an outcome instead when it can't be asked."""
    return _asked(sink, lambda: sink.open_counts(users))


def read_back(
    sink: ReadsBack, receipts: Sequence[Sent], cursor: str | None
) -> tuple[Sequence[RemoteState], str | None] | RetryLater | SinkUnusable:
    """Ask the CRM how objects stand; an outcome instead when it can't be asked."""
    return _asked(sink, lambda: sink.read_back(receipts, cursor))


def _asked(
    sink: Sink | Counting | CountsOpen | ReadsBack, question: Callable[[], Found]
) -> Found | RetryLater | SinkUnusable:
    try:
        return question()
    except SinkError as error:
        outcome = outcome_of(error)
        return outcome if isinstance(outcome, (RetryLater, SinkUnusable)) else RetryLater(error.reason)
    except LedgerError as error:
        return RetryLater(str(error))
    except Exception as error:  # noqa: BLE001 - a bug in a plugin must not stop the others
        log.exception("sink_failed", sink=sink.manifest.name, error=repr(error))
        return RetryLater(f"the sink failed: {type(error).__name__}")


def count_delivered(outcomes: Sequence[Outcome]) -> int:
    """Return how many deliveries are done."""
    return sum(isinstance(outcome, Delivered) for outcome in outcomes)
