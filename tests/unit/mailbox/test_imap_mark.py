"""Marks on servers that don't keep them, don't allow them, or have no room."""

import pytest

from mailbridge.mailbox.imap_mark import ImapMarker
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.ports import MailboxRefused, MailboxUnreachable

FLAGS = b"* OK [PERMANENTFLAGS (\\Deleted \\Seen \\*)] kept\r\n"
STATE = b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 4]\r\n"


@pytest.fixture
def marker(server):
    def make(**changes):
        values = {
            "type": "imap", "host": "127.0.0.1", "port": server.port, "tls": "none", "username": "anna",
            "password": "word-of-anna", "timeout_s": 1, "mark": "keyword",
        }  # fmt: skip
        return ImapMarker("shared", ImapSettings.model_validate(values | changes))

    return make


def selecting(state, answers=None):
    """Return a script that answers SELECT with a state, and other commands by their beginning."""
    known = {"SELECT": state, **(answers or {})}
    return lambda command: next((raw for begin, raw in known.items() if command.startswith(begin)), None)


def changes_of(server):
    verbs = ("UID STORE", "UID MOVE", "UID COPY", "UID EXPUNGE", "EXPUNGE", "CLOSE", "STORE")
    return [command for command in server.commands if command.startswith(verbs)]


def test_a_keyword_where_the_folder_keeps_it(server, marker):
    server.script = selecting(STATE + FLAGS + b"TAG OK [READ-WRITE] done\r\n")
    result = marker().mark(7, [3, 1, 2])
    assert (result.done, result.refused) == ({1, 2, 3}, None)
    assert changes_of(server) == ["UID STORE 1:3 +FLAGS.SILENT ($MailbridgeDone)"]


def test_a_read_only_folder_is_refused_for_good_and_not_tried_for_ever(server, marker):
    server.script = selecting(STATE + FLAGS + b"TAG OK [READ-ONLY] done\r\n")
    result = marker().mark(7, [1])
    assert result.done == frozenset()
    assert "read-only" in result.refused
    assert changes_of(server) == []


@pytest.mark.parametrize(
    "flags", [b"", b"* OK [PERMANENTFLAGS (\\Deleted \\Seen)] kept\r\n", b"* OK [PERMANENTFLAGS ()] none\r\n"]
)
def test_a_folder_that_keeps_no_keywords(server, marker, flags):
    server.script = selecting(STATE + flags + b"TAG OK [READ-WRITE] done\r\n")
    assert "keeps no keywords" in marker().mark(7, [1]).refused
    assert changes_of(server) == []


def test_a_full_mailbox_is_tried_again_later_and_loses_nothing(server, marker):
    server.capabilities = "IMAP4rev1 UIDPLUS"
    full = {"UID COPY": b"TAG NO [OVERQUOTA] Quota exceeded\r\n"}
    server.script = selecting(STATE + FLAGS + b"TAG OK [READ-WRITE] done\r\n", full)
    with pytest.raises(MailboxUnreachable, match="OVERQUOTA"):
        marker(mark="move", mark_folder="Done").mark(7, [1, 2])
    assert changes_of(server) == ['UID COPY 1:2 "Done"'], "nothing is removed that was not copied"


def test_a_folder_to_move_to_that_is_missing(server, marker):
    server.capabilities = "IMAP4rev1 MOVE"
    missing = {"UID MOVE": b"TAG NO [TRYCREATE] no such folder\r\n"}
    server.script = selecting(STATE + FLAGS + b"TAG OK [READ-WRITE] done\r\n", missing)
    with pytest.raises(MailboxRefused, match="'Done' does not exist"):
        marker(mark="move", mark_folder="Done").mark(7, [1])
