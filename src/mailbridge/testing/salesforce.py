"""A Salesforce org in memory, as far as sinks use it (REST API Developer Guide)."""

import dataclasses
import html
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from mailbridge.testing.account_settings import AccountSetting, of_attributes
from mailbridge.testing.emulator import Answer, Call, Emulator
from mailbridge.testing.salesforce_bulk import Composite, bulk_create, bulk_read, bulk_upsert
from mailbridge.testing.salesforce_login import SfLogin
from mailbridge.testing.salesforce_schema import SfField, SfObject
from mailbridge.testing.salesforce_soql import Query, SoqlError, parse_soql
from mailbridge.testing.salesforce_store import RecordError, Row, SfStore, WriteOptions

VERSIONS = tuple(f"{number}.0" for number in range(46, 69))
FIRST_WITH_BODY = 46
"""API version from which an upsert that updates answers 200 with a body; before it 204."""

Handler = Callable[[Call, re.Match[str]], Answer]

_HIDDEN = {"SystemModstamp", "IsDeleted"}


class SalesforceEmulator(Emulator):
    """An org with leads, contacts, tasks, users and a queue.

    `objects` of the store are the schema, `store` the records and the switches of their rules, `login` the app and
    the sessions.

    Args:
        clock: Unix seconds.
        journal: See Emulator.

    Attributes:
        key_field: External Id field of leads that `keys` reads.
        daily_limit: API requests of 24 hours; beyond it 403 REQUEST_LIMIT_EXCEEDED.
        used: Requests so far.
        busy: So many of the next requests meet the limit of concurrent ones.
        page_size: Records a page of a query.
    """

    name: ClassVar[str] = "salesforce"

    def __init__(self, *, clock: Callable[[], float] = time.time, journal: Path | None = None) -> None:
        super().__init__(clock=clock, journal=journal)
        self.store = SfStore(self._now)
        self.login = SfLogin(self._now, self.token)
        self.key_field = "MB_Key__c"
        self.daily_limit = 1_000_000
        self.used = 0
        self.busy = 0
        self.page_size = 2000
        self._cursors: dict[str, list[Row]] = {}
        self._routes = self._table()

    def _now(self) -> float:
        return self.clock()  # tests exchange the clock

    def reset(self) -> None:
        """Forget all records, the journal and the faults; the schema and the switches stay."""
        self.store.clear()
        self._cursors.clear()
        self.journal.clear()
        self.faults.clear()
        self.used = 0

    def account_settings(self) -> Mapping[str, AccountSetting]:
        """Return limits, the duplicate rule, and the leads' own fields; see `Emulator`."""
        lead = self.store.object("Lead")
        own = [name for name in lead.fields if name.endswith("__c")]
        key = lead.fields.get(self.key_field)
        return {
            **super().account_settings(),
            **of_attributes(self, "daily_limit", "used", "busy", "page_size"),
            **of_attributes(self.store, "duplicate_rule", "assigned_to", empty=("assigned_to",)),
            **of_attributes(lead, "createable"),
            "lead_fields": AccountSetting(own, self._set_lead_fields),
            "key_field_unique": AccountSetting(bool(key and key.unique), self._set_unique),
        }

    def _set_lead_fields(self, names: list[str]) -> None:
        lead = self.store.object("Lead")
        lead.fields = {name: field for name, field in lead.fields.items() if not name.endswith("__c") or name in names}
        for name in names:
            if name not in lead.fields:
                key = name == self.key_field
                lead.add(SfField(name, length=255, external_id=key, unique=key))

    def _set_unique(self, unique: bool) -> None:  # noqa: FBT001 - a value, not a switch
        lead = self.store.object("Lead")
        if self.key_field in lead.fields:
            lead.add(dataclasses.replace(lead.fields[self.key_field], unique=unique))

    def keys(self) -> dict[str, list[str]]:
        """Return delivery key → ids of the leads that carry it."""
        found: dict[str, list[str]] = {}
        for row in self.store.rows["Lead"].values():
            if row.get(self.key_field):
                found.setdefault(row[self.key_field], []).append(row["Id"])
        return found

    def card(self, key: str) -> dict[str, Any] | None:
        """Return the fields of the lead that a person sees, and the tasks of all leads with the key."""
        leads = self.store.matching(self.store.object("Lead"), self.key_field, key)
        if not leads:
            return None
        people = {who for lead in leads for who in (lead["Id"], lead.get("ConvertedContactId")) if who}
        table = self.store.object("Task")
        tasks = [_shown(task) for who in sorted(people) for task in self.store.matching(table, "WhoId", who)]
        return {**_shown(leads[0]), "notes": [], "tasks": tasks}

    def counts(self) -> dict[str, int]:
        """Return how many leads and tasks exist, also those that carry no key."""
        return {name: len(self.store.rows[name]) for name in ("Lead", "Task")}

    def writes(self, call: Call) -> bool:
        """Whether a request is meant to change records; log-ins and reads by POST are not."""
        if call.path == "/services/oauth2/token":
            return False
        reads_by_post = re.search(r"/composite/sobjects/\w+$", call.path) and call.method == "POST"
        return super().writes(call) and not reads_by_post

    def convert(self, lead_id: str) -> str:
        """Convert a lead as a person would in the browser; returns the contact's id."""
        lead = self.store.rows["Lead"][lead_id[:15]]
        contact = self.store.put("Contact", LastName=lead["LastName"], Email=lead.get("Email"))
        now = self.store.now()
        lead.update(IsConverted=True, ConvertedContactId=contact["Id"], Status="Closed - Converted",
                    ConvertedDate=now[:10], LastModifiedDate=now, SystemModstamp=now)  # fmt: skip
        for task in self.store.rows["Task"].values():
            if task.get("WhoId") == lead["Id"]:
                task["WhoId"] = contact["Id"]
                self.store.index("Task", task)
        return str(contact["Id"])

    def acts(self) -> Mapping[str, Callable[[str], Any]]:
        """Return what a salesperson does with a lead."""
        return {
            "take it": lambda lead_id: self._change(lead_id, OwnerId=self.store.owner("Olga")),
            "work on it": lambda lead_id: self._change(lead_id, Status="Working - Contacted"),
            "close it": lambda lead_id: self._change(lead_id, Status="Closed - Not Converted"),
            "convert it": self.convert,
            "close its tasks": self.close_tasks,
            "attach a file": lambda lead_id: self.store.put(
                "ContentDocumentLink", LinkedEntityId=lead_id, ContentDocumentId=f"069{lead_id[3:]}"
            ),
        }

    def close_tasks(self, lead_id: str) -> None:
        """Complete the tasks of a lead."""
        table = self.store.object("Task")
        for task in self.store.matching(table, "WhoId", self.store.rows["Lead"][lead_id[:15]]["Id"]):
            self.store.update(table, task, {"Status": "Completed"}, WriteOptions())

    def _change(self, lead_id: str, **values: Any) -> None:
        row = self.store.rows["Lead"][lead_id[:15]]
        self.store.update(self.store.object("Lead"), row, values, WriteOptions(auto_assign=False))

    def handle(self, call: Call) -> Answer:
        """Answer one request."""
        if call.path == "/services/oauth2/token":
            return self.login.answer(call)
        if call.path.rstrip("/") == "/services/data":
            return Answer(200, [{"label": f"v{item}", "url": f"/services/data/v{item}", "version": item}
                                for item in VERSIONS])  # fmt: skip
        if not call.path.startswith("/services/"):
            return self._page(call)
        if not self.login.admits(call):
            return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        answer = self._limited() or self.route(call)
        usage = {"Sforce-Limit-Info": f"api-usage={self.used}/{self.daily_limit}"}
        return Answer(answer.status, answer.body, {**answer.headers, **usage}, answer.content_type)

    def _limited(self) -> Answer | None:
        self.used += 1
        if self.busy > 0:
            self.busy -= 1
            words = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
            return _error(403, "REQUEST_LIMIT_EXCEEDED", words)
        if self.used > self.daily_limit:
            return _error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        return None

    def route(self, call: Call) -> Answer:
        """Answer a request of a session; also the parts of a composite one."""
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(call.path)
            if match is not None and method == call.method and match["version"] in VERSIONS:
                try:
                    return handler(call, match)
                except RecordError as error:
                    return Answer(error.status, error.envelope())
                except SoqlError as error:
                    return _error(400, error.code, error.text)
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    return _error(400, "JSON_PARSER_ERROR", f"Unexpected input: {type(error).__name__}")
        return _error(404, "NOT_FOUND", "The requested resource does not exist")

    def _table(self) -> list[tuple[str, re.Pattern[str], Handler]]:
        routes: dict[tuple[str, str], Handler] = {
            ("GET", "limits/?"): self._limits,
            ("GET", "query/?"): self._query,
            ("GET", r"query/(?P<cursor>\w+-\d+)"): self._next_page,
            ("POST", "composite"): lambda call, match: Composite(self, match["version"]).run(call),
            ("POST", "composite/sobjects"): lambda call, _: bulk_create(self.store, call, options(call)),
            ("PATCH", r"composite/sobjects/(?P<table>\w+)/(?P<field>\w+)"): self._bulk_upsert,
            ("GET", r"composite/sobjects/(?P<table>\w+)"): self._bulk_read,
            ("POST", r"composite/sobjects/(?P<table>\w+)"): self._bulk_read,
            ("POST", r"sobjects/(?P<table>\w+)/?"): self._create,
            ("GET", r"sobjects/(?P<table>\w+)/describe"): self._describe,
            ("GET", r"sobjects/(?P<table>\w+)/(?P<id>\w+)"): self._get,
            ("PATCH", r"sobjects/(?P<table>\w+)/(?P<id>\w+)"): self._update,
            ("DELETE", r"sobjects/(?P<table>\w+)/(?P<id>\w+)"): self._delete,
            ("GET", r"sobjects/(?P<table>\w+)/(?P<field>\w+)/(?P<value>.+)"): self._get,
            ("PATCH", r"sobjects/(?P<table>\w+)/(?P<field>\w+)/(?P<value>.+)"): self._upsert,
        }
        prefix = r"/services/data/v(?P<version>\d+\.\d)/"
        return [(method, re.compile(prefix + path), handler) for (method, path), handler in routes.items()]

    def _limits(self, _call: Call, _match: re.Match[str]) -> Answer:
        left = max(0, self.daily_limit - self.used)
        return Answer(200, {"DailyApiRequests": {"Max": self.daily_limit, "Remaining": left}})

    def _query(self, call: Call, match: re.Match[str]) -> Answer:
        query = parse_soql(call.arg("q"), self.store.objects)
        found = query.run(self._candidates(query))
        if query.counts:
            return Answer(200, {"totalSize": len(found), "done": True, "records": []})
        if query.tallies:
            records = [{"attributes": {"type": "AggregateResult"}, **row} for row in found]
        else:
            records = [self._selected(query, row, match["version"]) for row in found]
        cursor = f"01g{len(self._cursors):012d}"
        self._cursors[cursor] = records
        return self._records(cursor, 0, match["version"])

    def _selected(self, query: Query, row: Mapping[str, Any], version: str) -> Row:
        """Return a record with the fields of its parents nested, as the API does."""
        own = [name for name in query.fields if "." not in name]
        record = _record(query.table, row, own, version)
        for parent, _, name in (path.partition(".") for path in query.fields if "." in path):
            wanted = str(row.get(f"{parent}Id") or "")[:15]
            table = next((table for table, rows in self.store.rows.items() if wanted in rows), None)
            if table is None:
                record[parent] = None
            else:
                nested = _record(self.store.object(table), self.store.rows[table][wanted], [name], version)
                record[parent] = {**(record.get(parent) or {}), **nested}
        return record

    def _candidates(self, query: Query) -> list[Row]:
        """Return the rows a query has to look at: by index when it asks for values of one text field."""
        if query.exact is None:
            return list(self.store.rows[query.table.name].values())
        name, values = query.exact
        rows = [row for value in values for row in self.store.matching(query.table, name, value)]
        return list({row["Id"]: row for row in rows}.values())

    def _next_page(self, _call: Call, match: re.Match[str]) -> Answer:
        cursor, _, start = match["cursor"].partition("-")
        if cursor not in self._cursors:
            return _error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._records(cursor, int(start), match["version"])

    def _records(self, cursor: str, start: int, version: str) -> Answer:
        records = self._cursors[cursor]
        end = start + self.page_size
        body: dict[str, Any] = {"totalSize": len(records), "done": end >= len(records), "records": records[start:end]}
        if body["done"]:
            del self._cursors[cursor]
        else:
            body["nextRecordsUrl"] = f"/services/data/v{version}/query/{cursor}-{end}"
        return Answer(200, body)

    def _describe(self, _call: Call, match: re.Match[str]) -> Answer:
        return Answer(200, self.store.object(match["table"]).describe())

    def _create(self, call: Call, match: re.Match[str]) -> Answer:
        row = self.store.create(self.store.object(match["table"]), call.json(), options(call))
        return Answer(201, {"id": row["Id"], "success": True, "errors": []})

    def _get(self, call: Call, match: re.Match[str]) -> Answer:
        table = self.store.object(match["table"])
        rows = self._named(table, match.groupdict())
        if len(rows) > 1:
            return self._several(table, rows, match["version"])
        if not rows:
            return _error(404, "NOT_FOUND", "The requested resource does not exist")
        fields = [name for name in call.arg("fields").split(",") if name] or list(table.fields)
        return Answer(200, _record(table, rows[0], fields, match["version"]))

    def _update(self, call: Call, match: re.Match[str]) -> Answer:
        table = self.store.object(match["table"])
        row = self.store.get(table, match["id"])
        if row is None:
            return _error(404, "NOT_FOUND", "The requested resource does not exist")
        self.store.update(table, row, call.json(), options(call))
        return Answer(204)

    def _delete(self, _call: Call, match: re.Match[str]) -> Answer:
        table = self.store.object(match["table"])
        if self.store.rows[table.name].pop(match["id"][:15], None) is None:
            return _error(404, "NOT_FOUND", "The requested resource does not exist")
        return Answer(204)

    def _upsert(self, call: Call, match: re.Match[str]) -> Answer:
        table = self.store.object(match["table"])
        rows = self._named(table, match.groupdict())
        if len(rows) > 1:
            return self._several(table, rows, match["version"])
        if rows:
            self.store.update(table, rows[0], call.json(), options(call))
        elif call.arg("updateOnly") == "true":
            return _error(404, "NOT_FOUND", "The requested resource does not exist")
        else:
            values = {**call.json(), match["field"]: match["value"]}
            created = self.store.create(table, values, options(call))
            return Answer(201, {"id": created["Id"], "success": True, "errors": [], "created": True})
        if float(match["version"]) < FIRST_WITH_BODY:
            return Answer(204)
        return Answer(200, {"id": rows[0]["Id"], "success": True, "errors": [], "created": False})

    def _bulk_upsert(self, call: Call, match: re.Match[str]) -> Answer:
        table = self.store.object(match["table"])
        return bulk_upsert(self.store, table, external_id(table, match["field"]), call, options(call))

    def _bulk_read(self, call: Call, match: re.Match[str]) -> Answer:
        table = self.store.object(match["table"])
        body = call.json() if call.method == "POST" else {}
        ids = body.get("ids") or call.arg("ids").split(",")
        fields = body.get("fields") or call.arg("fields").split(",")
        return Answer(200, [row and _record(table, row, fields, match["version"])
                            for row in bulk_read(self.store, table, ids)])  # fmt: skip

    def _named(self, table: SfObject, groups: Mapping[str, str | None]) -> list[Row]:
        if groups.get("field") is None:
            row = self.store.get(table, str(groups["id"]))
            return [row] if row else []
        return self.store.matching(table, external_id(table, str(groups["field"])), groups["value"])

    def _several(self, table: SfObject, rows: list[Row], version: str) -> Answer:
        return Answer(300, [f"/services/data/v{version}/sobjects/{table.name}/{row['Id']}" for row in rows])

    def _page(self, call: Call) -> Answer:
        """Show a record to a person who follows a receipt's link."""
        wanted = call.path.strip("/")[:15]
        row = next((rows[wanted] for rows in self.store.rows.values() if wanted in rows), None)
        if row is None:
            return Answer(404, b"<h1>404</h1>", content_type="text/html; charset=utf-8")
        cells = [(html.escape(name), html.escape(str(value))) for name, value in _shown(row).items()]
        lines = "".join(f"<dt>{name}</dt><dd style='white-space:pre-wrap'>{value}</dd>" for name, value in cells)
        page = f"<!doctype html><title>{html.escape(wanted)}</title><dl>{lines}</dl>"
        return Answer(200, page.encode(), content_type="text/html; charset=utf-8")


