"""One call of `deliver`: step by step, which deliveries are written, adopted, refused, or stopped."""

from collections.abc import Iterator, Mapping, Sequence

from mailbridge.sdk import (
    BadTemplate,
    Delivered,
    Delivery,
    MaybeWritten,
    NoSuchUser,
    NotWritten,
    Outcome,
    Receipt,
    Refused,
    Rejected,
    SinkError,
    Steps,
    outcome_of,
)
from mailbridge_sinks.rest.answers import Good, Made, UserGone, results
from mailbridge_sinks.rest.client import RestClient, TokenEnded
from mailbridge_sinks.rest.config import RestConfig
from mailbridge_sinks.rest.forms import Filled, StepForm, Values, values_of
from mailbridge_sinks.rest.search import Searches


class Work:
    """The deliveries of one batch on their way through the steps."""

    def __init__(
        self,
        config: RestConfig,
        forms: Sequence[StepForm],
        client: RestClient,
        deliveries: Sequence[Delivery],
        steps: Steps,
    ) -> None:
        self._config = config
        self._forms = forms
        self._client = client
        self._searches = Searches(config, forms, client)
        self._deliveries = deliveries
        self._by_key = {delivery.key: delivery for delivery in deliveries}
        self._steps = steps
        self._ids = {delivery.key: dict(steps.done(delivery.key)) for delivery in deliveries}
        self._made: dict[str, Values] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._new: set[str] = set()
        self._halted: SinkError | None = None

    def run(self) -> list[Outcome]:
        """Write what is not done yet; return one outcome per delivery, in order."""
        for form in self._forms:
            waiting = [one for one in self._deliveries if self._lacks(one, form)]
            for chunk in _chunks(list(self._absent(form, waiting)), form.step.batch):
                self._write(form, chunk)
        return [self._outcomes.get(delivery.key) or self._end(delivery) for delivery in self._deliveries]

    def _values(self, delivery: Delivery) -> Values:
        """Return what templates may use of a delivery: made when one is filled in, let go with the last step."""
        made = self._made.get(delivery.key)
        if made is None:
            made = self._made[delivery.key] = values_of(delivery, self._config, self._ids[delivery.key])
        return made

    def _lacks(self, delivery: Delivery, form: StepForm) -> bool:
        if delivery.key in self._outcomes or form.name in self._ids[delivery.key]:
            return False
        try:
            return form.is_for_all or form.wanted(self._values(delivery))
        except BadTemplate as error:
            self._outcomes[delivery.key] = Rejected(str(error))
            return False

    def _absent(self, form: StepForm, waiting: Sequence[Delivery]) -> Iterator[Delivery]:
        """Yield the deliveries whose object has to be made; what serves as well is noted as done."""
        for delivery in waiting:
            if self._adopted(form, delivery):
                continue
            if self._halted is None and delivery.key not in self._outcomes:
                yield delivery

    def _adopted(self, form: StepForm, delivery: Delivery) -> bool:
        if self._halted is not None or not form.has_looks:
            return False
        try:
            found = self._searches.look(form, self._values(delivery))
            if found:
                self._steps.writing(form.name, [delivery.key])  # nothing is written: the ledger is told what was there
                self._note(form, {delivery.key: Made(found, created=False)})
        except BadTemplate as error:
            self._outcomes[delivery.key] = Rejected(str(error))
            return False
        except SinkError as error:
            self._stop([delivery], error)
            return False
        return found is not None

    def _write(self, form: StepForm, chunk: Sequence[Delivery]) -> None:
        if self._halted is not None:
            return
        try:
            made = self._sent(form, chunk)
        except (Refused, BadTemplate) as error:
            self._refuse(form, chunk, error)
        except SinkError as error:
            self._stop(chunk, error)
        else:
            self._note(form, {key: one for key, one in made.items() if isinstance(one, Made)})
            for key, one in made.items():
                if isinstance(one, SinkError):
                    self._outcomes[key] = self._outcome(key, one)

    def _sent(self, form: StepForm, chunk: Sequence[Delivery]) -> Mapping[str, Made | SinkError]:
        request = self._request(form, chunk)
        self._client.sign()
        try:
            good = self._announced(form, chunk, request)
        except TokenEnded:
            self._client.renew()
            good = self._announced(form, chunk, request)
        objects = {form.key(delivery): delivery.key for delivery in chunk}
        return {objects[name]: one for name, one in results(form.step, good, list(objects)).items()}

    def _announced(self, form: StepForm, chunk: Sequence[Delivery], request: Filled) -> Good:
        self._steps.writing(form.name, [delivery.key for delivery in chunk])
        return self._client.write(request, form.answers)

    def _request(self, form: StepForm, chunk: Sequence[Delivery]) -> Filled:
        return form.write([self._values(delivery) for delivery in chunk], self._client.path_token)

    def _refuse(self, form: StepForm, chunk: Sequence[Delivery], error: Refused | BadTemplate) -> None:
        """Nothing of a refused request was written: find the bad ones by halving it."""
        if len(chunk) == 1:
            self._outcomes[chunk[0].key] = self._outcome(chunk[0].key, error)
            return
        for half in (chunk[: len(chunk) // 2], chunk[len(chunk) // 2 :]):
            self._write(form, half)

    def _outcome(self, key: str, error: SinkError | BadTemplate) -> Outcome:
        if isinstance(error, BadTemplate):
            return Rejected(str(error))
        if isinstance(error, UserGone) and self._values(self._by_key[key])["assignee"]:
            return NoSuchUser(error.reason)
        return outcome_of(error)

    def _stop(self, chunk: Sequence[Delivery], error: SinkError) -> None:
        if isinstance(error, MaybeWritten):
            self._outcomes |= {delivery.key: outcome_of(error) for delivery in chunk}
            # The others have lost nothing; but an API in trouble gets no further requests now.
            self._halted = NotWritten(f"stopped after: {error.reason}", pause=True)
        elif isinstance(error, NotWritten) and not error.pause:
            self._outcomes |= {delivery.key: outcome_of(error) for delivery in chunk}
        else:
            self._halted = error

    def _note(self, form: StepForm, made: Mapping[str, Made]) -> None:
        if not made:
            return
        self._steps.finished(form.name, {key: one.remote_id for key, one in made.items()})
        for key, one in made.items():
            self._ids[key][form.name] = one.remote_id
            if key in self._made:
                self._made[key]["ids"][form.name] = one.remote_id
            if form.is_main and one.created:
                self._new.add(key)
            if form is self._forms[-1]:
                self._outcomes[key] = self._end(self._by_key[key])
                self._made.pop(key, None)  # cards of a whole batch are megabytes

    def _end(self, delivery: Delivery) -> Outcome:
        if self._halted is not None and any(self._lacks(delivery, form) for form in self._forms):
            return outcome_of(self._halted)
        main = next(form for form in self._forms if form.is_main)
        remote_id = self._ids[delivery.key][main.name]
        page = main.page(remote_id, self._values(delivery)) if main.has_page else None
        return Delivered(Receipt(remote_id, page, created=delivery.key in self._new))


def planned_values(delivery: Delivery, config: RestConfig, forms: Sequence[StepForm]) -> Values:
    """Return the values of a plan: results of the steps that the delivery has stand as placeholders."""
    values = values_of(delivery, config, {})
    for form in forms:
        if form.wanted(values):
            values["ids"][form.name] = f"<{form.name} id>"
    return values


def _chunks(deliveries: Sequence[Delivery], size: int) -> Iterator[Sequence[Delivery]]:
    return (deliveries[start : start + size] for start in range(0, len(deliveries), size))
