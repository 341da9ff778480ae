"""Courtesy marks for people: a keyword on mails that are done, or a move to a folder. Never the program's memory.

Sends UID STORE, UID MOVE (RFC 6851), UID COPY and UID EXPUNGE (RFC 4315) itself, and never EXPUNGE or CLOSE: both would
remove every mail that any person has marked for deletion.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from imaplib import IMAP4

from imap_tools.errors import MailboxFolderSelectError
from imap_tools.imap_utf7 import utf7_encode

from mailbridge.mailbox.imap_answers import uid_set
from mailbridge.mailbox.imap_errors import Account
from mailbridge.mailbox.imap_login import Tools, log_in
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.ports import MailboxRefused, MailboxUnreachable
from mailbridge.sdk import NoTokens, TokenStore

CHUNK = 200
"""Mails per command."""


@dataclass(frozen=True, slots=True)
class MarkResult:
    """What became of a request to mark.

    Attributes:
        done: UIDs that need no further mark: marked, gone, or in a folder that was rebuilt.
        refused: Why nothing can be marked here, until a person changes that; None when it can.
    """

    done: frozenset[int]
    refused: str | None = None


class ImapMarker:
    """Marks mails over a connection of its own, which ends after each call.

    Args:
        name: NAME of `[mailboxes.NAME]`.
        settings: Its settings; `mark` says how.
        tokens: Keeps access tokens that are renewed here.
    """

    def __init__(self, name: str, settings: ImapSettings, *, tokens: TokenStore | None = None) -> None:
        self._settings = settings
        self._account = Account(name, settings, tokens or NoTokens())

    def mark(self, uidvalidity: int, uids: Sequence[int]) -> MarkResult:
        """Mark mails that are final with all their deliveries.

        Raises:
            MailboxError: The server can't be reached now; nothing is lost, it is tried again.
        """
        tools = log_in(self._account)
        try:
            with self._account.explaining():
                return self._marked(tools, uidvalidity, sorted(uids))
        finally:
            tools.wire.shutdown()  # without CLOSE, which would expunge what people have marked

    def _marked(self, tools: Tools, uidvalidity: int, uids: list[int]) -> MarkResult:
        try:
            tools.folder.set(self._settings.folder, readonly=False)
        except IMAP4.readonly:
            return MarkResult(frozenset(), "the folder is read-only for this log-in")
        except MailboxFolderSelectError as error:
            raise MailboxUnreachable(f"{self._account.label}: the folder can't be opened to mark in it") from error
        told = tools.wire.untagged_responses
        if _number(told.get("UIDVALIDITY")) != uidvalidity:
            return MarkResult(frozenset(uids))  # rebuilt: these numbers belong to other mails now
        refused = self._refusal(tools)
        if refused:
            return MarkResult(frozenset(), refused)
        for start in range(0, len(uids), CHUNK):
            self._mark_some(tools, uid_set(uids[start : start + CHUNK]))
        return MarkResult(frozenset(uids))

    def _refusal(self, tools: Tools) -> str | None:
        told = tools.wire.untagged_responses
        if self._settings.mark == "move":
            if {"MOVE", "UIDPLUS"} & set(tools.wire.capabilities):
                return None
            return "the server has neither MOVE nor UIDPLUS: moving would remove other people's deleted mails too"
        allowed = b" ".join(part for part in told.get("PERMANENTFLAGS") or [] if isinstance(part, bytes)).decode(
            "ascii"
        )
        words = re.findall(r"[^\s()]+", allowed)
        if "\\*" in words or self._settings.mark_keyword.casefold() in {word.casefold() for word in words}:
            return None
        return f"the folder keeps no keywords such as {self._settings.mark_keyword}"

    def _mark_some(self, tools: Tools, uids: str) -> None:
        if self._settings.mark == "keyword":
            self._do(tools, "STORE", uids, "+FLAGS.SILENT", f"({self._settings.mark_keyword})")
            return
        target = utf7_encode(self._settings.mark_folder or "")
        folder = '"' + target.decode("ascii").replace("\\", "\\\\").replace('"', '\\"') + '"'
        if "MOVE" in tools.wire.capabilities:
            self._do(tools, "MOVE", uids, folder)
            return
        self._do(tools, "COPY", uids, folder)
        self._do(tools, "STORE", uids, "+FLAGS.SILENT", "(\\Deleted)")
        self._do(tools, "EXPUNGE", uids)

    def _do(self, tools: Tools, command: str, *arguments: str) -> None:
        status, data = tools.wire.uid(command, *arguments)
        if status == "OK":
            return
        said = b" ".join(part for part in data if isinstance(part, bytes)).decode("utf-8", "replace")
        if "TRYCREATE" in said.upper():
            raise MailboxRefused(f"{self._account.label}: mark_folder {self._settings.mark_folder!r} does not exist")
        raise MailboxUnreachable(f"{self._account.label}: {command} was refused: {self._account.said(said)}")


def _number(values: object) -> int | None:
    found = [int(value) for value in values or [] if isinstance(value, bytes) and value.isdigit()]  # type: ignore[attr-defined]
    return found[-1] if found else None
