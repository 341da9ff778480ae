"""From a delivery to what amoCRM stores: lead, contact, Unsorted form, note, task."""

from collections.abc import Collection, Mapping
from typing import Any

from mailbridge.sdk import (
    Delivery,
    Interest,
    card_word,
    cut,
    fit,
    for_amocrm,
    name_or_address,
    one_line,
    utf8_length,
    value_at,
)
from mailbridge_sinks.amocrm.config import AmocrmConfig
from mailbridge_sinks.amocrm.places import FieldPlace, Id, Places
from mailbridge_sinks.amocrm.values import LONGEST_FIELD, field_items

MOST_MAPPED = 38
"""amoCRM takes 40 fields; a lead has our key besides, a contact phone and e-mail."""

MOST_NOTE = 60_000
"""Bytes of a note; amoCRM names no limit, so this one is ours."""

_SHORT = 99
"""Characters that every field takes."""

LEAD, UNSORTED, NOTE, TASK = "lead", "unsorted", "note", "task"
MAIN_STEPS = (LEAD, UNSORTED)

Element = dict[str, Any]


class Mapper:
    """Makes the elements of requests; pure."""

    def __init__(self, config: AmocrmConfig, places: Places) -> None:
        self._config = config
        self._places = places
        self._language = config.language

    def lead(self, delivery: Delivery, contact_id: Id | None) -> Element:
        """Return an element of POST /leads/complex; with the contact's model when no id is known."""
        embedded: Element = {}
        if contact_id is not None:
            embedded["contacts"] = [{"id": contact_id}]
        elif contact := self.contact(delivery):
            embedded["contacts"] = [contact]
        lead = self._lead(delivery) | {
            "pipeline_id": self._places.pipeline_id,
            "status_id": self._places.status_id,
            "responsible_user_id": self._user(delivery),
            "tags_to_add": self._tags(delivery.interest),
            "_embedded": embedded,
            "request_id": delivery.key,
        }
        return self._element(lead)

    def unsorted(self, delivery: Delivery) -> Element:
        """Return an element of POST /leads/unsorted/forms; a responsible does not exist there."""
        interest = delivery.interest
        where = card_word("network", interest.source.network, self._language)
        contact = self.contact(delivery)
        lead = self._lead(delivery) | {"_embedded": {"tags": self._tags(interest)}}
        return self._element({
            "request_id": delivery.key,
            "source_uid": delivery.key,
            "source_name": cut(interest.source.title or where, LONGEST_FIELD),
            "pipeline_id": self._places.pipeline_id,
            "metadata": {
                "form_id": cut(interest.refs.form or interest.source.network, LONGEST_FIELD),
                "form_name": cut(self._config.title_of(delivery, self._language), LONGEST_FIELD),
                "form_page": cut(interest.source.url or where, LONGEST_FIELD),
                "form_sent_at": int(interest.mail.received_at.timestamp()),
                "ip": "0.0.0.0",  # noqa: S104 - not an address to bind: amoCRM's form has the field, mails have none
                "referer": "",
            },
            "_embedded": {"leads": [lead], "contacts": [contact] if contact else []},
        })  # fmt: skip

    def contact(self, delivery: Delivery) -> Element | None:
        """Return the model of a new contact, None when nothing is known of the person."""
        author = delivery.interest.author
        name = name_or_address(author)
        if name is None and author.url is None:
            return None
        values = []
        if author.phones:
            values.append(_multitext("PHONE", author.phones))
        if author.email:
            values.append(_multitext("EMAIL", (author.email,)))
        mapped, _ = self._mapped(delivery.interest, self._places.contact)
        contact: Element = {"name": cut(name or card_word("label", "somebody", self._language), LONGEST_FIELD)}
        user = self._user(delivery)
        return contact | {"responsible_user_id": user, "custom_fields_values": values + mapped or None}

    def note(self, delivery: Delivery, lead_id: Id) -> Element:
        """Return an element of POST /leads/notes."""
        # The lead may be that of an earlier interest, so its fields tell nothing of this one.
        appends = self._config.same_person == "append"
        whole = () if appends else self._mapped(delivery.interest, self._places.lead)[1]
        marker = delivery.step_key(NOTE)
        text = self._config.text_of(
            delivery, self._language, marker=marker, most=MOST_NOTE, measure=utf8_length, told=whole
        )
        return self._element({
            "entity_id": lead_id, "note_type": "common", "params": {"text": text}, "request_id": delivery.key,
        })  # fmt: skip

    def task(self, delivery: Delivery, lead_id: Id, owner: int | None = None) -> Element:
        """Return an element of POST /tasks; the deadline counts from the arrival of the mail.

        Args:
            delivery: The delivery.
            lead_id: Its lead.
            owner: Who has the lead of an earlier interest, and gets the task when no rule assigns it.
        """
        task = self._config.task
        assert task is not None, "no task is configured"  # noqa: S101 - the sink asks before
        answer = f"\n{delivery.interest.reply.target}" if delivery.interest.reply.target else ""
        text = task.text or card_word("label", "reply", self._language)
        return self._element({
            "entity_id": lead_id,
            "entity_type": "leads",
            "task_type_id": task.type_id,
            "text": f"{text}{answer}\n{delivery.step_key(TASK)}",
            "complete_till": int(task.due(delivery.interest.mail.received_at, self._places.zone).timestamp()),
            "responsible_user_id": self._user(delivery) if delivery.responsible else owner or self._user(delivery),
            "request_id": delivery.key,
        })  # fmt: skip

    def main_step(self, delivery: Delivery) -> str:
        """Return which step makes the lead of a delivery."""
        return main_step(self._config, delivery)

    def _lead(self, delivery: Delivery) -> Element:
        interest = delivery.interest
        mapped, _ = self._mapped(interest, self._places.lead)
        mapped += self._utm(interest, {value["field_id"] for value in mapped}, MOST_MAPPED - len(mapped))
        key = {"field_id": self._places.own_key().id, "values": [{"value": delivery.key}]}
        lead: Element = {"name": cut(self._config.title_of(delivery, self._language), LONGEST_FIELD)}
        if interest.amount is not None:
            lead["price"] = round(interest.amount)
        return lead | {"custom_fields_values": [key, *mapped, *self._values(delivery)]}

    def _values(self, delivery: Delivery) -> list[Element]:
        """Return elements of custom_fields_values that templates fill."""
        values = self._config.values_of(delivery, self._language)
        filled = ((place, values.get(name)) for name, place in self._places.values.items())
        made = ((place, field_items(place, value, self._language)[0]) for place, value in filled)
        return [{"field_id": place.id, "values": items} for place, items in made if items][:MOST_MAPPED]

    def _utm(self, interest: Interest, taken: Collection[Id], room: int) -> list[Element]:
        """Return marks such as utm_source for the account's statistics fields, where the configuration has no other."""
        values: dict[Id, Element] = {}
        for told in interest.fields:
            place = self._places.utm.get((told.label or "").strip().lower())
            if place is not None and told.value and place.id not in taken:
                items = [{"value": cut(one_line(told.value), LONGEST_FIELD)}]
                values.setdefault(place.id, {"field_id": place.id, "values": items})
        return list(values.values())[: max(0, room)]

    def _user(self, delivery: Delivery) -> int | None:
        """Return the assigned user; what is not an id is told in the note only."""
        assigned = delivery.responsible or ""
        return int(assigned) if assigned.isdecimal() else self._config.responsible

    def _tags(self, interest: Interest) -> list[Element]:
        parts: Mapping[str, tuple[str | None, ...]] = {
            "network": (card_word("network", interest.source.network, self._language),),
            "channel": (card_word("channel", interest.source.channel, self._language),),
            "kind": (card_word("kind", interest.kind, self._language),),
            "product": (interest.product.name,),
            "labels": interest.labels,
            "priority": (interest.priority,),
        }
        names = [*self._config.tags, *(name for part in self._config.tag_by for name in parts[part])]
        return [{"name": name} for name in dict.fromkeys(cut(one_line(name), 100) for name in names if name) if name]

    def _mapped(self, interest: Interest, table: Mapping[str, FieldPlace]) -> tuple[list[Element], set[str]]:
        """Return elements of custom_fields_values, and the paths whose value stands there whole."""
        values: list[Element] = []
        whole: set[str] = set()
        for path, place in table.items():
            items, complete = field_items(place, value_at(interest, path, self._language), self._language)
            if not items or len(values) == MOST_MAPPED:
                continue
            values.append({"field_id": place.id, "values": items})
            if complete:
                whole.add(path)
        return values, whole

    def _element(self, element: Element) -> Element:
        tidy: Element = self._tidy(element)
        return tidy

    def _tidy(self, value: Any) -> Any:
        """Return JSON without nulls, every text made harmless."""
        if isinstance(value, dict):
            return {name: self._tidy(inner) for name, inner in value.items() if inner is not None}
        if isinstance(value, list):
            return [self._tidy(inner) for inner in value]
        if not isinstance(value, str):
            return value
        made = for_amocrm(value, emoji=not self._config.strip_emoji)
        return fit(made, max(len(value), _SHORT))  # what was cut to the length of a field keeps it


def main_step(config: AmocrmConfig, delivery: Delivery) -> str:
    """Return which step makes the lead of a delivery: an assigned one goes straight into the pipeline."""
    if delivery.responsible is None:
        return UNSORTED if config.asap else LEAD
    return UNSORTED if delivery.responsible == "asap" else LEAD


def _multitext(code: str, values: tuple[str, ...]) -> Element:
    return {
        "field_code": code,
        "values": [{"value": cut(value, LONGEST_FIELD), "enum_code": "WORK"} for value in values],
    }
