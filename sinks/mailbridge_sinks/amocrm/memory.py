"""What the sinks of one account know together: each question about fields, users and people is asked once."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailbridge_sinks.amocrm.places import Places

MOST_REMEMBERED = 50_000
"""Marks that are remembered of people who were asked for one by one."""


class Directory:
    """Which contact has which phone, e-mail or profile.

    Attributes:
        lock: Held while it changes.
        reading: Held while the list of contacts is read, so that one worker reads it for all.
        watermark: `updated_at` up to which every contact of the account is known; None = only some are.
        read_at: When the last reading of the list began, in monotonic seconds.
        too_long: Whether the account has more contacts than we are willing to read.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.reading = threading.Lock()
        self.watermark: int | None = None
        self.read_at = 0.0
        self.too_long = False
        self._ids: OrderedDict[str, int] = OrderedDict()
        self._marks: dict[int, frozenset[str]] = {}

    def age_s(self) -> float:
        """Return how old what is known of the list is; for ever, when only some contacts are known."""
        return math.inf if self.watermark is None else time.monotonic() - self.read_at

    def find(self, marks: Iterable[str]) -> int | None:
        """Return the contact that has the first of these marks that anybody has."""
        return next((self._ids[mark] for mark in marks if mark in self._ids), None)

    def remember(self, contact_id: int, marks: Iterable[str]) -> None:
        """Note marks of a contact; of several contacts with one mark the oldest counts."""
        with self.lock:
            for mark in marks:
                self._ids[mark] = min(contact_id, self._ids.get(mark, contact_id))
            while self.watermark is None and len(self._ids) > MOST_REMEMBERED:
                self._ids.popitem(last=False)

    def take_over(self, contact_id: int, marks: Iterable[str]) -> None:
        """Note all marks of a contact as the account has them: what a manager has removed is not its any more."""
        with self.lock:
            now = frozenset(marks)
            for mark in self._marks.get(contact_id, frozenset()) - now:
                if self._ids.get(mark) == contact_id:
                    del self._ids[mark]
            self._marks[contact_id] = now
            self.remember(contact_id, now)

    def forget(self) -> None:
        """Drop everything: a contact was merged or deleted."""
        with self.lock:
            self.watermark = None
            self._ids.clear()
            self._marks.clear()


class AccountMemory:
    """Shared by the sinks that one configuration has made; lost with the process, which costs a few questions.

    Attributes:
        lock: Held while something is asked for all.
        places: Fields, pipeline and stage; None = not asked yet.
        users: Id → name of all users that can work; None = not asked yet, empty = we may not see them.
        people: Contacts.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.places: Places | None = None
        self.users: Mapping[int, str] | None = None
        self.people = Directory()

    def __eq__(self, other: object) -> bool:
        """What is remembered makes no difference between two configurations."""
        return isinstance(other, AccountMemory)

    __hash__ = object.__hash__

    def forget(self) -> None:
        """Drop everything: something that was looked up has gone."""
        with self.lock:
            self.places = None
            self.users = None
        self.people.forget()
