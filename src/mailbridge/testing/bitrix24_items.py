"""The methods `crm.item.*` and `crm.duplicate.findbycomm` of the emulated portal."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mailbridge.testing.bitrix24_data import COMPANY, CONTACT, DEAL, LEAD, FieldSpec, Portal, RestError
from mailbridge.testing.bitrix24_list import matches, ordered, paged
from mailbridge.testing.bitrix24_php import as_php, listed, mapped

Params = Mapping[str, Any]
_INTEGER_TYPES = {"integer", "user", "crm_contact", "crm_company", "crm_lead", "crm_category"}
_MANY = 20


@dataclass(frozen=True, slots=True)
class Reply:
    """What a method answers: `result`, and for lists `total` and `next`."""

    result: Any
    total: int | None = None
    next: int | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a method may use: the portal, who calls, the time, and whether the portal has no leads."""

    portal: Portal
    user: str
    now: float
    simple: bool = False

    @property
    def stamp(self) -> str:
        """The time as the portal writes it."""
        return datetime.fromtimestamp(int(self.now), UTC).isoformat()


Method = Callable[[Context, Params], Reply]


def required(params: Params, name: str) -> Any:
    """Return a parameter; error "100" when it is missing."""
    if is_blank(params.get(name)):
        raise RestError(400, "100", f"Could not find value for parameter {{{name}}}")
    return params[name]


def is_blank(value: Any) -> bool:
    """Whether PHP would call a value missing."""
    return value is None or value in ("", [], {})


def as_id(value: Any) -> int:
    """Return an id sent as a number or a string, 0 when it is none."""
    return int(value) if str(value).isdigit() else 0


def _kind(context: Context, params: Params) -> int:
    kind = as_id(required(params, "entityTypeId"))
    if kind not in context.portal.items:
        raise RestError(400, "NOT_FOUND", "Smart process not found")
    return kind


def _item(context: Context, params: Params) -> tuple[int, dict[str, Any]]:
    kind = _kind(context, params)
    item = context.portal.items[kind].get(as_id(required(params, "id")))
    if item is None:
        raise RestError(400, "NOT_FOUND", "Element not found")
    return kind, item


def _invalid(name: str) -> RestError:
    return RestError(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", f'Invalid value for field "{name}"')


def _value(portal: Portal, kind: int, name: str, spec: FieldSpec, value: Any) -> Any:
    if spec.type in _INTEGER_TYPES:
        if is_blank(value):
            return None
        if not str(value).isdigit() or (spec.type == "user" and str(value) not in portal.user_ids()):
            raise _invalid(name)
        return int(value)
    if spec.type == "string" and len(str(value)) > 255:
        raise _invalid(name)
    if spec.items and str(value) not in {key for key, _ in spec.items}:
        raise _invalid(name)
    if name in {"stageId", "sourceId"} and value not in _statuses(portal, kind, name):
        raise _invalid(name)
    return value


def _statuses(portal: Portal, kind: int, name: str) -> set[str]:
    if name == "sourceId":
        return portal.status_ids("SOURCE")
    if kind == LEAD:
        return portal.status_ids("STATUS")
    return {row["STATUS_ID"] for row in portal.statuses if row["ENTITY_ID"].startswith("DEAL_STAGE")}


def _given(context: Context, kind: int, params: Params) -> dict[str, Any]:
    """Return the writable fields of a request; like the vendor's, unknown names are silently ignored."""
    specs = context.portal.fields[kind]
    return {
        name: _value(context.portal, kind, name, specs[name], value)
        for name, value in mapped(required(params, "fields")).items()
        if name in specs and not specs[name].read_only and name != "fm"
    }


def _fm_lines(portal: Portal, value: Any) -> list[dict[str, Any]]:
    lines = (mapped(line) for line in listed(value))
    return [
        {
            "id": portal.next_id("fm"),
            "typeId": line["typeId"],
            "valueType": line.get("valueType", "WORK"),
            "value": line["value"],
        }
        for line in lines
        if line.get("typeId") and line.get("value")
    ]


def _require(context: Context, kind: int, fields: Mapping[str, Any]) -> None:
    needed = [name for name, spec in context.portal.fields[kind].items() if spec.required]
    missing = next((name for name in needed if is_blank(fields.get(name))), None)
    if kind == CONTACT and not (fields.get("name") or fields.get("lastName")):
        missing = "name"
    if missing:
        raise RestError(400, "CRM_FIELD_ERROR_REQUIRED", f'Required field "{missing}" is empty')


def add(context: Context, params: Params) -> Reply:
    """Answer crm.item.add."""
    kind = _kind(context, params)
    fields = _given(context, kind, params)
    _require(context, kind, fields)
    item = _store(context, kind, fields, mapped(params["fields"]).get("fm"))
    if kind == LEAD and context.simple:
        _convert(context, item)
    return Reply({"item": _shown(item, kind)})


def _store(context: Context, kind: int, fields: Mapping[str, Any], fm: Any) -> dict[str, Any]:
    portal = context.portal
    number = portal.next_id(str(kind))
    user = as_id(context.user)
    item: dict[str, Any] = dict.fromkeys(portal.fields[kind])
    item |= {"opened": "Y", "assignedById": user, **fields, "id": number, "createdBy": user, "updatedBy": user}
    item |= dict.fromkeys(("createdTime", "updatedTime", "movedTime", "lastActivityTime"), context.stamp)
    if kind in {LEAD, DEAL}:
        item["title"] = fields.get("title") or f"#{number}"
        item["stageId"] = fields.get("stageId") or "NEW"
        item["stageSemanticId"] = _semantics(portal, kind, item["stageId"])
        portal.enters_stage(kind, item, context.stamp, created=True)
    item["fm"] = _fm_lines(portal, fm) if "fm" in portal.fields[kind] else []
    portal.items[kind][number] = item
    return item


def _semantics(portal: Portal, kind: int, stage: str) -> str:
    prefix = "STATUS" if kind == LEAD else "DEAL_STAGE"
    rows = (row for row in portal.statuses if row["ENTITY_ID"].startswith(prefix) and row["STATUS_ID"] == stage)
    return next((row["SEMANTICS"] for row in rows), None) or "P"


def _convert(context: Context, lead: dict[str, Any]) -> None:
    """Do what a portal in simple mode does at once with every lead: a contact, a deal, and the lead is closed."""
    person = {name: lead[name] for name in ("name", "lastName") if lead[name]}
    contact = lead["contactId"] or _store(context, CONTACT, person, lead["fm"])["id"]
    _store(context, DEAL, {"title": lead["title"], "contactId": contact, "leadId": lead["id"]}, None)
    lead |= {"stageId": "CONVERTED", "stageSemanticId": "S", "contactId": contact}


def _shown(item: Mapping[str, Any], kind: int) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "fm"} | {"entityTypeId": kind}


