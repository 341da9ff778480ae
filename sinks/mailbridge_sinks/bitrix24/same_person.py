"""Objects of earlier interests of the same people: which of them are still open, and where a lost ledger appended."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mailbridge.sdk import Delivery
from mailbridge_sinks.bitrix24.client import Bitrix24Client, items
from mailbridge_sinks.bitrix24.commands import Command
from mailbridge_sinks.bitrix24.config import Bitrix24Config
from mailbridge_sinks.bitrix24.mapping import entity_type
from mailbridge_sinks.bitrix24.people import Known, ask, look_up, traits
from mailbridge_sinks.bitrix24.work import Work

_PAGE = 50
_WORKED_ON = "P"
"""`stageSemanticId` of stages in which something is left to do."""


@dataclass(frozen=True, slots=True)
class OpenObject:
    """A lead or deal that somebody still works on, and the user who has it."""

    number: str
    owner: int | None = None


def open_ones(client: Bitrix24Client, config: Bitrix24Config, deliveries: Sequence[Delivery]) -> dict[str, OpenObject]:
    """Return delivery key → open object that an earlier interest of the same person has made: one request.

    Who left nothing to be found by gets an object of their own: after a lost ledger nothing would lead to it.

    Raises:
        SinkError: The portal could not be asked.
    """
    able = [one for one in deliveries if any(traits(one.interest.author, config))]
    wanted = {one.key: number for one in able if (number := config.open_of(one)) and number.isdecimal()}
    numbers = list(dict.fromkeys(wanted.values()))
    pages = range(0, len(numbers), _PAGE)
    commands = {f"ids{start}": _by_ids(numbers[start : start + _PAGE], config) for start in pages}
    rows = [row for result in ask(client, config, commands).values() for row in items(result)]
    still = {str(row["id"]): _owner(row) for row in rows if row.get("stageSemanticId") == _WORKED_ON}
    return {key: OpenObject(number, still[number]) for key, number in wanted.items() if number in still}


def beside(work: Work, config: Bitrix24Config, deliveries: Sequence[Delivery]) -> dict[str, str]:
    """Return delivery key → key of the delivery of the same person whose object it goes into; all in one batch."""
    makers: dict[str, str] = {}
    later: dict[str, str] = {}
    for one in deliveries:
        contact = work.contact_of(one.key)
        if contact and contact in makers and config.may_append(one):
            later[one.key] = makers[contact]
        elif contact:
            makers.setdefault(contact, one.key)
    return later


def of_people(
    client: Bitrix24Client, config: Bitrix24Config, deliveries: Sequence[Delivery]
) -> Mapping[str, list[str]]:
    """Return delivery key → objects of its author's contact: that of an earlier interest carries another key.

    Raises:
        SinkError: The portal could not be asked.
    """
    able = [one for one in deliveries if config.may_append(one) and any(traits(one.interest.author, config))]
    if not able:
        return {}
    known = look_up(client, config, [one.interest.author for one in able])
    contacts = {one.key: contact for one in able if (contact := _contact(one, known, config))}
    objects: dict[str, list[str]] = {}
    for row in _rows_of(client, config, sorted(set(contacts.values()))):
        objects.setdefault(str(row.get("contactId")), []).append(str(row["id"]))
    return {key: objects.get(contact, []) for key, contact in contacts.items()}


def _contact(delivery: Delivery, known: Known, config: Bitrix24Config) -> str | None:
    return known.best(traits(delivery.interest.author, config))


def _rows_of(client: Bitrix24Client, config: Bitrix24Config, contacts: Sequence[str]) -> Iterator[Mapping[str, object]]:
    """Yield the objects of contacts, page by page."""
    for start in range(0, len(contacts), _PAGE):
        last = 0
        while True:
            condition = {"@contactId": contacts[start : start + _PAGE], ">id": last}
            params = _listing(condition, ["id", "contactId"], config)
            rows = list(items(ask(client, config, {"objects": params})["objects"]))
            yield from rows
            if len(rows) < _PAGE:
                break
            last = max(int(str(row["id"])) for row in rows)


def _by_ids(numbers: Sequence[str], config: Bitrix24Config) -> Command:
    return _listing({"@id": numbers}, ["id", "stageSemanticId", "assignedById"], config)


def _listing(condition: Mapping[str, object], select: Sequence[str], config: Bitrix24Config) -> Command:
    params = {"entityTypeId": entity_type(config), "filter": condition, "select": select}
    return Command("crm.item.list", {**params, "order": {"id": "ASC"}, "start": -1})


def _owner(row: Mapping[str, object]) -> int | None:
    owner = str(row.get("assignedById") or "")
    return int(owner) if owner.isdecimal() else None
