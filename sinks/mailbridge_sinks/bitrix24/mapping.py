"""From a delivery to the commands that write it."""

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from mailbridge.sdk import (
    Author,
    Delivery,
    Interest,
    Photo,
    Refused,
    card_word,
    cut,
    for_bitrix24,
    name_or_address,
    one_line,
    split_name,
    value_at,
    value_text,
)
from mailbridge_sinks.bitrix24.card import comment, summary
from mailbridge_sinks.bitrix24.commands import Command
from mailbridge_sinks.bitrix24.config import Bitrix24Config

LEAD, DEAL, CONTACT = 1, 2, 3
CONTACT_STEP, LEAD_STEP, NOTE_STEP, TASK_STEP = "contact", "lead", "note", "task"

_MOST_TITLE = 255
_MOST_NAME = 50
_MOST_LINK = 250
_FUNNEL_STAGE = re.compile(r"C(\d+):")
_UTM = {f"utm_{part}": f"utm{part.title()}" for part in ("source", "medium", "campaign", "content", "term")}


def entity_type(config: Bitrix24Config) -> int:
    """Return the entityTypeId of what an interest becomes."""
    return LEAD if config.entity == "lead" else DEAL


def funnel_of(config: Bitrix24Config) -> str | None:
    """Return the number of the deal funnel that the configured stage belongs to, None for the first one."""
    match = _FUNNEL_STAGE.match(config.stage or "")
    return match[1] if match else None


def add_contact(delivery: Delivery, config: Bitrix24Config, photo: Photo | None = None) -> Command:
    """Return the command of the step `contact`; the photo becomes its avatar."""
    author = delivery.interest.author
    fields = {
        **_person(author, config),
        **_owned(delivery, config),
        "originId": delivery.step_key(CONTACT_STEP),
        "fm": list(_channels(author)),
    }
    if config.profile_field and author.url:
        fields[config.profile_field] = author.url
    if photo is not None:
        fields["photo"] = [photo.name, b64encode(photo.content).decode("ascii")]
    return Command("crm.item.add", {"entityTypeId": CONTACT, "fields": fields})


def add_lead(delivery: Delivery, config: Bitrix24Config, contact_id: str | None) -> Command:
    """Return the command of the step `lead`."""
    interest = delivery.interest
    fields: dict[str, Any] = {
        "title": title(delivery, config),
        "stageId": config.stage,
        "sourceDescription": _told(_place(interest), config),
        "comments": summary(delivery, config) or None,
        **dict(_utm(interest, config)),
        **_money(interest, config),
        **_mapped(interest, config),
        **_values(delivery, config),
        **config.constants,
        **_owned(delivery, config),
        "originId": delivery.key,
        "contactId": contact_id,
    }
    if config.entity == "lead":
        person = _person(interest.author, config) if interest.author.name else {}
        fields |= {**person, "fm": list(_channels(interest.author)) or None}
    elif funnel := funnel_of(config):
        fields |= {"categoryId": funnel}
    filled = {name: value for name, value in fields.items() if value is not None}
    return Command("crm.item.add", {"entityTypeId": entity_type(config), "fields": filled})


def add_note(delivery: Delivery, config: Bitrix24Config, lead_id: str) -> Command:
    """Return the command of the step `note`: the whole card as a comment in the timeline."""
    marker = delivery.step_key(NOTE_STEP)
    text = comment(delivery, marker, config)
    owner = {"ENTITY_TYPE": config.entity, "ENTITY_ID": lead_id}
    return Command("crm.timeline.comment.add", {"fields": {**owner, "COMMENT": text}})


def add_task(delivery: Delivery, config: Bitrix24Config, lead_id: str, owner: int | None = None) -> Command:
    """Return the command of the step `task`: a to-do whose deadline counts from the arrival of the mail.

    Args:
        delivery: The delivery.
        config: The portal.
        lead_id: Its lead or deal.
        owner: Who has the object of an earlier interest, and gets the to-do when no rule assigns it.
    """
    todo, interest = config.todo, delivery.interest
    if todo is None:
        raise Refused("no to-do is configured")
    deadline = interest.mail.received_at + timedelta(seconds=todo.deadline_s)
    parts = (interest.reply.target, title(delivery, config), delivery.step_key(TASK_STEP))
    params = {
        "ownerTypeId": entity_type(config),
        "ownerId": lead_id,
        "title": todo.text or card_word("label", "reply", config.language),
        "description": "\n".join(_told(part, config) for part in parts if part),
        "deadline": deadline.isoformat(timespec="seconds"),
        "responsibleId": assignee(delivery, config) if delivery.responsible else owner or assignee(delivery, config),
        "pingOffsets": [0, 15],
    }
    return Command("crm.activity.todo.add", params)


