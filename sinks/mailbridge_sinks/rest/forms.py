"""Templates of requests, read once; filled in for one delivery or a batch of them."""

import json
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from mailbridge.sdk import (
    Delivery,
    Interest,
    MailRef,
    Source,
    Template,
    TrustRef,
    compile_structure,
    fill_structure,
    one_line,
    template_values,
)
from mailbridge_sinks.rest.config import RestConfig
from mailbridge_sinks.rest.shape import OWN_NAMES, Look, Request, Step

Values = dict[str, Any]

_VISIBLE = string.ascii_letters + string.digits + string.punctuation + " "


@dataclass(frozen=True, slots=True)
class Filled:
    """A request that can be sent; `shown` is its path for people, without credentials."""

    method: str
    path: str
    shown: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    def content(self) -> bytes | None:
        """Return the JSON of the body; what no text may hold (lone surrogates) is replaced."""
        if self.body is None:
            return None
        return json.dumps(self.body, ensure_ascii=False).encode("utf-8", "replace")


class Form:
    """One request of the configuration.

    Args:
        request: Its table.
        headers: Of every request.
    """

    def __init__(self, request: Request | Step, headers: Mapping[str, str]) -> None:
        own = request.headers if isinstance(request, Step) else {}
        self._method = request.method
        self._path = Template(request.path, known=OWN_NAMES, escape=_quoted)
        self._shown = Template(request.path, known=OWN_NAMES)
        self._params = compile_structure(request.params, known=OWN_NAMES)
        self._headers = {name: Template(value, known=OWN_NAMES) for name, value in {**headers, **own}.items()}
        self._body = compile_structure(request.body, known=OWN_NAMES)

    def filled(self, values: Values, token: str = "") -> Filled:
        """Return the request for these values; raises BadTemplate when one can't be worked out.

        Args:
            values: Of the delivery, or of a batch.
            token: What `{{ token }}` in the path is.
        """
        return Filled(
            self._method,
            self._path.text({**values, "token": token}),
            self._shown.text({**values, "token": "<token>"}),
            fill_structure(self._params, values),
            {name: _header(template.text(values)) for name, template in self._headers.items()},
            fill_structure(self._body, values),
        )


class StepForm:
    """One step of the configuration, ready to be used.

    Attributes:
        is_for_all: Whether every delivery has it.
        has_looks: Whether anything serves as well as a new object.
        has_page: Whether people see its object on a page.
    """

    def __init__(self, name: str, step: Step, config: RestConfig) -> None:
        self.name = name
        self.step = step
        self.is_for_all = not step.when
        self.has_looks = bool(step.look)
        self.has_page = bool(step.page)
        self.is_main = name == config.main
        self.answers = (*step.answers, *config.answers)
        self._config = config
        self._form = Form(step, config.headers)
        self._item = compile_structure(step.item, known=OWN_NAMES)
        self._when = _condition(step.when)
        self._idempotent = _condition(step.idempotent)
        self._page = Template(step.page, known=OWN_NAMES)
        self._looks = [LookForm(look, config.headers) for look in step.look]
        self.search = step.search
        self._search = Form(step.search, config.headers) if step.search else None
        self._search_item = compile_structure(step.search.item if step.search else None, known=OWN_NAMES)
        self.parents = _parents(step.search)

    def wanted(self, values: Values) -> bool:
        """Whether a delivery has this step."""
        return bool(self._when.value(values))

    def repeatable(self, values: Values) -> bool:
        """Whether the API itself sees to it that a repeated request makes nothing new."""
        return bool(self._idempotent.value(values))

    def key(self, delivery: Delivery) -> str:
        """Return what the step's object carries."""
        return self._config.step_key_of(self.name, delivery.key)

    def write(self, values: Sequence[Values], token: str = "") -> Filled:
        """Return the request that writes this step of one or more deliveries."""
        if self.step.batch == 1:
            filled = self._form.filled(values[0], token)
            header = self.step.idempotency_header
            if not header:
                return filled
            key = self._config.step_key_of(self.name, values[0]["key"])
            return Filled(
                filled.method, filled.path, filled.shown, filled.params, {**filled.headers, header: key}, filled.body
            )
        items = [fill_structure(self._item, one) for one in values]
        return self._form.filled({"settings": values[0]["settings"], "items": items, "key": None}, token)

    def find(self, values: Sequence[Values], keys: Sequence[str], token: str = "") -> Filled:
        """Return the request that searches for keys; only where there is a `search`."""
        assert self._search is not None, "no search"  # noqa: S101 - a bug of this sink
        items = [fill_structure(self._search_item, one) for one in values]
        return self._search.filled({**values[0], "keys": list(keys), "items": items}, token)

    def page(self, remote_id: str, values: Values) -> str | None:
        """Return where a person sees the object."""
        return self._page.text({**values, "id": remote_id}) or None

    def looks(self, values: Values) -> list["LookForm"]:
        """Return the look-ups that fit a delivery."""
        return [look for look in self._looks if look.when.value(values)]


class LookForm(Form):
    """One look-up for an object that serves as well.

    Attributes:
        look: Its table.
        when: Whether a delivery has what is looked for.
    """

    def __init__(self, look: Look, headers: Mapping[str, str]) -> None:
        super().__init__(look, headers)
        self.look = look
        self.when = _condition(look.when)
        self._value = compile_structure(look.value, known=OWN_NAMES)

    def wanted_value(self, values: Values) -> Any:
        """Return what has to be equal in the found object."""
        return fill_structure(self._value, values)


def values_of(delivery: Delivery, config: RestConfig, ids: Mapping[str, Any]) -> Values:
    """Return all that templates may use of a delivery."""
    known = {**dict.fromkeys(config.requests), **ids}
    return template_values(delivery, config.language) | {"settings": config.values, "ids": known}


@cache
def sample_delivery() -> Delivery:
    """Return a delivery of nobody, whose key no object has: to ask a search whether it works."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    trust = TrustRef(verdict="unknown", reason="sample")
    interest = Interest(
        id="in1-" + "a" * 26,
        kind="visit",
        source=Source(channel="site", network="site"),
        occurred_at=moment,
        occurred_at_precision="day",
        mail=MailRef(mail_id="0" * 64, received_at=moment, trust=trust),
    )
    return Delivery(key="mb1-" + "a" * 26, interest=interest)


def step_forms(config: RestConfig) -> list[StepForm]:
    """Return the steps in order."""
    return [StepForm(name, step, config) for name, step in config.requests.items()]


def _condition(expression: str) -> Template:
    return Template(f"{{{{ {expression or 'true'} }}}}", known=OWN_NAMES)


def _parents(search: Request | None) -> set[str]:
    """Return the steps whose ids a search needs."""
    return set(re.findall(r"\bids\.(\w+)", json.dumps(search.model_dump())) if search else ())


def _quoted(value: str) -> str:
    return quote(value, safe="")


def _header(value: str) -> str:
    """Return a value that may stand in a header: one line of visible ASCII, the rest percent-encoded."""
    return quote(one_line(value), safe=_VISIBLE)
