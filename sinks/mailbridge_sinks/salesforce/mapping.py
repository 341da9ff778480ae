"""From an interest to the records of Salesforce; pure."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from mailbridge.sdk import (
    Delivery,
    Interest,
    card_word,
    fit,
    for_salesforce,
    name_or_address,
    one_line,
    split_name,
    utf16_length,
    value_at,
)
from mailbridge_sinks.salesforce.config import PEOPLE, PERSON, SalesforceConfig, TaskConfig

Record = dict[str, Any]
JsonValue = str | int | float | bool | None

LENGTHS: Mapping[str, int] = {
    "LastName": 80, "FirstName": 40, "Company": 255, "Email": 80, "Phone": 40, "MobilePhone": 40, "LeadSource": 255,
    "Website": 255, "Title": 128, "Description": 32_000,
}  # fmt: skip
"""Characters that Lead's own fields take (object reference, Lead)."""

DEFAULT_LENGTH = 255

# What Salesforce takes is narrower than what mail takes: ASCII only, a dotted host name, no quoted local part.
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}"
)
QUEUE_ID = "00G"
"""How the ids of queues begin."""


def lead_record(config: SalesforceConfig, delivery: Delivery) -> Record:
    """Return the record of a delivery for the bulk upsert; `Description` tells what no other field holds whole."""
    interest = delivery.interest
    told: set[str] = set()
    record: Record = {"attributes": {"type": config.object}, config.key_field: delivery.key}
    if config.object in PEOPLE:
        record |= _person(config, interest, told) | _contacts(interest, told)
    if config.object in PEOPLE and config.lead_source:
        record["LeadSource"] = config.lead_source
    if config.title_field:
        title = config.title_of(delivery, config.language)
        record[config.title_field] = _cut(title, length_of(config, config.title_field))
    record |= _mapped(config, interest, told)
    record |= _values(config, delivery)
    record |= config.fixed
    owner = owner_id(config, delivery)
    if owner:
        record["OwnerId"] = owner
    record[config.text_field] = _card(config, delivery, f"mailbridge: {delivery.key}", told)
    return record


def _card(config: SalesforceConfig, delivery: Delivery, marker: str, told: set[str]) -> str:
    most = length_of(config, config.text_field) if config.text_field in config.lengths else LENGTHS["Description"]
    return config.text_of(
        delivery,
        config.language,
        marker=marker,
        most=most,
        measure=utf16_length,
        told=told,
        escape=for_salesforce,
    )


def _values(config: SalesforceConfig, delivery: Delivery) -> Record:
    """Return the fields that templates fill; texts are cut to their length."""
    made = config.values_of(delivery, config.language)
    return {
        field: _cut(value, length_of(config, field)) if isinstance(value, str) else value
        for field, value in made.items()
    }


def owner_id(config: SalesforceConfig, delivery: Delivery) -> str | None:
    """Return who owns the lead: the assigned user, the queue of "asap", or the configured owner."""
    if delivery.responsible == "asap":
        return config.asap_queue or config.owner
    return delivery.responsible or config.owner


def task_record(config: SalesforceConfig, task: TaskConfig, delivery: Delivery, parent_id: str) -> Record:
    """Return the task of a delivery; its key stands in the configured field and as a line of its description."""
    interest, language = delivery.interest, config.language
    first = task.subject or card_word("label", "reply", language)
    who = interest.author.name or card_word("label", "somebody", language)
    subject = f"{first}: {card_word('kind', interest.kind, language)}, {who}"
    due = interest.mail.received_at.astimezone(ZoneInfo(task.timezone)).date() + timedelta(days=task.deadline_days)
    lines = [interest.reply.target, interest.source.url, delivery.step_key("task")]
    text = "\n".join(dict.fromkeys(line for line in lines if line))
    if config.same_person == "append":  # the lead may be that of an earlier interest: the task tells this one
        text = _card(config, delivery, delivery.step_key("task"), set())
    record: Record = {
        "attributes": {"type": "Task"},
        parent_field(config.object): parent_id,
        "Subject": _cut(one_line(subject), 255),
        "ActivityDate": due.isoformat(),
        "Status": "Not Started",
        "Priority": "High" if interest.priority == "high" else "Normal",
        "Description": text,
    }
    if task.key_field:
        record[task.key_field] = delivery.step_key("task")
    owner = owner_id(config, delivery)
    if owner and not owner.startswith(QUEUE_ID):  # only users own tasks
        record["OwnerId"] = owner
    return record


