"""Who is already a contact: looked up by phone, e-mail and profile, believed when the value is really there."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mailbridge.sdk import Author, Refused, SinkError, Unusable
from mailbridge_sinks.bitrix24.client import Bitrix24Client, items
from mailbridge_sinks.bitrix24.commands import Command, chunks
from mailbridge_sinks.bitrix24.config import Bitrix24Config
from mailbridge_sinks.bitrix24.mapping import CONTACT

Trait = tuple[str, str]

_MOST_COMMANDS = 40
_MOST_VALUES = 20
_MOST_IDS = 20
_PAGE = 50
_NOT_DIGITS = re.compile(r"\D")


@dataclass(slots=True)
class Known:
    """What the portal knows: a trait such as ("PHONE", "9123456789") → ids of the contacts that have it."""

    ids: dict[Trait, set[int]] = field(default_factory=dict)

    def add(self, trait: Trait, contact: int) -> None:
        """Note that a contact has a trait."""
        self.ids.setdefault(trait, set()).add(contact)

    def best(self, author_traits: Iterable[Trait]) -> str | None:
        """Return the contact that shares most of the traits, the oldest of equals; None when nobody has any."""
        shared: dict[int, int] = {}
        for trait in author_traits:
            for contact in self.ids.get(trait, ()):
                shared[contact] = shared.get(contact, 0) + 1
        return str(min(shared, key=lambda contact: (-shared[contact], contact))) if shared else None


def traits(author: Author, config: Bitrix24Config) -> Iterator[Trait]:
    """Yield what an author can be found again by, in the form it is compared in; phones by their last ten digits."""
    for phone in author.phones:
        if trait := _phone(phone):
            yield "PHONE", trait
    if author.email:
        yield "EMAIL", author.email.casefold()
    if author.url and config.profile_field:
        yield "PROFILE", author.url


def wants_contact(author: Author, config: Bitrix24Config) -> bool:
    """Whether a contact is looked up and, when there is none, made.

    Who can't be found again gets none, or every like would make another one; but a deal has no person of its own.
    """
    return any(traits(author, config)) or (config.entity == "deal" and bool(author.name or author.url))


def _phone(value: str) -> str:
    digits = _NOT_DIGITS.sub("", value.split("#", maxsplit=1)[0])
    return digits[-10:] if len(digits) >= 7 else ""


def look_up(client: Bitrix24Client, config: Bitrix24Config, authors: Sequence[Author]) -> Known:
    """Return which of the authors' traits belong to contacts: one request, and a second when anybody was found.

    Raises:
        SinkError: The portal could not be asked; nobody may be taken for unknown then.
    """
    known = Known()
    questions = _channel_questions(authors)
    results = ask(client, config, {**questions, **_profile_questions(config, authors)})
    for name in results.keys() - questions.keys():
        for row in items(results[name]):
            known.add(("PROFILE", str(row.get(config.profile_field or ""))), int(row["id"]))
    candidates = {contact for name in questions for contact in _contacts(results[name])}
    # A full answer may have been cut off before the next person's contacts: ask for each value alone.
    crowded = [questions[name] for name in questions if len(_contacts(results[name])) >= _MOST_IDS]
    for result in ask(client, config, _one_by_one(crowded)).values():
        candidates.update(_contacts(result))
    _verify(client, config, sorted(candidates), known)
    return known


def still_there(client: Bitrix24Client, config: Bitrix24Config, contacts: Iterable[str]) -> set[str]:
    """Return which contacts exist: those that earlier interests of the same people had may be merged or deleted.

    Raises:
        SinkError: The portal could not be asked.
    """
    numbers = sorted({int(contact) for contact in contacts if contact.isdigit()})
    pages = range(0, len(numbers), _PAGE)
    commands = {f"ids{start}": _listing({"@id": numbers[start : start + _PAGE]}, ["id"]) for start in pages}
    return {str(row["id"]) for result in ask(client, config, commands).values() for row in items(result)}


def _contacts(result: object) -> list[int]:
    return [int(contact) for contact in result.get("CONTACT", ())] if isinstance(result, Mapping) else []


def _channel_questions(authors: Sequence[Author]) -> dict[str, Command]:
    phones = _distinct(phone for author in authors for phone in author.phones if _phone(phone))
    emails = _distinct(author.email for author in authors if author.email)
    # As few values share a command as the limit of commands allows, because its answer tells no values.
    together = max(1, min(_MOST_VALUES, math.ceil((len(phones) + len(emails)) / _MOST_COMMANDS)))
    return {
        f"{kind}{start}": _search(kind, values[start : start + together])
        for kind, values in (("PHONE", phones), ("EMAIL", emails))
        for start in range(0, len(values), together)
    }


def _search(kind: str, values: Sequence[str]) -> Command:
    return Command("crm.duplicate.findbycomm", {"type": kind, "values": list(values), "entity_type": "CONTACT"})


def _one_by_one(commands: Iterable[Command]) -> dict[str, Command]:
    pairs = ((command.params["type"], value) for command in commands for value in command.params["values"])
    return {f"alone{number}": _search(kind, [value]) for number, (kind, value) in enumerate(pairs)}


def _profile_questions(config: Bitrix24Config, authors: Sequence[Author]) -> dict[str, Command]:
    if not config.profile_field:
        return {}
    urls = _distinct(author.url for author in authors if author.url)
    return {
        f"PROFILE{start}": _listing(
            {f"@{config.profile_field}": urls[start : start + _PAGE]}, ["id", config.profile_field]
        )
        for start in range(0, len(urls), _PAGE)
    }


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _listing(condition: Mapping[str, object], select: Sequence[str]) -> Command:
    params = {"entityTypeId": CONTACT, "filter": condition, "select": select, "order": {"id": "ASC"}, "start": -1}
    return Command("crm.item.list", params)


def _verify(client: Bitrix24Client, config: Bitrix24Config, candidates: Sequence[int], known: Known) -> None:
    """Note which values the candidates really have: the search by phone compares loosely and tells no value."""
    pages = range(0, len(candidates), _PAGE)
    commands = {f"ids{start}": _listing({"@id": candidates[start : start + _PAGE]}, ["*"]) for start in pages}
    for result in ask(client, config, commands).values():
        for row in items(result):
            for line in row.get("fm") or ():
                kind, value = line.get("typeId"), str(line.get("value", ""))
                known.add((kind, _phone(value) if kind == "PHONE" else value.casefold()), int(row["id"]))


def ask(client: Bitrix24Client, config: Bitrix24Config, commands: Mapping[str, Command]) -> dict[str, object]:
    """Return the results of reading commands, in as few requests as possible; none for none.

    Raises:
        SinkError: One of them could not be answered.
    """
    results: dict[str, object] = {}
    for chunk in chunks(commands, config.batch):
        answers = client.batch(chunk, write=False)
        for error in answers.errors.values():
            raise _about_reading(error)
        results |= answers.results
    return results


def _about_reading(error: SinkError) -> SinkError:
    # A refused question says nothing about the interests that wait for its answer.
    return Unusable(f"contacts can't be searched: {error.reason}") if isinstance(error, Refused) else error
