"""Finds what earlier attempts have left in the portal."""

from collections.abc import Iterator, Mapping, Sequence

from mailbridge.sdk import Doubt, Receipt, Refused
from mailbridge_sinks.bitrix24.client import Bitrix24Client, items
from mailbridge_sinks.bitrix24.commands import Command, chunks
from mailbridge_sinks.bitrix24.config import Bitrix24Config
from mailbridge_sinks.bitrix24.mapping import CONTACT, CONTACT_STEP, LEAD_STEP, NOTE_STEP, TASK_STEP, entity_type
from mailbridge_sinks.bitrix24.same_person import of_people

Found = dict[str, dict[str, str]]
_PAGE = 50
_TEXTS = {NOTE_STEP: "COMMENT", TASK_STEP: "DESCRIPTION"}


class Search:
    """One search for the objects of doubtful deliveries.

    Leads and contacts are found by originId; comments and to-dos, which have none, by the marker in their text.
    """

    def __init__(self, client: Bitrix24Client, config: Bitrix24Config, doubts: Sequence[Doubt]) -> None:
        self._client = client
        self._config = config
        self._doubts = doubts
        self._found: Found = {doubt.delivery.key: {} for doubt in doubts}

    def run(self) -> Found:
        """Return delivery key → step → id, for what exists.

        Raises:
            SinkError: The search could not be done.
        """
        self._by_origin()
        self._by_person()
        self._by_text()
        return {key: steps for key, steps in self._found.items() if steps}

    def copies(self, keys: Sequence[str]) -> dict[str, list[str]]:
        """Return key → ids of all leads (or deals) that carry it, oldest first."""
        found: dict[str, list[str]] = {}
        for origin, number in self._listed_origins(keys):
            found.setdefault(origin, []).append(number)
        return found

    def _by_origin(self) -> None:
        owners = {}
        for step in (LEAD_STEP, CONTACT_STEP):
            for doubt in self._doubts:
                if _wanted(doubt, step):
                    owners[_origin(doubt, step)] = (doubt.delivery.key, step)
        for origin, number in self._listed_origins(list(owners)):
            if origin in owners:
                key, step = owners[origin]
                self._found[key].setdefault(step, number)  # the oldest, should there be two

    def _listed_origins(self, origins: Sequence[str]) -> Iterator[tuple[str, str]]:
        kinds = {entity_type(self._config): [origin for origin in origins if "/" not in origin]}
        kinds[CONTACT] = [origin for origin in origins if "/" in origin]
        commands = {
            f"type{kind}from{start}": self._origin_query(kind, group[start : start + _PAGE])
            for kind, group in kinds.items()
            for start in range(0, len(group), _PAGE)
        }
        for _, rows in self._rows(commands):
            for row in rows:
                yield str(row.get("originId")), str(row["id"])

    def _origin_query(self, kind: int, origins: Sequence[str]) -> Command:
        condition = {"=originatorId": self._config.originator, "@originId": origins}
        params = {"entityTypeId": kind, "filter": condition, "select": ["id", "originId"], "order": {"id": "ASC"}}
        return Command("crm.item.list", params)

    def _by_person(self) -> None:
        """Find what a lost ledger has put into the objects of earlier interests: by the comment, there."""
        lost = [doubt.delivery for doubt in self._doubts if not doubt.steps and not doubt.done]
        lost = [delivery for delivery in lost if LEAD_STEP not in self._found[delivery.key]]
        objects = of_people(self._client, self._config, lost)
        pairs = {f"{key}/{lead}": (key, lead) for key, leads in objects.items() for lead in leads}
        commands = {name: self._owner_query(f"{key}/{NOTE_STEP}", lead) for name, (key, lead) in pairs.items()}
        for name, rows in self._rows(commands):
            key, lead = pairs[name]
            for row in rows:
                if f"{key}/{NOTE_STEP}" in str(row.get(_TEXTS[NOTE_STEP]) or ""):
                    self._found[key] |= {LEAD_STEP: lead, NOTE_STEP: str(row["ID"])}

    def _by_text(self) -> None:
        wanted = {
            f"{doubt.delivery.key}/{step}": (doubt, lead)
            for doubt in self._doubts
            if (lead := doubt.done.get(LEAD_STEP) or self._found[doubt.delivery.key].get(LEAD_STEP))
            for step in (NOTE_STEP, TASK_STEP)
            if _wanted(doubt, step)
        }
        commands = {marker: self._owner_query(marker, lead) for marker, (_, lead) in wanted.items()}
        for marker, rows in self._rows(commands):
            key, _, step = marker.partition("/")
            for row in rows:
                if marker in str(row.get(_TEXTS[step]) or ""):
                    self._found[key].setdefault(step, str(row["ID"]))

    def _owner_query(self, marker: str, lead: str) -> Command:
        if marker.endswith(NOTE_STEP):
            owner = {"ENTITY_TYPE": self._config.entity, "ENTITY_ID": lead}
            return Command("crm.timeline.comment.list", {"filter": owner, "select": ["ID", "COMMENT"], **_OLDEST_FIRST})
        owner = {"OWNER_TYPE_ID": str(entity_type(self._config)), "OWNER_ID": lead}
        return Command("crm.activity.list", {"filter": owner, "select": ["ID", "DESCRIPTION"], **_OLDEST_FIRST})

    def _rows(self, commands: Mapping[str, Command]) -> Iterator[tuple[str, Sequence[Mapping[str, object]]]]:
        """Yield the rows of every list, page by page."""
        while commands:
            further: dict[str, Command] = {}
            for chunk in chunks(commands, self._config.batch):
                answers = self._client.batch(chunk, write=False)
                for name, error in answers.errors.items():
                    if not (isinstance(error, Refused) and "/" in name):
                        raise error
                    # This lead's timeline can't be read because a person has deleted the lead: nothing is there.
                for name, result in answers.results.items():
                    yield name, items(result)
                for name, start in answers.following.items():
                    further[name] = Command(chunk[name].method, {**chunk[name].params, "start": start})
            commands = further


_OLDEST_FIRST = {"order": {"ID": "ASC"}}


def _wanted(doubt: Doubt, step: str) -> bool:
    return step not in doubt.done and (not doubt.steps or step in doubt.steps)


def _origin(doubt: Doubt, step: str) -> str:
    return doubt.delivery.key if step == LEAD_STEP else doubt.delivery.step_key(step)


def receipts(found: Found, address: str) -> dict[str, dict[str, Receipt]]:
    """Return the search's result as the core wants it; `address` is that of the portal's lead pages."""
    return {
        key: {
            step: Receipt(number, f"{address}{number}/" if step == LEAD_STEP else None, created=False)
            for step, number in steps.items()
        }
        for key, steps in found.items()
    }
