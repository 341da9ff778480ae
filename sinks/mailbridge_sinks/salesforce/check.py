"""Proves by reading only that the settings fit the org; every problem says what to click."""

from collections.abc import Iterator, Mapping
from typing import Any

from mailbridge.sdk import CARD_PATHS, Unusable, soql_literal
from mailbridge_sinks.salesforce.client import SalesforceClient
from mailbridge_sinks.salesforce.config import SalesforceConfig
from mailbridge_sinks.salesforce.mapping import DEFAULT_LENGTH, LENGTHS, length_of, parent_field, sent_fields

_KEY_LENGTH = 30
_LISTED = 10
"""So many queues or users are named where a configured one does not exist."""
_TEXTS = {"string", "textarea", "url", "email", "phone", "picklist", "combobox", "multipicklist", "id", "reference"}
_NUMBERS = {"double", "currency", "int", "percent", "long"}
_TYPES: Mapping[str, set[str]] = {
    "rating": _NUMBERS,
    "amount": _NUMBERS,
    "processed": {"boolean"},
    **{path: {"datetime", "string"} for path in CARD_PATHS if path.endswith("_at")},
}

Described = Mapping[str, Mapping[str, Any]]


def prove(config: SalesforceConfig, client: SalesforceClient) -> None:
    """Raise Unusable with all problems at once.

    Raises:
        Unusable: What is missing, and what to click in Setup.
        NotWritten: Salesforce can't be reached now.
    """
    versions = client.versions()
    if versions and config.api_version not in versions:
        raise Unusable(f"api_version {config.api_version} is not served here; the latest is {max(versions, key=float)}")
    problems = [*_lead(config, client), *_task(config, client), *_owners(config, client), *_limits(client)]
    if problems:
        raise Unusable("; ".join(problems))


def _lead(config: SalesforceConfig, client: SalesforceClient) -> Iterator[str]:
    described, createable = _describe(client, config.object)
    if not createable:
        yield f"the API's user may not create {config.object}: give its permission set Create on that object"
    yield from _key(config.object, config.key_field, described, _KEY_LENGTH)
    for field in sorted(sent_fields(config) - {config.key_field}):
        yield from _writable(config.object, field, described)
    for path, field in config.fields.items():
        yield from _fitting(config, path, field, described.get(field, {}))
    for field in config.values:
        yield from _roomy(config, field, described.get(field, {}))
    sent = sent_fields(config) | {"OwnerId"}
    for field in sorted(sent & LENGTHS.keys() - {*config.fields.values(), *config.values}):
        yield from _long_enough(config.object, field, described.get(field, {}), length_of(config, field))
    for field in filter(None, (config.read_back.stage_field, config.read_back.proof_field)):
        if config.read_back.every_s and field not in described:
            yield f"read_back reads {config.object}.{field}, which is missing or hidden from the API's user"
    yield from _stages(config, described.get(config.read_back.stage_field, {}))
    for name, found in described.items():
        if name not in sent and _required(found):
            yield f'{config.object}.{name} is required: add it to "fields" or "fixed"'


def _key(owner: str, name: str, described: Described, length: int) -> Iterator[str]:
    field = described.get(name)
    path = f"Setup > Object Manager > {owner} > Fields & Relationships"
    if field is None:
        yield (
            f"{owner}.{name} is missing or hidden: {path} > New > Text({length + 10}), tick Unique and External ID, "
            "and make it visible and editable to the API's user"
        )
        return
    if not field.get("externalId") or not field.get("unique"):
        yield f"{owner}.{name} must be Unique and an External ID: {path} > {name} > Edit, tick both"
    if (field.get("length") or 0) < length:
        yield f"{owner}.{name} is too short: {path} > {name} > Edit, Length {length + 10}"
    yield from _writable(owner, name, described)


def _writable(owner: str, name: str, described: Described) -> Iterator[str]:
    field = described.get(name)
    if field is None:
        yield f"{owner}.{name} is missing or hidden from the API's user: create it, or open it in field-level security"
    elif not field.get("createable"):
        yield f"{owner}.{name} can't be written by the API's user: open it in field-level security"


