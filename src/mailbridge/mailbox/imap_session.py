"""One logged-in IMAP connection with the folder opened read-only."""

import contextlib
import difflib
import imaplib
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from imap_tools.errors import MailboxFolderSelectError, UnexpectedCommandStatusError

from mailbridge.mailbox.imap_answers import Fields, Raw, internal_date, number, read_fetch, search_date, uid_set
from mailbridge.mailbox.imap_errors import Account, AnswerUnreadable, answer_text
from mailbridge.mailbox.imap_idle import Idle, IdleRefused
from mailbridge.mailbox.imap_login import log_in
from mailbridge.ports import MailboxError, MailboxMissing, MailboxRefused, MailboxUnreachable

_LOGOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Folder:
    """What EXAMINE says; `uidnext` is where the next mail will lie."""

    uidvalidity: int
    uidnext: int
    exists: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail that the server lists; `size` is None when it does not say."""

    uid: int
    size: int | None = None
    received_at: datetime | None = None


class Session:
    """A connection that is logged in. An error leaves it unusable: `drop` it and make another one.

    Args:
        account: Whose mailbox.

    Attributes:
        can_idle: The server announces new mail.
        has_news: It said that something arrived after the folder was opened.

    Raises:
        MailboxError: No connection, no trust, or no log-in.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._settings = account.settings
        self._tools = log_in(account)
        self._wire = self._tools.wire
        self._exists = 0
        self._idle = Idle(self._wire, timeout_s=self._settings.timeout_s, heard=self._heard)
        self.can_idle = "IDLE" in self._wire.capabilities
        self.has_news = False

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the server can do since the log-in."""
        return tuple(self._wire.capabilities)

    def examine(self) -> Folder:
        """Open the folder read-only and return what it holds now.

        Raises:
            MailboxMissing: There is no such folder; names similar ones.
            MailboxError: Anything else.
        """
        with self._account.explaining():
            try:
                self._tools.folder.set(self._settings.folder, readonly=True)
            except MailboxFolderSelectError as error:
                raise self._why_not_opened(answer_text(error)) from None
            told = self._wire.untagged_responses
            values = {name: _last_number(told.get(name)) for name in ("UIDVALIDITY", "UIDNEXT", "EXISTS")}
            if not values["UIDVALIDITY"] or not values["UIDNEXT"]:
                values |= self._tools.folder.status(self._settings.folder, ("UIDVALIDITY", "UIDNEXT"))
        if not values["UIDVALIDITY"] or not values["UIDNEXT"]:
            raise AnswerUnreadable(f"{self._account.label}: the server numbers no mails (no UIDVALIDITY or UIDNEXT)")
        self._exists = values["EXISTS"]
        self.has_news = False
        return Folder(values["UIDVALIDITY"], values["UIDNEXT"], self._exists)

    def search(self, uids: str, since: datetime | None = None) -> list[int]:
        """Return the sorted UIDs of a set; with `since` without those of days before it, with a day of slack."""
        criteria = f"UID {uids}" + (f" SINCE {search_date(since)}" if since else "")
        with self._account.explaining():
            data = self._uid("SEARCH", criteria)
        words = b" ".join(line for line in data if isinstance(line, bytes)).split()
        return sorted({int(word) for word in words if word.isdigit() and len(word) <= 10})

    def refresh(self) -> None:
        """Let the server tell what has changed (NOOP)."""
        with self._account.explaining():
            self._do(self._wire.noop)

    def describe(self, uids: Sequence[int]) -> dict[int, Listed]:
        """Return size and time of arrival of mails, by UID; without those that are gone."""
        found = self._fetch(uids, "(UID RFC822.SIZE INTERNALDATE)")
        return {
            uid: Listed(uid, number(found[uid], "RFC822.SIZE"), internal_date(found[uid]))
            for uid in uids
            if uid in found
        }

    def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Return the bytes of whole mails, by UID; without those that are gone or come as NIL."""
        found = self._fetch(uids, "(UID BODY.PEEK[])")
        return {uid: body for uid in uids if (body := found.get(uid, {}).get("BODY[]")) is not None}

    def part(self, uid: int, offset: int, length: int) -> bytes | None:
        """Return a part of one mail's bytes, shorter at its end; None when there is none."""
        return self._fetch([uid], f"(UID BODY.PEEK[]<{offset}.{length}>)").get(uid, {}).get("BODY[]")

    def header(self, uid: int) -> bytes | None:
        """Return the headers of one mail, None when there are none."""
        return self._fetch([uid], "(UID BODY.PEEK[HEADER])").get(uid, {}).get("BODY[HEADER]")

    def wait_for_news(self, seconds: float, stop: threading.Event) -> None:
        """Return when something arrived, when `stop` is set, or after `seconds`."""
        if self.has_news:
            return
        with self._account.explaining():
            try:
                self._idle.wait(seconds, stop)
            except IdleRefused:
                self.can_idle = False

    def log_out(self) -> None:
        """Say good-bye and close."""
        with contextlib.suppress(imaplib.IMAP4.error, OSError, ValueError):
            self._wire.end_within(_LOGOUT_S)
            self._wire.logout()
        self.drop()

    def drop(self) -> None:
        """Close without a word."""
        self._wire.shutdown()

    def _fetch(self, uids: Sequence[int], items: str) -> dict[int, Fields]:
        with self._account.explaining():
            return read_fetch(self._uid("FETCH", uid_set(sorted(uids)), items))

    def _uid(self, command: str, *args: str) -> list[Raw]:
        """A NO because of mails that went meanwhile gives the others all the same (RFC 5530 EXPUNGEISSUED)."""
        status, data = self._do(lambda: self._wire.uid(command, *args))
        if status == "OK":
            return data
        said = data[-1] if data and isinstance(data[-1], bytes) else b""
        if b"[EXPUNGEISSUED" in said.upper():
            return list(self._wire.untagged_responses.pop(command, []))
        raise UnexpectedCommandStatusError((status, data), "OK")

    def _do(self, command: Callable[[], tuple[str, Sequence[Raw]]]) -> tuple[str, list[Raw]]:
        """What earlier commands left behind must not stand among the answers; a BYE must stay."""
        told = self._wire.untagged_responses
        for name in [name for name in told if name != "BYE"]:
            del told[name]
        status, data = command()
        self._exists -= len(told.get("EXPUNGE", []))
        self._heard("EXISTS", _last_number(told.get("EXISTS")) or self._exists)
        return status, list(data)

    def _heard(self, what: str, count: int) -> bool:
        if what == "EXPUNGE":
            self._exists -= 1
            return False
        grown = count > self._exists
        self._exists = count
        self.has_news = self.has_news or grown
        return grown

    def _why_not_opened(self, said: str) -> MailboxError:
        folder = self._settings.folder
        if re.search(r"\[NOPERM\b", said, re.IGNORECASE):
            return MailboxRefused(f"{self._account.label}: no right to read folder {folder!r}")
        names = self._folder_names()
        if folder in names or (not names and "[NONEXISTENT" not in said.upper()):
            return MailboxUnreachable(f"{self._account.label}: {folder!r} can't be opened: {self._account.said(said)}")
        return MailboxMissing(f"{self._account.label}: there is no folder {folder!r}; {_hint(folder, names)}")

    def _folder_names(self) -> list[str]:
        """imap_tools can't read every LIST answer; then the hint is missing, nothing else."""
        try:
            return [info.name for info in self._tools.folder.list()]
        except (imaplib.IMAP4.error, UnexpectedCommandStatusError, ValueError, LookupError, AttributeError):
            return []


def _last_number(data: Sequence[Raw] | None) -> int:
    last = data[-1] if data else b""
    word = last.split()[0] if isinstance(last, bytes) and last.split() else b""
    return int(word) if word.isdigit() and len(word) <= 20 else 0


def _hint(folder: str, names: Sequence[str]) -> str:
    by_fold = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(folder.casefold(), by_fold, n=3, cutoff=0.5)
    shown = [by_fold[name] for name in close] or list(names[:10])
    return f"similar: {', '.join(shown)}" if close else f"there are: {', '.join(shown) or 'none'}"
