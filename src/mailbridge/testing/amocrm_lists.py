"""Lists of an emulated amoCRM account: search, filters, order, pages."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from mailbridge.testing.amocrm_account import Account, Row
from mailbridge.testing.amocrm_rules import problem
from mailbridge.testing.emulator import Answer, Call

MOST_ROWS = 250
MOST_EVENTS = 100
HAL = "application/hal+json"
_ORDER = re.compile(r"order\[(\w+)\]")


def page(call: Call, rows: Iterable[Row], plural: str) -> Answer:
    """Return one page of rows in the asked order; an empty one is 204 without a body."""
    limit, number = int(call.arg("limit", "50")), int(call.arg("page", "1"))
    most = MOST_EVENTS if plural == "events" else MOST_ROWS
    if limit > most:
        return problem(422, "Unprocessable Entity", f"Limit {most} per page")
    rows = _ordered(call, list(rows))
    shown = rows[(number - 1) * limit : number * limit]
    if not shown:
        return Answer(204)
    links = {"self": {"href": _href(call, number)}}
    if len(rows) > number * limit:
        links["next"] = {"href": _href(call, number + 1)}
    return Answer(200, {"_page": number, "_links": links, "_embedded": {plural: shown}}, content_type=HAL)


def search(account: Account, entity: str, call: Call, *, lag_s: float) -> list[Row]:
    """Return the rows that `query` finds: a part of any filled field, whatever the case; young rows are not indexed."""
    waiting = _waiting(account, entity)
    rows = [row for row_id, row in account.table(entity).items() if row_id not in waiting]
    words = call.arg("query").casefold()
    if not words:
        return rows
    indexed = account.clock() - lag_s
    return [row for row in rows if account.made_at[entity, row["id"]] <= indexed and words in _filled(row)]


def filtered(rows: Iterable[Row], call: Call) -> list[Row]:
    """Return the rows that pass every `filter[…]` of the query."""
    tests = _filters(call)
    return [row for row in rows if all(_passes(row, path, values) for path, values in tests.items())]


def _waiting(account: Account, entity: str) -> set[int]:
    """Return the ids that are not in the ordinary lists until somebody accepts them from Unsorted."""
    if entity == "contacts":
        return account.hidden
    return {row["_embedded"]["leads"][0]["id"] for row in account.unsorted.values()}


def _filled(row: Row) -> str:
    values = [item["value"] for value in row.get("custom_fields_values") or [] for item in value["values"]]
    return "\n".join(map(str, (row["id"], row["name"], *values))).casefold()


def _filters(call: Call) -> dict[tuple[str, ...], list[str]]:
    tests: dict[tuple[str, ...], list[str]] = {}
    for name, value in call.query:
        if name.startswith("filter["):
            path = tuple(part for part in re.findall(r"\[([^\]]*)\]", name) if part)
            if path[0] != "custom_fields_values" and path[-1].isdigit():
                path = path[:-1]  # filter[id][0]= is the same as filter[id][]=
            tests.setdefault(path, []).append(value)
    return tests


def _passes(row: Row, path: tuple[str, ...], values: list[str]) -> bool:
    name = path[0]
    if name == "custom_fields_values":
        return _field_passes(row, path[1], values)
    if path[-1] in {"from", "to"}:
        number = row.get(name) or 0
        return number >= int(values[0]) if path[-1] == "from" else number <= int(values[0])
    if isinstance(row.get(name), bool):
        return row[name] is (values[0] not in {"", "0", "false"})
    return name in row and str(row[name]).casefold() in {value.casefold() for value in values}


def _field_passes(row: Row, field_id: str, values: list[str]) -> bool:
    for value in row["custom_fields_values"] or []:
        if str(value["field_id"]) == field_id:
            return any(
                str(item["value"]).casefold() in {text.casefold() for text in values} for item in value["values"]
            )
    return False


def _ordered(call: Call, rows: list[Row]) -> list[Row]:
    for name, direction in call.query:
        if found := _ORDER.fullmatch(name):
            column = found.group(1)
            rows.sort(key=lambda row: (row[column], row.get("id", 0)), reverse=direction == "desc")
    return rows


def _href(call: Call, number: int) -> str:
    query = [(name, value) for name, value in call.query if name != "page"]
    return f"https://{call.headers.get('host', 'demo.amocrm.ru')}{call.path}?{urlencode([*query, ('page', number)])}"


def shown_lead(account: Account, row: Row, extra: Mapping[str, Any] | str) -> Row:
    """Return a lead as lists show it; `with=contacts` adds the ids of its contacts."""
    if "contacts" not in str(extra):
        return row
    contacts = [
        {"id": contact, "is_main": place == 0} for place, contact in enumerate(account.linked.get(row["id"], ()))
    ]
    return row | {"_embedded": row["_embedded"] | {"contacts": contacts}}


def shown_contact(account: Account, row: Row, extra: str) -> Row:
    """Return a contact as lists show it; `with=leads` adds the ids of its leads."""
    if "leads" not in extra:
        return row
    leads = [{"id": lead} for lead, contacts in account.linked.items() if row["id"] in contacts]
    return row | {"_embedded": row["_embedded"] | {"leads": leads}}
