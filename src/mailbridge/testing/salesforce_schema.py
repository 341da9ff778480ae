"""The objects of the emulated org: fields with types, lengths and rights, as `describe` tells them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

FieldType = Literal[
    "id", "string", "textarea", "url", "email", "phone", "picklist", "reference", "boolean", "double", "int",
    "currency", "date", "datetime",
]  # fmt: skip

TEXTS: Mapping[FieldType, int] = {
    "string": 255, "textarea": 32_000, "url": 255, "email": 80, "phone": 40, "picklist": 255, "reference": 18, "id": 18,
}  # fmt: skip
"""Type → length when a field names none."""

NUMBERS = {"double", "int", "currency"}


@dataclass(frozen=True, slots=True)
class SfField:
    """One field of an object.

    Attributes:
        name: API name.
        type: As `describe` names it.
        length: Characters it takes; 0 for what is no text.
        required: It needs a value.
        defaulted: The org fills it in.
        createable: The API's user may write it.
        external_id: Upserts may use it.
        unique: Two records can't share a value.
        values: Values of a picklist.
        restricted: The picklist takes no other values.
    """

    name: str
    type: FieldType = "string"
    length: int = 0
    required: bool = False
    defaulted: bool = False
    createable: bool = True
    external_id: bool = False
    unique: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False

    @property
    def room(self) -> int:
        """Characters the field takes, 0 for what is no text."""
        return self.length or TEXTS.get(self.type, 0)

    @property
    def filterable(self) -> bool:
        """Long text can't stand in a WHERE."""
        return not (self.type == "textarea" and self.room > 255)

    def describe(self) -> dict[str, Any]:
        """Return the field as an item of `fields` of a description."""
        return {
            "name": self.name,
            "label": self.name.removesuffix("__c").replace("_", " "),
            "type": self.type,
            "length": self.room,
            "custom": self.name.endswith("__c"),
            "nillable": not self.required,
            "defaultedOnCreate": self.defaulted,
            "createable": self.createable,
            "updateable": self.createable,
            "filterable": self.filterable,
            "externalId": self.external_id,
            "unique": self.unique,
            "restrictedPicklist": self.restricted,
            "picklistValues": [{"value": value, "label": value, "active": True} for value in self.values],
        }


@dataclass(slots=True)
class SfObject:
    """One object; tests change `fields` and `createable`."""

    name: str
    prefix: str
    fields: dict[str, SfField]
    createable: bool = True

    def add(self, *fields: SfField) -> None:
        """Add fields, or exchange those of the same name."""
        self.fields |= {field.name: field for field in fields}

    def find(self, name: str) -> SfField | None:
        """Return a field by its name in any case, as the API does."""
        return next((field for field in self.fields.values() if field.name.lower() == name.lower()), None)

    def describe(self) -> dict[str, Any]:
        """Return the answer to `describe`."""
        return {
            "name": self.name,
            "label": self.name,
            "keyPrefix": self.prefix,
            "createable": self.createable,
            "updateable": self.createable,
            "queryable": True,
            "fields": [field.describe() for field in self.fields.values()],
        }


def _read_only(name: str, kind: FieldType = "string", length: int = 0) -> SfField:
    return SfField(name, kind, length, createable=False)


def _object(name: str, prefix: str, *fields: SfField) -> SfObject:
    common = (
        SfField("Id", "id", createable=False, required=True, defaulted=True),
        SfField("OwnerId", "reference", required=True, defaulted=True),
        _read_only("IsDeleted", "boolean"),
        _read_only("CreatedDate", "datetime"),
        _read_only("LastModifiedDate", "datetime"),
        _read_only("SystemModstamp", "datetime"),
    )
    return SfObject(name, prefix, {field.name: field for field in (*common, *fields)})


_STATUSES = ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted")
_TASK_STATUSES = ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred")
_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
_PERSON = (
    SfField("LastName", length=80, required=True),
    SfField("FirstName", length=40),
    _read_only("Name", length=121),
    SfField("Title", length=128),
    SfField("Email", "email"),
    SfField("Phone", "phone"),
    SfField("MobilePhone", "phone"),
    SfField("LeadSource", "picklist", values=_SOURCES),
    SfField("Description", "textarea"),
    _read_only("PhotoUrl", "url"),
)


def standard_objects() -> dict[str, SfObject]:
    """Return the objects of a fresh org in which the key field of leads was created."""
    lead = _object(
        "Lead", "00Q", *_PERSON,
        SfField("Company", required=True),
        SfField("Website", "url"),
        SfField("Status", "picklist", required=True, defaulted=True, values=_STATUSES),
        SfField("Rating", "picklist", values=("Hot", "Warm", "Cold")),
        _read_only("IsConverted", "boolean"),
        _read_only("ConvertedDate", "date"),
        _read_only("ConvertedContactId", "reference"),
        _read_only("ConvertedOpportunityId", "reference"),
        SfField("MB_Key__c", length=40, external_id=True, unique=True),
    )  # fmt: skip
    task = _object(
        "Task", "00T",
        SfField("WhoId", "reference"),
        SfField("WhatId", "reference"),
        SfField("Subject"),
        SfField("ActivityDate", "date"),
        SfField("Status", "picklist", required=True, defaulted=True, values=_TASK_STATUSES),
        SfField("Priority", "picklist", required=True, defaulted=True, values=("High", "Normal", "Low")),
        SfField("Description", "textarea"),
        _read_only("IsClosed", "boolean"),
        _read_only("CompletedDateTime", "datetime"),
    )  # fmt: skip
    file = _object(
        "ContentDocumentLink", "06A", SfField("LinkedEntityId", "reference"), SfField("ContentDocumentId", "reference"),
    )  # fmt: skip
    user = _object("User", "005", SfField("Name"), SfField("Email", "email"), SfField("IsActive", "boolean"))
    group = _object("Group", "00G", SfField("Name"), SfField("Type"))
    status = _object(
        "LeadStatus", "01J", SfField("ApiName"), SfField("MasterLabel"), SfField("IsConverted", "boolean"),
        SfField("IsDefault", "boolean"), SfField("SortOrder", "int"),
    )  # fmt: skip
    objects = (lead, _object("Contact", "003", *_PERSON), task, file, user, group, status)
    return {item.name: item for item in objects}


DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "Lead": {"Status": _STATUSES[0], "IsConverted": False},
    "Task": {"Status": _TASK_STATUSES[0], "Priority": "Normal", "IsClosed": False},
}
"""Object → values of new records that name none."""

LEAD_STATUSES = _STATUSES
