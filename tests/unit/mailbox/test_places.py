"""Which places there are: told without mails for an audit, and counted as old after a restore."""

import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from mailbridge.mailbox.opening import open_mailbox
from mailbridge.mailbox.settings import DirectorySettings, MaildirSettings, MboxSettings
from mailbridge.ports import ABOVE_ALL, Cursor, Lists
from places import MemoryPlaces, mails_of

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def date(uid, text):
    return f'* 1 FETCH (UID {uid} RFC822.SIZE 9 INTERNALDATE "{text}")\r\n'.encode()


class TestImap:
    @pytest.fixture(autouse=True)
    def mails(self, server):
        server.mails = {uid: f"Subject: {uid}\r\n\r\n".encode() for uid in (2, 3, 7)}

    def test_places_are_told_without_fetching_mails(self, server, opened):
        mailbox = opened()
        assert isinstance(mailbox, Lists)
        assert [(one.uidvalidity, one.uid) for one in mailbox.uids(LONG_AGO)] == [(7, 2), (7, 3), (7, 7)]
        assert not [command for command in server.commands if "BODY" in command]
        assert not [command for command in server.commands if command.startswith("SELECT")]

    def test_the_server_is_asked_with_a_day_of_slack_and_the_moment_decides(self, server, opened):
        asked = {
            "UID FETCH 2:3,7": date(2, "01-Jan-2024 09:59:59 +0000")
            + date(3, "01-Jan-2024 11:30:00 +0100")
            + date(7, "01-Jan-2024 10:00:00 +0000")
            + b"TAG OK done\r\n"
        }
        server.script = lambda command: next((raw for begin, raw in asked.items() if command.startswith(begin)), None)
        found = list(opened().uids(datetime(2024, 1, 1, 10, 0, tzinfo=UTC)))
        assert [one.uid for one in found] == [3, 7]
        assert any("SINCE 31-Dec-2023" in command for command in server.commands)

    def test_what_the_mailbox_leaves_out_is_not_missed(self, opened):
        assert list(opened(since="2025-01-01T00:00:00Z").uids(LONG_AGO)) == []

    def test_after_a_restore_all_that_lies_there_is_older_than_the_ledger_and_what_comes_is_not(self, opened, server):
        places = MemoryPlaces()
        places.cursors[7] = Cursor(7, 3, ABOVE_ALL)
        places.arrivals[7] = {2: None, 3: None}
        chunks = places.read(opened())
        assert [arrival.uid for arrival in mails_of(chunks)] == [7]
        assert chunks[0].first_uid == 8, "known before the first mail is stored"
        assert places.cursor(7) == Cursor(7, 7, 8)
        server.mails[8] = b"Subject: 8\r\n\r\n"
        places.read(opened())
        assert places.cursor(7) == Cursor(7, 8, 8)

    def test_a_restored_ledger_is_told_also_when_nothing_is_new(self, opened):
        places = MemoryPlaces()
        places.cursors[7] = Cursor(7, 7, ABOVE_ALL)
        places.arrivals[7] = {2: None, 3: None, 7: None}
        places.read(opened())
        assert places.cursor(7).first_uid == 8


def put(path, raw, *, age_s=3600.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    os.utime(path, (time.time() - age_s,) * 2)


@pytest.fixture(params=["directory", "maildir", "mbox"])
def files(request, tmp_path):
    if request.param == "directory":
        put(tmp_path / "d" / "a.eml", b"a")
        put(tmp_path / "d" / "sub" / "b.eml", b"b")
        return open_mailbox("files", DirectorySettings(type="directory", path=tmp_path / "d"))
    if request.param == "maildir":
        (tmp_path / "m" / "tmp").mkdir(parents=True)
        put(tmp_path / "m" / "new" / "1.a", b"a")
        put(tmp_path / "m" / "cur" / "2.b:2,S", b"b")
        return open_mailbox("files", MaildirSettings(type="maildir", path=tmp_path / "m"))
    put(tmp_path / "box", b"From x Mon Jan  1 10:00:00 2024\na\n\nFrom x Mon Jan  1 10:00:00 2024\nb\n")
    return open_mailbox("files", MboxSettings(type="mbox", path=tmp_path / "box"))


def test_files_have_the_places_that_a_look_stores(files):
    places = MemoryPlaces()
    stored = {arrival.uid for arrival in mails_of(places.read(files))}
    assert len(stored) == 2
    assert isinstance(files, Lists)
    assert {one.uid for one in files.uids(LONG_AGO)} == stored


def test_files_of_before_are_left_out_where_the_time_is_known(files):
    found = list(files.uids(datetime.now(UTC) - timedelta(minutes=30)))
    assert all(one.received_at is None for one in found), "only an mbox, whose mails carry no time"
    assert len(list(files.uids(datetime.now(UTC) - timedelta(hours=2)))) == 2
