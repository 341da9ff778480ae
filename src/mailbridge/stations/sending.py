"""Steps 7–10 of the path for one sink account: claim a batch, search or deliver it, write down how it ended."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mailbridge.config import SinkSettings
from mailbridge.ledger.claims import Claim
from mailbridge.ledger.errors import LedgerUnavailable
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.outcomes import Waits
from mailbridge.observe import metrics
from mailbridge.observe.events import log
from mailbridge.pipeline import backoff
from mailbridge.pipeline.assignment import choose
from mailbridge.pipeline.delivery import AccountGate, Item, count_copies, count_delivered, count_open, deliver, search
from mailbridge.pipeline.discretion import discreet
from mailbridge.pipeline.replies import ReplyRule, with_reply
from mailbridge.pipeline.slots import Slot
from mailbridge.pipeline.spacing import AccountRoom
from mailbridge.sdk import (
    Counting,
    CountsOpen,
    Delivered,
    GatedTransport,
    Known,
    Language,
    NoSuchUser,
    NotWritten,
    Outcome,
    ReadBackConfig,
    Receipt,
    Rejected,
    RetryLater,
    Sink,
    SinkError,
    SinkUnusable,
    Unusable,
    outcome_of,
)
from mailbridge.stations.canary import Canary
from mailbridge.stations.measuring import count_outcomes, measured

RATE_USED = 0.93
"""Share of the permitted rate that is used: what is sent evenly arrives unevenly."""

RATE_USED_BY_NODES = 0.82
"""The same where several nodes send: each is delayed by its own machine, and none sees when the others really sent."""

FIRST_READ_S = 60.0
"""People need a while before there is anything to read back."""

GATHER_S = 2.0
"""While a batch is being sent, but not longer, what arrives waits for a full batch, or for the end of that one."""

COUNTS_FRESH_S = 60.0
"""Open objects are counted again after so long; what is given meanwhile is added."""

PEOPLE_FRESH_S = 900.0
"""Where nobody is chosen by load, it is seen within so long that somebody was deleted; a failed count waits as long."""

SinkMaker = Callable[[GatedTransport], Sink]


def account_gate(
    ledger: Ledger,
    account_id: str,
    rate_per_s: float,
    sleep: Callable[[float], bool],
    clock: Callable[[], float] = time.monotonic,
    room: AccountRoom | None = None,
) -> AccountGate:
    """Return a gate whose every request takes its slot of the account's rate, shared by all nodes and stations."""
    used = RATE_USED if ledger.database.is_sqlite else RATE_USED_BY_NODES
    interval_s = 1.0 / (rate_per_s * used)
    room = room or AccountRoom()

    def reserve(count: int) -> Slot:
        try:
            slot = ledger.accounts.take_slot(account_id, interval_s, room.burst, count)
        except LedgerUnavailable as error:
            raise NotWritten(f"no rate slot: {error}", after_s=2.0) from error
        return slot.wait_s, slot.paused_s, slot.reason

    return AccountGate(lambda: room.slots.take(reserve, interval_s), sleep, clock=clock, spacing=room.spacing)


def _manager(known: Known | None) -> str | None:
    return known.responsible if known else None


def read_back_of(settings: SinkSettings) -> ReadBackConfig:
    """Return how a sink reads back; sinks without a word on it get the defaults."""
    own = getattr(settings, "read_back", None)
    return own if isinstance(own, ReadBackConfig) else ReadBackConfig()


def language_of(settings: SinkSettings) -> Language:
    """Return the language of a sink's cards; sinks without a word on it show no card."""
    return "en" if getattr(settings, "language", None) == "en" else "ru"


