"""Finding objects again: by our key after a doubt, by the person's own data before one is made."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mailbridge.sdk import Doubt, MaybeWritten, NotWritten, Receipt, Unusable, fold, is_phone, phone
from mailbridge_sinks.rest.answers import as_text, query
from mailbridge_sinks.rest.client import RestClient
from mailbridge_sinks.rest.config import RestConfig
from mailbridge_sinks.rest.forms import Filled, StepForm, Values, sample_delivery, values_of
from mailbridge_sinks.rest.listing import listed
from mailbridge_sinks.rest.shape import Request

Found = dict[str, dict[str, Receipt]]


class Searches:
    """The searches of all steps."""

    def __init__(self, config: RestConfig, forms: Sequence[StepForm], client: RestClient) -> None:
        self._config = config
        self._forms = forms
        self._client = client

    def find(self, doubts: Sequence[Doubt]) -> Found:
        """Return delivery key → step → receipt for what exists.

        Raises:
            MaybeWritten: A step can neither be searched nor repeated: a person has to look.
            SinkError: A search could not be done.
        """
        ids: dict[str, dict[str, str]] = {doubt.delivery.key: dict(doubt.done) for doubt in doubts}
        found: Found = {}
        for form in self._forms:
            asked = {doubt.delivery.key: self._values(doubt, ids) for doubt in doubts if _is_open(doubt, form)}
            wanted = {key: values for key, values in asked.items() if form.wanted(values)}
            for key, receipt in self._step(form, wanted):
                found.setdefault(key, {}).setdefault(form.name, receipt)
                ids[key].setdefault(form.name, receipt.remote_id)
        return found

    def copies(self, form: StepForm, keys: Sequence[str]) -> dict[str, list[str]]:
        """Return key → the ids of all main objects that carry it."""
        if form.search is None or form.parents:
            raise NotWritten(f"the step {form.name} has no search by key alone: copies can't be counted")
        found: dict[str, list[str]] = {}
        for chunk in _chunks(keys, form.search.batch):
            values = [{"settings": self._config.values, "ids": {}, "key": key} for key in chunk]
            for key, row_id in self._rows(form, values, chunk):
                found.setdefault(key, []).append(row_id)
        return found

    def probe(self, form: StepForm) -> bool:
        """Search for a key that nobody has; False when the step has no search that needs only a key.

        Raises:
            SinkError: The search can't be done, or its filter is ignored.
        """
        if form.search is None or form.parents:
            return False
        values = values_of(sample_delivery(), self._config, {})
        list(self._rows(form, [values], [form.key(sample_delivery())]))
        return True

    def look(self, form: StepForm, values: Values) -> str | None:
        """Return the id of an object that serves as well as a new one; compared in code, never believed."""
        for one in form.looks(values):
            wanted = _comparable(one.wanted_value(values))
            for row in self._listed(one.filled(values, self._client.path_token), one.look):
                there = query(one.look.compare, row)
                if wanted & _comparable(there) and (found := as_text(query(one.look.id, row))):
                    return found
        return None

    def _step(self, form: StepForm, wanted: Mapping[str, Values]) -> Iterator[tuple[str, Receipt]]:
        if form.search is None:
            unsure = [key for key, values in wanted.items() if not form.repeatable(values)]
            if unsure:
                raise MaybeWritten(
                    f"the step {form.name} has no search, and a repeated request could double it: look for "
                    f"{', '.join(unsure[:3])} in the CRM, then resolve or retry the delivery"
                )
            return
        near = {key: values for key, values in wanted.items() if all(values["ids"].get(one) for one in form.parents)}
        for chunk in _chunks(list(near), form.search.batch):
            chosen = [near[key] for key in chunk]
            objects = {self._config.step_key_of(form.name, key): key for key in chunk}
            for object_key, row_id in self._rows(form, chosen, list(objects)):
                key = objects[object_key]
                yield key, Receipt(row_id, form.page(row_id, near[key]), created=False)

    def _rows(self, form: StepForm, values: Sequence[Values], keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield (object's key, id) of the objects that really carry one of the keys."""
        search = form.search
        assert search is not None, "no search"  # noqa: S101 - a bug of this sink
        rows = self._listed(form.find(values, keys, self._client.path_token), search)
        for row in rows:
            carried = as_text(query(search.key, row))
            hit = next((key for key in keys if _carries(carried, key, inside=search.inside)), None)
            row_id = as_text(query(search.id, row))
            if hit and row_id:
                yield hit, row_id
            elif search.exact and not search.inside:
                raise Unusable(
                    f"the search of the step {form.name} answers with objects of other keys: the API ignores the "
                    "filter; mend it, or set exact = false where it is a full-text search"
                )

    def _listed(self, request: Filled, shape: Request) -> list[Any]:
        return listed(self._client, request, shape, self._config.answers)

    def _values(self, doubt: Doubt, ids: Mapping[str, Mapping[str, str]]) -> Values:
        return values_of(doubt.delivery, self._config, ids[doubt.delivery.key])


def _is_open(doubt: Doubt, form: StepForm) -> bool:
    return form.name not in doubt.done and (not doubt.steps or form.name in doubt.steps)


def _carries(text: str, key: str, *, inside: bool) -> bool:
    if not inside:
        return text == key
    after = text.partition(key)
    return bool(after[1]) and not after[2][:1].isalnum() and after[2][:1] != "/"


def _comparable(value: Any) -> set[str]:
    """Return addresses and numbers so that two spellings of one are equal."""
    values: Iterable[Any] = value if isinstance(value, list) else [value]
    texts = [as_text(one) for one in values]
    return {phone(text) if is_phone(text) else fold(text) for text in texts if text}


def _chunks(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))
