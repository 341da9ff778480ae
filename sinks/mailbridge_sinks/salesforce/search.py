"""Finds what exists in Salesforce by the keys of deliveries. SOQL reads the database, not an index: no lag."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mailbridge.sdk import Delivery, Receipt
from mailbridge_sinks.salesforce.client import SalesforceClient
from mailbridge_sinks.salesforce.config import SalesforceConfig
from mailbridge_sinks.salesforce.mapping import parent_field

_CONTACT_ID = "003"
"""How the ids of contacts begin."""


@dataclass(frozen=True, slots=True)
class Search:
    """Look-ups for one account."""

    config: SalesforceConfig
    client: SalesforceClient

    def leads(self, keys: Collection[str]) -> dict[str, Receipt]:
        """Return delivery key → receipt of the leads that carry one of the keys; of several the oldest."""
        return {key: self._receipt(ids[0]) for key, ids in self.copies(keys).items()}

    def copies(self, keys: Collection[str]) -> dict[str, list[str]]:
        """Return key → ids of the leads that carry it, oldest first; several only where the field is not unique."""
        field = self.config.key_field
        found: dict[str, list[str]] = {}
        records = self.client.select_in(f"Id, {field}", self.config.object, field, keys)
        for record in sorted(records, key=lambda record: str(record["Id"])):
            if record.get(field) in keys:
                found.setdefault(str(record[field]), []).append(str(record["Id"]))
        return found

    def tasks(self, deliveries: Collection[Delivery], leads: Mapping[str, str]) -> dict[str, Receipt]:
        """Return delivery key → receipt of the tasks of deliveries whose lead (key → id) is known."""
        field = self.config.task.key_field if self.config.task else None
        step_keys = {delivery.step_key("task"): delivery.key for delivery in deliveries if delivery.key in leads}
        if not step_keys:
            return {}
        if field:
            return {step_keys[mark]: receipt for mark, (receipt, _) in self.marked_tasks(step_keys).items()}
        found = self._by_parent(step_keys, leads)
        return {step_keys[mark]: self._receipt(task) for mark, task in found}

    def marked_tasks(self, marks: Collection[str]) -> dict[str, tuple[Receipt, str]]:
        """Return mark → receipt and object of the tasks that carry one of the marks in their key field."""
        field, parent = self.config.task and self.config.task.key_field, parent_field(self.config.object)
        if not field or not marks:
            return {}
        records = self.client.select_in(f"Id, {parent}, {field}", "Task", field, marks)
        return {
            str(record[field]): (self._receipt(str(record["Id"])), str(record.get(parent) or ""))
            for record in records
            if record.get(field) in marks
        }

    def of_people(self, deliveries: Collection[Delivery]) -> dict[str, Receipt]:
        """Return delivery key → the newest open lead with the author's e-mail address or phone number as written."""
        emails = {one.interest.author.email.lower() for one in deliveries if one.interest.author.email}
        phones = {phone for one in deliveries for phone in one.interest.author.phones}
        if self.config.object != "Lead" or not emails | phones:
            return {}
        found: dict[str, str] = {}
        for field, values in (("Phone", phones), ("Email", emails)):
            records = self.client.select_in(f"Id, {field}", "Lead", field, values, "IsConverted = false")
            for record in sorted(records, key=lambda record: str(record["Id"])):
                found[str(record.get(field)).lower()] = str(record["Id"])
        still_open = self.still_open(set(found.values()))
        return {
            one.key: self._receipt(lead)
            for one in deliveries
            for lead in [next((found[mark] for mark in _marks(one) if mark in found), None)]
            if lead in still_open
        }

    def still_open(self, ids: Collection[str]) -> set[str]:
        """Return which of the objects exist and are still worked on."""
        stage, closed = self.config.read_back.stage_field, self.config.read_back.closed_stages
        converted = ", IsConverted" if self.config.object == "Lead" else ""
        return {
            same_id(record["Id"], ids)
            for record in self.client.select_in(f"Id, {stage}{converted}", self.config.object, "Id", ids)
            if not record.get("IsConverted") and record.get(stage) not in closed
        }

    def converted(self, contact_ids: Collection[str]) -> dict[str, str]:
        """Return contact id → id of the lead that it was made of: converting moves the tasks of a lead."""
        people = [one for one in contact_ids if self.config.object == "Lead" and one.startswith(_CONTACT_ID)]
        records = self.client.select_in("Id, ConvertedContactId", "Lead", "ConvertedContactId", people)
        return {same_id(record["ConvertedContactId"], people): str(record["Id"]) for record in records}

    def people(self, lead_ids: Collection[str]) -> dict[str, str]:
        """Return lead id → contact id of the leads that were converted: nothing more may be tied to those leads."""
        if self.config.object != "Lead":
            return {}
        records = self.client.select_in("Id, ConvertedContactId", "Lead", "Id", lead_ids)
        return {
            same_id(record["Id"], lead_ids): str(record["ConvertedContactId"])
            for record in records
            if record.get("ConvertedContactId")
        }

    def _receipt(self, remote_id: str) -> Receipt:
        return Receipt(remote_id, self.client.page_of(remote_id), created=False)

    def _by_parent(self, step_keys: Mapping[str, str], leads: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        # A description can't be searched in SOQL; converting a lead moves its tasks to the contact.
        lead_ids = {leads[key] for key in step_keys.values()}
        parents = lead_ids | set(self.people(lead_ids).values())
        parent = parent_field(self.config.object)
        for record in self.client.select_in("Id, Description", "Task", parent, parents):
            for line in _lines(record):
                if line in step_keys:
                    yield line, str(record["Id"])


def same_id(value: Any, known: Collection[str]) -> str:
    """Return the id as we know it: 15 and 18 characters name the same record."""
    return next((item for item in known if item[:15] == str(value)[:15]), str(value))


def _marks(delivery: Delivery) -> list[str]:
    author = delivery.interest.author
    return [*([author.email.lower()] if author.email else []), *author.phones]


def _lines(record: Mapping[str, Any]) -> list[str]:
    return [line.strip() for line in str(record.get("Description") or "").splitlines()]
