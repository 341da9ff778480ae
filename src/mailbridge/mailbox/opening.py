"""From settings to a mailbox."""

from mailbridge.mailbox.file_mailbox import FileMailbox
from mailbridge.mailbox.file_sources import DirectorySource, MaildirSource, MboxSource
from mailbridge.mailbox.imap import ImapMailbox
from mailbridge.mailbox.settings import DirectorySettings, ImapSettings, MailboxSettings, MaildirSettings
from mailbridge.ports import Mailbox
from mailbridge.sdk import TokenStore


def token_owner(name: str) -> str:
    """Return under which name the tokens of a mailbox are kept beside those of CRM accounts."""
    return f"mailbox {name}"


def open_mailbox(name: str, settings: MailboxSettings, *, tokens: TokenStore | None = None) -> Mailbox:
    """Return the mailbox that the settings describe; nothing is connected or read yet.

    Args:
        name: NAME of `[mailboxes.NAME]`.
        settings: Its settings.
        tokens: Keeps access tokens that are renewed here; None = only as long as the mailbox is open.
    """
    if isinstance(settings, ImapSettings):
        return ImapMailbox(name, settings, tokens=tokens)
    if isinstance(settings, DirectorySettings):
        return FileMailbox(name, settings, DirectorySource(settings))
    if isinstance(settings, MaildirSettings):
        return FileMailbox(name, settings, MaildirSource(settings))
    return FileMailbox(name, settings, MboxSource(settings))
