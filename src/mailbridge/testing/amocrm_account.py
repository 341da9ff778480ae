"""What an emulated amoCRM account holds: tables, presets, dictionaries."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]

ACCOUNT_ID = 28805383
KEY_FIELD = "mailbridge key"
WON, LOST = 142, 143
"""Closing stages; the same ids in every pipeline (leads_pipelines page)."""

UNSORTED_TYPE = 1
SALES, SERVICE = 3177727, 3177730
OLGA, PAVEL = 504141, 504142

LEAD_FIELDS = (
    (294471, KEY_FIELD, None, "text"),
    (294472, "Источник", None, "url"),
    (294473, "Продукт", None, "text"),
    (294474, "Вид действия", None, "select"),
    (294475, "Текст обращения", None, "textarea"),
    (294476, "Дата обращения", None, "date_time"),
    (294477, "Ответить", None, "url"),
    (294478, "Оценка", None, "numeric"),
    (294479, "Обработано", None, "checkbox"),
    (294480, "Тип источника", None, "text"),
    (294481, "utm_source", "UTM_SOURCE", "tracking_data"),
)
CONTACT_FIELDS = (
    (3, "Телефон", "PHONE", "multitext"),
    (4, "Email", "EMAIL", "multitext"),
    (5, "Профиль", None, "url"),
    (6, "Фото", None, "url"),
)
COMPANY_FIELDS = ((7, "Телефон", "PHONE", "multitext"), (8, "Email", "EMAIL", "multitext"), (9, "Web", "WEB", "url"))
KINDS = ("Комментарий", "Заявка", "Заказ", "Отзыв", "Сообщение")
MULTITEXT_CODES = {"PHONE": ("WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER"), "EMAIL": ("WORK", "PRIV", "OTHER")}
STAGES = (("Неразобранное", UNSORTED_TYPE), ("Первичный контакт", 0), ("Переговоры", 0))


@dataclass(slots=True)
class Account:
    """Tables of one account; rows look as the API shows them.

    Attributes:
        clock: Unix seconds.
        linked: Lead id → ids of its contacts.
        files: Lead or contact id → uuids of its files.
        hidden: Ids of contacts that wait in Unsorted.
        made_at: (entity, id) → precise moment of creation, for the lag of the search index.
        unsorted: uid → row of the Unsorted list.
    """

    clock: Callable[[], float]
    leads: dict[int, Row] = field(default_factory=dict)
    contacts: dict[int, Row] = field(default_factory=dict)
    companies: dict[int, Row] = field(default_factory=dict)
    notes: dict[int, Row] = field(default_factory=dict)
    tasks: dict[int, Row] = field(default_factory=dict)
    unsorted: dict[str, Row] = field(default_factory=dict)
    events: list[Row] = field(default_factory=list)
    linked: dict[int, list[int]] = field(default_factory=dict)
    files: dict[int, list[str]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    made_at: dict[tuple[str, int], float] = field(default_factory=dict)
    fields: dict[str, list[Row]] = field(default_factory=dict)
    pipelines: list[Row] = field(default_factory=list)
    users: list[Row] = field(default_factory=list)
    tags: dict[str, dict[str, int]] = field(default_factory=lambda: {"leads": {}, "contacts": {}, "companies": {}})
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(10185151))

    def __post_init__(self) -> None:
        self.fields = {
            "leads": list(map(_field, LEAD_FIELDS)),
            "contacts": list(map(_field, CONTACT_FIELDS)),
            "companies": list(map(_field, COMPANY_FIELDS)),
        }
        self.pipelines = [_pipeline(SALES, "Продажи", main=True), _pipeline(SERVICE, "Сервис", main=False)]
        self.users = [
            _user(OLGA, "Ольга Ким", "olga@korzh.example", active=True),
            _user(PAVEL, "Павел Лис", "pavel@korzh.example", active=True),
        ]

    def set_lead_fields(self, names: list[str]) -> None:
        """Leave leads these fields; names that are new become text fields, one named twice is there twice."""
        rows = {str(row["name"]): row for row in self.fields["leads"]}
        made: list[Row] = []
        for name in names:
            row = rows.pop(name, None)
            made.append(row or _field((self.next_id(), name, None, "text")))
        self.fields["leads"] = made

    def next_id(self) -> int:
        """Return a fresh id."""
        return next(self._ids)

    def happened(self, kind: str, lead_id: int, before: list[Row], after: list[Row]) -> None:
        """Note an event of a lead (events-and-notes page)."""
        number = len(self.events) + 1
        self.events.append({
            "id": f"01pz{number:022}", "type": kind, "entity_id": lead_id, "entity_type": "lead", "created_by": OLGA,
            "created_at": self.now(), "value_after": after, "value_before": before, "account_id": ACCOUNT_ID,
        })  # fmt: skip

    def now(self) -> int:
        """Return whole unix seconds, as rows hold them."""
        return int(self.clock())

    def table(self, entity: str) -> dict[int, Row]:
        """Return the table of "leads", "contacts", "companies", "notes" or "tasks"."""
        tables: dict[str, dict[int, Row]] = {
            "leads": self.leads, "contacts": self.contacts, "companies": self.companies, "notes": self.notes,
            "tasks": self.tasks,
        }  # fmt: skip
        return tables[entity]

    def field_of(self, entity: str, value: Row) -> Row | None:
        """Return the field that an element of custom_fields_values names by id or code."""
        for row in self.fields[entity]:
            if row["id"] == value.get("field_id") or (row["code"] and row["code"] == value.get("field_code")):
                return row
        return None

    def field_named(self, entity: str, name: str) -> Row | None:
        """Return a field by its name."""
        return next((row for row in self.fields[entity] if row["name"] == name), None)

    def pipeline(self, pipeline_id: Any) -> Row | None:
        """Return a pipeline."""
        return next((row for row in self.pipelines if row["id"] == pipeline_id), None)

    def user(self, user_id: Any) -> Row | None:
        """Return a user who exists."""
        return next((row for row in self.users if row["id"] == user_id), None)

    def tag(self, entity: str, name: str) -> Row:
        """Return a tag of the entity's dictionary; unknown names enter it on the fly."""
        tag_id = self.tags[entity].setdefault(name, 0) or self.next_id()
        self.tags[entity][name] = tag_id
        return {"id": tag_id, "name": name, "color": None}

    def first_status(self, pipeline: Row) -> int:
        """Return the first stage behind Unsorted."""
        return next(int(row["id"]) for row in pipeline["_embedded"]["statuses"] if row["type"] != UNSORTED_TYPE)

    def unsorted_status(self, pipeline: Row) -> int:
        """Return the Unsorted stage."""
        return next(int(row["id"]) for row in pipeline["_embedded"]["statuses"] if row["type"] == UNSORTED_TYPE)


