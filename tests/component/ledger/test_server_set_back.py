"""A mail server that was itself restored from a backup: same UIDVALIDITY, and numbers are given a second time."""

import pytest

from mailbridge.mailbox.imap import ImapMailbox
from mailbridge.mailbox.settings import ImapSettings
from scripted_imap import ScriptedImap

pytestmark = pytest.mark.parametrize("make_kit", ["sqlite"], indirect=True)


@pytest.fixture
def server():
    scripted = ScriptedImap()
    scripted.mails = {uid: raw(f"before {uid}") for uid in range(1, 21)}
    yield scripted
    scripted.close()


@pytest.fixture
def look(kit, server):
    settings = ImapSettings(
        type="imap", host="127.0.0.1", port=server.port, tls="none", username="anna", password="w", recheck_uids=5
    )
    mailbox = ImapMailbox("box", settings)

    def go():
        """Look once; return what is new to the ledger."""
        intake = kit.ledger.intake("box")
        return sum(intake.store(chunk) for chunk in mailbox.look(intake))

    yield go
    mailbox.close()


def raw(text):
    return f"Subject: {text}\r\n\r\n".encode()


def fetched(server):
    found = sum(command.startswith("UID FETCH") and "BODY" in command for command in server.commands)
    server.commands.clear()
    return found


def test_mails_under_numbers_of_others_are_found_by_content(server, look):
    assert look() == 20
    for uid in range(15, 21):
        del server.mails[uid]
    server.mails[15] = raw("after the restore")
    assert look() == 1
    server.mails[16] = raw("one more")
    assert look() == 1
    server.mails |= {uid: raw(f"later {uid}") for uid in range(17, 23)}
    assert look() == 6, "the numbers have overtaken the cursor; those below it are new all the same"
    assert look() == 0


def test_it_costs_nothing_while_nothing_changes_and_nothing_once_it_is_over(server, look):
    look()
    for uid in range(15, 21):
        del server.mails[uid]
    look()
    fetched(server)
    look()
    assert fetched(server) == 0, "a folder whose last mails were deleted looks alike on some servers"
    server.mails |= {uid: raw(f"later {uid}") for uid in range(15, 23)}
    look()
    fetched(server)
    look()
    assert fetched(server) == 0


def test_the_look_is_bounded(server, look):
    look()
    for uid in range(15, 21):
        del server.mails[uid]
    server.commands.clear()
    look()
    assert [command for command in server.commands if command.startswith("UID SEARCH")] == ["UID SEARCH UID 10:*"]