def assignee(delivery: Delivery, config: Bitrix24Config) -> int | None:
    """Return the user who gets it, None = the webhook's owner.

    Raises:
        Refused: The delivery names something that is no user id.
    """
    wanted = delivery.responsible or ("asap" if config.asap else None)
    if wanted is None:
        return config.responsible
    if wanted == "asap":
        return config.asap_user or config.responsible
    if not wanted.isdigit():
        raise Refused(f"responsible {cut(wanted, 40)!r} is no user id of Bitrix24, such as 6")
    return int(wanted)


def title(delivery: Delivery, config: Bitrix24Config) -> str:
    """Return what a person reads in the list, as Bitrix24 can store it."""
    return cut(_told(config.title_of(delivery, config.language), config), _MOST_TITLE)


def _owned(delivery: Delivery, config: Bitrix24Config) -> dict[str, Any]:
    owner = assignee(delivery, config)
    return {
        **({"assignedById": owner} if owner else {}),
        "opened": "Y" if config.opened else "N",
        "originatorId": config.originator,
        **({"sourceId": config.source_id} if config.source_id else {}),
    }


def _person(author: Author, config: Bitrix24Config) -> dict[str, str]:
    """Return name and last name; only "Name Surname" is split, because any other order is a guess."""
    whole = _told(name_or_address(author) or card_word("label", "somebody", config.language), config)
    first, last = split_name(whole)
    if author.name and last and " " not in last:
        return {"name": cut(first, _MOST_NAME), "lastName": cut(last, _MOST_NAME)}
    return {"name": cut(whole, _MOST_NAME)}


def _channels(author: Author) -> Iterator[dict[str, str]]:
    values = [("PHONE", phone) for phone in author.phones]
    values += [("EMAIL", author.email)] if author.email else []
    values += [("WEB", author.url)] if author.url else []
    for kind, value in values:
        if len(value) <= _MOST_LINK:
            yield {"typeId": kind, "valueType": "OTHER" if kind == "WEB" else "WORK", "value": for_bitrix24(value)}


def _place(interest: Interest) -> str:
    source = interest.source
    return "\n".join(filter(None, (source.title or source.network, source.url)))


def _told(text: str, config: Bitrix24Config) -> str:
    return for_bitrix24(text, emoji=config.emoji)


def _utm(interest: Interest, config: Bitrix24Config) -> Iterator[tuple[str, str]]:
    for field in interest.fields:
        name = _UTM.get((field.label or "").strip().lower())
        if name and field.value:
            yield name, cut(_told(one_line(field.value), config), _MOST_TITLE)


def _money(interest: Interest, config: Bitrix24Config) -> dict[str, Any]:
    if interest.amount is None or interest.currency not in config.currencies:
        return {}
    return {"opportunity": f"{interest.amount:f}", "currencyId": interest.currency, "isManualOpportunity": "Y"}


def _mapped(interest: Interest, config: Bitrix24Config) -> dict[str, str]:
    found = {field: _text_at(interest, path, config) for path, field in config.fields.items()}
    return {field: _told(value, config) for field, value in found.items() if value}


def _values(delivery: Delivery, config: Bitrix24Config) -> dict[str, Any]:
    """Return the fields that templates fill; the portal knows Y and N."""
    made = config.values_of(delivery, config.language)
    return {name: _told(value, config) if isinstance(value, str) else _word(value) for name, value in made.items()}


def _word(value: Any) -> Any:
    return ("Y" if value else "N") if isinstance(value, bool) else value


def _text_at(interest: Interest, path: str, config: Bitrix24Config) -> str:
    text = value_text(value_at(interest, path, config.language), config.language)
    return f"{text} {interest.currency}" if path == "amount" and text and interest.currency else text