def parent_field(table: str) -> str:
    """Return the field of a task that names the object it is about: people stand in another than things."""
    return "WhoId" if table in PEOPLE else "WhatId"


def sent_fields(config: SalesforceConfig) -> set[str]:
    """Return the fields of the lead that some delivery may write."""
    fields = {config.key_field, config.text_field, *config.fields.values(), *config.fixed, *config.values}
    if config.title_field:
        fields.add(config.title_field)
    if config.object in PEOPLE:
        fields |= PERSON | ({"LeadSource"} if config.lead_source else set())
    if config.object == "Lead":
        fields.add("Company")
    return fields | ({"OwnerId"} if config.owner or config.asap_queue else set())


def length_of(config: SalesforceConfig, field: str) -> int:
    """Return how many characters a field takes by the settings."""
    return config.lengths.get(field) or LENGTHS.get(field, DEFAULT_LENGTH)


def is_email(value: str) -> bool:
    """Return whether Salesforce takes the address in a field of type e-mail."""
    return len(value) <= LENGTHS["Email"] and _EMAIL.fullmatch(value) is not None


def _person(config: SalesforceConfig, interest: Interest, told: set[str]) -> Record:
    first, last = split_name(interest.author.name or "")
    record: Record = {"Company": config.company} if config.object == "Lead" else {}
    # Shown as "FirstName LastName": parted at the first blank the name reads as the person wrote it.
    if last and utf16_length(first) <= LENGTHS["FirstName"]:
        record |= {"FirstName": _cut(first, LENGTHS["FirstName"]), "LastName": _cut(last, LENGTHS["LastName"])}
    else:
        name = name_or_address(interest.author) or card_word("label", "somebody", config.language)
        record |= {"LastName": _cut(name, LENGTHS["LastName"])}
    if f"{record.get('FirstName', '')} {record['LastName']}".strip() == interest.author.name:
        told.add("author.name")
    return record


def _contacts(interest: Interest, told: set[str]) -> Record:
    record: Record = {}
    email, phones = interest.author.email, [one_line(phone) for phone in interest.author.phones]
    if email and is_email(email):
        record["Email"] = email
        told.add("author.email")
    if phones and utf16_length(phones[0]) <= LENGTHS["Phone"]:
        record["Phone"] = phones[0]
        if len(phones) == 1:
            told.add("author.phones")
    return record


def _mapped(config: SalesforceConfig, interest: Interest, told: set[str]) -> Record:
    """Return the fields of the settings; a link that doesn't fit is left to the description, a text is cut."""
    record: Record = {}
    for path, field in config.fields.items():
        value = json_value(interest, path)
        if value is None:
            continue
        length = length_of(config, field)
        if not isinstance(value, str) or utf16_length(value) <= length:
            told.add(path)
            record[field] = _cut(value, length) if isinstance(value, str) else value
        elif not path.endswith(("url", "target", "email")):
            record[field] = _cut(value, length)
    return record


def json_value(interest: Interest, path: str) -> JsonValue:
    """Return a part of the interest as a JSON value; lists are joined by commas, empty ones are None."""
    value = value_at(interest, path)
    if isinstance(value, tuple):
        return one_line(", ".join(value)) or None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _cut(value: str, length: int) -> str:
    return fit(for_salesforce(value), length, utf16_length)
