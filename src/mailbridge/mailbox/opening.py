"""From settings to a mailbox."""

from mailbridge.mailbox.file_mailbox import FileMailbox
from mailbridge.mailbox.file_sources import DirectorySource, MaildirSource, MboxSource
from mailbridge.mailbox.imap import ImapMailbox
from mailbridge.mailbox.settings import DirectorySettings, ImapSettings, MailboxSettings, MaildirSettings
from mailbridge.ports import Mailbox


def open_mailbox(name: str, settings: MailboxSettings) -> Mailbox:
    """Return the mailbox that the settings describe; nothing is connected or read yet.

    Args:
        name: NAME of `[mailboxes.NAME]`.
        settings: Its settings.
    """
    if isinstance(settings, ImapSettings):
        return ImapMailbox(name, settings)
    if isinstance(settings, DirectorySettings):
        return FileMailbox(name, settings, DirectorySource(settings))
    if isinstance(settings, MaildirSettings):
        return FileMailbox(name, settings, MaildirSource(settings))
    return FileMailbox(name, settings, MboxSource(settings))
