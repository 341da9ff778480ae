"""What people do in the emulated portal with a lead, or a deal made as such: to try reading back."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from mailbridge.testing.bitrix24_data import DEAL, LEAD, TYPE_NAMES, Portal
from mailbridge.testing.bitrix24_items import Reply

MANAGER = 6
"""Who does it."""

_STAGES = {
    "move it on": {LEAD: "IN_PROCESS", DEAL: "PREPARATION"},
    "win it": {LEAD: "CONVERTED", DEAL: "WON"},
    "lose it": {LEAD: "JUNK", DEAL: "LOSE"},
}


class Manager:
    """One person at work.

    Args:
        portal: Where.
        call: Calls a method of the portal as that person: method, parameters.
    """

    def __init__(self, portal: Portal, call: Callable[[str, Mapping[str, Any]], Reply]) -> None:
        self._portal = portal
        self._call = call

    def acts(self) -> Mapping[str, Callable[[str], Any]]:
        """Return what can be done with a lead or deal, by its id; KeyError when it is not there."""
        return {
            "take it": lambda number: self._change(number, assignedById=MANAGER),
            **{name: partial(self._move, stages) for name, stages in _STAGES.items()},
            "close its tasks": self._close,
            "write a comment": lambda number: self._say(number, "Ответил: https://vk.example/wall1?reply=2"),
            "attach a file": self._attach,
            "delete it": lambda number: self._portal.items[self._kind(number)].pop(int(number)),
        }

    def _kind(self, number: str) -> int:
        """Return whether it is a lead or, where the portal has none, a deal; what carries a key of ours goes first."""
        there = [kind for kind in (LEAD, DEAL) if int(number) in self._portal.items[kind]]
        ours = [kind for kind in there if self._portal.items[kind][int(number)]["originId"]]
        if not there:
            raise KeyError(number)
        return (ours or there)[0]

    def _change(self, number: str, **fields: Any) -> None:
        self._call("crm.item.update", {"entityTypeId": self._kind(number), "id": int(number), "fields": fields})

    def _move(self, stages: Mapping[int, str], number: str) -> None:
        self._change(number, stageId=stages[self._kind(number)])

    def _close(self, number: str) -> None:
        owner = (str(self._kind(number)), number)
        for row in list(self._portal.activities.values()):
            if (row["OWNER_TYPE_ID"], row["OWNER_ID"]) == owner:
                self._call("crm.activity.update", {"id": row["ID"], "fields": {"COMPLETED": "Y"}})

    def _say(self, number: str, text: str) -> int:
        owner = {"ENTITY_TYPE": TYPE_NAMES[self._kind(number)], "ENTITY_ID": int(number)}
        return int(self._call("crm.timeline.comment.add", {"fields": {**owner, "COMMENT": text}}).result)

    def _attach(self, number: str) -> None:
        comment = self._say(number, "скриншот")
        self._portal.comments[comment]["FILES"] = {
            "1": {"id": 1, "name": "ответ.png", "urlDownload": "https://portal.example/disk/1"}
        }