def options(call: Call) -> WriteOptions:
    """Return what the headers of a request ask for."""
    duplicate = call.headers.get("sforce-duplicate-rule-header", "").replace(" ", "").lower()
    return WriteOptions(
        auto_assign=call.headers.get("sforce-auto-assign", "TRUE").upper() != "FALSE",
        allow_duplicates="allowsave=true" in duplicate,
    )


def external_id(table: SfObject, name: str) -> str:
    """Return the field's own name, or raise RecordError when upserts may not use it."""
    found = table.find(name)
    if found is None or not (found.external_id or found.name == "Id"):
        words = f"Provided external ID field does not exist or is not accessible: {name}"
        raise RecordError("NOT_FOUND", words, status=404)
    return found.name


def _record(table: SfObject, row: Mapping[str, Any], names: Sequence[str], version: str) -> Row:
    fields = []
    for name in names:
        found = table.find(name.strip())
        if found is None:
            raise RecordError("INVALID_FIELD", f"No such column '{name}' on entity '{table.name}'.")
        fields.append(found.name)
    url = f"/services/data/v{version}/sobjects/{table.name}/{row['Id']}"
    return {"attributes": {"type": table.name, "url": url}, **{name: row.get(name) for name in fields}}


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _HIDDEN and value is not None}


def _error(status: int, code: str, text: str) -> Answer:
    return Answer(status, RecordError(code, text).envelope())
