"""Log-in, encryption, and a server that goes away."""

import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

import dovecot as kit
from mailbridge.mailbox.imap import ImapMailbox
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.ports import MailboxMissing, MailboxRefused, MailboxUnreachable, PathUnreadable
from places import MemoryPlaces, mails_of

pytestmark = pytest.mark.dovecot


def settings(server, user, **changes):
    values = {
        "type": "imap", "host": "localhost", "port": server.tls_port, "ca_file": server.ca_file,
        "username": user.name, "password": kit.PASSWORD, "timeout_s": 3, "poll_s": 60,
    }  # fmt: skip
    return ImapSettings.model_validate(values | changes)


@pytest.fixture
def checked(dovecot, mailbox_user):
    """Return a function that connects once and says what was there."""

    def check(**changes):
        mailbox = ImapMailbox("shared", settings(dovecot, mailbox_user, **changes))
        try:
            return mailbox.check()
        finally:
            mailbox.close()

    return check


def test_check_tells_what_is_there(checked, mailbox_user):
    mailbox_user.deliver(b"Subject: 1\r\n\r\n")
    assert checked().startswith("INBOX at localhost: 1 mails, UIDVALIDITY ")
    assert checked().endswith(", IDLE yes")


def test_starttls(checked, dovecot):
    assert checked(tls="starttls", port=dovecot.plain_port).startswith("INBOX")


def test_no_encryption_only_on_this_machine(checked, dovecot):
    assert checked(tls="none", host="127.0.0.1", port=dovecot.plain_port).startswith("INBOX")


def test_a_wrong_password_is_refused_in_one_clear_line_without_the_password(checked, mailbox_user):
    with pytest.raises(MailboxRefused) as caught:
        checked(password="wrong-password-of-mine")
    said = str(caught.value)
    assert "mailbox shared (localhost:" in said
    assert mailbox_user.name in said
    assert "app password" in said
    assert "wrong-password-of-mine" not in said
    assert "\n" not in said


def test_a_password_that_is_not_ascii_reaches_the_server(checked):
    with pytest.raises(MailboxRefused, match="Authentication failed"):
        checked(password="пароль")


def test_a_missing_folder_names_similar_ones(checked, mailbox_user):
    with mailbox_user.client() as client:
        client.create('"&BBcEMARPBDIEOgQ4-"')
        client.create("Archive")
    with pytest.raises(MailboxMissing, match="there is no folder 'Заявка'; similar: Заявки"):
        checked(folder="Заявка")
    with pytest.raises(MailboxMissing, match=r"there are: .*Archive"):
        checked(folder="Nothing like it")


def test_a_certificate_of_an_unknown_authority_is_not_trusted(checked):
    with pytest.raises(MailboxUnreachable, match=r"certificate of the server is not trusted .* set ca_file"):
        checked(ca_file=None)


def test_a_certificate_for_another_name_is_not_trusted(own_dovecot):
    own_dovecot.use_certificate(own_dovecot.authority.issue_cert("imap.example.org"))
    own_dovecot.kill()
    own_dovecot.start()
    mailbox = ImapMailbox("shared", settings(own_dovecot, own_dovecot.user("anna")))
    with pytest.raises(MailboxUnreachable, match="certificate of the server is not for localhost"):
        mailbox.check()


def test_an_expired_certificate_is_not_trusted(own_dovecot):
    yesterday = datetime.now(UTC) - timedelta(days=1)
    own_dovecot.use_certificate(own_dovecot.authority.issue_cert("localhost", not_after=yesterday))
    own_dovecot.kill()
    own_dovecot.start()
    user = own_dovecot.user("anna")
    for changes in ({}, {"tls": "starttls", "port": own_dovecot.plain_port}):
        with pytest.raises(MailboxUnreachable, match="certificate of the server has expired"):
            ImapMailbox("shared", settings(own_dovecot, user, **changes)).check()


def test_a_ca_file_that_is_none(checked, tmp_path):
    with pytest.raises(PathUnreadable, match=r"ca_file .*missing\.pem: No such file"):
        checked(ca_file=tmp_path / "missing.pem")
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises(PathUnreadable, match="holds no certificates"):
        checked(ca_file=tmp_path / "empty.pem")


