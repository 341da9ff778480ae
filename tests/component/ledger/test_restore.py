import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from sqlalchemy import select

from mailbridge.ledger.backup import NotSqlite, Occupied, back_up
from mailbridge.ledger.errors import LedgerDamaged, LedgerError
from mailbridge.ledger.restore import InUse, mark_only_restored, restore
from mailbridge.ledger.schema import meta
from mailbridge.mailbox.opening import open_mailbox
from mailbridge.mailbox.settings import DirectorySettings
from mailbridge.ports import ABOVE_ALL
from mailbridge.sdk import Delivered, Receipt, Rejected, RetryLater, Unknown

only_files = pytest.mark.parametrize("make_kit", ["sqlite"], indirect=True)


@pytest.fixture
def restored(kit, tmp_path):
    """Let the kit's ledger come back from a backup; on a server by its own tools, so that it is only marked.

    `afterwards` happens between backup and restore.
    """

    def go(afterwards=lambda: None):
        if kit.url.startswith("sqlite"):
            back_up(kit.url, tmp_path / "b.db", force=True)
        afterwards()
        kit.ledger.close()
        kit.clock.now += 1000
        if kit.url.startswith("sqlite"):
            restore(kit.url, tmp_path / "b.db", force=True, clock=kit.clock)
        else:
            mark_only_restored(kit.url)
        kit.ledger = kit.open()
        return kit.ledger

    return go


def send(kit, *outcomes, step="lead"):
    claim = kit.claim()
    steps = kit.steps(claim)
    steps.writing(step, [one.delivery.key for one in claim.items])
    kit.finish(claim, *outcomes)
    return claim


def states(kit, keys):
    return [kit.row(key)["state"] for key in keys]


def test_every_open_delivery_is_searched_and_final_ones_stay(kit, restored):
    done, doubt, waiting, dead, cancelled, ready = (kit.deliver(number) for number in range(1, 7))
    kit.ledger.acts.cancel([cancelled])
    claim = kit.claim(4)
    kit.steps(claim).writing("lead", [one.delivery.key for one in claim.items])
    kit.finish(claim, Delivered(Receipt("L1")), Unknown("cut"), RetryLater("later", 60), Rejected("never"))
    restored()
    assert states(kit, [done, doubt, waiting, dead, cancelled, ready]) == [
        "delivered", "doubt", "doubt", "dead", "cancelled", "doubt",
    ]  # fmt: skip
    claim = kit.claim()
    assert claim.kind == "search"
    assert {one.delivery.key for one in claim.items} == {doubt, waiting, ready}
    assert kit.row(ready)["transitions"][-1] | {"id": 0, "at": 0} == {
        "id": 0, "mail_id": None, "delivery_id": kit.row(ready)["id"], "at": 0, "old": "ready", "new": "doubt",
        "why": "restored", "actor": "person",
    }  # fmt: skip


def test_all_steps_are_searched_because_later_ones_may_have_been_begun_since(kit, restored):
    kit.deliver(1)
    send(kit, Unknown("cut"))
    restored()
    (item,) = kit.claim().items
    assert item.open == ()


def test_nothing_found_is_believed_only_after_the_quiet_period_from_the_restore(kit, restored):
    key = kit.deliver(1)
    restored()
    kit.ledger.outcomes.found(kit.claim(), {}, kit.waits)
    assert kit.row(key)["state"] == "doubt"
    assert kit.claim() is None
    kit.clock.now += kit.waits.quiet_s + 1
    kit.ledger.outcomes.found(kit.claim(), {}, kit.waits)
    assert kit.row(key)["state"] == "ready"


def test_a_result_of_before_the_restore_changes_nothing(kit, restored):
    key = kit.deliver(1)
    claim = kit.claim()
    restored()
    kit.finish(claim, Delivered(Receipt("L1")))
    assert kit.row(key)["state"] == "doubt"
    assert [one["remote_id"] for one in kit.row(key)["suspects"]] == ["L1"]


def test_mails_that_were_stored_and_not_read_are_searched_too(kit, restored):
    kit.store(1)
    restored()
    with kit.ledger.database.read() as connection:
        assert [bool(one) for one in connection.exec_driver_sql("SELECT before_ledger FROM mail").scalars()] == [True]
    assert kit.ledger.searches_first


def test_a_dead_delivery_is_searched_before_it_is_retried(kit, restored):
    key = kit.deliver(1)
    kit.ledger.acts.cancel([key])
    restored()
    assert kit.ledger.acts.retry([key]) == 1
    assert kit.row(key)["state"] == "doubt", "it may have been retried and sent after the backup"


def test_the_epoch_counts_and_the_birth_is_now(kit, restored):
    restored()
    restored()
    with kit.ledger.database.read() as connection:
        words = dict(connection.execute(select(meta.c.key, meta.c.value)).all())
    assert words["epoch"] == "3"
    assert words["searches_first"] == "yes"
    assert float(words["created_at"]) == pytest.approx(kit.clock.now, abs=1)


@only_files
def test_mails_after_the_backup_count_as_older_than_the_ledger_and_later_ones_do_not(kit, restored, tmp_path):
    folder = tmp_path / "mails"
    folder.mkdir()
    box = open_mailbox("box", DirectorySettings(type="directory", path=folder))

    def arrive(name):
        (folder / f"{name}.eml").write_bytes(f"Subject: {name}\n\nhello".encode())
        look()

    def look():
        for chunk in box.look(kit.ledger.intake("box")):
            kit.ledger.intake("box").store(chunk)
        box.close()

    def older():
        with kit.ledger.database.read() as connection:
            query = "SELECT count(*) FROM mail WHERE before_ledger"
            return connection.exec_driver_sql(query).scalar()

    arrive("first")
    assert older() == 1
    arrive("second")
    assert older() == 1
    restored(lambda: arrive("after the backup"))
    look()
    assert older() == 3
    arrive("after the restore")
    assert older() == 3