def _field(preset: tuple[int, str, str | None, str]) -> Row:
    field_id, name, code, kind = preset
    enums: list[Row] | None = None
    if code in MULTITEXT_CODES:
        enums = [{"id": field_id * 100 + place, "value": name, "sort": place} for place, name in _codes(code)]
    if kind == "select":
        enums = [{"id": field_id * 10 + place, "value": name, "sort": place} for place, name in enumerate(KINDS)]
    return {
        "id": field_id, "name": name, "code": code, "type": kind, "sort": field_id % 1000, "is_api_only": False,
        "enums": enums, "account_id": ACCOUNT_ID, "required_statuses": [],
    }  # fmt: skip


def _codes(code: str) -> list[tuple[int, str]]:
    return list(enumerate(MULTITEXT_CODES[code]))


def _pipeline(pipeline_id: int, name: str, *, main: bool) -> Row:
    statuses = [
        {"id": pipeline_id * 10 + place, "name": stage, "type": kind, "sort": place * 10, "is_editable": kind == 0}
        for place, (stage, kind) in enumerate(STAGES)
    ]
    statuses += [
        {"id": WON, "name": "Успешно реализовано", "type": 0, "sort": 10000, "is_editable": False},
        {"id": LOST, "name": "Закрыто и не реализовано", "type": 0, "sort": 11000, "is_editable": False},
    ]
    return {
        "id": pipeline_id, "name": name, "sort": 1 if main else 2, "is_main": main, "is_unsorted_on": True,
        "is_archive": False, "account_id": ACCOUNT_ID,
        "_embedded": {"statuses": [{**status, "pipeline_id": pipeline_id} for status in statuses]},
    }  # fmt: skip


def _user(user_id: int, name: str, email: str, *, active: bool) -> Row:
    return {
        "id": user_id, "name": name, "email": email, "lang": "ru",
        "rights": {"is_admin": user_id == OLGA, "is_active": active, "is_free": False},
    }  # fmt: skip
