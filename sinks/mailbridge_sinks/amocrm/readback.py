"""What people did in amoCRM with what was written, and how much each of them has to do. Reads only."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mailbridge.sdk import RemoteState, Sent, Sign, remote_state
from mailbridge_sinks.amocrm.client import AmocrmClient
from mailbridge_sinks.amocrm.config import AmocrmConfig
from mailbridge_sinks.amocrm.places import CLOSED, FieldPlace, Places, Stages

CLOCK_MARGIN_S = 600
"""amoCRM's clock may differ from the ledger's by so much."""
CHUNK = 40
MOST_ALONE = 25
"""Leads that no list shows are asked for one by one, so many per call."""
EVENTS_A_PAGE = 100

Row = Mapping[str, Any]
Signs = dict[str, list[Sign]]

_LINK = re.compile(r"https?://\S+")
_OURS = re.compile(r"\bmb1-[a-z2-7]{26}\b")
_ANSWERS = {"common", "call_out", "call_in", "sms_out", "attachment", "message_cashier"}


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Reading back for one account.

    With the paid filters leads are asked for by id. Without them amoCRM would silently answer with any leads: what
    was changed since the last look is read in the order of change, and what was not is as it was. Tasks, notes and
    events are filtered free of charge (filters-api and events-and-notes pages).

    Args:
        config: The account.
        client: Asks.
        places: Fields and pipelines.
        users: Id → name; empty when we may not see them.
    """

    config: AmocrmConfig
    client: AmocrmClient
    places: Places
    users: Mapping[int, str]

    def states(self, receipts: Sequence[Sent], cursor: str | None) -> tuple[list[RemoteState], str | None]:
        """Return the states of the leads that are known now, and the moment up to which changes were read."""
        ids = list(dict.fromkeys(sent.remote_id for sent in receipts if sent.remote_id.isdecimal()))
        began = min((sent.delivered_at for sent in receipts), default=0.0)
        since = int(float(cursor)) if cursor else max(0, int(began) - CLOCK_MARGIN_S)
        rows, seen = (self._by_id(ids), since) if self.places.filters else self._changed(ids, since)
        gone, moved = self._events(since)
        signs = self._signs(ids, {sent.remote_id: sent.steps.get("task", "") for sent in receipts})
        fresh = {one for one, told in signs.items() if any(sign.at and sign.at.timestamp() >= since for sign in told)}
        lacking = [one for one in ids if one not in rows and (one in gone | fresh or self.places.filters)]
        rows |= self._alone(lacking[:MOST_ALONE])
        seen = since if lacking[MOST_ALONE:] else seen
        states = [self._state(row, moved.get(one), signs.get(one, ())) for one, row in rows.items() if row is not None]
        states += [RemoteState(one, exists=False) for one, row in rows.items() if row is None]
        return states, str(seen)

    def open_counts(self, users: Sequence[str]) -> dict[str, int]:
        """Return user → how many open leads, or without the paid filters open tasks, each has."""
        wanted = [user for user in users if user.isdecimal() and (not self.users or int(user) in self.users)]
        if not wanted:
            return {}
        counts = dict.fromkeys(wanted, 0)
        owners = [("filter[responsible_user_id][]", user) for user in wanted]
        rows = self._open_leads(owners) if self.places.filters else self._open_tasks(owners)
        for row in rows:
            owner = str(row.get("responsible_user_id"))
            if owner in counts:
                counts[owner] += 1
        return counts

    def _open_leads(self, owners: list[tuple[str, str]]) -> Iterator[Row]:
        rows = self.client.rows("/leads", "leads", owners)
        return (row for row in rows if row["status_id"] not in CLOSED)

    def _open_tasks(self, owners: list[tuple[str, str]]) -> Iterator[Row]:
        return self.client.rows("/tasks", "tasks", [*owners, ("filter[is_completed]", "0")])

    def _by_id(self, ids: Sequence[str]) -> dict[str, Row | None]:
        rows: dict[str, Row | None] = {}
        for chunk in _chunks(ids):
            for row in self.client.rows("/leads", "leads", [("filter[id][]", one) for one in chunk]):
                rows[str(row["id"])] = row
        return {one: rows[one] for one in ids if one in rows}

    def _changed(self, ids: Sequence[str], since: int) -> tuple[dict[str, Row | None], int]:
        """Return what was changed since a moment, latest first, and the latest change of all."""
        rows: dict[str, Row | None] = {}
        latest = since
        for row in self.client.rows("/leads", "leads", [("order[updated_at]", "desc")]):
            if row["updated_at"] < since:
                break
            latest = max(latest, row["updated_at"])
            if str(row["id"]) in ids:
                rows[str(row["id"])] = row
        return rows, latest

    def _alone(self, ids: Iterable[str]) -> dict[str, Row | None]:
        """Ask for single leads: in no list is what waits in Unsorted, and what was deleted (HTTP 204)."""
        return {one: self.client.read(f"/leads/{one}") for one in ids}

    def _events(self, since: int) -> tuple[set[str], dict[str, datetime]]:
        """Return which leads were deleted or merged, and when others first left a stage."""
        types = ("lead_deleted", "entity_merged", "lead_status_changed")
        params = [("filter[type][]", kind) for kind in types] + [("filter[created_at][from]", str(since))]
        gone: set[str] = set()
        moved: dict[str, datetime] = {}
        for row in self.client.rows("/events", "events", params, limit=EVENTS_A_PAGE):
            lead = str(row["entity_id"])
            if row["type"] != "lead_status_changed":
                gone.add(lead)
                continue
            at = _moment(row["created_at"])
            moved[lead] = min(at, moved.get(lead, at))
        return gone, moved

    def _signs(self, ids: Sequence[str], own_tasks: Mapping[str, str]) -> Signs:
        found: Signs = {}
        for chunk in _chunks(ids):
            leads = [("filter[entity_id][]", one) for one in chunk]
            closed = [("filter[entity_type]", "leads"), ("filter[is_completed]", "1")]
            for row in self.client.rows("/tasks", "tasks", leads + closed):
                lead = str(row["entity_id"])
                # Ours may be that of another interest, which was put into the same lead.
                is_own = str(row["id"]) == own_tasks.get(lead) or _OURS.search(str(row.get("text") or "")) is not None
                found.setdefault(lead, []).extend(_task_signs(row, is_own=is_own))
            for row in self.client.rows("/leads/notes", "notes", leads):
                found.setdefault(str(row["entity_id"]), []).extend(_note_signs(row))
        return found

    def _state(self, row: Row, moved_at: datetime | None, signs: Iterable[Sign]) -> RemoteState:
        status, owner = int(row["status_id"]), row.get("responsible_user_id") or 0
        stages = self.places.stages.get(row.get("pipeline_id") or 0, Stages(frozenset(), {}))
        every = [*signs, *self._own_signs(row, stages, moved_at)]
        return remote_state(
            str(row["id"]),
            every,
            self.config.read_back.processed_when,
            open=status not in CLOSED,
            stage=stages.names.get(status, str(status)),
            responsible=self.users.get(owner) or (str(owner) if owner else None),
            responsible_id=str(owner) if owner else None,
        )

    def _own_signs(self, row: Row, stages: Stages, moved_at: datetime | None) -> Iterator[Sign]:
        status = row["status_id"]
        if status not in stages.fresh and status != self.places.status_id and stages.names:
            closed_at = row.get("closed_at")
            yield Sign("stage", moved_at or (_moment(closed_at) if closed_at else None), stages.names.get(status))
        if proof := _value(row, self.places.proof):
            yield Sign("link", None, proof)


