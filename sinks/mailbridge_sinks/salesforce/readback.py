"""What people did in Salesforce with what was written, and how much each of them has to do. Reads only."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailbridge.sdk import RemoteState, Sent, Sign, remote_state, soql_literal
from mailbridge_sinks.salesforce.client import SalesforceClient
from mailbridge_sinks.salesforce.config import SalesforceConfig
from mailbridge_sinks.salesforce.mapping import QUEUE_ID, parent_field
from mailbridge_sinks.salesforce.search import same_id

Record = Mapping[str, Any]

_OURS = re.compile(r"\bmb1-[a-z2-7]{26}/")
"""What mailbridge has written holds a key and a step."""
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Reading back for one account: three or four requests for up to 200 objects."""

    config: SalesforceConfig
    client: SalesforceClient

    def states(self, receipts: Sequence[Sent]) -> list[RemoteState]:
        """Return the state of every receipt's object; what the query does not show was deleted."""
        ids = {sent.remote_id for sent in receipts}
        records = {same_id(record["Id"], ids): record for record in self._objects(ids)}
        first = self._first_stages()
        people = {_contact(record): known for known, record in records.items() if _contact(record)}
        done = self._done(records, people, {sent.steps.get("task", "")[:15] for sent in receipts})
        files = self._files(records, people) if "attachment" in self.config.read_back.processed_when else {}
        found = [RemoteState(one, exists=False) for one in ids - records.keys()]
        for known, record in records.items():
            signs = [*self._own_signs(record, first), *done.get(known, ()), *files.get(known, ())]
            found.append(self._state(known, record, signs))
        return found

    def open_counts(self, users: Collection[str]) -> dict[str, int]:
        """Return active user → how many of the objects they own are open."""
        active = [str(record["Id"]) for record in self.client.select_in("Id", "User", "Id", users, "IsActive = true")]
        counts = {same_id(one, users): 0 for one in active}
        if not counts:
            return {}
        table, listed = self.config.object, ", ".join(soql_literal(user) for user in sorted(counts))
        where = " AND ".join([f"OwnerId IN ({listed})", *self._is_open()])
        for row in self.client.select("OwnerId, COUNT(Id) n", table, f"{where} GROUP BY OwnerId"):
            counts[same_id(row["OwnerId"], users)] = int(row["n"])
        return counts

    def _is_open(self) -> Iterator[str]:
        if self.config.object == "Lead":
            yield "IsConverted = false"
        if closed := self.config.read_back.closed_stages:
            yield f"{self.config.read_back.stage_field} NOT IN ({', '.join(soql_literal(stage) for stage in closed)})"

    def _objects(self, ids: Collection[str]) -> Iterator[dict[str, Any]]:
        settings, names = self.config.read_back, ["Id", "OwnerId", "Owner.Name", "LastModifiedDate"]
        names += [settings.stage_field, *([settings.proof_field] if settings.proof_field else [])]
        if self.config.object == "Lead":
            names += ["IsConverted", "ConvertedContactId"]
        yield from self.client.select_in(", ".join(names), self.config.object, "Id", ids)

    def _first_stages(self) -> set[str]:
        """Return the stages in which nobody has touched an object yet; empty = can't be told."""
        settings = self.config.read_back
        written = self.config.fixed.get(settings.stage_field)
        if settings.first_stages or written:
            return {*settings.first_stages, *([str(written)] if written else [])}
        if self.config.object != "Lead":
            return set()
        return {str(row["ApiName"]) for row in self.client.select("ApiName", "LeadStatus", "IsDefault = true")}

    def _own_signs(self, record: Record, first: Collection[str]) -> Iterator[Sign]:
        stage = record.get(self.config.read_back.stage_field)
        if record.get("IsConverted") or (first and stage not in first):
            yield Sign("stage", _moment(record.get("LastModifiedDate")), str(stage))
        proof = record.get(self.config.read_back.proof_field or "")
        if proof:
            yield Sign("link", None, str(proof))

    def _done(self, records: Collection[str], people: Mapping[str, str], own: Collection[str]) -> dict[str, list[Sign]]:
        """Return object id → what its closed tasks say: ours is "task", a logged call or mail is "answer"."""
        parent = parent_field(self.config.object)
        fields = f"Id, {parent}, Description, CompletedDateTime, LastModifiedDate"
        found: dict[str, list[Sign]] = {}
        parents = [*records, *people]
        for row in self.client.select_in(fields, "Task", parent, parents, "IsClosed = true"):
            known = same_id(row[parent], parents)
            at = _moment(row.get("CompletedDateTime") or row.get("LastModifiedDate"))
            # Ours may be that of another interest, which was put into the same object.
            ours = _OURS.search(str(row.get("Description") or "")) is not None
            signs = self._task_signs(row, at, is_own=ours or str(row["Id"])[:15] in own)
            found.setdefault(people.get(known, known), []).extend(signs)
        return found

    def _task_signs(self, row: Record, at: datetime | None, *, is_own: bool) -> Iterator[Sign]:
        page = self.client.page_of(str(row["Id"]))
        yield Sign("task" if is_own else "answer", at, page)
        link = None if is_own else _LINK.search(str(row.get("Description") or ""))
        if link:
            yield Sign("link", at, link[0])

    def _files(self, records: Collection[str], people: Mapping[str, str]) -> dict[str, list[Sign]]:
        found: dict[str, list[Sign]] = {}
        parents = [*records, *people]
        fields = "LinkedEntityId, ContentDocumentId, SystemModstamp"
        for row in self.client.select_in(fields, "ContentDocumentLink", "LinkedEntityId", parents):
            known = same_id(row["LinkedEntityId"], parents)
            page = self.client.page_of(str(row["ContentDocumentId"]))
            sign = Sign("attachment", _moment(row.get("SystemModstamp")), page)
            found.setdefault(people.get(known, known), []).append(sign)
        return found

    def _state(self, known: str, record: Record, signs: Sequence[Sign]) -> RemoteState:
        settings = self.config.read_back
        stage, owner = record.get(settings.stage_field), str(record.get("OwnerId") or "")
        name = (record.get("Owner") or {}).get("Name") or owner
        return remote_state(
            known,
            signs,
            settings.processed_when,
            open=not record.get("IsConverted") and stage not in settings.closed_stages,
            stage=None if stage is None else str(stage),
            responsible=None if owner.startswith(QUEUE_ID) else name or None,
            responsible_id=owner or None,
            url=self.client.page_of(_contact(record)) if _contact(record) else None,
        )


def _contact(record: Record) -> str:
    return str(record.get("ConvertedContactId") or "")


def _moment(value: Any) -> datetime | None:
    """Return a moment as the API writes it, such as 2026-11-21T20:00:00.000+0000."""
    try:
        return datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
