"""Reading a folder of a real server while other people use it."""

import threading
import time
from datetime import UTC, datetime

import pytest

from dovecot import PASSWORD
from mailbridge.mailbox.files import HEAD_BYTES
from mailbridge.mailbox.imap import ImapMailbox
from mailbridge.mailbox.settings import ImapSettings
from places import MemoryPlaces, mails_of

pytestmark = pytest.mark.dovecot


def mail(number, *, size=0):
    return f"Subject: {number}\r\n\r\n".encode() + b"0123456789abcd\r\n" * (size // 16)


@pytest.fixture
def opened(dovecot, mailbox_user):
    """Return a function that makes a mailbox of this test's user."""
    made = []

    def make(**changes):
        values = {
            "type": "imap", "host": "localhost", "port": dovecot.tls_port, "ca_file": dovecot.ca_file,
            "username": mailbox_user.name, "password": PASSWORD, "timeout_s": 5,
        }  # fmt: skip
        made.append(ImapMailbox("shared", ImapSettings.model_validate(values | changes)))
        return made[-1]

    yield make
    for mailbox in made:
        mailbox.close()


@pytest.fixture
def places():
    return MemoryPlaces()


def test_first_sight_is_a_backlog_from_before_the_ledger(opened, places, mailbox_user):
    mailbox_user.deliver(mail(1), mail(2))
    mailbox = opened()
    chunks = places.read(mailbox)
    assert [arrival.raw for arrival in mails_of(chunks)] == [mail(1), mail(2)]
    assert all(chunk.backlog for chunk in chunks if chunk.arrivals)
    mailbox_user.deliver(mail(3))
    (fresh,) = places.read(mailbox)
    (cursor,) = places.cursors.values()
    assert ([arrival.uid for arrival in fresh.arrivals], fresh.backlog) == ([3], False)
    assert (cursor.last_uid, cursor.first_uid) == (3, 3)


def test_the_moment_of_first_sight_is_kept_for_an_empty_folder_too(opened, places, mailbox_user):
    mailbox = opened()
    places.read(mailbox)
    mailbox_user.deliver(mail(1))
    (chunk,) = places.read(mailbox)
    assert [arrival.uid >= places.cursor(chunk.uidvalidity).first_uid for arrival in chunk.arrivals] == [True]


def test_bytes_and_time_of_arrival_are_those_of_the_server(opened, places, mailbox_user):
    raw = b"Subject: \xd0\xbf\xff\r\nX: a\r\n\r\n\x00\x01{5}\r\n)\r\n. \r\n\r\n"
    mailbox_user.deliver(raw, received="05-Mar-2024 10:20:30 +0300")
    (arrival,) = mails_of(places.read(opened()))
    assert (arrival.raw, arrival.size) == (raw.replace(b"\x00", b"\x80"), len(raw))
    assert arrival.received_at == datetime(2024, 3, 5, 7, 20, 30, tzinfo=UTC)


def test_new_mail_wakes_the_wait_at_once(opened, places, mailbox_user):
    mailbox = opened(poll_s=60)
    places.read(mailbox)
    threading.Timer(0.5, mailbox_user.deliver, [mail(1)]).start()
    started = time.monotonic()
    mailbox.wait(30, threading.Event())
    assert 0.4 < time.monotonic() - started < 3.5
    assert len(mails_of(places.read(mailbox))) == 1


def test_mail_that_came_between_look_and_wait_is_not_waited_for(opened, places, mailbox_user):
    mailbox = opened(poll_s=60)
    places.read(mailbox)
    mailbox_user.deliver(mail(1))
    started = time.monotonic()
    mailbox.wait(30, threading.Event())
    assert time.monotonic() - started < 2


def test_stop_ends_the_wait_within_a_second_and_the_connection_lives_on(opened, places, mailbox_user):
    mailbox = opened(poll_s=60)
    places.read(mailbox)
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()
    mailbox.wait(30, stop)
    assert time.monotonic() - started < 2
    places.read(mailbox)
    assert len([session for session in mailbox_user.sessions() if "EXAMINE" in str(session)]) == 1


def test_without_news_a_look_costs_two_round_trips(opened, places, mailbox_user):
    mailbox_user.deliver(mail(1))
    mailbox = opened()
    places.read(mailbox)
    before = len(mailbox_user.sessions()[-1])
    assert places.read(mailbox) == []
    verbs = [line.split()[1:3] for line in mailbox_user.sessions()[-1][before:]]
    assert verbs == [["EXAMINE", '"INBOX"'], ["UID", "SEARCH"]]


def test_a_restart_goes_on_at_the_cursor_and_asks_only_for_the_last_places(opened, places, mailbox_user):
    mailbox_user.deliver(*[mail(number) for number in range(30)])
    places.read(opened())
    mailbox_user.deliver(mail("new"))
    again = opened(recheck_uids=10)
    assert [arrival.uid for arrival in mails_of(places.read(again))] == [31]
    assert places.questions[-1][1:] == (21, 31)


def test_a_mail_missing_in_the_last_places_is_fetched_though_the_cursor_has_passed(opened, places, mailbox_user):
    mailbox_user.deliver(*[mail(number) for number in range(5)])
    mailbox = opened()
    places.read(mailbox)
    (uidvalidity,) = places.arrivals
    del places.arrivals[uidvalidity][3]
    (chunk,) = places.read(mailbox)
    assert ([arrival.uid for arrival in chunk.arrivals], chunk.high_uid) == ([3], 5)


def test_another_uidvalidity_is_first_sight_again(opened, places, mailbox_user):
    mailbox_user.deliver(mail(1), mail(2))
    mailbox = opened()
    places.read(mailbox)
    mailbox.close()
    (mailbox_user.maildir / "dovecot-uidlist").unlink()
    for index in mailbox_user.maildir.glob("dovecot.index*"):
        index.unlink()
    (mailbox_user.maildir / "dovecot-uidvalidity").unlink()
    time.sleep(1.1)  # Dovecot takes the second as the new UIDVALIDITY
    chunks = places.read(mailbox)
    assert len(places.cursors) == 2
    assert sorted(arrival.raw for arrival in mails_of(chunks)) == [mail(1), mail(2)]
    assert chunks[0].first_uid is not None


def test_mails_that_others_remove_meanwhile_are_counted_and_the_others_are_read(opened, places, mailbox_user):
    mailbox_user.deliver(*[mail(number, size=600) for number in range(6)])
    mailbox = opened(chunk_bytes=1400)
    look = mailbox.look(places)
    places.store(next(look))
    places.store(next(look))
    mailbox_user.expunge([3, 5])
    for chunk in look:
        places.store(chunk)
    (uidvalidity,) = places.arrivals
    assert sorted(places.arrivals[uidvalidity]) == [1, 2, 4, 6]
    assert places.vanished[uidvalidity] == {3, 5}
    assert places.read(mailbox) == []


def test_a_cyrillic_folder(opened, places, mailbox_user):
    with mailbox_user.client() as client:
        client.create('"&BBcEMARPBDIEOgQ4-/2025"')
    mailbox_user.deliver(mail(1), folder=b'"&BBcEMARPBDIEOgQ4-/2025"')
    mailbox = opened(folder="Заявки/2025")
    assert len(mails_of(places.read(mailbox))) == 1
    assert mailbox.check().startswith("Заявки/2025 at localhost: 1 mails, UIDVALIDITY ")


def test_three_hundred_mails_come_in_bounded_chunks(opened, places, mailbox_user):
    mailbox_user.deliver(*[mail(number, size=2000) for number in range(300)])
    chunks = places.read(opened(chunk_mails=40, chunk_bytes=60_000))
    assert len(mails_of(chunks)) == 300
    assert max(len(chunk.arrivals) for chunk in chunks) <= 40
    assert max(sum(len(arrival.raw) for arrival in chunk.arrivals) for chunk in chunks) <= 60_000
    assert [chunk.high_uid for chunk in chunks] == sorted(chunk.high_uid for chunk in chunks)


def test_mail_that_arrives_while_a_backlog_is_read_goes_before_the_rest(opened, places, mailbox_user):
    mailbox_user.deliver(*[mail(number) for number in range(20)])
    mailbox = opened(chunk_mails=4, poll_s=0.01)
    look = mailbox.look(places)
    for _ in range(2):
        places.store(next(look))
    mailbox_user.deliver(mail("fresh"), mail("fresh too"))
    chunks = [next(look)]
    places.store(chunks[0])
    for chunk in look:
        places.store(chunk)
        chunks.append(chunk)
    fresh = next(chunk for chunk in chunks if not chunk.backlog)
    assert ([arrival.uid for arrival in fresh.arrivals], fresh.high_uid) == ([21, 22], 4)
    assert mails_of(places.read(mailbox)) == []
    (cursor,) = places.cursors.values()
    assert (len(places.raws()), cursor.last_uid) == (22, 22)


def test_a_look_that_was_broken_off_loses_and_repeats_nothing(opened, places, mailbox_user):
    mailbox_user.deliver(*[mail(number) for number in range(20)])
    look = opened(chunk_mails=5).look(places)
    for _ in range(3):
        places.store(next(look))
    look.close()
    assert len(mails_of(places.read(opened(chunk_mails=5)))) == 10


def test_a_mail_of_12_mb_comes_whole(opened, places, mailbox_user):
    raw = mail("big", size=12_000_000)
    mailbox_user.deliver(mail("small"), raw)
    arrivals = mails_of(places.read(opened(timeout_s=30)))
    assert [arrival.raw == raw for arrival in arrivals] == [False, True]


def test_of_an_oversized_mail_only_the_beginning_comes(opened, places, mailbox_user):
    raw = mail("big", size=1_500_000)
    mailbox_user.deliver(raw, mail("small"))
    big, small = mails_of(places.read(opened(max_mail_bytes=1_000_000)))
    assert (big.raw, big.size) == (raw[:HEAD_BYTES], len(raw))
    assert small.raw == mail("small")


def test_since_leaves_out_what_was_received_before(opened, places, mailbox_user):
    for received in ("01-Jan-2024", "09-Mar-2024", "10-Mar-2024", "12-Mar-2024"):
        mailbox_user.deliver(mail(received), received=f"{received} 12:00:00 +0000")
    mailbox = opened(since=datetime(2024, 3, 10, 6, 0, tzinfo=UTC))
    assert [arrival.raw for arrival in mails_of(places.read(mailbox))] == [mail("10-Mar-2024"), mail("12-Mar-2024")]
    before = len(mailbox_user.sessions()[-1])
    assert places.read(mailbox) == []
    assert not [line for line in mailbox_user.sessions()[-1][before:] if "FETCH" in line]


def test_a_reader_changes_nothing_of_what_others_see(opened, places, mailbox_user):
    mailbox_user.deliver(mail(1), mail(2, size=9_000_000))
    mailbox_user.deliver(mail(3), flags="(\\Seen \\Flagged)")
    mailbox_user.deliver(mail(4), flags="(\\Deleted)")
    before = mailbox_user.flags()
    mailbox = opened()
    places.read(mailbox)
    mailbox.wait(0.2, threading.Event())
    mailbox.check()
    mailbox.close()
    assert mailbox_user.flags() == before
    assert mailbox_user.uids() == [1, 2, 3, 4]
    (ours,) = [session for session in mailbox_user.sessions() if any("BODY.PEEK" in line for line in session)]
    commands = [line.split() for line in ours if line != "DONE"]
    assert {words[2] if words[1] == "UID" else words[1] for words in commands} == {
        "CAPABILITY", "EXAMINE", "SEARCH", "FETCH", "IDLE", "LOGOUT",
    }  # fmt: skip
    assert not any("BODY[" in line for line in ours)


def test_two_readers_of_one_mailbox_do_not_disturb_each_other(opened, places, mailbox_user):
    mailbox_user.deliver(mail(1))
    other = MemoryPlaces()
    first, second = opened(), opened()
    assert len(mails_of(places.read(first))) == len(mails_of(other.read(second))) == 1
