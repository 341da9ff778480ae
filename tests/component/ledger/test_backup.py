import sqlite3
import stat
import threading
import time
from contextlib import closing

import pytest

from mailbridge.ledger.backup import NotSqlite, Occupied, back_up
from mailbridge.ledger.errors import LedgerDamaged, LedgerError
from mailbridge.ledger.ledger import Ledger

only_files = pytest.mark.parametrize("make_kit", ["sqlite"], indirect=True)


def url(path):
    return f"sqlite:///{path}"


def keys(path):
    with closing(sqlite3.connect(path)) as connection:
        return {key for (key,) in connection.execute("SELECT key FROM delivery")}


@only_files
def test_a_backup_is_one_private_file_that_opens_as_a_ledger(kit, tmp_path):
    key = kit.deliver(1)
    target = tmp_path / "backups" / "one.db"
    target.parent.mkdir()
    size = back_up(kit.url, target)
    assert keys(target) == {key}
    assert size == target.stat().st_size > 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [file.name for file in target.parent.iterdir()] == ["one.db"], "no temporary file, no journal"
    opened = Ledger(url(target), works=False)
    assert opened.listings.delivery(key)["state"] == "ready"
    opened.close()


@only_files
def test_what_happens_after_the_backup_is_not_in_it(kit, tmp_path):
    kit.deliver(1)
    back_up(kit.url, tmp_path / "b.db")
    kit.deliver(2)
    assert keys(tmp_path / "b.db") == {"mb1-1"}


@only_files
def test_a_backup_is_replaced_only_when_asked(kit, tmp_path):
    target = tmp_path / "b.db"
    target.write_bytes(b"something else")
    with pytest.raises(Occupied, match="--force"):
        back_up(kit.url, target)
    assert target.read_bytes() == b"something else"
    back_up(kit.url, target, force=True)
    assert keys(target) == set()


@only_files
def test_the_ledger_itself_is_never_the_target(kit):
    with pytest.raises(Occupied):
        back_up(kit.url, kit.path, force=True)
    kit.deliver(1)


@only_files
def test_a_damaged_ledger_does_not_replace_a_good_backup(kit, tmp_path):
    kit.deliver(1)
    target = tmp_path / "b.db"
    back_up(kit.url, target)
    good = target.read_bytes()
    broken = tmp_path / "broken.db"
    broken.write_bytes(good[: len(good) // 2 // 4096 * 4096])
    with pytest.raises(LedgerDamaged, match=r"broken\.db is damaged"):
        back_up(url(broken), target, force=True)
    assert target.read_bytes() == good
    assert not list(tmp_path.glob(".*"))


def test_other_databases_and_absent_ledgers(tmp_path):
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE x (y)").connection.close()
    with pytest.raises(LedgerDamaged, match="no ledger"):
        back_up(url(tmp_path / "other.db"), tmp_path / "b.db")
    with pytest.raises(LedgerError, match="none to back up"):
        back_up(url(tmp_path / "absent.db"), tmp_path / "b.db")
    with pytest.raises(NotSqlite, match="pg_dump"):
        back_up("postgresql://u@h/d", tmp_path / "b.db")
    with pytest.raises(LedgerError, match="No such file"):
        back_up(url(tmp_path / "other.db"), tmp_path / "nowhere" / "b.db")
    assert [file.name for file in tmp_path.iterdir()] == ["other.db"]


@only_files
def test_every_backup_of_a_busy_ledger_is_consistent(kit, tmp_path):
    stop = threading.Event()
    written = []

    def work():
        while not stop.is_set():
            written.append(kit.deliver(len(written) + 1))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for number in range(4):
            before = set(written)
            target = tmp_path / f"{number}.db"
            back_up(kit.url, target)
            assert before <= keys(target)
            with closing(sqlite3.connect(target)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
                half = "SELECT count(*) FROM mail WHERE state = 'parsed' AND id NOT IN (SELECT mail_id FROM interest)"
                assert connection.execute(half).fetchone() == (0,)
            deadline = time.monotonic() + 20
            while len(written) < len(before) + 2 and time.monotonic() < deadline:
                time.sleep(0.01)
            assert len(written) >= len(before) + 2, "writers go on"
    finally:
        stop.set()
        worker.join()
