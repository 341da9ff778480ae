"""Leads of earlier interests of the same people: which of them are still open, and belong to whom."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailbridge.sdk import Delivery
from mailbridge_sinks.amocrm.client import UNREADABLE, AmocrmClient, unreadable
from mailbridge_sinks.amocrm.config import AmocrmConfig
from mailbridge_sinks.amocrm.contacts import marks_of
from mailbridge_sinks.amocrm.places import CLOSED, Places

CHUNK = 40
"""Ids per filter: keeps addresses below 4 kB."""


@dataclass(frozen=True, slots=True)
class OpenLead:
    """A lead that somebody still works on.

    Attributes:
        lead_id: Its id.
        owner: Id of the user who has it, None when nobody has.
    """

    lead_id: str
    owner: int | None = None


class SamePeople:
    """Finds the leads that the interests of one batch are appended to.

    Args:
        config: Says whether they are.
        client: Asks.
        places: The account.
    """

    def __init__(self, config: AmocrmConfig, client: AmocrmClient, places: Places) -> None:
        self._config = config
        self._client = client
        self._places = places
        self._made: dict[str, OpenLead] = {}

    def before(self, deliveries: Sequence[Delivery]) -> dict[str, OpenLead]:
        """Return delivery key → open lead that an earlier interest of the same person has made.

        Raises:
            SinkError: It could not be asked which of them are open.
        """
        wanted = {one.key: lead for one in deliveries if (lead := self._config.open_of(one)) and lead.isdecimal()}
        try:
            there = {str(row["id"]): row for row in self._rows(list(dict.fromkeys(wanted.values())))}
            still = {lead: OpenLead(lead, row.get("responsible_user_id")) for lead, row in there.items() if _open(row)}
        except UNREADABLE:
            raise unreadable("a look at open leads", write=False) from None
        return {key: still[lead] for key, lead in wanted.items() if lead in still}

    def beside(self, deliveries: Sequence[Delivery]) -> dict[str, OpenLead]:
        """Return delivery key → lead that another interest of the same batch and person has just made."""
        appended = [one for one in deliveries if self._config.may_append(one)]
        pairs = ((one.key, mark) for one in reversed(appended) for mark in reversed(marks_of(one, self._places)))
        return {key: self._made[mark] for key, mark in pairs if mark in self._made}

    def remember(self, delivery: Delivery, lead_id: str) -> None:
        """Note whose lead was just made."""
        for mark in marks_of(delivery, self._places):
            self._made.setdefault(mark, OpenLead(lead_id))

    def _rows(self, leads: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        if not self._places.filters:  # amoCRM would ignore the filter without a word
            yield from (row for lead in leads if (row := self._client.read(f"/leads/{lead}")) is not None)
            return
        for start in range(0, len(leads), CHUNK):
            wanted = leads[start : start + CHUNK]
            params = [("filter[id][]", lead) for lead in wanted]
            yield from (row for row in self._client.rows("/leads", "leads", params) if str(row["id"]) in wanted)


def _open(row: Mapping[str, Any]) -> bool:
    return int(row["status_id"]) not in CLOSED and not row.get("is_deleted")
