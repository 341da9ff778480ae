"""The sink itself: implements `mailbridge.sdk.Sink` out of the configuration."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import httpx
from pydantic import BaseModel

from mailbridge.sdk import (
    Delivery,
    Doubt,
    Manifest,
    Outcome,
    PlannedRequest,
    Receipt,
    RemoteState,
    Sent,
    Steps,
    TokenStore,
)
from mailbridge_sinks.rest.check import prove
from mailbridge_sinks.rest.client import RestClient
from mailbridge_sinks.rest.config import RestConfig
from mailbridge_sinks.rest.forms import Filled, StepForm, step_forms
from mailbridge_sinks.rest.readback import ReadBack
from mailbridge_sinks.rest.search import Searches
from mailbridge_sinks.rest.work import Work, planned_values


class RestSink:
    """One account of an API that the configuration describes."""

    manifest: ClassVar[Manifest] = Manifest(
        name="rest", title="Any REST API", docs="sinks/mailbridge_sinks/rest/README.md"
    )
    Config: ClassVar[type[BaseModel]] = RestConfig
    max_batch: ClassVar[int] = 100
    max_read: ClassVar[int] = 100
    rate_per_s: ClassVar[float] = 5.0

    def __init__(self, config: RestConfig, *, tokens: TokenStore, transport: httpx.BaseTransport | None = None) -> None:
        self._config = config
        self._client = RestClient(config, tokens, transport)
        self._forms = step_forms(config)
        self._main = next(form for form in self._forms if form.is_main)
        self._read_back = ReadBack(config, self._client)
        self._searches = Searches(config, self._forms, self._client)

    def check(self) -> None:
        """Send the reading requests of `checks`; see `prove`."""
        prove(self._config, self._client, lambda: self._searches.probe(self._main))

    def plan(self, deliveries: Sequence[Delivery]) -> Sequence[PlannedRequest]:
        """Return the writing requests of all steps; look-ups come before them."""
        return [request for form in self._forms for request in self._planned(form, deliveries)]

    def find(self, doubts: Sequence[Doubt]) -> Mapping[str, Mapping[str, Receipt]]:
        """Search each step by its key; see `Searches.find`."""
        return self._searches.find(doubts)

    def copies(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Search the main objects by their key."""
        return self._searches.copies(self._main, keys)

    def read_back(self, receipts: Sequence[Sent], cursor: str | None) -> tuple[Sequence[RemoteState], str | None]:
        """Read the main objects by their ids, where the configuration says how; needs no cursor."""
        return self._read_back.states(receipts), cursor

    def deliver(self, deliveries: Sequence[Delivery], steps: Steps) -> Sequence[Outcome]:
        """Write the steps that are not done yet."""
        return Work(self._config, self._forms, self._client, deliveries, steps).run()

    def close(self) -> None:
        """Release connections."""
        self._client.close()

    def _planned(self, form: StepForm, deliveries: Sequence[Delivery]) -> list[PlannedRequest]:
        values = [planned_values(delivery, self._config, self._forms) for delivery in deliveries]
        wanted = [one for one in values if form.wanted(one)]
        size = form.step.batch
        filled = [form.write(wanted[start : start + size]) for start in range(0, len(wanted), size)]
        return [PlannedRequest(form.name, one.method, one.shown, _shown_body(one)) for one in filled]


def _shown_body(request: Filled) -> object:
    return {"params": dict(request.params), "body": request.body} if request.params else request.body
