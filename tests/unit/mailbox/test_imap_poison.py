"""One mail that can't be fetched must neither be lost nor stop the others."""

import re

import pytest

from mailbridge.mailbox.imap import ImapMailbox
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.ports import MailboxUnreachable
from places import MemoryPlaces
from scripted_imap import CLOSE, ScriptedImap

GARBAGE = b"* 3 FETCH (UID 3 BODY[] {4}\r\nabcd)\r\nnonsense\r\nTAG OK done\r\n"
MAILS = {uid: f"Subject: {uid}\r\n\r\nbody {uid}\r\n".encode() for uid in range(1, 6)}


@pytest.fixture
def server():
    scripted = ScriptedImap()
    scripted.mails = dict(MAILS)
    yield scripted
    scripted.close()


@pytest.fixture
def mailbox(server):
    values = {
        "type": "imap", "host": "127.0.0.1", "port": server.port, "tls": "none", "username": "anna",
        "password": "word-of-anna", "timeout_s": 1,
    }  # fmt: skip
    made = ImapMailbox("shared", ImapSettings.model_validate(values))
    yield made
    made.close()


@pytest.fixture
def places(server):
    made = MemoryPlaces()
    made.visible = lambda: server.mails
    return made


def asks_for(uid, command, what=r"\S+"):
    match = re.match(rf"UID FETCH (\S+) \(UID BODY\.PEEK{what}", command)
    if not match:
        return False
    return any(int(low) <= uid <= int(high or low) for low, high in re.findall(r"(\d+)(?::(\d+))?", match[1]))


def look(mailbox, places):
    """Look once, as the daemon would; return the error's text, "" when the look was complete."""
    try:
        places.read(mailbox)
    except MailboxUnreachable as error:
        mailbox.close()
        return str(error)
    return ""


def stored(places):
    return {uid: arrival.raw for uid, arrival in places.arrivals[7].items()}


def test_all_others_are_stored_in_the_first_look_and_the_cursor_stays_below(server, mailbox, places):
    server.script = lambda command: GARBAGE if asks_for(3, command) else None
    assert "UID 3" in look(mailbox, places)
    assert stored(places) == {uid: raw for uid, raw in MAILS.items() if uid != 3}
    assert places.cursors[7].last_uid == 2


def test_mail_that_comes_later_is_read_all_the_same(server, mailbox, places):
    server.script = lambda command: GARBAGE if asks_for(3, command) else None
    look(mailbox, places)
    server.mails[6] = b"Subject: 6\r\n\r\n"
    look(mailbox, places)
    assert stored(places)[6] == b"Subject: 6\r\n\r\n"


def test_a_mail_that_comes_only_in_parts_comes_whole(server, mailbox, places):
    server.script = lambda command: GARBAGE if asks_for(3, command, r"\[\]\)") else None
    assert look(mailbox, places)
    assert look(mailbox, places) == ""
    assert stored(places) == MAILS
    assert places.cursors[7].last_uid == 5


def test_a_mail_of_which_only_headers_come_keeps_these(server, mailbox, places):
    server.script = lambda command: GARBAGE if asks_for(3, command, r"\[\]") else None
    assert [bool(look(mailbox, places)) for _ in range(3)] == [True, True, False]
    arrival = places.arrivals[7][3]
    assert (arrival.raw, arrival.size) == (b"Subject: 3\r\n\r\n", len(MAILS[3]))


@pytest.mark.parametrize(
    ("answer", "looks"),
    [
        pytest.param(GARBAGE, 4, id="unreadable"),
        pytest.param(b"TAG NO internal problem with this one\r\n", 4, id="refused"),
        pytest.param(b"TAG BAD what?\r\n", 4, id="bad"),
        pytest.param(b"* 3 FETCH (UID 3 BODY[] NIL BODY[HEADER] NIL)\r\nTAG OK done\r\n", 4, id="nil"),
        pytest.param(CLOSE, 10, id="server-crashes"),
    ],
)
def test_a_mail_of_which_nothing_comes_is_shown_at_last(server, mailbox, places, answer, looks):
    def script(command):
        return (
            answer
            if asks_for(3, command) and not asks_for(2, command) and not asks_for(4, command)
            else (CLOSE if asks_for(3, command) else None)
        )

    server.script = script
    results = [bool(look(mailbox, places)) for _ in range(looks)]
    assert results == [True] * (looks - 1) + [False]
    arrival = places.arrivals[7][3]
    assert (arrival.raw, arrival.size) == (b"", len(MAILS[3]))
    assert places.cursors[7].last_uid == 5
    assert look(mailbox, places) == ""


def test_while_a_server_gives_no_mail_at_all_none_is_given_up(server, mailbox, places):
    server.script = lambda command: b"TAG NO storage is away\r\n" if "BODY.PEEK" in command else None
    for _ in range(12):
        assert look(mailbox, places)
    assert stored(places) == {}
    server.script = lambda _: None
    assert look(mailbox, places) == ""
    assert stored(places) == MAILS


def test_a_mail_whose_size_can_not_be_told_comes_all_the_same(server, mailbox, places):
    def script(command):
        sizes = re.match(r"UID FETCH (\S+) \(UID RFC822", command)
        return b"TAG NO broken index\r\n" if sizes and sizes[1] in {"1:5", "3"} else None

    server.script = script
    assert look(mailbox, places) == ""
    assert stored(places) == MAILS


def test_a_server_that_tells_wrong_sizes_gives_whole_mails(server, mailbox, places):
    server.mails[3] = b"Subject: long\r\n\r\n" + b"x" * 9_000_000
    real = server.fetched
    server.fetched = lambda uid, items: re.sub(rb"RFC822\.SIZE \d+", b"RFC822.SIZE 10", real(uid, items))
    assert look(mailbox, places) == ""
    assert stored(places)[3] == server.mails[3]


def test_a_server_that_knows_no_parts_gives_whole_mails(server, mailbox, places):
    server.mails[3] = b"Subject: long\r\n\r\n" + b"x" * 9_000_000
    real = server.fetched
    server.fetched = lambda uid, items: real(uid, re.sub(r"<\d+\.\d+>", "", items))
    assert look(mailbox, places) == ""
    assert stored(places)[3] == server.mails[3]


def test_a_network_that_breaks_once_costs_nothing(server, mailbox, places):
    broken = iter([True])
    server.script = lambda command: CLOSE if "BODY.PEEK" in command and next(broken, False) else None
    assert look(mailbox, places) == ""
    assert stored(places) == MAILS


def test_a_server_that_breaks_every_connection_is_left_for_now(server, mailbox, places):
    server.script = lambda command: CLOSE if "BODY.PEEK" in command else None
    assert "closed the connection" in look(mailbox, places)
    assert server.connections < 10
