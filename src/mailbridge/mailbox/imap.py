"""A folder on an IMAP server as a mailbox. Only reads: the folder is opened by EXAMINE, bodies come by BODY.PEEK."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from mailbridge.mailbox.imap_errors import Account
from mailbridge.mailbox.imap_look import Look, Memory
from mailbridge.mailbox.imap_session import Folder, Session
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.ports import Chunk, Lies, Places
from mailbridge.sdk import NoTokens, TokenStore

_PAGE = 500


class ImapMailbox:
    """Implements `Mailbox`. The connection and the opened folder stay between looks.

    Args:
        name: NAME of `[mailboxes.NAME]`.
        settings: Its settings.
        tokens: Keeps access tokens that are renewed here.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        name: str,
        settings: ImapSettings,
        *,
        tokens: TokenStore | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._clock = clock
        self._settings = settings
        self._account = Account(name, settings, tokens or NoTokens())
        self.label = self._account.label
        self._memory = Memory()
        self._session: Session | None = None

    def look(self, places: Places) -> Iterator[Chunk]:
        """Yield what is new. Without news it costs two round trips: EXAMINE and one SEARCH."""
        try:
            yield from Look(self, self._settings, places, self._memory, clock=self._clock).chunks()
        except Exception:
            self.drop()
            raise

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Return when something may be new, when `stop` is set, or after `seconds`; at the latest after `poll_s`.

        Raises:
            MailboxError: The connection has ended.
        """
        deadline = self._clock() + min(seconds, self._settings.poll_s)
        session = self._session
        if session is not None and self._settings.idle and session.can_idle:
            try:
                session.wait_for_news(deadline - self._clock(), stop)
            except Exception:
                self.drop()
                raise
        if session is None or not session.has_news:
            stop.wait(max(0.0, deadline - self._clock()))

    def check(self) -> str:
        """Log in and open the folder; return such as "INBOX at imap.example.org: 1,204 mails, …"."""
        try:
            session, folder = self.opened()
        except Exception:
            self.drop()
            raise
        idle = "yes" if session.can_idle else "no"
        place = f"{self._settings.folder} at {self._settings.host}"
        return f"{place}: {folder.exists:,} mails, UIDVALIDITY {folder.uidvalidity}, IDLE {idle}"

    def capabilities(self) -> tuple[str, ...]:
        """Log in and return what the server says that it can do, in upper case."""
        try:
            return self.opened()[0].capabilities
        except Exception:
            self.drop()
            raise

    def uids(self, since: datetime) -> Iterator[Lies]:
        """Yield the places of mails received from then on; see `ports.Lists`."""
        wanted = max(since, self._settings.since) if self._settings.since else since
        try:
            session, folder = self.opened()
            found = session.search("1:*", wanted)
            for start in range(0, len(found), _PAGE):
                for mail in session.describe(found[start : start + _PAGE]).values():
                    if mail.received_at is None or mail.received_at >= wanted:
                        yield Lies(folder.uidvalidity, mail.uid, mail.received_at)
        except Exception:
            self.drop()
            raise

    def newest(self, count: int) -> tuple[int, list[tuple[int, datetime | None]]]:
        """Return UIDVALIDITY and (UID, received) of the last mails that `look` would store."""
        since = self._settings.since
        try:
            session, folder = self.opened()
            uids = session.search(f"{max(1, folder.uidnext - count)}:*", since)[-count:]
            mails = session.describe(uids).values() if uids else []
        except Exception:
            self.drop()
            raise
        wanted = [mail for mail in mails if not (since and mail.received_at and mail.received_at < since)]
        return folder.uidvalidity, [(mail.uid, mail.received_at) for mail in wanted]

    def close(self) -> None:
        """Log out."""
        session, self._session = self._session, None
        if session is not None:
            session.log_out()

    def opened(self) -> tuple[Session, Folder]:
        """Return the session with the folder opened anew: that tells what is new and whether it is still the same."""
        if self._session is None:
            self._session = Session(self._account)
        return self._session, self._session.examine()

    def drop(self) -> None:
        """Close a connection that no longer works."""
        session, self._session = self._session, None
        if session is not None:
            session.drop()
