"""Searches the account for what earlier attempts may have left there."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from mailbridge.sdk import Doubt, Receipt
from mailbridge_sinks.amocrm.client import AmocrmClient
from mailbridge_sinks.amocrm.config import AmocrmConfig
from mailbridge_sinks.amocrm.mapping import LEAD, MAIN_STEPS, NOTE, TASK, UNSORTED, main_step
from mailbridge_sinks.amocrm.places import Places

CHUNK = 40
"""Keys or ids per filter: keeps addresses below 4 kB."""
CLOCK_MARGIN_S = 600
"""amoCRM's clock may differ from the ledger's by so much."""

MOST_NOTE_PAGES = 400
"""Of 250 notes each, read after a lost ledger where interests are appended to leads."""

Found = dict[str, dict[str, Receipt]]
Row = Mapping[str, Any]


class Search:
    """One search for a number of doubts; reads only."""

    def __init__(self, config: AmocrmConfig, client: AmocrmClient, places: Places) -> None:
        self._config = config
        self._client = client
        self._places = places

    def find(self, doubts: Sequence[Doubt]) -> Found:
        """Return what exists of the wanted steps; see `Sink.find`."""
        found: Found = {doubt.delivery.key: {} for doubt in doubts}
        leads = {doubt.delivery.key: lead_id for doubt in doubts if (lead_id := _known_lead(doubt))}
        unseen = {doubt.delivery.key: doubt for doubt in doubts if doubt.delivery.key not in leads}
        for key, lead_id in self._leads(list(unseen.values())).items():
            leads[key] = lead_id
            receipt = Receipt(lead_id, lead_url(self._config, lead_id), created=False)
            found[key][self._main_step(unseen[key])] = receipt
        for key, (lead_id, note_id) in self._appended([one for one in doubts if one.delivery.key not in leads]):
            leads[key] = lead_id
            found[key][LEAD] = Receipt(lead_id, lead_url(self._config, lead_id), created=False)
            found[key][NOTE] = Receipt(note_id, created=False)
        reachable = [doubt for doubt in doubts if doubt.delivery.key in leads]
        for step, path, plural in ((NOTE, "/leads/notes", "notes"), (TASK, "/tasks", "tasks")):
            markers = {one.delivery.step_key(step): one.delivery.key for one in reachable if _wants(one, step)}
            for marker, row in self._children(path, plural, markers, leads):
                found[markers[marker]].setdefault(step, Receipt(str(row["id"]), created=False))
        return found

    def copies(self, keys: Sequence[str]) -> dict[str, list[str]]:
        """Return key → ids of all leads that carry it, oldest first; in Unsorted there is one at most to be seen."""
        found = {key: self._all_of(key) for key in keys}
        waiting = self._in_unsorted({key for key in keys if not found[key]}, 0.0)
        return {key: [waiting[key]] if key in waiting else ids for key, ids in found.items()}

    def _appended(self, doubts: Sequence[Doubt]) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield (key, (lead, note)) of what a lost ledger has put into the leads of earlier interests.

        Those leads carry the key of their first interest, so the notes are read that are no older than the mails.
        """
        lost = [one.delivery for one in doubts if not one.steps and self._config.may_append(one.delivery)]
        if not lost:
            return
        markers = {one.step_key(NOTE): one.key for one in lost}
        oldest = int(min(one.interest.mail.received_at.timestamp() for one in lost)) - CLOCK_MARGIN_S
        params: list[tuple[str, str | int]] = [("filter[updated_at][from]", oldest), ("order[id]", "asc")]
        for row in self._client.rows("/leads/notes", "notes", params, most_pages=MOST_NOTE_PAGES):
            text = str((row.get("params") or {}).get("text") or "")
            marker = next((one for one in markers if one in text), None)
            if marker is not None:
                yield markers.pop(marker), (str(row["entity_id"]), str(row["id"]))

    def _leads(self, doubts: Sequence[Doubt]) -> dict[str, str]:
        """Return key → lead id; the lists of leads first, then Unsorted."""
        if not doubts:
            return {}
        keys = [doubt.delivery.key for doubt in doubts]
        found = self._by_filter(keys) if self._places.filters else None
        if found is None:
            found = self._by_query(keys)
        waiting = [doubt for doubt in doubts if doubt.delivery.key not in found and self._maybe_unsorted(doubt)]
        oldest = min((doubt.since for doubt in waiting), default=0.0) - CLOCK_MARGIN_S
        return found | self._in_unsorted({doubt.delivery.key for doubt in waiting}, oldest)

    def _by_filter(self, keys: Sequence[str]) -> dict[str, str] | None:
        """Ask for the field itself; None when amoCRM ignores the filter, which it does without a word."""
        found: dict[str, str] = {}
        name = f"filter[custom_fields_values][{self._places.own_key().id}][]"
        for chunk in _chunks(keys):
            params = [(name, key) for key in chunk]
            for row in self._client.rows("/leads", "leads", [*params, ("order[id]", "asc")]):
                key = self._key_of(row)
                if key not in chunk:
                    return None
                found.setdefault(key, str(row["id"]))
        return found

    def _by_query(self, keys: Sequence[str]) -> dict[str, str]:
        """Ask by full text, then compare the field: the oldest lead counts."""
        return {key: ids[0] for key in keys if (ids := self._all_of(key))}

    def _all_of(self, key: str) -> list[str]:
        rows = self._client.rows("/leads", "leads", [("query", key), ("order[id]", "asc")])
        return [str(row["id"]) for row in rows if self._key_of(row) == key]

    def _in_unsorted(self, waiting: Collection[str], oldest: float) -> dict[str, str]:
        """Walk the Unsorted list, newest first; it has no filter for our key."""
        found: dict[str, str] = {}
        if not waiting:
            return found
        for row in self._client.rows("/leads/unsorted", "unsorted", [("order[created_at]", "desc")]):
            if row.get("created_at", 0) < oldest:
                break
            leads = row["_embedded"]["leads"]
            if row.get("source_uid") in waiting and leads:
                found[row["source_uid"]] = str(leads[0]["id"])  # the last one seen is the oldest
        return found

    def _children(
        self, path: str, plural: str, markers: Mapping[str, str], leads: Mapping[str, str]
    ) -> Iterator[tuple[str, Row]]:
        """Yield (marker, row) of the notes or tasks that hold a marker."""
        for chunk in _chunks(sorted(markers)):
            params: list[tuple[str, str | int]] = [("filter[entity_id][]", leads[markers[marker]]) for marker in chunk]
            if plural == "tasks":
                params.append(("filter[entity_type]", "leads"))
            for row in self._client.rows(path, plural, [*params, ("order[id]", "asc")]):
                text = str(row.get("text") or (row.get("params") or {}).get("text") or "")
                yield from ((marker, row) for marker in chunk if marker in text)

    def _key_of(self, row: Row) -> str | None:
        for value in row.get("custom_fields_values") or []:
            if value.get("field_id") == self._places.own_key().id and value.get("values"):
                return str(value["values"][0].get("value"))
        return None

    @staticmethod
    def _maybe_unsorted(doubt: Doubt) -> bool:
        """Whether it may lie in Unsorted; after a lost ledger nobody knows how it was configured."""
        return UNSORTED in doubt.steps or not doubt.steps

    def _main_step(self, doubt: Doubt) -> str:
        open_main = [step for step in doubt.steps if step in MAIN_STEPS]
        return open_main[0] if open_main else main_step(self._config, doubt.delivery)


def lead_url(config: AmocrmConfig, lead_id: str) -> str:
    """Return the page of a lead."""
    return f"{config.url}/leads/detail/{lead_id}"


def _known_lead(doubt: Doubt) -> str | None:
    return doubt.done.get(LEAD) or doubt.done.get(UNSORTED)


def _wants(doubt: Doubt, step: str) -> bool:
    return step in doubt.steps or (not doubt.steps and step not in doubt.done)


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    values = list(values)
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
