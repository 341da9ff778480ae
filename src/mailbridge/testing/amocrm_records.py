"""Makes and changes rows of an emulated amoCRM account."""

import copy
import hashlib
from collections.abc import Iterable
from typing import Any

from mailbridge.testing.amocrm_account import ACCOUNT_ID, LOST, WON, Account, Row

MOST_DUPLICATES = 3
"""With more matches duplicate control merges nothing (duplication-control page)."""


class Records:
    """Writes rows; every element has passed the rules.

    Args:
        account: The tables.
        criteria: What duplicate control compares: "PHONE", "EMAIL", names of own text fields; empty = it is off.
        emoji_cuts: Whether a text field ends at its first 4-byte character, as users once reported.
    """

    def __init__(self, account: Account, *, criteria: Iterable[str] = (), emoji_cuts: bool = False) -> None:
        self.account = account
        self._criteria = tuple(criteria)
        self._emoji_cuts = emoji_cuts

    def add_lead(self, element: Row, *, unsorted: bool = False) -> Row:
        """Store a lead."""
        account = self.account
        pipeline = account.pipeline(element.get("pipeline_id")) or account.pipelines[0]
        status = account.unsorted_status(pipeline) if unsorted else element.get("status_id")
        row = self._base("leads", element) | {
            "price": element.get("price", 0),
            "status_id": status or account.first_status(pipeline),
            "pipeline_id": pipeline["id"],
            "loss_reason_id": None,
            "closed_at": None,
            "score": None,
        }
        account.leads[row["id"]] = row
        account.linked[row["id"]] = []
        return row

    def add_contact(self, element: Row, *, hidden: bool = False) -> Row:
        """Store a contact; hidden ones wait in Unsorted."""
        row = self._base("contacts", element) | {
            "first_name": element.get("first_name", ""),
            "last_name": element.get("last_name", ""),
        }
        row["name"] = element.get("name") or " ".join(filter(None, (row["first_name"], row["last_name"])))
        self.account.contacts[row["id"]] = row
        if hidden:
            self.account.hidden.add(row["id"])
        return row

    def add_company(self, element: Row) -> Row:
        """Store a company."""
        row = self._base("companies", element)
        self.account.companies[row["id"]] = row
        return row

    def link(self, lead_id: int, element: Row) -> Row:
        """Tie a contact or a company to a lead (entity-links page)."""
        kind, other = str(element["to_entity_type"]), int(element["to_entity_id"])
        if kind == "contacts" and other not in self.account.linked[lead_id]:
            self.account.linked[lead_id].append(other)
        elif kind == "companies":
            self.account.leads[lead_id]["_embedded"]["companies"] = [{"id": other}]
        return {"entity_id": lead_id, "entity_type": "leads", "metadata": None} | element

    def add_complex(self, element: Row, known: set[int]) -> Row:
        """Store a lead with its contact, or merge it into one that `known` ids name; returns the answer's item."""
        embedded = element.get("_embedded") or {}
        contacts = embedded.get("contacts") or []
        twin = self._twin(element, contacts, known)
        if twin is not None:
            linked = self.account.linked[twin["id"]]
            return self._complex_item(element, twin["id"], linked[0] if linked else None, merged=True)
        lead = self.add_lead(element, unsorted="metadata" in embedded)
        contact_id = None
        if contacts:
            contact_id = contacts[0].get("id") or self.add_contact(contacts[0])["id"]
            self.account.linked[lead["id"]].append(contact_id)
        if companies := embedded.get("companies"):
            company = companies[0].get("id") or self.add_company(companies[0])["id"]
            lead["_embedded"]["companies"] = [{"id": company}]
        return self._complex_item(element, lead["id"], contact_id, merged=False)

    def add_unsorted(self, element: Row) -> Row:
        """Store a form in Unsorted, with its lead and hidden contact."""
        account = self.account
        inner = element.get("_embedded") or {}
        models = {**((inner.get("leads") or [{}])[0]), "pipeline_id": element.get("pipeline_id")}
        lead = self.add_lead(models, unsorted=True)
        contacts = [self.add_contact(model, hidden=True) for model in inner.get("contacts") or []]
        account.linked[lead["id"]] = [contact["id"] for contact in contacts]
        uid = hashlib.sha256(f"{element['source_uid']}{lead['id']}".encode()).hexdigest()[:58]
        row = {
            "uid": uid,
            "source_uid": element["source_uid"],
            "source_name": element["source_name"],
            "category": "forms",
            "pipeline_id": lead["pipeline_id"],
            "created_at": element.get("created_at", account.now()),
            "metadata": {name: str(value) for name, value in element["metadata"].items()},
            "account_id": ACCOUNT_ID,
            "_embedded": {
                "leads": [{"id": lead["id"]}],
                "contacts": [{"id": contact["id"]} for contact in contacts],
                "companies": [],
            },
        }
        account.unsorted[uid] = row
        return row

    def leave_unsorted(self, uid: str, *, accept: bool, body: Row) -> Row:
        """Accept or decline an Unsorted row; it leaves the list either way."""
        account = self.account
        row = account.unsorted.pop(uid)
        lead = account.leads[row["_embedded"]["leads"][0]["id"]]
        contacts = [contact["id"] for contact in row["_embedded"]["contacts"]]
        account.hidden.difference_update(contacts)
        if accept:
            pipeline = account.pipeline(lead["pipeline_id"]) or account.pipelines[0]
            lead["status_id"] = body.get("status_id") or account.first_status(pipeline)
            lead["responsible_user_id"] = body.get("user_id", lead["responsible_user_id"])
            lead["updated_at"] = account.now()
        else:
            del account.leads[lead["id"]]
            for contact in contacts:
                account.contacts.pop(contact, None)
        return {name: row[name] for name in ("uid", "pipeline_id", "category", "created_at", "_embedded")}

    def add_note(self, element: Row, entity: str = "leads") -> Row:
        """Store a note of a lead, a contact or a company."""
        row = self._stamp(f"notes of {entity}") | {
            "entity_id": element["entity_id"],
            "note_type": element["note_type"],
            "params": copy.deepcopy(element["params"]),
        }
        self.account.notes[row["id"]] = row
        return row

    def add_task(self, element: Row) -> Row:
        """Store a task."""
        row = self._stamp("tasks") | {
            "responsible_user_id": element.get("responsible_user_id", self.account.users[0]["id"]),
            "entity_id": element.get("entity_id"),
            "entity_type": element.get("entity_type"),
            "duration": 0,
            "is_completed": False,
            "task_type_id": element.get("task_type_id", 1),
            "text": element["text"],
            "result": [],
            "complete_till": element["complete_till"],
        }
        self.account.tasks[row["id"]] = row
        return row

    def change(self, entity: str, row: Row, element: Row) -> Row:
        """Change a row as PATCH does: multitext fields and `_embedded.tags` are replaced whole."""
        before = row.get("status_id")
        for name in element.keys() & row.keys() - {"id", "custom_fields_values", "_embedded", "result"}:
            row[name] = element[name]
        if entity == "leads" and row["status_id"] != before:
            self._moved(row, before)
        if element.get("result"):
            row["result"] = dict(element["result"])
        if "custom_fields_values" in element:
            new = {value["field_id"]: value for value in self._values(entity, element) or []}
            old = {value["field_id"]: value for value in row["custom_fields_values"] or []}
            row["custom_fields_values"] = list((old | new).values()) or None
        if "_embedded" in row:
            row["_embedded"]["tags"] = self._tags(entity, element, row["_embedded"]["tags"])
        row["updated_at"] = self.account.now()
        return row

    def _moved(self, lead: Row, before: Any) -> None:
        lead["closed_at"] = self.account.now() if lead["status_id"] in {WON, LOST} else None
        stages = [
            [{"lead_status": {"id": one, "pipeline_id": lead["pipeline_id"]}}] for one in (before, lead["status_id"])
        ]
        self.account.happened("lead_status_changed", lead["id"], *stages)

    def _stamp(self, entity: str) -> Row:
        now, row_id = self.account.now(), self.account.next_id()
        self.account.made_at[entity, row_id] = self.account.clock()
        return {
            "id": row_id, "created_by": 0, "updated_by": 0, "created_at": now, "updated_at": now, "group_id": 0,
            "account_id": ACCOUNT_ID,
        }  # fmt: skip

    def _base(self, entity: str, element: Row) -> Row:
        row = self._stamp(entity)
        return row | {
            "name": self._cut(element.get("name") or f"Сделка #{row['id']}"),
            "responsible_user_id": element.get("responsible_user_id", self.account.users[0]["id"]),
            "created_at": element.get("created_at", row["created_at"]),
            "closest_task_at": None,
            "is_deleted": False,
            "custom_fields_values": self._values(entity, element),
            "_embedded": {"tags": self._tags(entity, element, []), "companies": []},
        }

    def _tags(self, entity: str, element: Row, old: list[Row]) -> list[Row]:
        embedded = element.get("_embedded") or {}
        tags = [self.account.tag(entity, tag["name"]) for tag in embedded["tags"]] if embedded.get("tags") else old
        tags = tags + [self.account.tag(entity, tag["name"]) for tag in element.get("tags_to_add") or []]
        gone = {tag["name"] for tag in element.get("tags_to_delete") or []}
        return list({tag["id"]: tag for tag in tags if tag["name"] not in gone}.values())

    def _values(self, entity: str, element: Row) -> list[Row] | None:
        values = []
        for value in element.get("custom_fields_values") or []:
            field = self.account.field_of(entity, value)
            assert field is not None, "the rules let an unknown field pass"
            items = [self._item(field, item) for item in value["values"]]
            values.append({
                "field_id": field["id"], "field_name": field["name"], "field_code": field["code"],
                "field_type": field["type"], "values": items,
            })  # fmt: skip
        return values or None

    def _item(self, field: Row, item: Row) -> Row:
        if field["type"] == "multitext":
            code = item.get("enum_code", "WORK")
            enum = next((enum["id"] for enum in field["enums"] if enum["value"] == code), None)
            return {"value": item["value"], "enum_id": enum, "enum_code": code}
        if field["enums"]:
            enum = next(e for e in field["enums"] if e["id"] == item.get("enum_id") or e["value"] == item.get("value"))
            return {"value": enum["value"], "enum_id": enum["id"], "enum_code": None}
        return {"value": self._cut(item["value"])}

    def _cut(self, value: Any) -> Any:
        if not self._emoji_cuts or not isinstance(value, str):
            return value
        return next((value[:place] for place, sign in enumerate(value) if ord(sign) > 0xFFFF), value)

    def _twin(self, element: Row, contacts: list[Row], known: set[int]) -> Row | None:
        """Return the stored lead that duplicate control takes for the same."""
        if not self._criteria:
            return None
        marks = self._marks("leads", element)
        for contact in contacts:
            marks |= self._marks("contacts", contact)
        twins = [lead for lead_id, lead in self.account.leads.items() if lead_id in known and marks & self._own(lead)]
        return twins[0] if 1 <= len(twins) <= MOST_DUPLICATES else None

    def _own(self, lead: Row) -> set[tuple[str, str]]:
        marks = self._marks("leads", lead)
        for contact in self.account.linked[lead["id"]]:
            marks |= self._marks("contacts", self.account.contacts[contact])
        return marks

    def _marks(self, entity: str, row: Row) -> set[tuple[str, str]]:
        found = set()
        for value in row.get("custom_fields_values") or []:
            field = self.account.field_of(entity, value) or {}
            for name in {field.get("code"), field.get("name")} & set(self._criteria):
                found |= {(str(name), str(item["value"])) for item in value["values"]}
        return found

    def _complex_item(self, element: Row, lead_id: int, contact_id: int | None, *, merged: bool) -> Row:
        request_id = element.get("request_id")
        companies = self.account.leads[lead_id]["_embedded"]["companies"]
        return {
            "id": lead_id, "contact_id": contact_id, "company_id": companies[0]["id"] if companies else None,
            "request_id": [str(request_id)] if request_id is not None else [], "merged": merged,
        }  # fmt: skip
