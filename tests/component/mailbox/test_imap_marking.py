"""Courtesy marks: for people, never at the cost of their mails."""

import pytest

import dovecot as kit
from mailbridge.mailbox.imap_mark import ImapMarker
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.ports import MailboxRefused

pytestmark = pytest.mark.dovecot


@pytest.fixture
def marker(dovecot, mailbox_user):
    def make(**changes):
        values = {
            "type": "imap", "host": "localhost", "port": dovecot.tls_port, "ca_file": dovecot.ca_file,
            "username": mailbox_user.name, "password": kit.PASSWORD, "timeout_s": 3, "mark": "keyword",
        }  # fmt: skip
        return ImapMarker("shared", ImapSettings.model_validate(values | changes))

    return make


def uidvalidity(user):
    with user.client() as client:
        client.select("INBOX", readonly=True)
        return int(client.response("UIDVALIDITY")[1][0])


def deliver(user, count):
    user.deliver(*(f"Subject: {number}\r\n\r\n".encode() for number in range(count)))
    return user.uids()


def create(user, name):
    with user.client() as client:
        client.create(name)


def mark_deleted_by_a_person(user, uid):
    with user.client() as client:
        client.select("INBOX")
        client.uid("STORE", str(uid), "+FLAGS", "(\\Deleted)")


def test_a_keyword_and_nothing_else(marker, mailbox_user):
    uids = deliver(mailbox_user, 3)
    result = marker().mark(uidvalidity(mailbox_user), uids[:2])
    assert (result.done, result.refused) == (frozenset(uids[:2]), None)
    one, two, three = mailbox_user.flags()
    assert b"$MailbridgeDone" in one
    assert b"$MailbridgeDone" in two
    assert b"$MailbridgeDone" not in three
    assert b"\\Seen" not in one


def test_a_mail_that_a_person_marked_for_deletion_survives_every_way(marker, mailbox_user):
    create(mailbox_user, "Done")
    uids = deliver(mailbox_user, 3)
    mark_deleted_by_a_person(mailbox_user, uids[2])
    marker().mark(uidvalidity(mailbox_user), [uids[0]])
    marker(mark="move", mark_folder="Done").mark(uidvalidity(mailbox_user), [uids[1]])
    assert mailbox_user.uids() == [uids[0], uids[2]]
    assert len(mailbox_user.uids("Done")) == 1
    said = [line.split()[0] for session in mailbox_user.sessions() for line in session if line]
    assert "CLOSE" not in said
    assert "EXPUNGE" not in said


def test_a_rebuilt_folder_is_left_alone(marker, mailbox_user):
    uids = deliver(mailbox_user, 1)
    result = marker().mark(uidvalidity(mailbox_user) + 1, uids)
    assert result.done == frozenset(uids)
    assert b"$MailbridgeDone" not in mailbox_user.flags()[0]


def test_mails_that_are_gone_are_no_error(marker, mailbox_user):
    uids = deliver(mailbox_user, 2)
    mailbox_user.expunge(uids[:1])
    assert marker().mark(uidvalidity(mailbox_user), uids).done == frozenset(uids)
    assert b"$MailbridgeDone" in mailbox_user.flags()[0]


def test_a_folder_to_move_to_that_is_not_there_is_told_and_nothing_is_lost(marker, mailbox_user):
    uids = deliver(mailbox_user, 1)
    with pytest.raises(MailboxRefused, match="Сделано"):
        marker(mark="move", mark_folder="Сделано").mark(uidvalidity(mailbox_user), uids)
    assert mailbox_user.uids() == uids


def test_a_cyrillic_folder(marker, mailbox_user):
    from imap_tools.imap_utf7 import utf7_encode

    create(mailbox_user, f'"{utf7_encode("Готово").decode()}"')
    uids = deliver(mailbox_user, 2)
    marker(mark="move", mark_folder="Готово").mark(uidvalidity(mailbox_user), uids[:1])
    assert mailbox_user.uids() == uids[1:]


def test_without_move_and_uidplus_nothing_is_moved(marker, mailbox_user, monkeypatch):
    from mailbridge.mailbox import imap_mark

    create(mailbox_user, "Done")
    uids = deliver(mailbox_user, 1)
    real = imap_mark.log_in

    def poor_server(account):
        tools = real(account)
        tools.wire.capabilities = tuple(set(tools.wire.capabilities) - {"MOVE", "UIDPLUS"})
        return tools

    monkeypatch.setattr(imap_mark, "log_in", poor_server)
    result = marker(mark="move", mark_folder="Done").mark(uidvalidity(mailbox_user), uids)
    assert result.done == frozenset()
    assert "neither MOVE nor UIDPLUS" in result.refused
    assert mailbox_user.uids() == uids


def test_copy_and_uid_expunge_where_there_is_no_move(marker, mailbox_user, monkeypatch):
    from mailbridge.mailbox import imap_mark

    create(mailbox_user, "Done")
    uids = deliver(mailbox_user, 3)
    mark_deleted_by_a_person(mailbox_user, uids[0])
    real = imap_mark.log_in

    def older_server(account):
        tools = real(account)
        tools.wire.capabilities = tuple(set(tools.wire.capabilities) - {"MOVE"})
        return tools

    monkeypatch.setattr(imap_mark, "log_in", older_server)
    marker(mark="move", mark_folder="Done").mark(uidvalidity(mailbox_user), uids[1:2])
    assert mailbox_user.uids() == [uids[0], uids[2]], "the person's deleted mail is still there"
    assert len(mailbox_user.uids("Done")) == 1


def test_move_needs_another_folder():
    values = {"type": "imap", "host": "h", "username": "u", "password": "p", "mark": "move"}
    for more in ({}, {"mark_folder": "INBOX"}):
        with pytest.raises(ValueError, match="mark_folder"):
            ImapSettings.model_validate(values | more)
