from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from mailbridge.ledger.engine import LedgerError, LedgerRefused, open_database
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.migrate import LedgerNewer
from mailbridge.ports import Arrival, Chunk

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def chunk(*uids, uidvalidity=1, high=None, body="same", **more):
    arrivals = tuple(Arrival(uid, f"Subject: {uid}\n\n{body}".encode(), NOON, 20) for uid in uids)
    return Chunk(uidvalidity, arrivals, high if high is not None else max(uids, default=0), **more)


def test_raw_bytes_come_back_bit_for_bit(kit):
    raw = bytes(range(256)) * 100 + b"\r\n\x00"
    kit.ledger.intake("box").store(Chunk(1, (Arrival(1, raw, NOON, len(raw)),), 1))
    (mail,) = kit.ledger.reader.take(10)
    assert mail.raw == raw
    assert kit.ledger.listings.raw(mail.mail_id[:10]) == raw
    assert mail.received_at == NOON


def test_the_same_mail_in_two_places_is_one_mail(kit):
    kit.ledger.intake("box").store(Chunk(1, (Arrival(1, b"a: b\n\nx", NOON, 7), Arrival(2, b"a: b\n\nx", NOON, 7)), 2))
    kit.ledger.intake("other").store(Chunk(9, (Arrival(5, b"a: b\n\nx", NOON, 7),), 5))
    (mail,) = kit.ledger.reader.take(10)
    assert len(kit.ledger.listings.mail(mail.mail_id)["places"]) == 3


def test_mails_of_which_only_the_beginning_is_here_do_not_fall_together(kit):
    head = b"Subject: huge\n\nsame beginning"
    arrivals = (Arrival(1, head, NOON, 60_000_000), Arrival(2, head, NOON, 60_000_001))
    unreadable = (Arrival(3, b"", NOON, 500), Arrival(4, b"", NOON, 500))
    assert kit.ledger.intake("box").store(Chunk(1, arrivals + unreadable, 4)) == 4


def test_the_cursor_moves_with_the_mails_and_never_back(kit):
    intake = kit.ledger.intake("box")
    assert intake.cursor(1) is None
    intake.store(chunk(1, 2, 3, first_uid=4))
    intake.store(chunk(2, high=2))
    assert intake.cursor(1).last_uid == 3
    assert intake.cursor(1).first_uid == 4
    assert intake.cursor(2) is None


def test_a_failed_store_leaves_neither_mail_nor_cursor(kit):
    intake = kit.ledger.intake("box")
    broken = Chunk(1, (Arrival(1, b"x", NOON, 1), Arrival("no number", b"y", NOON, 1)), 2)  # type: ignore[arg-type]
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the database says
        intake.store(Chunk(1, (*broken.arrivals, Arrival(3, None, NOON, 1)), 3))  # type: ignore[arg-type]
    assert intake.cursor(1) is None
    assert kit.ledger.reader.take(10) == []


def test_vanished_uids_count_as_stored(kit):
    intake = kit.ledger.intake("box")
    intake.store(chunk(1, 4, vanished=(2,)))
    assert intake.stored_uids(1, 1, 4) == {1, 2, 4}


def test_a_ledger_is_private_and_survives_reopening(tmp_path):
    path = tmp_path / "deep" / "ledger.db"
    first = Ledger(f"sqlite:///{path}")
    first.intake("box").store(chunk(1))
    first.close()
    second = Ledger(f"sqlite:///{path}", new=True)
    assert len(second.reader.take(10)) == 1
    assert second.searches_first, "--new counts only when the ledger is made"
    second.close()
    assert path.stat().st_mode & 0o077 == 0


def test_a_newer_ledger_is_refused(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/l.db")
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(LedgerNewer, match="9999"):
        open_database(f"sqlite:///{tmp_path}/l.db")


def test_what_is_no_ledger_is_refused_with_its_name(tmp_path):
    (tmp_path / "l.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(LedgerError, match=r"l\.db"):
        open_database(f"sqlite:///{tmp_path}/l.db")
    with pytest.raises(LedgerRefused, match="memory"):
        open_database("sqlite://")


def test_durable_settings_of_sqlite(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/l.db")
    with database.read() as connection:
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar()
    assert (journal, synchronous) in {("truncate", 3), ("wal", 2)}
    database.close()
