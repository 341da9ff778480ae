"""Files as a mailbox."""

import threading
from collections.abc import Iterable, Iterator
from datetime import datetime

from mailbridge.mailbox.file_sources import Source
from mailbridge.mailbox.files import raise_unreadable
from mailbridge.mailbox.settings import DirectorySettings, MaildirSettings, MboxSettings
from mailbridge.ports import ABOVE_ALL, Arrival, Chunk, Lies, Places


class FileMailbox:
    """Implements `Mailbox`.

    The numbers of file places have no order, so the cursor stays at 0 and the ledger is asked which places it has.
    While the first look lasts, `first_uid` is above all of them: what it finds lay there before the ledger. A last
    chunk without mails sets it to 0: from then on nothing did.

    Args:
        name: NAME of `[mailboxes.NAME]`.
        settings: Its settings.
        source: Where the files lie.
    """

    def __init__(self, name: str, settings: DirectorySettings | MaildirSettings | MboxSettings, source: Source) -> None:
        self.name = name
        self._settings = settings
        self._source = source
        self._known: set[int] | None = None

    def look(self, places: Places) -> Iterator[Chunk]:
        """Yield the mails at new places.

        Raises:
            PathUnreadable: The path is missing; or, after everything else was yielded, files could not be read.
        """
        cursor = places.cursor(0)
        first_sight = cursor is None or cursor.first_uid == ABOVE_ALL
        if self._known is None:
            self._known = set(places.stored_uids(0, 0, ABOVE_ALL))
        failed: list[str] = []
        known = self._known
        backlog = first_sight
        for arrivals in self._chunked(self._source.new(known.__contains__, failed)):
            yield Chunk(0, arrivals, 0, first_uid=ABOVE_ALL if first_sight else None, backlog=backlog)
            known.update(arrival.uid for arrival in arrivals)
            backlog = True
        if first_sight:
            yield Chunk(0, (), 0, first_uid=0)
        self._source.stored()
        raise_unreadable(failed)

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Return when `stop` is set, or after `seconds`; at the latest after `poll_s`."""
        stop.wait(min(seconds, self._settings.poll_s))

    def check(self) -> str:
        """Return such as "/srv/mail: 1,204 mails".

        Raises:
            PathUnreadable: The path is missing.
        """
        return f"{self._settings.path}: {self._source.count():,} mails"

    def uids(self, since: datetime) -> Iterator[Lies]:
        """Yield the places of mails whose file was changed from then on; see `ports.Lists`."""
        wanted = max(since, self._settings.since) if self._settings.since else since
        for uid, changed_at in self._source.places():
            if changed_at is None or changed_at >= wanted:
                yield Lies(0, uid, changed_at)

    def close(self) -> None:
        """Forget what the ledger was known to have; the next look asks again."""
        self._known = None

    def _chunked(self, arrivals: Iterable[Arrival]) -> Iterator[tuple[Arrival, ...]]:
        chunk: list[Arrival] = []
        size = 0
        for arrival in arrivals:
            if chunk and (
                len(chunk) >= self._settings.chunk_mails or size + len(arrival.raw) > self._settings.chunk_bytes
            ):
                yield tuple(chunk)
                chunk, size = [], 0
            chunk.append(arrival)
            size += len(arrival.raw)
        if chunk:
            yield tuple(chunk)