def _task_signs(row: Row, *, is_own: bool) -> Iterator[Sign]:
    """What a closed task says: ours is "task", another one that somebody worked on is "answer"."""
    at, result = _moment(row["updated_at"]), row.get("result") or {}
    text = str(result.get("text") or "") if isinstance(result, Mapping) else ""
    yield Sign("task" if is_own else "answer", at, text or None)
    if link := _LINK.search(text):
        yield Sign("link", at, link[0])


def _note_signs(row: Row) -> Iterator[Sign]:
    """What a note says; those that we, or robots, have written say nothing."""
    kind, params = row.get("note_type"), row.get("params") or {}
    text = str(params.get("text") or "") if isinstance(params, Mapping) else ""
    if kind not in _ANSWERS or _OURS.search(text):
        return
    at = _moment(row["created_at"])
    yield Sign("answer", at)
    if kind == "attachment":
        yield Sign("attachment", at, str(params.get("file_name") or "") or None)
    elif link := _LINK.search(text):
        yield Sign("link", at, link[0])


def _value(row: Row, place: FieldPlace | None) -> str | None:
    for value in (row.get("custom_fields_values") or []) if place else []:
        if place is not None and value.get("field_id") == place.id and value.get("values"):
            return str(value["values"][0].get("value") or "") or None
    return None


def _moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
