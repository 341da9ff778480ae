"""A batch of deliveries on its way through the steps."""

from collections.abc import Iterable, Mapping, Sequence

from mailbridge.sdk import Delivered, Delivery, Outcome, Receipt, RetryLater, SinkError, Steps, outcome_of
from mailbridge_sinks.bitrix24.mapping import CONTACT_STEP, LEAD_STEP

_TWIN_WAIT_S = 60.0


class Work:
    """What is done, what has failed and who is known, for the deliveries of one call of `deliver`.

    Attributes:
        steps: The ledger's memory.
        contacts: Delivery key → contact that was there before.
        twins: Delivery key → key of the delivery that makes the contact of the same person.
    """

    def __init__(self, deliveries: Sequence[Delivery], steps: Steps) -> None:
        self.steps = steps
        self.contacts: dict[str, str] = {}
        self.twins: dict[str, str] = {}
        self._deliveries = deliveries
        self._done = {delivery.key: dict(steps.done(delivery.key)) for delivery in deliveries}
        self._failed: dict[str, Outcome] = {}
        self._there: set[str] = set()

    def waiting(self, step: str) -> list[Delivery]:
        """Return the deliveries whose turn this step is."""
        return [
            delivery
            for delivery in self._deliveries
            if delivery.key not in self._failed and step not in self._done[delivery.key]
        ]

    def contact_of(self, key: str) -> str | None:
        """Return the contact of a delivery: made for it, found, or made for another delivery of the same person."""
        made = self._done[self.twins.get(key, key)].get(CONTACT_STEP)
        return made or self.contacts.get(key)

    def has(self, key: str, step: str) -> bool:
        """Whether a step is done."""
        return step in self._done[key]

    def lead_of(self, key: str) -> str:
        """Return the id of the lead."""
        return self._done[key][LEAD_STEP]

    def finish(self, step: str, ids: Mapping[str, str]) -> None:
        """Commit what a request has made."""
        if ids:
            self.steps.finished(step, ids)
            for key, number in ids.items():
                self._done[key][step] = number

    def adopt(self, step: str, ids: Mapping[str, str]) -> None:
        """Note that the step of these deliveries is an object that is there already; no request follows.

        Raises:
            NotWritten: The lease is gone.
        """
        if ids:
            self.steps.writing(step, list(ids))
            self.finish(step, ids)
            self._there |= ids.keys()

    def fail(self, keys: Iterable[str], error: SinkError) -> None:
        """Note what ends these deliveries for now."""
        self._failed |= dict.fromkeys(keys, outcome_of(error))

    def hold_lonely_twins(self) -> None:
        """Let deliveries wait whose person was to be made by another one that failed."""
        lonely = [key for key, maker in self.twins.items() if maker in self._failed]
        self._failed |= dict.fromkeys(lonely, RetryLater("waits for the contact of the same person", _TWIN_WAIT_S))

    def outcomes(self, address: str) -> list[Outcome]:
        """Return one outcome per delivery, in order; `address` is that of the portal's lead pages."""
        return [
            self._failed.get(delivery.key) or self._delivered(delivery.key, address) for delivery in self._deliveries
        ]

    def _delivered(self, key: str, address: str) -> Delivered:
        lead = self.lead_of(key)
        created = key not in self._there
        return Delivered(Receipt(lead, f"{address}{lead}/", created, contact_id=self.contact_of(key)))
