"""Step 6 of the path: let people see in the mailbox what is done."""

from collections.abc import Sequence
from typing import Protocol

from mailbridge.ledger.marks import Marks
from mailbridge.observe.events import log
from mailbridge.ports import MailboxError

BATCH = 500
"""Most mails per cycle."""


class Result(Protocol):
    """What became of a request to mark; see `mailbox.imap_mark.MarkResult`."""

    @property
    def done(self) -> frozenset[int]: ...
    @property
    def refused(self) -> str | None: ...


class ServerMarker(Protocol):
    """Marks mails on the server."""

    def mark(self, uidvalidity: int, uids: Sequence[int]) -> Result:
        """Mark mails; raises MailboxError when the server can't be reached."""
        ...


class MarkingDesk:
    """Marks the mails of one mailbox that are final with all their deliveries."""

    def __init__(self, name: str, marker: ServerMarker, marks: Marks) -> None:
        self.name = name
        self._marker = marker
        self._marks = marks
        self._refused = False

    def cycle(self) -> int:
        """Mark what is due; return how many. A server that can't be reached now is asked again at the next cycle."""
        if self._refused:
            return 0  # told once; a person changes the folder or the setting, then restarts
        count = 0
        for uidvalidity, uids in self._marks.due(BATCH).items():
            try:
                result = self._marker.mark(uidvalidity, uids)
            except MailboxError as error:
                log.warning("marking_failed", mailbox=self.name, error=str(error))
                return count
            if result.refused:
                self._refused = True
                log.warning("marking_refused", mailbox=self.name, reason=result.refused)
                return count
            self._marks.done(uidvalidity, result.done)
            count += len(result.done)
        if count:
            log.info("mails_marked", mailbox=self.name, count=count)
        return count
