"""Finds people who are contacts already, so that nobody becomes a second one."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mailbridge.sdk import Delivery
from mailbridge_sinks.amocrm.client import MOST_ROWS, UNREADABLE, AmocrmClient, TooLong, unreadable
from mailbridge_sinks.amocrm.memory import Directory
from mailbridge_sinks.amocrm.places import Places

PHONE_DIGITS = 10
"""So many last digits are compared: +7…, 8… and bare numbers are one phone."""
SHORTEST_PHONE = 7
MOST_CANDIDATES = 50
FRESH_S = 5.0
"""So old may be what is known of the list: no longer than a batch takes until its contacts are written."""
AHEAD_S = 3.0
"""From this age on one worker reads what has changed, while the others go on with what is known."""


class Contacts:
    """Looks people up by phone, e-mail and, where a contact field is mapped to it, by profile.

    amoCRM's search takes one question per request. So many strangers at once are looked for in the list of contacts,
    latest change first: it is read once, and then down to what is known already.

    Args:
        client: Asks.
        people: What is known.
        most_pages: Longest list that is read, in pages of 250 contacts; 0 = always ask one by one.
    """

    def __init__(self, client: AmocrmClient, people: Directory, most_pages: int) -> None:
        self._client = client
        self._people = people
        self._most_pages = most_pages

    def find(self, deliveries: Sequence[Delivery], places: Places) -> dict[str, int | None]:
        """Return delivery key → contact of its author, None when there is none yet.

        Raises:
            SinkError: The search could not be done.
        """
        marks = {delivery.key: marks_of(delivery, places) for delivery in deliveries}
        for delivery in deliveries:
            if (told := _told(delivery)) and self._people.find(marks[delivery.key]) is None:
                self._people.remember(told, marks[delivery.key])
        strangers = [one for one in marks.values() if one and self._people.find(one) is None]
        if strangers and not self._listed(sum(map(len, strangers)), places):
            for one in strangers:
                self._ask(one, places)
        found = {key: self._people.find(one) for key, one in marks.items()}
        return {delivery.key: found[delivery.key] or _told(delivery) for delivery in deliveries}

    def remember(self, delivery: Delivery, contact_id: int, places: Places) -> None:
        """Keep a person's contact: amoCRM's search index lags behind."""
        self._people.remember(contact_id, marks_of(delivery, places))

    def _ask(self, marks: Sequence[str], places: Places) -> None:
        for mark in marks:
            found = self._search(mark, places)
            if found is not None:
                self._people.remember(found, marks)
                return

    def _search(self, mark: str, places: Places) -> int | None:
        """Ask by full text, then compare the field itself: amoCRM finds parts of any field."""
        words = mark.partition(":")[2]
        body = self._client.read("/contacts", [("query", words), ("limit", MOST_CANDIDATES)])
        try:
            rows = body["_embedded"]["contacts"] if body is not None else []
            return min((int(row["id"]) for row in rows if mark in _marks_of_row(row, places)), default=None)
        except UNREADABLE:
            raise unreadable("a search for a contact", write=False) from None

    def _listed(self, questions: int, places: Places) -> bool:
        """Know every contact of the account; False when single questions are cheaper."""
        people = self._people
        if not self._most_pages:
            return False
        age_s = people.age_s()
        if age_s < AHEAD_S:
            return True
        if not people.reading.acquire(blocking=age_s >= FRESH_S):
            return True  # another worker is reading it for all; what is known is fresh enough meanwhile
        try:
            return people.age_s() < AHEAD_S or self._reads(questions, places)
        finally:
            people.reading.release()

    def _reads(self, questions: int, places: Places) -> bool:
        """Read the list, whole the first time, then what has changed; False when single questions are cheaper."""
        people = self._people
        if people.watermark is not None:
            return self._read_on(places) is not None
        if people.too_long or questions <= self._most_pages:
            return False
        count = self._read_on(places)
        if count is None or count <= MOST_ROWS:
            return count is not None
        return self._read_on(places) is not None  # what was changed while pages were turned may be on none of them

    def _read_on(self, places: Places) -> int | None:
        """Read the list from its newest row down to what is known; return how many rows, None when it is too long."""
        people, since, newest, count = self._people, self._people.watermark or 0, 0, 0
        began = time.monotonic()
        order = ("order[updated_at]", "desc")
        try:
            for row in self._client.rows("/contacts", "contacts", [order], most_pages=self._most_pages):
                if row["updated_at"] < since:
                    break
                newest = max(newest, row["updated_at"])
                people.take_over(int(row["id"]), _marks_of_row(row, places))
                count += 1
        except TooLong:
            people.too_long, people.watermark = True, None
            return None
        except UNREADABLE:
            raise unreadable("a list of contacts", write=False) from None
        people.watermark, people.read_at = max(newest, since), began
        return count


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
            marks |= {f"phone:{digits}" for text in texts if (digits := _digits(text))}
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
