"""What people did in the portal with what was written, and how much each of them has to do. Reads only."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailbridge.sdk import Refused, RemoteState, Sent, Sign, remote_state
from mailbridge_sinks.bitrix24.client import Bitrix24Client, items
from mailbridge_sinks.bitrix24.commands import Command, chunks
from mailbridge_sinks.bitrix24.config import Bitrix24Config
from mailbridge_sinks.bitrix24.mapping import NOTE_STEP, TASK_STEP, entity_type, funnel_of

MOST_READ = 50
"""Objects of one look: a page of a list."""

Row = Mapping[str, Any]

_LINK = re.compile(r"https?://[^\s\[\]]+")
_OURS = re.compile(r"\bmb1-[a-z2-7]{26}/")
"""What mailbridge has written ends with a key and a step."""
_WORKED_ON = "P"
"""`stageSemanticId` of stages in which something is left to do; S and F are won and lost."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Reading back for one portal: a batch for the objects, then their to-dos and comments, and the people's names."""

    client: Bitrix24Client
    config: Bitrix24Config
    address: str

    def states(self, receipts: Sequence[Sent]) -> list[RemoteState]:
        """Return the state of every receipt's object; what the list does not show was deleted."""
        leads = {str(row["id"]): row for row in self._leads([sent.remote_id for sent in receipts])}
        ours = {sent.remote_id: sent for sent in receipts}
        seen = self._seen(leads, {str(row.get("assignedById")) for row in leads.values()})
        gone = [RemoteState(one, exists=False) for one in ours.keys() - leads.keys()]
        return gone + [self._state(number, row, ours[number], seen) for number, row in leads.items() if number in ours]

    def open_counts(self, users: Collection[str]) -> dict[str, int]:
        """Return active user → how many of the objects assigned to them are open, as the lists' totals say."""
        known = [user for user in users if user.isdigit()]
        asked = self._answers({f"user{user}": Command("user.get", {"ID": user}) for user in known})
        active = [user for user in known if any(row.get("ACTIVE") is True for row in items(asked[f"user{user}"]))]
        counts: dict[str, int] = {}
        for chunk in chunks({f"user{user}": self._open_ones(user) for user in active}, self.config.batch):
            answers = self.client.batch(chunk, write=False)
            for error in answers.errors.values():
                raise error
            counts |= {name.removeprefix("user"): answers.totals.get(name, 0) for name in chunk}
        return counts

    def _open_ones(self, user: str) -> Command:
        condition = {"=assignedById": user, "=stageSemanticId": _WORKED_ON}
        params = {"entityTypeId": entity_type(self.config), "filter": condition, "select": ["id"]}
        return Command("crm.item.list", params)

    def _leads(self, numbers: Sequence[str]) -> list[Row]:
        names = ["id", "stageId", "stageSemanticId", "assignedById", "movedTime", "updatedTime"]
        names += [self.config.read_back.proof_field] if self.config.read_back.proof_field else []
        params = {"entityTypeId": entity_type(self.config), "filter": {"@id": numbers}, "select": names}
        return list(items(self._answers({"leads": Command("crm.item.list", params)})["leads"]))

    def _seen(self, leads: Mapping[str, Row], users: Collection[str]) -> dict[str, Sequence[Row]]:
        """Return what was asked of each lead: "todo342", "comment342"; and "user7", and the "history" of stages."""
        commands = {f"user{user}": Command("user.get", {"ID": user}) for user in users if user.isdigit()}
        if moved := [number for number, row in leads.items() if self._has_moved(row)]:
            condition = {"@OWNER_ID": moved, "@TYPE_ID": _MOVES}
            params = {"entityTypeId": entity_type(self.config), "filter": condition, "order": {"ID": "ASC"}}
            commands["history"] = Command("crm.stagehistory.list", params)
        for lead in leads:
            owner = {"OWNER_TYPE_ID": str(entity_type(self.config)), "OWNER_ID": lead, "COMPLETED": "Y"}
            commands[f"todo{lead}"] = Command("crm.activity.list", {"filter": owner, "select": _ACTIVITY})
            timeline = {"ENTITY_TYPE": self.config.entity, "ENTITY_ID": lead}
            commands[f"comment{lead}"] = Command("crm.timeline.comment.list", {"filter": timeline, "select": _COMMENT})
        return {name: items(result) for name, result in self._answers(commands).items()}

    def _answers(self, commands: Mapping[str, Command]) -> dict[str, Any]:
        """Ask in as few requests as possible; a list that is refused, such as of a lead deleted now, is empty."""
        found: dict[str, Any] = {}
        for chunk in chunks(commands, self.config.batch):
            answers = self.client.batch(chunk, write=False)
            for name, error in answers.errors.items():
                if not isinstance(error, Refused) or name == "leads":
                    raise error
                found[name] = []
            found |= answers.results
        return found

    def _state(self, number: str, row: Row, sent: Sent, seen: Mapping[str, Sequence[Row]]) -> RemoteState:
        signs = [
            *self._own_signs(row, _first_move(seen.get("history", ()), number)),
            *_done(seen.get(f"todo{number}", ()), sent.steps.get(TASK_STEP)),
            *_said(seen.get(f"comment{number}", ()), sent),
        ]
        owner, stage = str(row.get("assignedById") or ""), row.get("stageId")
        nobody = owner == str(self.config.asap_user or "")
        return remote_state(
            number,
            signs,
            self.config.read_back.processed_when,
            open=row.get("stageSemanticId") == _WORKED_ON,
            stage=None if stage is None else str(stage),
            responsible=None if nobody else _name(seen.get(f"user{owner}", ())) or owner or None,
            responsible_id=owner or None,
            url=f"{self.address}{number}/",
        )

    def _has_moved(self, row: Row) -> bool:
        funnel = funnel_of(self.config)
        first = self.config.stage or (f"C{funnel}:NEW" if funnel else "NEW")
        return row.get("stageSemanticId") != _WORKED_ON or row.get("stageId") != first

    def _own_signs(self, row: Row, moved_at: datetime | None) -> Iterator[Sign]:
        if self._has_moved(row):
            yield Sign("stage", moved_at or _moment(row.get("movedTime")), str(row.get("stageId")))
        proof = row.get(self.config.read_back.proof_field or "")
        if proof:
            yield Sign("link", _moment(row.get("updatedTime")), str(proof))


