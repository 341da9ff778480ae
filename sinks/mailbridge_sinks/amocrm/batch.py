"""One call of `deliver`: which steps are open, and what becomes of each delivery."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from mailbridge.sdk import (
    Delivered,
    Delivery,
    MaybeWritten,
    NoSuchUser,
    NotWritten,
    Outcome,
    Receipt,
    Refused,
    Rejected,
    RetryLater,
    SinkError,
    Steps,
    Unknown,
    outcome_of,
)
from mailbridge_sinks.amocrm.client import BadElements
from mailbridge_sinks.amocrm.mapping import MAIN_STEPS

SIZES = (50, 25, 10, 1)
"""Elements per array at the first, second, … attempt."""

Send = Callable[[Sequence[Delivery]], Mapping[str, str]]
"""Sends exactly one request; returns delivery key → remote id."""


class Batch:
    """Announces steps, sends their requests, sorts what fails.

    Args:
        deliveries: What `deliver` was given.
        steps: What the ledger knows of them.
        prepare: Called before a step is announced: what must not come between the intent and its request.

    Attributes:
        existed: Keys whose lead amoCRM merged into one that it had.
        contacts: Key → the author's contact, of leads that were made now.
        stale: Whether something that we looked up earlier has gone.
    """

    def __init__(self, deliveries: Sequence[Delivery], steps: Steps, prepare: Callable[[], None]) -> None:
        self._deliveries = deliveries
        self._steps = steps
        self._prepare = prepare
        self._done = {delivery.key: dict(steps.done(delivery.key)) for delivery in deliveries}
        self._outcomes: dict[str, Outcome] = {}
        self._halted: SinkError | None = None
        self.existed: set[str] = set()
        self.contacts: dict[str, str] = {}
        self.stale = False

    def lacking(self, *names: str) -> list[Delivery]:
        """Return the deliveries that may go on and have none of these steps; none at all once the batch is halted."""
        if self._halted is not None:
            return []
        return [
            delivery
            for delivery in self._deliveries
            if delivery.key not in self._outcomes and not self._done[delivery.key].keys() & set(names)
        ]

    def main_id(self, delivery: Delivery) -> str | None:
        """Return the lead's id."""
        done = self._done[delivery.key]
        return next((done[step] for step in MAIN_STEPS if step in done), None)

    def contact_before(self, delivery: Delivery) -> str | None:
        """Return the author's contact, of what was appended to an earlier lead."""
        known = delivery.known
        return known.contact_id if known is not None and delivery.key in self.existed else None

    def halt(self, error: SinkError) -> None:
        """Write no more: what concerns the account concerns every delivery that is not complete."""
        self._halted = self._halted or error

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """Fix the outcome of a delivery."""
        self._outcomes[delivery.key] = outcome

    def adopt(self, step: str, ids: Mapping[str, str]) -> None:
        """Note that the step of these deliveries is an object that is there already; no request follows."""
        if ids and self._halted is None:
            self._steps.writing(step, list(ids))
            self._steps.finished(step, ids)
            self.existed |= ids.keys()
            for key, remote_id in ids.items():
                self._done[key][step] = remote_id

    def write(self, step: str, deliveries: Sequence[Delivery], send: Send) -> None:
        """Write one step of these deliveries; bad elements are left out and the rest is sent anew."""
        for chunk in _chunks(deliveries):
            self._write(step, chunk, send)

    def _write(self, step: str, deliveries: Sequence[Delivery], send: Send) -> None:
        waiting = list(deliveries)
        while waiting and self._halted is None:
            try:
                self._prepare()
                self._steps.writing(step, [delivery.key for delivery in waiting])
                ids = send(waiting)
            except BadElements as error:
                waiting = self._without_bad(waiting, error)
            except Refused as error:
                self._one_by_one(step, waiting, send, error)
                return
            except MaybeWritten as error:
                self._doubt(waiting, error)
                return
            except SinkError as error:
                self.halt(error)
                return
            else:
                self._finish(step, waiting, ids)
                return

    def outcomes(self, complete: Callable[[Delivery], Receipt | None]) -> list[Outcome]:
        """Return one outcome per delivery, in order.

        Args:
            complete: Gives the receipt of a delivery whose steps are all done, else None.
        """
        return [self._outcomes.get(delivery.key) or self._last(delivery, complete) for delivery in self._deliveries]

    def has(self, delivery: Delivery, step: str) -> bool:
        """Whether a step is done."""
        return step in self._done[delivery.key]

    def _last(self, delivery: Delivery, complete: Callable[[Delivery], Receipt | None]) -> Outcome:
        receipt = complete(delivery)
        if receipt is not None:
            return Delivered(receipt)
        assert self._halted is not None, "a step was forgotten"  # noqa: S101 - a bug of this sink
        return outcome_of(self._halted)

    def _finish(self, step: str, waiting: Sequence[Delivery], ids: Mapping[str, str]) -> None:
        good = {delivery.key: ids[delivery.key] for delivery in waiting if delivery.key in ids}
        if good:
            self._steps.finished(step, good)
        for delivery in waiting:
            if delivery.key in good:
                self._done[delivery.key][step] = good[delivery.key]
            else:
                self.settle(delivery, Unknown(f"amoCRM's answer does not name the {step}"))

    def _without_bad(self, waiting: list[Delivery], error: BadElements) -> list[Delivery]:
        """Settle what amoCRM names, by our request_id or by its place; nothing of the array was written."""
        names = {
            delivery.key: delivery.key if delivery.key in error.reasons else str(place)
            for place, delivery in enumerate(waiting)
        }
        bad = [delivery for delivery in waiting if names[delivery.key] in error.reasons] or waiting
        for delivery in bad:
            reason = error.reasons.get(names[delivery.key], error.reason)
            if names[delivery.key] in error.stale:
                self.stale = True
                self.settle(delivery, RetryLater(f"looked up again: {reason}", after_s=0.0))
            elif delivery.responsible and "responsible_user_id" in reason:
                self.settle(delivery, NoSuchUser(reason))
            else:
                self.settle(delivery, Rejected(reason))
        return [delivery for delivery in waiting if delivery not in bad]

    def _one_by_one(self, step: str, waiting: Sequence[Delivery], send: Send, error: Refused) -> None:
        """Find out which element of a refused array is bad when amoCRM does not say."""
        if len(waiting) == 1:
            self.settle(waiting[0], Rejected(error.reason))
            return
        for delivery in waiting:
            self._write(step, [delivery], send)

    def _doubt(self, waiting: Sequence[Delivery], error: MaybeWritten) -> None:
        for delivery in waiting:
            self.settle(delivery, Unknown(error.reason))
        # The others have lost nothing; but an account in trouble gets no further requests now.
        self.halt(NotWritten(f"stopped after: {error.reason}", pause=True))


def _chunks(deliveries: Sequence[Delivery]) -> Iterator[Sequence[Delivery]]:
    """Yield arrays that amoCRM can take: smaller ones for what failed before, as its limits page asks after a 504."""
    attempt = max((delivery.attempt for delivery in deliveries), default=1)
    size = SIZES[min(attempt, len(SIZES)) - 1]
    return (deliveries[start : start + size] for start in range(0, len(deliveries), size))
