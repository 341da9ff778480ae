"""What amoCRM refuses: every array is taken whole or not at all (error-codes page)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mailbridge.testing.amocrm_account import WON, Account, Row
from mailbridge.testing.emulator import Answer

LONGEST_TEXT = 255
MOST_ELEMENTS = 250
MOST_COMPLEX = 50
MOST_FIELDS = 40
SHORT_TYPES = {"text", "url", "tracking_data", "streetaddress", "multitext"}
DATE_TYPES = {"date", "date_time", "birthday"}
ENUM_TYPES = {"select", "radiobutton", "category", "multiselect"}
NOTE_PARAMS: Mapping[str, tuple[str, ...]] = {
    "common": ("text",),
    "service_message": ("service", "text"),
    "extended_service_message": ("service", "text"),
    "call_in": ("uniq", "source", "phone"),
    "call_out": ("uniq", "source", "phone"),
    "sms_in": ("text", "phone"),
    "sms_out": ("text", "phone"),
    "geolocation": ("text", "address"),
    "message_cashier": ("status", "text"),
    "attachment": ("file_uuid", "file_name"),
}
"""What each type of note must tell (events-and-notes page)."""
NOTE_TYPES = NOTE_PARAMS.keys()
FORM_METADATA = ("form_id", "form_name", "form_page", "form_sent_at")

Problem = tuple[str, str, str]
"""Code, path, detail."""

Rule = Callable[[Account, Row], Iterator[Problem]]


def problem(status: int, title: str, detail: str, **more: Any) -> Answer:
    """Return an error body as the API has it (application/problem+json)."""
    body = {"title": title, "type": f"https://httpstatus.es/{status}", "status": status, "detail": detail, **more}
    return Answer(status, body, content_type="application/problem+json")


def refuse(account: Account, elements: Any, rule: Rule, most: int = MOST_ELEMENTS) -> Answer | None:
    """Return the refusal of an array, None when every element is good."""
    if not isinstance(elements, list) or not all(isinstance(element, dict) for element in elements) or not elements:
        return problem(400, "Bad Request", "Request validation failed")
    if len(elements) > most:
        return problem(422, "Unprocessable Entity", f"Limit {most} per page")
    bad = []
    for place, element in enumerate(elements):
        if errors := [{"code": code, "path": path, "detail": text} for code, path, text in rule(account, element)]:
            bad.append({"request_id": str(element.get("request_id", place)), "errors": errors})
    if bad:
        return problem(400, "Bad Request", "Request validation failed", **{"validation-errors": bad})
    return None


def bad_lead(account: Account, lead: Row) -> Iterator[Problem]:
    """Yield what is wrong with a lead."""
    yield from _bad_common(account, "leads", lead)
    if not isinstance(lead.get("price", 0), int):
        yield "InvalidType", "price", "This value should be of type int."
    pipeline_id, status_id = lead.get("pipeline_id"), lead.get("status_id")
    pipeline = account.pipeline(pipeline_id)
    if pipeline_id is not None and pipeline is None:
        yield _no_choice("pipeline_id")
    elif status_id is not None:
        pipelines = [pipeline] if pipeline else account.pipelines
        known = {status["id"] for row in pipelines for status in row["_embedded"]["statuses"]}
        if status_id not in known or (pipeline is None and status_id < WON):
            yield _no_choice("status_id")


def bad_complex(account: Account, lead: Row) -> Iterator[Problem]:
    """Yield what is wrong with a lead that brings its contact along."""
    yield from bad_lead(account, lead)
    for entity, rule in (("contacts", bad_contact), ("companies", bad_company)):
        rows = (lead.get("_embedded") or {}).get(entity) or []
        if len(rows) > 1:
            yield "InvalidType", f"_embedded.{entity}", "Only one is allowed."
        for place, row in enumerate(rows):
            prefix = f"_embedded.{entity}.{place}."
            if "id" in row:
                if row["id"] not in account.table(entity):
                    yield _no_choice(prefix + "id")
                continue
            yield from ((code, prefix + path, text) for code, path, text in rule(account, row))


def bad_company(account: Account, company: Row) -> Iterator[Problem]:
    """Yield what is wrong with a company."""
    yield from _bad_common(account, "companies", company)


def bad_link(account: Account, link: Row) -> Iterator[Problem]:
    """Yield what is wrong with a link from a lead."""
    kind = link.get("to_entity_type")
    if kind not in {"contacts", "companies"}:
        yield _no_choice("to_entity_type")
    elif link.get("to_entity_id") not in account.table(str(kind)):
        yield _no_choice("to_entity_id")


def bad_contact(account: Account, contact: Row) -> Iterator[Problem]:
    """Yield what is wrong with a contact."""
    yield from _bad_common(account, "contacts", contact)


def bad_unsorted(account: Account, element: Row) -> Iterator[Problem]:
    """Yield what is wrong with a form for Unsorted (unsorted-api page)."""
    for name in ("source_uid", "source_name", "metadata"):
        if not element.get(name):
            yield _missing(name)
    metadata = element.get("metadata")
    for name in FORM_METADATA if isinstance(metadata, dict) else ():
        if metadata.get(name) in {None, ""}:  # type: ignore[union-attr]
            yield _missing(f"metadata.{name}")
    if element.get("pipeline_id") is not None and account.pipeline(element["pipeline_id"]) is None:
        yield _no_choice("pipeline_id")
    inner = element.get("_embedded") or {}
    rules: tuple[tuple[str, Rule], ...] = (("leads", bad_lead), ("contacts", bad_contact))
    for entity, rule in rules:
        for place, row in enumerate(inner.get(entity) or []):
            for code, path, text in rule(account, row):
                yield code, f"_embedded.{entity}.{place}.{path}", text


def bad_note(account: Account, note: Row, entity: str = "leads") -> Iterator[Problem]:
    """Yield what is wrong with a note of a lead, a contact or a company."""
    if note.get("entity_id") not in account.table(entity):
        yield _no_choice("entity_id")
    if note.get("note_type") not in NOTE_TYPES:
        yield _no_choice("note_type")
    for name in NOTE_PARAMS.get(str(note.get("note_type")), ("text",)):
        if not (note.get("params") or {}).get(name):
            yield _missing(f"params.{name}")


def bad_task(account: Account, task: Row) -> Iterator[Problem]:
    """Yield what is wrong with a task."""
    for name in ("text", "complete_till"):
        if not task.get(name):
            yield _missing(name)
    if not isinstance(task.get("complete_till", 0), int):
        yield "InvalidType", "complete_till", "This value should be of type int."
    if "entity_id" in task and task["entity_id"] not in account.table(task.get("entity_type", "leads")):
        yield _no_choice("entity_id")
    yield from _bad_user(account, task)


def _bad_common(account: Account, entity: str, row: Row) -> Iterator[Problem]:
    for name in ("name", "first_name", "last_name"):
        value = row.get(name)
        if value is not None and not isinstance(value, str):
            yield "InvalidType", name, "This value should be of type string."
        elif value is not None and len(value) > LONGEST_TEXT:
            yield _too_long(name)
    yield from _bad_user(account, row)
    values = row.get("custom_fields_values") or []
    if len(values) > MOST_FIELDS:
        yield "InvalidType", "custom_fields_values", f"At most {MOST_FIELDS} fields."
    for place, value in enumerate(values):
        yield from _bad_value(account.field_of(entity, value), value, f"custom_fields_values.{place}")


def _bad_user(account: Account, row: Row) -> Iterator[Problem]:
    if row.get("responsible_user_id") is not None and account.user(row["responsible_user_id"]) is None:
        yield _no_choice("responsible_user_id")


def _bad_value(field: Row | None, value: Row, path: str) -> Iterator[Problem]:
    if field is None:
        yield _no_choice(f"{path}.{'field_id' if 'field_id' in value else 'field_code'}")
        return
    items = value.get("values")
    if not isinstance(items, list) or not items:
        yield _missing(f"{path}.values")
        return
    for place, item in enumerate(items):
        if error := _bad_item(field, item, f"{path}.values.{place}"):
            yield error


def _bad_item(field: Row, item: Mapping[str, Any], path: str) -> Problem | None:
    kind, value = field["type"], item.get("value")
    if kind in ENUM_TYPES:
        known = any(item.get("enum_id") == enum["id"] or value == enum["value"] for enum in field["enums"])
        return None if known else _no_choice(f"{path}.enum_id")
    good: dict[str, bool] = {
        "numeric": _is_number(value),
        "checkbox": isinstance(value, bool),
        **dict.fromkeys(DATE_TYPES, isinstance(value, int) and not isinstance(value, bool)),
    }
    if not good.get(kind, isinstance(value, str)):
        return "InvalidType", f"{path}.value", f"This value is not valid for a field of type {kind}."
    if kind in SHORT_TYPES and len(str(value)) > LONGEST_TEXT:
        return _too_long(f"{path}.value")
    return None


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _no_choice(path: str) -> Problem:
    return "NotSupportedChoice", path, "The value you selected is not a valid choice."


def _missing(path: str) -> Problem:
    return "FieldMissing", path, "This field is missing."


def _too_long(path: str) -> Problem:
    # The name of this code is not recorded anywhere; only the status and the limit are known.
    return "TooLong", path, f"This value is too long. It should have {LONGEST_TEXT} characters or less."