_MOVES = [2, 3]
"""`TYPE_ID` of lines of the history that are no creation: on the way, and into the last stage."""
_ACTIVITY = ["ID", "COMPLETED", "SUBJECT", "DESCRIPTION", "LAST_UPDATED"]
_COMMENT = ["ID", "CREATED", "AUTHOR_ID", "COMMENT", "FILES"]


def _first_move(rows: Sequence[Row], number: str) -> datetime | None:
    """Return when a lead was moved for the first time; None when the first page of the history does not tell."""
    moments = [_moment(row.get("CREATED_TIME")) for row in rows if str(row.get("OWNER_ID")) == number]
    return min((moment for moment in moments if moment is not None), default=None)


def _done(rows: Sequence[Row], own: str | None) -> Iterator[Sign]:
    """Yield what closed activities say: ours is "task", a call or mail of a person is "answer"."""
    for row in rows:
        # Ours may be that of another interest, which was put into the same lead.
        is_own = str(row.get("ID")) == own or _OURS.search(str(row.get("DESCRIPTION") or "")) is not None
        at = _moment(row.get("LAST_UPDATED"))
        yield Sign("task" if is_own else "answer", at, str(row.get("SUBJECT") or "") or None)
        link = None if is_own else _LINK.search(str(row.get("DESCRIPTION") or ""))
        if link:
            yield Sign("link", at, link[0])


def _said(rows: Sequence[Row], sent: Sent) -> Iterator[Sign]:
    """Yield what people wrote into the timeline: an answer, a link, a file; our own note is none of theirs."""
    for row in rows:
        text, at = str(row.get("COMMENT") or ""), _moment(row.get("CREATED"))
        if str(row.get("ID")) == sent.steps.get(NOTE_STEP) or _OURS.search(text):
            continue
        yield Sign("answer", at)
        if link := _LINK.search(text):
            yield Sign("link", at, link[0])
        files = row.get("FILES")
        for file in files.values() if isinstance(files, Mapping) else ():
            yield Sign("attachment", at, str(file.get("urlDownload") or file.get("name") or "") or None)


def _name(rows: Sequence[Row]) -> str:
    row = rows[0] if rows else {}
    return " ".join(str(row[part]) for part in ("NAME", "LAST_NAME") if row.get(part))


def _moment(value: Any) -> datetime | None:
    """Return a moment in RFC 3339; an empty date is an empty object in old methods."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and value else None
    except ValueError:
        return None
