import os
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from mailbridge.mailbox.files import HEAD_BYTES
from mailbridge.mailbox.opening import open_mailbox
from mailbridge.mailbox.settings import DirectorySettings, MaildirSettings, MboxSettings
from mailbridge.ports import PathUnreadable
from places import MemoryPlaces, mails_of

FROM = b"From nobody@example.org Mon Jan  1 10:00:00 2024\n"


def put(path, raw, *, age_s=60.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    moment = time.time() - age_s
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
def places():
    return MemoryPlaces()


@pytest.fixture
def directory(tmp_path):
    return open_mailbox("files", DirectorySettings(type="directory", path=tmp_path))


@pytest.fixture
def maildir(tmp_path):
    for name in ("cur", "new", "tmp"):
        (tmp_path / name).mkdir()
    return open_mailbox("files", MaildirSettings(type="maildir", path=tmp_path))


@pytest.fixture
def mbox(tmp_path):
    return open_mailbox("files", MboxSettings(type="mbox", path=tmp_path / "box"))


def raws(chunks):
    return [arrival.raw for arrival in mails_of(chunks)]


def is_from_before(places, uid):
    return uid < places.cursor(0).first_uid


class TestDirectory:
    def test_files_are_read_in_order_and_once(self, directory, places, tmp_path):
        put(tmp_path / "b.eml", b"b")
        put(tmp_path / "a/c.msg", b"c")
        put(tmp_path / "note.txt", b"no")
        assert raws(places.read(directory)) == [b"c", b"b"]
        put(tmp_path / "d.raw", b"d")
        assert raws(places.read(directory)) == [b"d"]
        assert raws(places.read(directory)) == []

    def test_only_the_first_look_finds_mail_from_before_the_ledger(self, directory, places, tmp_path):
        put(tmp_path / "a.eml", b"a")
        for chunk in directory.look(places):
            places.store(chunk)
            assert all(is_from_before(places, arrival.uid) and chunk.backlog for arrival in chunk.arrivals)
        put(tmp_path / "b.eml", b"b")
        (chunk,) = places.read(directory)
        assert not is_from_before(places, chunk.arrivals[0].uid)
        assert not chunk.backlog

    def test_a_first_look_that_was_broken_off_goes_on_as_the_first(self, tmp_path, places):
        for number in range(4):
            put(tmp_path / f"{number}.eml", b"%d" % number)
        settings = DirectorySettings(type="directory", path=tmp_path, chunk_mails=2)
        look = open_mailbox("files", settings).look(places)
        places.store(next(look))
        look.close()
        chunks = places.read(open_mailbox("files", settings))
        assert raws(chunks) == [b"2", b"3"]
        assert [chunk.first_uid for chunk in chunks] == [2**63 - 1, 0]

    def test_a_chunk_that_was_not_stored_comes_again(self, directory, places, tmp_path):
        put(tmp_path / "a.eml", b"a")
        next(directory.look(places))
        assert raws(places.read(directory)) == [b"a"]

    def test_after_close_the_ledger_is_asked_again(self, directory, places, tmp_path):
        put(tmp_path / "a.eml", b"a")
        places.read(directory)
        directory.close()
        assert raws(places.read(directory)) == []

    def test_a_file_just_written_is_read_in_the_same_look(self, directory, places, tmp_path):
        put(tmp_path / "a.eml", b"a", age_s=0)
        started = time.monotonic()
        assert raws(places.read(directory)) == [b"a"]
        assert time.monotonic() - started < 1.5

    def test_a_file_that_grows_is_left_until_it_rests(self, directory, places, tmp_path, monkeypatch):
        file = put(tmp_path / "a.eml", b"half", age_s=0)
        monkeypatch.setattr("time.sleep", lambda _: file.write_bytes(b"half and half"))
        assert raws(places.read(directory)) == []
        monkeypatch.undo()
        assert raws(places.read(directory)) == [b"half and half"]

    def test_a_file_that_grew_after_it_was_read_is_read_whole(self, directory, places, tmp_path):
        put(tmp_path / "a.eml", b"half")
        places.read(directory)
        put(tmp_path / "a.eml", b"half and half")
        assert raws(places.read(directory)) == [b"half and half"]

    def test_chunks_are_bounded(self, tmp_path, places):
        for number in range(10):
            put(tmp_path / f"{number}.eml", b"x" * 1000)
        settings = DirectorySettings(type="directory", path=tmp_path, chunk_mails=4, chunk_bytes=2500)
        assert [len(chunk.arrivals) for chunk in places.read(open_mailbox("files", settings))] == [2, 2, 2, 2, 2, 0]

    def test_of_an_oversized_file_the_beginning_is_kept(self, tmp_path, places):
        put(tmp_path / "a.eml", b"x" * 400_000)
        settings = DirectorySettings(type="directory", path=tmp_path, max_mail_bytes=300_000)
        (arrival,) = mails_of(places.read(open_mailbox("files", settings)))
        assert (len(arrival.raw), arrival.size) == (HEAD_BYTES, 400_000)

    def test_since_goes_by_file_time(self, tmp_path, places):
        put(tmp_path / "old.eml", b"old", age_s=7200)
        put(tmp_path / "new.eml", b"new", age_s=60)
        since = datetime.now(UTC) - timedelta(hours=1)
        mailbox = open_mailbox("files", DirectorySettings(type="directory", path=tmp_path, since=since))
        assert raws(places.read(mailbox)) == [b"new"]

    def test_an_unreadable_file_is_named_after_the_others_were_stored(self, directory, places, tmp_path):
        put(tmp_path / "b.eml", b"b")
        (tmp_path / "a.eml").symlink_to(tmp_path / "nowhere")
        with pytest.raises(PathUnreadable, match=r"a\.eml: the link leads nowhere"):
            places.read(directory)
        assert places.raws() == [b"b"]

    def test_a_missing_folder_is_named(self, tmp_path, places):
        mailbox = open_mailbox("files", DirectorySettings(type="directory", path=tmp_path / "gone"))
        for call in (lambda: places.read(mailbox), mailbox.check):
            with pytest.raises(PathUnreadable, match="gone: there is no such file or folder"):
                call()

    def test_check_counts(self, directory, tmp_path):
        put(tmp_path / "a.eml", b"a")
        assert directory.check() == f"{tmp_path}: 1 mails"

    def test_wait_ends_with_stop_and_with_poll_s(self, tmp_path):
        mailbox = open_mailbox("files", DirectorySettings(type="directory", path=tmp_path, poll_s=0.1))
        started = time.monotonic()
        mailbox.wait(30, threading.Event())
        assert 0.05 < time.monotonic() - started < 1
        stop = threading.Event()
        stop.set()
        open_mailbox("files", DirectorySettings(type="directory", path=tmp_path, poll_s=60)).wait(30, stop)
        assert time.monotonic() - started < 2


class TestMaildir:
    def test_new_and_cur_are_read_and_tmp_is_not(self, maildir, places, tmp_path):
        put(tmp_path / "new/1.host", b"1", age_s=3600)
        put(tmp_path / "cur/2.host:2,S", b"2")
        put(tmp_path / "tmp/3.host", b"3")
        first, second = mails_of(places.read(maildir))
        assert (first.raw, second.raw) == (b"1", b"2")
        assert abs(first.received_at - (datetime.now(UTC) - timedelta(hours=1))) < timedelta(seconds=5)

    def test_a_mail_that_was_seen_and_moved_is_no_new_mail(self, maildir, places, tmp_path):
        file = put(tmp_path / "new/1.host,S=5", b"1")
        places.read(maildir)
        file = file.rename(tmp_path / "cur/1.host,S=5:2,S")
        assert raws(places.read(maildir)) == []
        file.rename(tmp_path / "cur/1.host,S=5:2,FS")
        maildir.close()
        assert raws(places.read(maildir)) == []

    def test_a_mail_that_moves_while_it_is_read_is_found(self, maildir, places, tmp_path, monkeypatch):
        file = put(tmp_path / "new/2.host", b"2")
        put(tmp_path / "new/1.host", b"1")
        look = maildir.look(places)
        from mailbridge.mailbox import file_sources

        real = file_sources.read_mail

        def read(stream, limit):
            if file.exists():
                file.rename(tmp_path / "cur/2.host:2,S")
            return real(stream, limit)

        monkeypatch.setattr(file_sources, "read_mail", read)
        assert sorted(raw for chunk in look for raw in raws([chunk])) == [b"1", b"2"]

    def test_a_folder_that_is_no_maildir(self, tmp_path, places):
        mailbox = open_mailbox("files", MaildirSettings(type="maildir", path=tmp_path))
        with pytest.raises(PathUnreadable, match="is no Maildir"):
            places.read(mailbox)


class TestMbox:
    def test_appended_mails_are_new_and_the_same_bytes_twice_are_two_places(self, mbox, places, tmp_path):
        one, two = FROM + b"A: 1\n\nx\n\n", FROM + b"A: 2\n\ny\n\n"
        put(tmp_path / "box", one)
        assert raws(places.read(mbox)) == [b"A: 1\n\nx\n"]
        put(tmp_path / "box", one + two + one, age_s=30)
        assert raws(places.read(mbox)) == [b"A: 2\n\ny\n", b"A: 1\n\nx\n"]
        assert len({arrival.uid for arrival in places.arrivals[0].values()}) == 3

    def test_a_mail_removed_in_front_makes_nothing_new(self, mbox, places, tmp_path):
        one, two = FROM + b"A: 1\n\nx\n\n", FROM + b"A: 2\n\ny\n\n"
        put(tmp_path / "box", one + two)
        places.read(mbox)
        put(tmp_path / "box", two, age_s=30)
        assert raws(places.read(mbox)) == []

    def test_an_unchanged_file_is_not_read_again(self, mbox, places, tmp_path, monkeypatch):
        put(tmp_path / "box", FROM + b"A: 1\n\nx\n")
        places.read(mbox)
        monkeypatch.setattr("mailbridge.mailbox.file_sources.split_mbox", None)
        assert raws(places.read(mbox)) == []

    def test_what_was_not_stored_is_read_again_though_the_file_is_unchanged(self, mbox, places, tmp_path):
        put(tmp_path / "box", FROM + b"A: 1\n\nx\n")
        next(mbox.look(places))
        assert raws(places.read(mbox)) == [b"A: 1\n\nx\n"]

    def test_the_last_mail_waits_while_the_file_is_written(self, mbox, places, tmp_path, monkeypatch):
        half = FROM + b"A: 1\n\nx\n\n" + FROM + b"A: 2\n\nhal"
        file = put(tmp_path / "box", half, age_s=0)
        monkeypatch.setattr("time.sleep", lambda _: put(file, half + b"f ", age_s=0))
        assert raws(places.read(mbox)) == [b"A: 1\n\nx\n"]
        monkeypatch.undo()
        put(file, half + b"f and half\n", age_s=30)
        assert raws(places.read(mbox)) == [b"A: 2\n\nhalf and half\n"]

    def test_a_missing_file_is_named(self, mbox, places):
        with pytest.raises(PathUnreadable, match="there is no such file"):
            places.read(mbox)
