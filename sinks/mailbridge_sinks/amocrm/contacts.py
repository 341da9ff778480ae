"""Finds people who are contacts already, so that nobody becomes a second one."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mailbridge.sdk import Delivery
from mailbridge_sinks.amocrm.client import UNREADABLE, AmocrmClient, unreadable
from mailbridge_sinks.amocrm.places import Places

PHONE_DIGITS = 10
"""So many last digits are compared: +7…, 8… and bare numbers are one phone."""
SHORTEST_PHONE = 7
MOST_REMEMBERED = 5_000
MOST_CANDIDATES = 50


class Contacts:
    """Looks people up by phone, e-mail and, where a contact field is mapped to it, by profile.

    Remembers whom it has seen: amoCRM's search index lags behind, and a person who writes twice costs one look-up.
    """

    def __init__(self, client: AmocrmClient) -> None:
        self._client = client
        self._seen: OrderedDict[str, int] = OrderedDict()

    def find(self, delivery: Delivery, places: Places) -> int | None:
        """Return the id of the author's contact, None when there is none yet.

        Raises:
            SinkError: The search could not be done.
        """
        marks = marks_of(delivery, places)
        for mark in marks:
            if mark in self._seen:
                return self._seen[mark]
        if told := _told(delivery):
            self.remember(marks, told)
            return told
        for mark in marks:
            if found := self._search(mark, places):
                self.remember(marks, found)
                return found
        return None

    def remember(self, marks: Iterable[str], contact_id: int) -> None:
        """Keep a person's contact."""
        for mark in marks:
            self._seen[mark] = contact_id
        while len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)

    def forget(self) -> None:
        """Drop what is remembered: a contact was merged or deleted."""
        self._seen.clear()

    def _search(self, mark: str, places: Places) -> int | None:
        """Ask by full text, then compare the field itself: amoCRM finds parts of any field."""
        words = mark.partition(":")[2]
        body = self._client.read("/contacts", [("query", words), ("limit", MOST_CANDIDATES)])
        try:
            rows = body["_embedded"]["contacts"] if body is not None else []
            return min((int(row["id"]) for row in rows if mark in _marks_of_row(row, places)), default=None)
        except UNREADABLE:
            raise unreadable("a search for a contact", write=False) from None


def _told(delivery: Delivery) -> int | None:
    """Return the contact that an earlier delivery made; a later attempt searches: it may have been merged away."""
    told = delivery.known.contact_id if delivery.known and delivery.attempt == 1 else None
    return int(told) if told and told.isdecimal() else None


def marks_of(delivery: Delivery, places: Places) -> tuple[str, ...]:
    """Return what a person can be recognised by, surest first."""
    author = delivery.interest.author
    phones = [f"phone:{digits}" for phone in author.phones if (digits := _digits(phone))]
    emails = [f"email:{author.email.casefold()}"] if author.email else []
    profiles = [f"profile:{_profile(author.url)}"] if author.url and "author.url" in places.contact else []
    return tuple(dict.fromkeys((*phones, *emails, *profiles)))


def rounds(deliveries: Sequence[Delivery], places: Places) -> Iterator[list[Delivery]]:
    """Split a batch so that a person whom amoCRM does not know yet is not made twice by one request."""
    waiting = list(deliveries)
    while waiting:
        taken: set[str] = set()
        now: list[Delivery] = []
        later: list[Delivery] = []
        for delivery in waiting:
            marks = set(marks_of(delivery, places))
            (later if marks & taken else now).append(delivery)
            taken |= marks
        yield now
        waiting = later


def _marks_of_row(row: Mapping[str, Any], places: Places) -> set[str]:
    profile = places.contact.get("author.url")
    marks = set()
    for value in row.get("custom_fields_values") or []:
        texts = [str(item.get("value") or "") for item in value.get("values") or []]
        if value.get("field_code") == "PHONE":
            marks |= {f"phone:{_digits(text)}" for text in texts}
        elif value.get("field_code") == "EMAIL":
            marks |= {f"email:{text.strip().casefold()}" for text in texts}
        elif profile is not None and value.get("field_id") == profile.id:
            marks |= {f"profile:{_profile(text)}" for text in texts}
    return marks


def _digits(phone: str) -> str:
    digits = "".join(sign for sign in phone if sign.isdecimal())
    return digits[-PHONE_DIGITS:] if len(digits) >= SHORTEST_PHONE else ""


def _profile(url: str) -> str:
    return url.strip().rstrip("/")