def _stages(config: SalesforceConfig, field: Mapping[str, Any]) -> Iterator[str]:
    """Yield the stages of the settings that the org does not have; the default ones need not exist."""
    known = {str(one["value"]) for one in field.get("picklistValues") or [] if one.get("active", True)}
    settings, name = config.read_back, config.read_back.stage_field
    named = [*settings.first_stages, *(settings.closed_stages if "closed_stages" in settings.model_fields_set else ())]
    named += [str(config.fixed[name])] if name in config.fixed else []
    for stage in dict.fromkeys(named):
        if known and stage not in known:
            there = ", ".join(sorted(known))
            yield f"{config.object}.{name} has no stage {stage!r}: there are {there} (Object Manager > Fields > {name})"


def _fitting(config: SalesforceConfig, path: str, name: str, field: Mapping[str, Any]) -> Iterator[str]:
    kind = str(field.get("type", ""))
    if kind and kind not in _TYPES.get(path, _TEXTS):
        yield f"{config.object}.{name} is of type {kind}: it can't hold {path}"
    yield from _roomy(config, name, field)


def _roomy(config: SalesforceConfig, name: str, field: Mapping[str, Any]) -> Iterator[str]:
    length = length_of(config, name)
    if field.get("type") in _TEXTS:
        hint = f"; set lengths.{name} in the settings" if length == DEFAULT_LENGTH else ""
        yield from (f"{problem}{hint}" for problem in _long_enough(config.object, name, field, length))


def _long_enough(owner: str, name: str, field: Mapping[str, Any], length: int) -> Iterator[str]:
    room = field.get("length")
    if room and room < length:
        yield f"{owner}.{name} takes {room} characters, not {length}"


def _required(field: Mapping[str, Any]) -> bool:
    return bool(field.get("createable")) and not field.get("nillable", True) and not field.get("defaultedOnCreate")


def _task(config: SalesforceConfig, client: SalesforceClient) -> Iterator[str]:
    if config.task is None:
        return
    described, createable = _describe(client, "Task")
    if not createable:
        yield "the API's user may not create Task: give it the permission Edit Tasks"
    for field in (parent_field(config.object), "Subject", "ActivityDate", "Description"):
        yield from _writable("Task", field, described)
    if config.task.key_field:
        yield from _key("Task (Activity)", config.task.key_field, described, _KEY_LENGTH + len("/task"))


def _owners(config: SalesforceConfig, client: SalesforceClient) -> Iterator[str]:
    for setting, owner in (("owner", config.owner), ("asap_queue", config.asap_queue)):
        if owner is None:
            continue
        is_queue = owner.startswith("00G")
        if setting == "asap_queue" and not is_queue:
            yield f"asap_queue {owner} is no queue: its id begins with 00G (Setup > Queues)"
        active = "Type = 'Queue'" if is_queue else "IsActive = true"
        table = "Group" if is_queue else "User"
        if not client.select("Id", table, f"Id = {soql_literal(owner)} AND {active}"):
            there = client.select("Id, Name", table, f"{active} ORDER BY Name LIMIT {_LISTED}")
            known = ", ".join(f"{row['Name']} = {row['Id']}" for row in there)
            where = "Setup > Queues" if is_queue else "Setup > Users"
            yield f"{setting} {owner} is no active {'queue' if is_queue else 'user'}: see {where}; there are {known}"


def _limits(client: SalesforceClient) -> Iterator[str]:
    used, most = client.usage or (0, 1)
    if client.usage and used >= most:
        yield f"the org's {most} API requests of 24 hours are used up: Setup > Company Information"


def _describe(client: SalesforceClient, name: str) -> tuple[Described, bool]:
    body = client.get(f"/sobjects/{name}/describe")
    if not isinstance(body, dict) or not isinstance(body.get("fields"), list):
        raise Unusable(f"the description of {name} lists no fields: is url really a Salesforce org?")
    fields = {str(field["name"]): field for field in body["fields"] if isinstance(field, dict) and "name" in field}
    return fields, bool(body.get("createable", True))
