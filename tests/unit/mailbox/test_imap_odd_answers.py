"""Servers that answer in ways no standard foresees."""

import time
from datetime import UTC, datetime

import pytest

from mailbridge.ports import MailboxRefused, MailboxUnreachable
from places import MemoryPlaces
from scripted_imap import CLOSE, PAUSE, answering

BODIES = r"UID FETCH .*BODY\.PEEK\[\]"


def mail(number):
    return f"Subject: {number}\r\n\r\nbody {number}\r\n".encode()


def fill(server, count):
    server.mails = {uid: mail(uid) for uid in range(1, count + 1)}


def literal(raw):
    return b"{%d}\r\n%s" % (len(raw), raw)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"* 1 FETCH (BODY[] " + literal(mail(1)) + b" UID 1)\r\n", id="uid-behind-the-body"),
        pytest.param(b"* 1 FETCH (FLAGS (\\Seen) UID 1 BODY[] " + literal(mail(1)) + b")\r\n", id="flags-before"),
        pytest.param(b"* 1 FETCH (UID 1 BODY[] " + literal(mail(1)) + b" FLAGS (\\Seen $x))\r\n", id="flags-behind"),
        pytest.param(b"* 1 FETCH (uid 1 body[] " + literal(mail(1)) + b")\r\n", id="lower-case"),
        pytest.param(b"* 1 FETCH (UID 1 BODY[] " + literal(mail(1)) + b"\r\n)\r\n", id="empty-line-behind-the-literal"),
        pytest.param(
            b"* 2 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (UID 1 BODY[] " + literal(mail(1)) + b")\r\n", id="others-flags"
        ),
        pytest.param(
            b"* 9 FETCH (UID 9 BODY[] " + literal(b"foreign") + b")\r\n"
            b"* 1 FETCH (UID 1 BODY[] " + literal(mail(1)) + b")\r\n",
            id="a-mail-nobody-asked-for",
        ),
        pytest.param(
            b"* 1 FETCH (UID 1 BODY[] " + literal(mail(1)) + b")\r\n* 1 FETCH (UID 1 BODY[] NIL FLAGS ())\r\n",
            id="again-with-nil",
        ),
        pytest.param(
            b"* 1 FETCH (UID 1 FLAGS ())\r\n* 1 FETCH (UID 1 BODY[] " + literal(mail(1)) + b")\r\n", id="in-two-answers"
        ),
        pytest.param(
            b'* 1 FETCH (UID 1 X (a (b ")") c) MODSEQ (5) BODY[] ' + literal(mail(1)) + b")\r\n", id="unknown-lists"
        ),
        pytest.param(b"* 1 FETCH (UID 1 BODY[] " + literal(mail(1)) + b")\r\n* 3 EXISTS\r\n* 1 RECENT\r\n", id="news"),
    ],
)
def test_the_body_is_found_whatever_stands_around_it(server, opened, places, answer):
    fill(server, 1)
    server.script = answering(BODIES, lambda _: answer + b"TAG OK done\r\n")
    places.read(opened())
    assert places.raws() == [mail(1)]


def test_a_body_as_a_quoted_string(server, opened, places):
    fill(server, 1)
    server.script = answering(BODIES, lambda _: b'* 1 FETCH (UID 1 BODY[] "a: \\"b\\" UID 7")\r\nTAG OK done\r\n')
    places.read(opened())
    assert places.raws() == [b'a: "b" UID 7']


def test_an_answer_to_another_command_does_not_shift_the_bodies(server, opened, places):
    fill(server, 3)
    server.script = answering(
        BODIES,
        lambda _: (
            b"* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n"
            + b"".join(server.fetched(uid, "BODY.PEEK[]") for uid in (3, 1, 2))
            + b"TAG OK done\r\n"
        ),
    )
    places.read(opened())
    assert places.raws() == [mail(1), mail(2), mail(3)]


@pytest.mark.parametrize("left", [b"", b"* 2 FETCH (UID 2 BODY[] NIL)\r\n"])
def test_a_mail_that_went_is_counted_and_the_others_are_kept(server, opened, places, left):
    fill(server, 3)

    def went(_):
        server.mails.pop(2, None)
        parts = [server.fetched(uid, "BODY.PEEK[]") for uid in (1, 3)]
        return parts[0] + left + parts[1] + b"TAG NO [EXPUNGEISSUED] some are gone\r\n"

    server.script = answering(BODIES, went)
    places.read(opened())
    assert places.raws() == [mail(1), mail(3)]
    assert places.vanished[7] == {2}