def update(context: Context, params: Params) -> Reply:
    """Answer crm.item.update; `fm` is a map there: n0, n1 … add, an id changes, an id without value deletes."""
    kind, item = _item(context, params)
    before = item.get("stageId")
    item |= _given(context, kind, params) | {"updatedTime": context.stamp}
    if kind in {LEAD, DEAL}:
        item["stageSemanticId"] = _semantics(context.portal, kind, item["stageId"])
    if kind in {LEAD, DEAL} and item["stageId"] != before:
        item["movedTime"] = context.stamp
        context.portal.enters_stage(kind, item, context.stamp, created=False)
    for key, line in mapped(mapped(params["fields"]).get("fm")).items():
        _change_line(context.portal, item["fm"], key, mapped(line))
    return Reply({"item": _shown(item, kind)})


def _change_line(portal: Portal, lines: list[dict[str, Any]], key: str, line: dict[str, Any]) -> None:
    if not line.get("typeId"):
        return  # the vendor says nothing and does nothing
    known = next((one for one in lines if str(one["id"]) == key), None)
    if known is None:
        lines.extend(_fm_lines(portal, [line]))
    elif line.get("value"):
        known |= {"value": line["value"], "valueType": line.get("valueType", known["valueType"])}
    else:
        lines.remove(known)


def get(context: Context, params: Params) -> Reply:
    """Answer crm.item.get."""
    kind, item = _item(context, params)
    return Reply({"item": {**item, "entityTypeId": kind}})


def delete(context: Context, params: Params) -> Reply:
    """Answer crm.item.delete."""
    kind, item = _item(context, params)
    del context.portal.items[kind][item["id"]]
    return Reply([])


def list_items(context: Context, params: Params) -> Reply:
    """Answer crm.item.list."""
    kind = _kind(context, params)
    specs = context.portal.fields[kind]
    allowed = specs.keys() - {"fm"}
    condition = mapped(params.get("filter"))
    rows = [row for row in context.portal.items[kind].values() if matches(row, condition, allowed)]
    matches({}, condition, allowed)  # an unknown field is an error of an empty portal too
    page = paged(ordered(rows, params.get("order"), "id"), params.get("start"))
    select = [str(name) for name in listed(params.get("select"))] or ["*"]
    shown = set(specs) if "*" in select else {"id", *select} - {"fm"}
    items = [{name: value for name, value in row.items() if name in shown} for row in page.rows]
    return Reply({"items": items}, page.total, page.next)


def fields(context: Context, params: Params) -> Reply:
    """Answer crm.item.fields."""
    specs = context.portal.fields[_kind(context, params)]
    return Reply({"fields": {name: spec.described(name) for name, spec in specs.items()}})


def find_by_comm(context: Context, params: Params) -> Reply:
    """Answer crm.duplicate.findbycomm: ids of who has one of the phones or addresses."""
    what = str(params.get("type", "")).upper()
    if what not in {"PHONE", "EMAIL"}:
        raise RestError(400, "Communication type is not defined", "")
    wanted = {_comparable(what, str(value)) for value in listed(params.get("values"))[:_MANY]} - {""}
    found: dict[str, list[int]] = {}
    only = str(params.get("entity_type") or "").upper()
    for name, kind in (("LEAD", LEAD), ("CONTACT", CONTACT), ("COMPANY", COMPANY)):
        if only in {"", name}:
            ids = [item["id"] for item in context.portal.items[kind].values() if _reachable_by(item, what, wanted)]
            found |= {name: ids[:_MANY]} if ids else {}
            if len(ids) >= _MANY:
                break  # later kinds are left out
    return Reply(as_php(found))


def _reachable_by(item: Mapping[str, Any], what: str, wanted: set[str]) -> bool:
    return any(line["typeId"] == what and _comparable(what, line["value"]) in wanted for line in item["fm"])


def _comparable(what: str, value: str) -> str:
    if what == "EMAIL":
        return value.strip().casefold()
    digits = re.sub(r"\D", "", value.split("#", maxsplit=1)[0])
    return "7" + digits[1:] if len(digits) == 11 and digits.startswith("8") else digits


METHODS: Mapping[str, Method] = {
    "crm.item.add": add,
    "crm.item.update": update,
    "crm.item.get": get,
    "crm.item.delete": delete,
    "crm.item.list": list_items,
    "crm.item.fields": fields,
    "crm.duplicate.findbycomm": find_by_comm,
}
