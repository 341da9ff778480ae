"""The records of the emulated org and the rules they obey."""

import copy
import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from mailbridge.testing.salesforce_schema import (
    DEFAULTS,
    LEAD_STATUSES,
    NUMBERS,
    SfField,
    SfObject,
    standard_objects,
)

DuplicateRule = Literal["off", "alert", "block"]
Row = dict[str, Any]

API_USER = "Api"
_ID_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_EMAIL = re.compile(r"[^\s@<>\"(),:;\\]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}")


class RecordError(Exception):
    """A record the org refuses.

    Args:
        code: Error code.
        text: Words.
        fields: The fields it is about.
        status: HTTP status of a single request.
        extra: More members of the error object.
    """

    def __init__(
        self,
        code: str,
        text: str,
        fields: Sequence[str] = (),
        *,
        status: int = 400,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.fields = list(fields)
        self.status = status
        self.extra = extra or {}

    def envelope(self) -> list[dict[str, Any]]:
        """Return the body of a single request's error."""
        body = {**self.extra, "message": self.text, "errorCode": self.code}
        return [{**body, "fields": self.fields} if self.fields or self.code == "DUPLICATE_VALUE" else body]

    def result(self) -> dict[str, Any]:
        """Return the item of a bulk answer."""
        return {
            "success": False,
            "errors": [{"statusCode": self.code, "message": self.text, "fields": self.fields}],
        }


@dataclass(slots=True)
class WriteOptions:
    """What the headers of a request ask for."""

    auto_assign: bool = True
    allow_duplicates: bool = False


@dataclass(slots=True)
class SfStore:
    """All records. Tests set the switches.

    Attributes:
        clock: Unix seconds.
        objects: Name → object.
        duplicate_rule: A rule on leads of the same e-mail address.
        assigned_to: Owner the active assignment rule gives to leads, None = no rule.
        locked: So many of the next records are refused with UNABLE_TO_LOCK_ROW.
    """

    clock: Callable[[], float]
    objects: dict[str, SfObject] = field(default_factory=standard_objects)
    duplicate_rule: DuplicateRule = "off"
    assigned_to: str | None = None
    locked: int = 0
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    _places: dict[tuple[str, str], dict[str, list[Row]]] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all records but the users, the queue and the statuses."""
        self.rows = {name: {} for name in self.objects}
        self._places.clear()
        self._numbers = itertools.count(1)
        for name, active in (("Api", True), ("Olga", True), ("Gone", False)):
            self.put("User", Name=name, Email=f"{name.lower()}@acme.example", IsActive=active)
        self.put("Group", Name="ASAP", Type="Queue")
        for place, label in enumerate(LEAD_STATUSES):
            flags = {"IsDefault": place == 0, "IsConverted": label == "Closed - Converted", "SortOrder": place + 1}
            self.put("LeadStatus", ApiName=label, MasterLabel=label, **flags)

    def put(self, table: str, **values: Any) -> Row:
        """Store a record without asking the rules: for tests and set-up."""
        now = self.now()
        stamps = {"CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now, "IsDeleted": False}
        row: Row = {**stamps, **DEFAULTS.get(table, {}), **values, "Id": self._new_id(table)}
        self._derive(table, row)
        self.rows[table][row["Id"][:15]] = row
        self.index(table, row)
        return row

    def now(self) -> str:
        """Return the present moment as the API writes it."""
        return datetime.fromtimestamp(self.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")

    def snapshot(self) -> dict[str, dict[str, Row]]:
        """Return a copy of all records for a rollback."""
        return copy.deepcopy(self.rows)

    def roll_back(self, before: dict[str, dict[str, Row]]) -> None:
        """Take all records back to a snapshot."""
        self.rows = before
        self._places.clear()

    def object(self, name: str) -> SfObject:
        """Return an object by its name in any case."""
        found = next((item for item in self.objects.values() if item.name.lower() == name.lower()), None)
        if found is None:
            raise RecordError("NOT_FOUND", "The requested resource does not exist", status=404)
        self.rows.setdefault(found.name, {})
        return found

    def get(self, table: SfObject, record_id: str) -> Row | None:
        """Return a record by its 15 or 18 characters."""
        return self.rows[table.name].get(record_id[:15])

    def matching(self, table: SfObject, name: str, value: Any) -> list[Row]:
        """Return the records whose field has a value; text compares without case."""
        wanted = _text(value).casefold()
        if (table.name, name) not in self._places:
            places: dict[str, list[Row]] = {}
            for row in self.rows[table.name].values():
                places.setdefault(_text(row.get(name)).casefold(), []).append(row)
            self._places[table.name, name] = places
        known = self.rows[table.name]
        # Tests change and remove rows by hand: what the index says is checked.
        found = {id(row): row for row in self._places[table.name, name].get(wanted, ())}
        return [
            row
            for row in found.values()
            if known.get(row["Id"][:15]) is row and _text(row.get(name)).casefold() == wanted
        ]

    def index(self, table: str, row: Row) -> None:
        """Note a changed record, so that `matching` finds it by its new values."""
        for (owner, name), places in self._places.items():
            if owner == table:
                places.setdefault(_text(row.get(name)).casefold(), []).append(row)

    def owner(self, name: str) -> str:
        """Return the id of a user or queue of the set-up."""
        people = (*self.rows["User"].values(), *self.rows["Group"].values())
        return next(str(row["Id"]) for row in people if row["Name"] == name)

    def create(self, table: SfObject, values: Mapping[str, Any], options: WriteOptions) -> Row:
        """Create a record, or raise RecordError."""
        known = self.known_values(table, values)
        self._unlocked()
        self._writable(table, known)
        missing = [
            item.name
            for item in table.fields.values()
            if item.required and not item.defaulted and not _text(known.get(item.name)).strip()
        ]
        if missing:
            words = f"Required fields are missing: [{', '.join(missing)}]"
            raise RecordError("REQUIRED_FIELD_MISSING", words, missing)
        self._proper(table, known, None, options)
        known.setdefault("OwnerId", self.owner(API_USER))
        if table.name == "Lead" and options.auto_assign and self.assigned_to:
            known["OwnerId"] = self.assigned_to
        return self.put(table.name, **known)

    def update(self, table: SfObject, row: Row, values: Mapping[str, Any], options: WriteOptions) -> None:
        """Change a record, or raise RecordError."""
        known = self.known_values(table, values)
        self._unlocked()
        self._writable(table, known)
        if row.get("IsConverted"):
            raise RecordError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        self._proper(table, known, row, options)
        row.update(known)
        row["LastModifiedDate"] = row["SystemModstamp"] = self.now()
        if table.name == "Lead" and options.auto_assign and self.assigned_to:
            row["OwnerId"] = self.assigned_to
        self._derive(table.name, row)
        self.index(table.name, row)

    def known_values(self, table: SfObject, values: Mapping[str, Any]) -> Row:
        """Return the values under the fields' own names.

        Raises:
            RecordError: Of the request as a whole: an unknown field, or a value of another JSON type.
        """
        known: Row = {}
        for name, value in values.items():
            if name == "attributes":
                continue
            found = table.find(name)
            if found is None:
                raise RecordError("INVALID_FIELD", f"No such column '{name}' on sobject of type {table.name}")
            if value is not None and not _of_type(found, value):
                words = f"Cannot deserialize instance of {found.type} from {json.dumps(value)[:40]} at {name}"
                raise RecordError("JSON_PARSER_ERROR", words)
            known[found.name] = None if value == "" else value
        return known

    def _unlocked(self) -> None:
        if self.locked > 0:
            self.locked -= 1
            raise RecordError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")

    def _writable(self, table: SfObject, values: Row) -> None:
        if not table.createable:
            words = "insufficient access rights on object id"
            raise RecordError("INSUFFICIENT_ACCESS_OR_READONLY", words, status=403)
        closed = [name for name in values if not table.fields[name].createable]
        if closed:
            words = f"Unable to create/update fields: {', '.join(closed)}. Please check the security settings"
            raise RecordError("INVALID_FIELD_FOR_INSERT_UPDATE", words, closed)

    def _proper(self, table: SfObject, values: Row, row: Row | None, options: WriteOptions) -> None:
        for name, value in values.items():
            if value is not None:
                self._proper_value(table, table.fields[name], value, row)
        self._related(table, values)
        if table.name == "Lead" and row is None:
            self._no_duplicate(table, values, options)

    def _proper_value(self, table: SfObject, item: SfField, value: Any, row: Row | None) -> None:
        text = _text(value)
        if item.room and len(text.encode("utf-16-le")) // 2 > item.room:
            words = f"{item.name}: data value too large: {text[:60]} (max length={item.room})"
            raise RecordError("STRING_TOO_LONG", words, [item.name])
        if item.type == "email" and not _EMAIL.fullmatch(text):
            words = f"{item.name}: invalid email address: {text}"
            raise RecordError("INVALID_EMAIL_ADDRESS", words, [item.name])
        if item.restricted and text not in item.values:
            words = f"{item.name}: bad value for restricted picklist field: {text}"
            raise RecordError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", words, [item.name])
        twins = self.matching(table, item.name, value) if item.unique else []
        twin = next((other for other in twins if other is not row), None)
        if twin is not None:
            words = f"duplicate value found: {item.name} duplicates value on record with id: {twin['Id']}"
            raise RecordError("DUPLICATE_VALUE", words)

    def _related(self, table: SfObject, values: Row) -> None:
        owner = values.get("OwnerId")
        if owner:
            self._owner(table, str(owner))
        who = values.get("WhoId")
        if not who:
            return
        person = self.rows["Lead"].get(who[:15]) or self.rows["Contact"].get(who[:15])
        if person is None:
            raise RecordError(
                "INVALID_CROSS_REFERENCE_KEY", "Name ID: id value of incorrect type or missing", ["WhoId"]
            )
        if person.get("IsConverted"):
            raise RecordError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", ["WhoId"])
        if who.startswith("00Q") and values.get("WhatId"):
            raise RecordError("FIELD_INTEGRITY_EXCEPTION", "Related To ID: can't be used with a lead", ["WhatId"])

    def _owner(self, table: SfObject, owner: str) -> None:
        if len(owner) not in {15, 18}:
            raise RecordError("MALFORMED_ID", f"Owner ID: id value of incorrect type: {owner}", ["OwnerId"])
        user, queue = self.rows["User"].get(owner[:15]), self.rows["Group"].get(owner[:15])
        if user is None and (queue is None or table.name == "Task"):
            raise RecordError("INVALID_CROSS_REFERENCE_KEY", "Owner ID: owner cannot be blank", ["OwnerId"])
        if user is not None and not user["IsActive"]:
            words = "operation performed with inactive user [" + owner + "] as owner of " + table.name.lower()
            raise RecordError("INACTIVE_OWNER_OR_USER", words)

    def _no_duplicate(self, table: SfObject, values: Row, options: WriteOptions) -> None:
        twins = self.matching(table, "Email", values["Email"]) if values.get("Email") else []
        allowed = self.duplicate_rule == "alert" and options.allow_duplicates
        if self.duplicate_rule != "off" and twins and not allowed:
            words = "Use one of these records?"
            found = _duplicate_result(table.name, twins, allow=self.duplicate_rule == "alert", words=words)
            # The misspelt member is what real orgs send.
            raise RecordError("DUPLICATES_DETECTED", words, extra={"duplicateResut": found})

    def _derive(self, table: str, row: Row) -> None:
        if "LastName" in row:
            row["Name"] = " ".join(part for part in (row.get("FirstName"), row["LastName"]) if part)
        if table == "Task":
            row["IsClosed"] = row.get("Status") == "Completed"
            row["CompletedDateTime"] = (row.get("CompletedDateTime") or self.now()) if row["IsClosed"] else None

    def _new_id(self, table: str) -> str:
        number, digits = next(self._numbers), ""
        while number:
            number, digit = divmod(number, 62)
            digits = _BASE62[digit] + digits
        return with_checksum(f"{self.objects[table].prefix}5g00000{digits:0>5}")


def with_checksum(short: str) -> str:
    """Return the 18 characters of an id of 15: each added one tells which of five are upper case."""
    groups = (short[start : start + 5] for start in (0, 5, 10))
    sums = (sum(1 << place for place, letter in enumerate(group) if letter.isupper()) for group in groups)
    return short + "".join(_ID_DIGITS[value] for value in sums)


def _duplicate_result(table: str, twins: Sequence[Row], *, allow: bool, words: str) -> dict[str, Any]:
    records = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": {"attributes": {"type": table}, "Id": twin["Id"]},
        }
        for twin in twins
    ]
    match = {
        "entityType": table,
        "errors": [],
        "matchEngine": "FuzzyMatchEngine",
        "matchRecords": records,
        "rule": f"Standard_{table}_Match_Rule",
        "size": len(records),
        "success": True,
    }
    return {
        "allowSave": allow,
        "duplicateRule": f"Standard_{table}_Duplicate_Rule",
        "duplicateRuleEntityType": table,
        "errorMessage": words,
        "matchResults": [match],
    }


def _of_type(item: SfField, value: Any) -> bool:
    if item.type == "boolean":
        return isinstance(value, bool)
    if item.type in NUMBERS:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, str)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
