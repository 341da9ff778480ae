"""sObject Collections and Composite of the emulated org."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from mailbridge.testing.emulator import Answer, Call
from mailbridge.testing.salesforce_schema import SfObject
from mailbridge.testing.salesforce_store import RecordError, Row, SfStore, WriteOptions

MAX_RECORDS = 200
MAX_SUBREQUESTS = 25
_REFERENCE = re.compile(r"@\{(\w+)\.([\w\[\].]+)\}")
_ROLLED_BACK = RecordError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)

WriteOne = Callable[[dict[str, Any]], dict[str, Any]]


class Handles(Protocol):
    """What answers a subrequest."""

    store: SfStore

    def route(self, call: Call) -> Answer:
        """Answer one request of a session."""
        ...


def bulk_create(store: SfStore, call: Call, options: WriteOptions) -> Answer:
    """Answer a bulk create; objects may be mixed."""

    def write(record: dict[str, Any]) -> dict[str, Any]:
        row = store.create(store.object(_type_of(record)), record, options)
        return {"id": row["Id"], "success": True, "errors": []}

    return _bulk(store, call.json(), write)


def bulk_upsert(store: SfStore, table: SfObject, field: str, call: Call, options: WriteOptions) -> Answer:
    """Answer a bulk upsert of one object by an External Id."""

    def write(record: dict[str, Any]) -> dict[str, Any]:
        if _type_of(record).lower() != table.name.lower():
            raise RecordError("INVALID_INPUT", f"All records must be of type {table.name}")
        value = record.get(field)
        if not value:
            raise RecordError("MISSING_ARGUMENT", f"{field} not specified", [field])
        rows = store.matching(table, field, value)
        if len(rows) > 1:
            raise RecordError("DUPLICATE_EXTERNAL_ID", f"{field}: more than one record found for external id field")
        if rows:
            store.update(table, rows[0], {name: item for name, item in record.items() if name != field}, options)
            return {"id": rows[0]["Id"], "success": True, "errors": [], "created": False}
        row = store.create(table, record, options)
        return {"id": row["Id"], "success": True, "errors": [], "created": True}

    return _bulk(store, call.json(), write)


def bulk_read(store: SfStore, table: SfObject, ids: Sequence[str]) -> list[Row | None]:
    """Return the records in the order of the ids, None for missing ones."""
    return [store.get(table, record_id) for record_id in ids]


def _bulk(store: SfStore, body: Any, write: WriteOne) -> Answer:
    records = body["records"]
    if not isinstance(records, list) or not 0 < len(records) <= MAX_RECORDS:
        raise RecordError("INVALID_INPUT", f"record count must be between 1 and {MAX_RECORDS}")
    for record in records:
        store.known_values(store.object(_type_of(record)), record)  # what no parser takes refuses the whole request
    before = store.snapshot() if body.get("allOrNone") else None
    results = [_result(write, record) for record in records]
    if before is not None and not all(result["success"] for result in results):
        store.roll_back(before)
        results = [_ROLLED_BACK.result() if result["success"] else result for result in results]
    return Answer(200, results)


def _result(write: WriteOne, record: dict[str, Any]) -> dict[str, Any]:
    try:
        return write(record)
    except RecordError as error:
        return error.result()


def _type_of(record: dict[str, Any]) -> str:
    attributes = record.get("attributes") or {}
    if not attributes.get("type"):
        raise RecordError("INVALID_INPUT", "attributes.type is missing")
    return str(attributes["type"])


@dataclass(slots=True)
class Composite:
    """Dependent subrequests, up to 25 (`POST /composite`)."""

    org: Handles
    version: str

    def run(self, call: Call) -> Answer:
        """Answer the request."""
        body = call.json()
        parts = body["compositeRequest"]
        if len(parts) > MAX_SUBREQUESTS:
            raise RecordError("LIMIT_EXCEEDED", f"at most {MAX_SUBREQUESTS} subrequests")
        before = self.org.store.snapshot() if body.get("allOrNone") else None
        answers: dict[str, Answer] = {}
        for part in parts:
            answers[part["referenceId"]] = self._part(call, part, answers, halt=before is not None)
        if before is not None and any(answer.status >= 300 for answer in answers.values()):
            self.org.store.roll_back(before)
            answers = {name: answer if answer.status >= 300 else _halted() for name, answer in answers.items()}
        return Answer(200, {"compositeResponse": [_item(name, answer) for name, answer in answers.items()]})

    def _part(self, call: Call, part: dict[str, Any], answers: dict[str, Answer], *, halt: bool) -> Answer:
        if halt and any(answer.status >= 300 for answer in answers.values()):
            return _halted()
        try:
            url = _filled(part["url"], answers)
            body = _filled(part.get("body"), answers)
        except (KeyError, IndexError, TypeError):
            words = "Invalid reference specified. No value for a reference found"
            return Answer(400, RecordError("INVALID_INPUT", words).envelope())
        parts = urlsplit(url)
        headers = {**call.headers, **{name.lower(): value for name, value in part.get("httpHeaders", {}).items()}}
        raw = b"" if body is None else json.dumps(body).encode()
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        return self.org.route(Call(part["method"], unquote(parts.path), query, headers, raw, call.client))


def _filled(value: Any, answers: dict[str, Answer]) -> Any:
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: str(_reach(answers[match[1]].body, match[2])), value)
    if isinstance(value, dict):
        return {name: _filled(item, answers) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, answers) for item in value]
    return value


def _reach(value: Any, path: str) -> Any:
    for step in re.findall(r"\w+", path):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def _item(name: str, answer: Answer) -> dict[str, Any]:
    location = {"Location": f"/services/data/record/{answer.body['id']}"} if answer.status == 201 else {}
    return {"body": answer.body, "httpHeaders": location, "httpStatusCode": answer.status, "referenceId": name}


def _halted() -> Answer:
    words = "The transaction was rolled back since another operation in the same transaction failed."
    return Answer(400, RecordError("PROCESSING_HALTED", words).envelope())