def test_implicit_tls_at_a_port_without_it(checked, dovecot):
    with pytest.raises(MailboxUnreachable, match=r"is port .* the one for tls = implicit"):
        checked(port=dovecot.plain_port)


def test_nobody_listens(checked):
    with pytest.raises(MailboxUnreachable, match="nothing listens on port"):
        checked(port=kit.free_port())


def test_a_name_that_does_not_exist(checked):
    with pytest.raises(MailboxUnreachable, match=r"the name no-such-host\.invalid can't be found"):
        checked(host="no-such-host.invalid")


def test_a_server_that_accepts_and_says_nothing(checked):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(MailboxUnreachable, match=r"no answer within 0\.5 s"):
            checked(tls="none", host="127.0.0.1", port=silent.getsockname()[1], timeout_s=0.5)
        assert time.monotonic() - started < 3


def test_a_server_killed_during_idle_is_noticed_and_found_again(own_dovecot):
    user = own_dovecot.user("anna")
    mailbox = ImapMailbox("shared", settings(own_dovecot, user))
    places = MemoryPlaces()
    places.read(mailbox)
    threading.Timer(0.5, own_dovecot.kill).start()
    started = time.monotonic()
    with pytest.raises(MailboxUnreachable, match="the server closed the connection"):
        mailbox.wait(30, threading.Event())
    assert time.monotonic() - started < 5
    with pytest.raises(MailboxUnreachable):
        places.read(mailbox)
    own_dovecot.start()
    user.deliver(b"Subject: after\r\n\r\n")
    assert len(mails_of(places.read(mailbox))) == 1
    mailbox.close()


class KillsTheServer:
    """Passes connections on to a server until so many bytes came back; then the server is killed, once."""

    def __init__(self, server, after_bytes):
        self._server, self._left = server, after_bytes
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._server.plain_port), 5)
                except OSError:
                    client.close()
                    continue
                for ends in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source, target, counts):
        with suppress(OSError):
            while piece := source.recv(1 << 16):
                target.sendall(piece)
                if counts and self._left > 0:
                    self._left -= len(piece)
                    if self._left <= 0:
                        self._server.kill()
        for end in (source, target):  # closing alone would tell nobody while the other thread reads from it
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self):
        self._listener.close()


def test_a_server_killed_in_the_midst_of_a_large_mail(own_dovecot):
    user = own_dovecot.user("anna")
    large = b"Subject: large\r\n\r\n" + b"a line of a large mail\r\n" * 500_000
    mails = [b"Subject: before\r\n\r\n", large, b"Subject: after\r\n\r\n"]
    for raw in mails:
        user.deliver(raw)
    between = KillsTheServer(own_dovecot, after_bytes=6_000_000)
    there = {"host": "127.0.0.1", "port": between.port, "tls": "none", "timeout_s": 20}
    mailbox = ImapMailbox("shared", settings(own_dovecot, user, **there))
    places = MemoryPlaces()
    with pytest.raises(MailboxUnreachable):
        places.read(mailbox)
    assert large not in places.raws(), "half a mail is none"
    own_dovecot.start()
    places.read(mailbox)
    assert sorted(places.raws()) == sorted(mails)
    mailbox.close()
    between.close()


def test_a_connection_that_died_silently_is_noticed_by_the_next_look(own_dovecot):
    """A router that forgot the connection: nothing arrives any more, no end of the connection either."""
    user = own_dovecot.user("anna")
    mailbox = ImapMailbox("shared", settings(own_dovecot, user, timeout_s=1))
    places = MemoryPlaces()
    places.read(mailbox)
    own_dovecot.freeze()
    try:
        mailbox.wait(0.2, threading.Event())
    except MailboxUnreachable as error:
        assert "no answer within 1 s" in str(error)  # noqa: PT017 - either call may be the one that notices
    else:
        pytest.fail("IDLE can't have ended")
    finally:
        own_dovecot.thaw()
    places.read(mailbox)
    mailbox.close()