def test_a_mail_that_went_before_its_size_was_asked_moves_no_cursor_over_others(server, opened, places):
    fill(server, 5)

    def went(_):
        server.mails.pop(4, None)

    server.script = answering(r"UID FETCH .*RFC822\.SIZE", went)
    places.read(opened(chunk_mails=5))
    assert places.vanished[7] == {4}
    assert len(places.raws()) == 4


def test_a_server_that_takes_long_to_tell_what_is_new_is_asked_the_less(server, opened, places):
    """Dovecot lists a Maildir of 100,000 mails anew at each NOOP: for seconds, in the midst of a backlog."""
    fill(server, 40)
    moment = [0.0]

    def passing(command):
        moment[0] += 2.0 if command == "NOOP" else 0.5 if "BODY" in command else 0.0

    server.script = passing
    places.read(opened(clock=lambda: moment[0], chunk_mails=1, poll_s=60))
    spent = server.commands.count("NOOP") * 2.0
    assert len(places.raws()) == 40
    assert 0 < spent <= moment[0] / 3


def test_search_without_any_answer_is_an_empty_folder(server, opened, places):
    server.script = answering("UID SEARCH", lambda _: b"TAG OK done\r\n")
    places.read(opened())
    assert places.raws() == []
    assert places.cursors[7].first_uid == 1


def test_a_search_that_always_lists_the_last_mail(server, opened, places):
    """`n:*` means the last mail even where n is above it (RFC 9051 §6.4.8)."""
    fill(server, 3)
    mailbox = opened(recheck_uids=0)
    places.read(mailbox)
    before = len(server.commands)
    assert places.read(mailbox) == []
    assert not [command for command in server.commands[before:] if "FETCH" in command]


def test_half_a_million_numbers_are_listed_in_ranges(server, opened):
    sizes = []

    def search(command):
        low, _, high = command.split()[3].partition(":")
        uids = range(int(low), 500_001 if high == "*" else int(high) + 1)
        sizes.append(len(uids))
        return f"* SEARCH {' '.join(map(str, uids))}\r\nTAG OK done\r\n".encode()

    server.uidnext = 500_001
    server.script = answering("UID SEARCH", search)

    class AllStored(MemoryPlaces):
        def stored_uids(self, uidvalidity, low, high):
            return frozenset(range(low, high + 1))

    places = AllStored()
    places.read(opened(timeout_s=10))
    assert max(sizes) <= 20_000
    assert sum(sizes) == 500_000
    assert places.cursors[7].last_uid == 500_000


def test_sparse_numbers_take_few_questions(server, opened, places):
    server.mails = {4_000_000_000 + uid: mail(uid) for uid in range(3)}
    mailbox = opened()
    places.read(mailbox)
    assert len(places.raws()) == 3
    assert len(server.commands) < 20


def test_the_cursor_follows_when_everything_above_it_was_removed(server, opened, places):
    fill(server, 1)
    server.uidnext = 3_000_000
    mailbox = opened()
    places.read(mailbox)
    before = len(server.commands)
    places.read(mailbox)
    assert len(server.commands) - before == 2


def test_a_number_that_becomes_visible_late_is_still_new(server, opened, places):
    server.mails = {uid: mail(uid) for uid in (1, 2, 5)}
    mailbox = opened()
    places.read(mailbox)
    server.mails |= {3: mail(3), 6: mail(6)}
    places.read(mailbox)
    assert places.raws() == [mail(1), mail(2), mail(3), mail(5), mail(6)]


def test_a_literal_of_ten_gigabytes_is_not_waited_for(server, opened, places):
    fill(server, 1)
    server.script = answering(BODIES, lambda _: b"* 1 FETCH (UID 1 BODY[] {10000000000}\r\nx")
    started = time.monotonic()
    with pytest.raises(MailboxUnreachable, match="sends more bytes than it was asked for"):
        places.read(opened())
    assert time.monotonic() - started < 3


def test_an_answer_without_end_is_not_kept(server, opened, monkeypatch):
    monkeypatch.setattr("mailbridge.mailbox.imap_wire.MAX_ANSWER", 1_000_000)
    server.script = answering("EXAMINE", lambda _: b"* OK more\r\n" * 200_000)
    with pytest.raises(MailboxUnreachable, match="sends more bytes"):
        opened().check()


def test_a_line_without_end_is_not_kept(server, opened, monkeypatch):
    monkeypatch.setattr("mailbridge.mailbox.imap_wire.MAX_LINE", 100_000)
    server.script = answering("EXAMINE", lambda _: b"* OK " + b"x" * 300_000)
    with pytest.raises(MailboxUnreachable, match="can't be read"):
        opened().check()


