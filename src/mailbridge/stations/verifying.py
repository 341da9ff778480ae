"""Signatures that our receiver said nothing about: keys are looked up, and the mails read once more with them.

Only mails whose reading would gain by it are asked for, so a mailbox whose server checks its mails costs no look-up.
What is found stands in the ledger: keys change, and a mail that is read again in a year must read the same.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from mailbridge.ledger.settle import Reader
from mailbridge.mailbox.dkim_check import Keys
from mailbridge.observe.events import log
from mailbridge.worker import Job, Read

AGAIN_S = 300.0
"""Mails whose keys could not be had are read again so often."""

FOR_S = 172_800.0
"""And for so long after they were stored; then a person decides."""


class KeyRecords(Protocol):
    """Knows records of the DNS; see `KeySource`."""

    def records(self, names: Sequence[str]) -> Keys:
        """Return name → text; None where it can't be had now."""
        ...


class Verifier:
    """Reads mails once more with the keys that they lack."""

    def __init__(self, keys: KeyRecords, reader: Reader, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._reader = reader
        self._clock = clock
        self._due = clock() + AGAIN_S

    def review(
        self, jobs: Sequence[Job], found: Sequence[Read | None], read: Callable[[Sequence[Job]], list[Read | None]]
    ) -> list[Read | None]:
        """Return how the mails were read, those that lacked keys with them."""
        wanting = [place for place, one in enumerate(found) if one is not None and one.keys_wanted]
        if not wanting:
            return list(found)
        again = []
        for place in wanting:
            one = found[place]
            again.append(replace(jobs[place], keys=self._keys.records(one.keys_wanted if one else ())))
        better = list(found)
        for place, one in zip(wanting, read(again), strict=True):
            better[place] = one or better[place]
        return better

    def rest(self) -> None:
        """Let mails whose keys could not be had be read again, now and then."""
        if self._clock() < self._due:
            return
        self._due = self._clock() + AGAIN_S
        if count := self._reader.take_again("key_later", FOR_S):
            log.info("keys_asked_again", mails=count)