def test_every_cursor_starts_anew(kit, restored):
    kit.store(7, first_uid=5)
    ledger = restored()
    cursor = ledger.intake("box").cursor(1)
    assert (cursor.last_uid, cursor.first_uid) == (7, ABOVE_ALL)


@only_files
def test_a_living_node_prevents_a_restore_and_a_dead_one_does_not(kit, tmp_path):
    back_up(kit.url, tmp_path / "b.db")
    kit.ledger.beat()
    kit.clock.now += 59
    with pytest.raises(InUse, match="sign of life 59 s ago"):
        restore(kit.url, tmp_path / "b.db", force=True, clock=kit.clock)
    kit.clock.now += 1
    assert restore(kit.url, tmp_path / "b.db", force=True, clock=kit.clock).epoch == 2


@only_files
def test_an_existing_ledger_is_moved_aside_with_its_journal_only_when_asked(kit, tmp_path):
    kit.deliver(1)
    back_up(kit.url, tmp_path / "b.db")
    kit.deliver(2)
    kit.ledger.close()
    with pytest.raises(Occupied, match="--force"):
        restore(kit.url, tmp_path / "b.db", clock=kit.clock)
    journal = kit.path.with_name(kit.path.name + "-journal")
    journal.write_bytes(b"")
    done = restore(kit.url, tmp_path / "b.db", force=True)
    assert not journal.exists(), "it would be played into the restored ledger"
    with closing(sqlite3.connect(done.aside)) as connection:
        assert connection.execute("SELECT count(*) FROM delivery").fetchone() == (2,)
    assert not list(tmp_path.glob(".*"))
    kit.ledger = kit.open()
    kit.row("mb1-1")


@only_files
def test_tokens_of_the_replaced_ledger_are_kept_because_those_of_the_backup_are_used_up(kit, restored):
    kit.ledger.tokens("amo").refresh(None, lambda _: {"access_token": "old"})
    ledger = restored(lambda: kit.ledger.tokens("amo").refresh("old", lambda _: {"access_token": "new"}))
    assert ledger.tokens("amo").load() == {"access_token": "new"}


@only_files
def test_a_damaged_ledger_is_replaced_and_a_damaged_backup_is_not_taken(kit, tmp_path):
    kit.deliver(1)
    back_up(kit.url, tmp_path / "b.db")
    kit.ledger.close()
    kit.path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    broken = tmp_path / "broken.db"
    broken.write_bytes((tmp_path / "b.db").read_bytes()[:-4096])
    with pytest.raises(LedgerDamaged, match=r"broken\.db"):
        restore(kit.url, broken, force=True)
    restore(kit.url, tmp_path / "b.db", force=True)
    kit.ledger = kit.open()
    assert kit.row("mb1-1")["state"] == "doubt"


@only_files
def test_what_cannot_be_restored(kit, tmp_path):
    with pytest.raises(NotSqlite, match="--mark-only"):
        restore("postgresql://u@h/d", tmp_path / "b.db")
    with pytest.raises(LedgerError, match="no such file"):
        restore(kit.url, tmp_path / "absent.db")


def test_a_ledger_brought_back_by_other_means_is_only_marked(kit):
    key = kit.deliver(1)
    with pytest.raises(InUse):
        mark_only_restored(kit.url, clock=kit.clock)
    kit.ledger.close()
    assert mark_only_restored(kit.url, clock=kit.clock).doubts == 1
    kit.ledger = kit.open()
    assert kit.row(key)["state"] == "doubt"


KILLED = """
import os, pathlib, signal, sys
from mailbridge.ledger import backup, restore
number = int(sys.argv[1])
for name in ("rename", "replace"):
    def moved(self, target, real=getattr(pathlib.Path, name)):
        global number
        number -= 1
        if number == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, target)
    setattr(pathlib.Path, name, moved)
url, copy = sys.argv[2], pathlib.Path(sys.argv[3])
restore.restore(url, copy, force=True) if "restore" in sys.argv else backup.back_up(url, copy)
"""


def killed(number, *arguments):
    """Run it in a process that dies before its n-th renaming; return whether it died."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(number), *map(str, arguments)], check=False)
    assert done.returncode in {0, -signal.SIGKILL}
    return done.returncode != 0


@only_files
def test_a_restore_that_is_killed_anywhere_is_done_by_the_next_one(kit, tmp_path):
    kit.deliver(1)
    copy = tmp_path / "b.db"
    back_up(kit.url, copy)
    kit.ledger.close()
    journal = kit.path.with_name(kit.path.name + "-journal")
    for number in (1, 2, 2):  # before all, between ledger and journal, before the backup has its name
        if kit.path.exists():
            journal.write_bytes(b"")  # as SQLite leaves one; it plays what is in it before anybody can move it
        assert killed(number, kit.url, copy, "restore")
    assert not killed(0, kit.url, copy, "restore")
    assert not journal.exists(), "it would be played into the restored ledger"
    assert not list(tmp_path.glob(".*")), "what the killed ones had begun is gone"
    kit.ledger = kit.open()
    assert kit.row("mb1-1")["state"] == "doubt"
    assert kit.row("mb1-1")["reason"] == "restored"


@only_files
def test_a_backup_that_is_killed_leaves_no_half_and_the_next_one_works(kit, tmp_path):
    kit.deliver(1)
    copy = tmp_path / "b.db"
    assert killed(1, kit.url, copy)
    assert not copy.exists()
    assert len(list(tmp_path.glob(".*.tmp"))) == 1
    back_up(kit.url, copy)
    assert not list(tmp_path.glob(".*"))
    kit.row("mb1-1")