def test_a_server_that_drips_is_left_at_last(server, opened, monkeypatch):
    monkeypatch.setattr("mailbridge.mailbox.imap_wire._COMMAND_TIMEOUTS", 1)

    server.script = answering("EXAMINE", lambda _: PAUSE.join([b"* OK still working\r\n"] * 30))
    mailbox = opened(timeout_s=0.3)
    with pytest.raises(MailboxUnreachable, match="no answer within"):
        mailbox.check()


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b"* PREAUTH welcome\r\n", "PREAUTH"),
        (b"* BYE Too many connections\r\n", "turned the connection away"),
        (b"220 smtp.example.org ESMTP\r\n", "can't be read"),
        (b"", "no answer within 1 s"),
    ],
)
def test_a_greeting_that_is_none(server, opened, greeting, said):
    server.greeting = greeting
    with pytest.raises(MailboxUnreachable, match=said):
        opened().check()


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (b"NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", MailboxRefused, "Invalid credentials"),
        (b"NO LOGIN failed.", MailboxRefused, "app password"),
        (b"NO [ALERT] Application-specific password required", MailboxRefused, "Application-specific"),
        (b"NO [UNAVAILABLE] Temporary authentication failure", MailboxUnreachable, "Temporary authentication failure"),
        (b"NO [ALERT] Too many simultaneous connections. (Failure)", MailboxUnreachable, "Too many simultaneous"),
        (b"NO [OVERQUOTA] Account exceeded bandwidth limits", MailboxUnreachable, "bandwidth"),
        (b"BAD Command Error. 10", MailboxUnreachable, r"Command Error\. 10"),
        (b"NO wrong password: word-of-anna\x07", MailboxRefused, r"wrong password: \*\*\*"),
    ],
)
def test_log_in_errors_are_sorted_by_what_helps(server, opened, answer, error, said):
    server.script = answering("LOGIN", lambda _: b"TAG " + answer + b"\r\n")
    with pytest.raises(error, match=said) as caught:
        opened().check()
    assert "word-of-anna" not in str(caught.value)
    assert type(caught.value).__name__ in {"MailboxRefused", "MailboxUnreachable", "AnswerUnreadable"}


def test_a_throttled_microsoft_365_is_explained(server, opened):
    server.script = answering("EXAMINE", lambda _: b"TAG BAD User is authenticated but not connected.\r\n")
    with pytest.raises(MailboxUnreachable, match="throttles anna, or this log-in has no right"):
        opened().check()


def test_a_good_bye_in_the_middle_is_told(server, opened, places):
    fill(server, 1)
    server.script = answering("UID SEARCH", lambda _: b"* BYE Server shutting down\r\n" + CLOSE)
    with pytest.raises(MailboxUnreachable, match="the server ended the connection: Server shutting down"):
        places.read(opened())


def test_no_text_of_a_mail_gets_into_an_error(server, opened, places):
    fill(server, 1)
    server.script = answering(BODIES, lambda _: b"* 1 FETCH (UID 1 BODY[] {5}\r\nhello)\r\nDear Mr Secret,\r\n")
    with pytest.raises(MailboxUnreachable) as caught:
        places.read(opened())
    assert "Secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_bytes_in_clear_behind_starttls_are_refused(server, opened):
    server.script = answering("STARTTLS", lambda _: b"TAG OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n")
    with pytest.raises(MailboxUnreachable, match="tampers with the connection"):
        opened(tls="starttls").check()
    assert not [command for command in server.commands if command.startswith(("LOGIN", "AUTHENTICATE"))]


def test_a_refused_starttls_sends_no_password(server, opened):
    server.script = answering("STARTTLS", lambda _: b"TAG NO not here\r\n")
    with pytest.raises(MailboxUnreachable, match="STARTTLS was refused"):
        opened(tls="starttls").check()
    assert not [command for command in server.commands if command.startswith(("LOGIN", "AUTHENTICATE"))]


def test_an_address_with_line_breaks_never_becomes_a_command(server, opened):
    with pytest.raises(ValueError, match="control character"):
        opened(folder='INBOX"\r\nX9 DELETE Archive')


def test_quotes_in_names_stay_inside_their_quotes(server, opened):
    opened(folder='a" b\\c', username='anna" DELETE').check()
    assert 'EXAMINE "a\\" b\\\\c"' in server.commands
    assert 'LOGIN "anna\\" DELETE" "word-of-anna"' in server.commands


def test_since_is_asked_with_a_day_of_slack_and_in_english(server, opened, places):
    places.read(opened(since=datetime(2024, 3, 1, tzinfo=UTC)))
    assert any(command.endswith("SINCE 29-Feb-2024") for command in server.commands)
