"""What an emulated Bitrix24 portal holds: field descriptions, items, people, stages, timeline."""

from dataclasses import dataclass, field
from typing import Any

LEAD, DEAL, CONTACT, COMPANY = 1, 2, 3, 4
TYPE_NAMES = {LEAD: "lead", DEAL: "deal", CONTACT: "contact", COMPANY: "company"}


class RestError(Exception):
    """An error answer of the REST API; `error` may be a word, a sentence, "", "100" or 0, as at the vendor's."""

    def __init__(self, status: int, error: str | int, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.status = status
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A line of `crm.item.fields`."""

    type: str = "string"
    read_only: bool = False
    required: bool = False
    multiple: bool = False
    items: tuple[tuple[str, str], ...] = ()

    def described(self, name: str) -> dict[str, Any]:
        """Return the field as the API describes it."""
        line = {
            "type": self.type,
            "isRequired": self.required,
            "isReadOnly": self.read_only,
            "isImmutable": False,
            "isMultiple": self.multiple,
            "isDynamic": name.startswith("ufCrm"),
            "title": name,
            "upperName": upper_name(name),
        }
        if self.items:
            line["items"] = [{"ID": key, "VALUE": value} for key, value in self.items]
        return line


def upper_name(name: str) -> str:
    """Return the name of a field in the old methods: `lastName` is LAST_NAME, `ufCrm_17` is UF_CRM_17."""
    return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in name)


_READ_ONLY = {
    "id": FieldSpec("integer", read_only=True),
    "createdTime": FieldSpec("datetime", read_only=True),
    "updatedTime": FieldSpec("datetime", read_only=True),
    "movedTime": FieldSpec("datetime", read_only=True),
    "lastActivityTime": FieldSpec("datetime", read_only=True),
    "createdBy": FieldSpec("user", read_only=True),
    "updatedBy": FieldSpec("user", read_only=True),
    "movedBy": FieldSpec("user", read_only=True),
    "stageSemanticId": FieldSpec("string", read_only=True),
}
_COMMON = {
    **_READ_ONLY,
    "assignedById": FieldSpec("user"),
    "opened": FieldSpec("boolean"),
    "comments": FieldSpec("text"),
    "sourceId": FieldSpec("crm_status"),
    "sourceDescription": FieldSpec("text"),
    "originatorId": FieldSpec(),
    "originId": FieldSpec(),
    **{f"utm{part}": FieldSpec() for part in ("Source", "Medium", "Campaign", "Content", "Term")},
}
_PERSON = {
    "honorific": FieldSpec("crm_status"),
    "name": FieldSpec(),
    "secondName": FieldSpec(),
    "lastName": FieldSpec(),
    "post": FieldSpec(),
    "birthdate": FieldSpec("date"),
    "fm": FieldSpec("crm_multifield", multiple=True),
}
_SALE = {
    "title": FieldSpec(),
    "stageId": FieldSpec("crm_status"),
    "contactId": FieldSpec("crm_contact"),
    "companyId": FieldSpec("crm_company"),
    "opportunity": FieldSpec("double"),
    "currencyId": FieldSpec("crm_currency"),
    "isManualOpportunity": FieldSpec("boolean"),
}


def standard_fields() -> dict[int, dict[str, FieldSpec]]:
    """Return the fields of a new portal by entity type."""
    return {
        LEAD: {**_COMMON, **_PERSON, **_SALE, "companyTitle": FieldSpec()},
        DEAL: {**_COMMON, **_SALE, "categoryId": FieldSpec("crm_category"), "leadId": FieldSpec("crm_lead")},
        CONTACT: {
            **_COMMON,
            **_PERSON,
            "typeId": FieldSpec("crm_status"),
            "companyId": FieldSpec("crm_company"),
            "photo": FieldSpec("file"),
        },
        COMPANY: {**_COMMON, "title": FieldSpec(), "fm": _PERSON["fm"]},
    }


_STAGES: dict[str, list[tuple[str, str | None]]] = {
    "STATUS": [("NEW", None), ("IN_PROCESS", None), ("PROCESSED", None), ("CONVERTED", "S"), ("JUNK", "F")],
    "DEAL_STAGE": [("NEW", None), ("PREPARATION", None), ("WON", "S"), ("LOSE", "F")],
    "DEAL_STAGE_9": [("C9:NEW", None), ("C9:WON", "S"), ("C9:LOSE", "F")],
    "SOURCE": [("CALL", None), ("EMAIL", None), ("WEB", None), ("WEBFORM", None), ("OTHER", None)],
}


def _statuses() -> list[dict[str, Any]]:
    rows = [(entity, *row) for entity, stages in _STAGES.items() for row in stages]
    return [
        {
            "ID": str(100 + number),
            "ENTITY_ID": entity,
            "STATUS_ID": status,
            "NAME": status.title(),
            "SORT": str(10 * (number + 1)),
            "SEMANTICS": semantics,
        }
        for number, (entity, status, semantics) in enumerate(rows)
    ]


def _users() -> list[dict[str, Any]]:
    names = (("1", "Вера", "Хозяйка"), ("6", "Илья", "Менеджер"), ("7", "Ольга", "Дежурная"))
    return [{"ID": number, "ACTIVE": True, "NAME": name, "LAST_NAME": last} for number, name, last in names]


@dataclass(slots=True)
class Portal:
    """The data of one portal; ids count up per kind of object and are never used again."""

    fields: dict[int, dict[str, FieldSpec]] = field(default_factory=standard_fields)
    items: dict[int, dict[int, dict[str, Any]]] = field(default_factory=lambda: {kind: {} for kind in TYPE_NAMES})
    statuses: list[dict[str, Any]] = field(default_factory=_statuses)
    users: list[dict[str, Any]] = field(default_factory=_users)
    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    activities: dict[int, dict[str, Any]] = field(default_factory=dict)
    history: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: {LEAD: [], DEAL: []})
    last_ids: dict[str, int] = field(default_factory=dict)

    def next_id(self, kind: str) -> int:
        """Return a new id."""
        self.last_ids[kind] = self.last_ids.get(kind, 0) + 1
        return self.last_ids[kind]

    def enters_stage(self, kind: int, item: dict[str, Any], stamp: str, *, created: bool) -> None:
        """Note a line of the stage history (page crm-stage-history-list); leads call the stage STATUS_ID."""
        stage = "STATUS_ID" if kind == LEAD else "STAGE_ID"
        self.history[kind].append({
            "ID": self.next_id("history"), "TYPE_ID": 1 if created else 2, "OWNER_ID": item["id"],
            "CREATED_TIME": stamp, "STAGE_SEMANTIC_ID": item["stageSemanticId"], stage: item["stageId"],
        })  # fmt: skip

    def status_ids(self, entity: str) -> set[str]:
        """Return the STATUS_IDs of one directory, such as STATUS, SOURCE or DEAL_STAGE."""
        return {row["STATUS_ID"] for row in self.statuses if row["ENTITY_ID"] == entity}

    def user_ids(self) -> set[str]:
        """Return the ids of all users, dismissed ones too."""
        return {user["ID"] for user in self.users}