class Sender:
    """One worker of one sink account, with its own instance of the sink.

    Args:
        name: NAME of [sinks.NAME].
        settings: Its table.
        ledger: The ledger.
        make: Makes the sink over a transport.
        rate_per_s: Requests a second that the CRM permits.
        max_batch: Most deliveries per batch.
        replies: Rules of ready replies.
        room: Shared by the workers of this account; absent = there are no others.
        sleep: Waits; returns False when the program must stop at once.
        clock: Monotonic seconds.
        gated: Puts the gate before a network; by default before sockets.

    Attributes:
        on_more: Called when a batch was full: another worker may find the rest.
    """

    def __init__(
        self,
        name: str,
        settings: SinkSettings,
        ledger: Ledger,
        make: SinkMaker,
        *,
        rate_per_s: float,
        max_batch: int,
        replies: Sequence[ReplyRule] = (),
        room: AccountRoom | None = None,
        sleep: Callable[[float], bool],
        clock: Callable[[], float] = time.monotonic,
        gated: Callable[[AccountGate], GatedTransport] | None = None,
    ) -> None:
        self.name = name
        self.account_id = settings.account_id or name
        self._ledger = ledger
        self.max_batch = max_batch
        self.on_more: Callable[[], None] = lambda: None
        self._clock = clock
        self._room = room or AccountRoom()
        self._gate = account_gate(ledger, self.account_id, rate_per_s, sleep, clock, self._room)
        self._sink = make((gated or measured(name))(self._gate))
        self._assign = settings.assign
        self._replies = replies
        self._language = language_of(settings)
        self._count_again_at = -math.inf
        self._canary = Canary(name, settings.canary_every_s, settings.search_lag_s, self.present, clock)
        self._waits = Waits(
            quiet_s=settings.quiet_s,
            retry_s=backoff.retry_s,
            pause_s=backoff.pause_s,
            unusable_s=backoff.unusable_s,
            max_attempts=backoff.MAX_ATTEMPTS,
            max_searches=backoff.MAX_SEARCHES,
            first_read_s=min(FIRST_READ_S, read_back_of(settings).every_s),
        )
        ledger.accounts.add(self.account_id)

    def cycle(self) -> int:
        """Work off one batch; return how many deliveries it held, 0 when nothing is due or the account can't work."""
        if not self._may_work():
            return 0
        self._canary.look()
        claim = self._ledger.claims.take(
            self.account_id, self.max_batch, quiet_s=self._waits.quiet_s, gather_s=GATHER_S
        )
        if claim is None:
            return 0
        if len(claim.items) >= self.max_batch:
            self.on_more()
        began = self._clock()
        if claim.kind == "search":
            self._search(claim)
        else:
            self._deliver(claim, began)
        return len(claim.items)

    def check(self) -> None:
        """Prove by reading only that the account can work; raises SinkError when it can't."""
        self._gate.begin(None, self._ledger.lease_s)
        self._sink.check()

    def present(self, items: Sequence[Item]) -> Mapping[str, Sequence[str]] | RetryLater | SinkUnusable:
        """Return delivery key → ids of what the CRM has of deliveries that nobody works on; changes nothing.

        Each request takes its rate slot. Where the sink can't count, the ids are those of all its steps. What carries
        no key of its own, for it was appended to the object of an earlier interest, is searched.
        """
        self._gate.begin(None, self._ledger.lease_s)
        counted = (
            count_copies(self._sink, [item.delivery.key for item in items]) if isinstance(self._sink, Counting) else {}
        )
        if isinstance(counted, (RetryLater, SinkUnusable)):
            return counted
        lacking = [item for item in items if not counted.get(item.delivery.key)]
        found = search(self._sink, lacking, anew=self.counts) if lacking else {}
        if isinstance(found, (RetryLater, SinkUnusable)):
            return found
        if not self.counts:
            return {key: [one.remote_id for one in steps.values()] for key, steps in found.items()}
        # The main object is the one that has a page; contact, note and task are no copies of it.
        pages = {key: [one.remote_id for one in steps.values() if one.url][:1] for key, steps in found.items()}
        return {**counted, **pages}

    @property
    def failure(self) -> SinkError | None:
        """Why the account can't work now, or None."""
        return self._room.failure

    @property
    def counts(self) -> bool:
        """Whether the sink can tell that a key is there twice."""
        return isinstance(self._sink, Counting)

    def close(self) -> None:
        """Release connections."""
        self._sink.close()

    def _may_work(self) -> bool:
        """Check the account once before its first batch: without the key field a retry would double."""
        if self._room.checked:
            return True
        if not self._room.checking.acquire(blocking=False):
            return False  # another worker is about to find out
        try:
            return self._proven()
        finally:
            self._room.checking.release()

    def _proven(self) -> bool:
        if self._ledger.accounts.state(self.account_id).paused_s > 0:
            return False
        try:
            self.check()
        except SinkError as error:
            self._room.failure = error
            self._pause(outcome_of(error))
            return False
        self._room.failure = None
        self._room.checked = True
        self._ledger.accounts.resume(self.account_id)
        return True

    def _pause(self, outcome: Outcome) -> None:
        reason = getattr(outcome, "reason", "")
        if isinstance(outcome, RetryLater):
            pause: RetryLater | SinkUnusable = RetryLater(reason, outcome.after_s, pause=True)
            log.warning("sink_paused", sink=self.name, error=reason, seconds=outcome.after_s)
        else:
            pause = SinkUnusable(reason)
            log.error("sink_unusable", sink=self.name, error=reason)
        self._ledger.outcomes.pause_account(self.account_id, pause, self._waits)

    def _search(self, claim: Claim) -> None:
        self._gate.begin(None, self._ledger.lease_s)
        found = search(self._sink, claim.items)
        if isinstance(found, (RetryLater, SinkUnusable)):
            self._ledger.outcomes.search_failed(claim, found, self._waits)
            self._note_failure(found)
            log.warning("search_failed", sink=self.name, count=len(claim.items), error=found.reason)
            return
        copies = self._copies(claim, found)
        self._ledger.outcomes.found(claim, found, self._waits, copies)
        for key, ids in copies.items():
            metrics.DOUBLED.labels(self.name).inc()
            log.error("delivery_doubled", sink=self.name, key=key, remote_ids=list(ids))
            self._ledger.alerts.note("delivery_doubled", key, f"{self.name}: {', '.join(ids)}")
        self._room.failure = None
        count = sum(1 for receipts in found.values() if receipts)
        log.info("search_finished", sink=self.name, asked=len(claim.items), found=count)

    def _copies(self, claim: Claim, found: Mapping[str, Mapping[str, Receipt]]) -> Mapping[str, Sequence[str]]:
        """Return the keys of our own doubts that several objects carry; a person has to merge those.

        Not of what an earlier ledger wrote: a whole mailbox would be counted. The audit counts everything, and also
        what could not be counted now.
        """
        asked = [item.delivery.key for item in claim.items if item.open and found.get(item.delivery.key)]
        if not asked or not isinstance(self._sink, Counting):
            return {}
        counted = count_copies(self._sink, asked)
        if isinstance(counted, (RetryLater, SinkUnusable)):
            return {}
        several = {key: list(dict.fromkeys(ids)) for key, ids in counted.items()}
        return {key: ids for key, ids in several.items() if len(ids) > 1}

    def _deliver(self, claim: Claim, began: float) -> None:
        claim = self._with_replies(self._assigned(claim))
        steps = self._ledger.steps(claim, self._gate.arm)
        self._gate.begin(steps, self._ledger.lease_s)
        outcomes = deliver(self._sink, claim.items, steps)
        steps.keep()
        self._note_gone(claim, outcomes)
        self._gate.begin(None, self._ledger.lease_s)  # lets go of the batch: while there is no next one it would stay
        self._ledger.outcomes.finish(claim, outcomes, self._waits)
        self._tell(claim, outcomes, self._clock() - began)

    def _assigned(self, claim: Claim) -> Claim:
        """Decide who gets what, once; the count of open objects is a help that no delivery waits for."""
        assign = self._assign
        if assign is None:
            return claim
        if assign.people() and isinstance(self._sink, CountsOpen):
            age_s = self._ledger.assignments.counted_s(self.account_id)
            fresh_s = COUNTS_FRESH_S if assign.counted() else PEOPLE_FRESH_S
            if (age_s is None or age_s > fresh_s) and self._clock() >= self._count_again_at:
                self._count(self._sink, assign.people())
        return self._ledger.assignments.settle(
            claim, lambda item, team: choose(assign, item.delivery.interest, team, _manager(item.delivery.known))
        )

    def _with_replies(self, claim: Claim) -> Claim:
        if not self._replies:
            return claim
        items = (
            replace(item, delivery=with_reply(self._replies, item.delivery, self._language)) for item in claim.items
        )
        return replace(claim, items=tuple(items))

    def _count(self, sink: CountsOpen, users: frozenset[str]) -> None:
        self._gate.begin(None, self._ledger.lease_s)
        counts = count_open(sink, sorted(users))
        if isinstance(counts, (RetryLater, SinkUnusable)):
            self._count_again_at = self._clock() + PEOPLE_FRESH_S
            log.warning("open_counts_failed", sink=self.name, error=counts.reason)
            return
        for user in self._ledger.assignments.counted(self.account_id, users, counts):
            log.warning("user_gone", sink=self.name, user=user, error="no active user of the CRM")

    def _note_gone(self, claim: Claim, outcomes: list[Outcome]) -> None:
        for item, outcome in zip(claim.items, outcomes, strict=True):
            if isinstance(outcome, NoSuchUser) and item.delivery.responsible:
                self._ledger.assignments.gone(self.account_id, item.delivery.responsible)
                log.warning("user_gone", sink=self.name, user=item.delivery.responsible, error=outcome.reason)

    def _note_failure(self, outcome: Outcome) -> None:
        if isinstance(outcome, SinkUnusable) or (isinstance(outcome, RetryLater) and outcome.pause):
            self._room.slots.drop()  # before the pause nobody knew of it
        if isinstance(outcome, SinkUnusable):
            self._room.failure = Unusable(outcome.reason)
            self._room.checked = False  # what a person mends is proven before the next batch
        elif isinstance(outcome, RetryLater) and outcome.pause:
            self._room.failure = NotWritten(outcome.reason, pause=True)

    def _tell(self, claim: Claim, outcomes: list[Outcome], seconds: float) -> None:
        self._room.failure = None
        count_outcomes(self.name, claim, outcomes)
        kinds = [type(outcome).__name__ for outcome in outcomes]
        log.info(
            "batch_finished",
            sink=self.name,
            delivered=count_delivered(outcomes),
            waiting=kinds.count("RetryLater") + kinds.count("SinkUnusable"),
            doubt=kinds.count("Unknown"),
            dead=kinds.count("Rejected"),
            seconds=round(seconds, 3),
        )
        for item, outcome in zip(claim.items, outcomes, strict=True):
            if isinstance(outcome, Delivered):
                self._canary.delivered(item)
            if isinstance(outcome, Rejected):
                reason = discreet(outcome.reason, [item.delivery.interest])
                log.error("delivery_dead", sink=self.name, key=item.delivery.key, reason=reason)
        interests = [item.delivery.interest for item in claim.items]
        for outcome in dict.fromkeys(outcomes):
            self._note_failure(outcome)
            if isinstance(outcome, SinkUnusable):
                log.error("sink_unusable", sink=self.name, error=discreet(outcome.reason, interests))
            elif isinstance(outcome, RetryLater) and outcome.pause:
                error = discreet(outcome.reason, interests)
                log.warning("sink_paused", sink=self.name, error=error, seconds=outcome.after_s)
