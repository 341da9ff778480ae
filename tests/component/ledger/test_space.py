import stat

import pytest
from structlog.testing import capture_logs

from mailbridge.ledger.errors import LedgerFull
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.space import Space
from mailbridge.sdk import Delivered, Receipt
from small_disk import small_disk

MB = 1_000_000

on_sqlite = pytest.mark.parametrize("make_kit", ["sqlite"], indirect=True)


class Disk:
    def __init__(self, free):
        self.bytes = free

    def __call__(self, folder):
        return self.bytes


@pytest.fixture
def disk():
    return Disk(100 * MB)


@pytest.fixture
def space(tmp_path, disk):
    return Space(tmp_path / "l.db", min_free_bytes=10 * MB, reserve_bytes=1 * MB, free=disk)


def test_the_reserve_is_made_private_and_takes_its_blocks(space, tmp_path):
    assert space.lack() is None
    state = (tmp_path / "l.db.reserve").stat()
    assert (state.st_size, stat.S_IMODE(state.st_mode)) == (MB, 0o600)
    assert state.st_blocks * 512 >= MB


def test_below_the_floor_nothing_new_is_begun_and_it_is_told_once(space, disk):
    space.lack()
    with capture_logs() as logs:
        disk.bytes = 10 * MB - 1
        assert "10.0 MB left and 10.0 MB are needed" in space.lack()
        assert space.lack()
        disk.bytes = 10 * MB + 1
        assert space.lack(), "a little more is not enough: it would flap"
        disk.bytes = 11 * MB
        assert space.lack() is None
        assert space.lack() is None
    assert [one["event"] for one in logs] == ["disk_low", "disk_has_room"]


def test_a_reserve_that_was_given_up_is_made_again_before_the_work_goes_on(space, disk, tmp_path):
    space.lack()
    assert space.give_up_reserve()
    assert not space.give_up_reserve()
    disk.bytes = 10 * MB
    assert space.lack(), "there would be no room for the reserve"
    assert not (tmp_path / "l.db.reserve").exists()
    disk.bytes = 13 * MB
    assert space.lack() is None
    assert (tmp_path / "l.db.reserve").exists()


def test_outlook_changes_nothing(space, disk, tmp_path):
    ok, words = space.outlook()
    assert not ok
    assert "reserve l.db.reserve is missing" in words
    assert not (tmp_path / "l.db.reserve").exists()
    space.lack()
    assert space.outlook() == (True, "100.0 MB free, work stops below 10.0 MB")
    disk.bytes = 0
    assert not space.outlook()[0]


def test_without_floor_and_reserve_there_is_always_room(tmp_path):
    space = Space(tmp_path / "l.db", free=Disk(0))
    assert space.lack() is None
    assert not space.give_up_reserve()
    assert Space().lack() is None
    assert list(tmp_path.iterdir()) == []


@on_sqlite
def test_nothing_new_is_taken_below_the_floor(kit, tmp_path):
    kit.deliver(1)
    kit.ledger.database.space = Space(tmp_path / "l.db", min_free_bytes=MB, free=Disk(0))
    for take in (
        kit.claim,
        lambda: kit.store(2),
        lambda: kit.ledger.reader.take(1),
        kit.ledger.intake("box").require_space,
    ):
        with pytest.raises(LedgerFull, match="nothing new is taken"):
            take()
    assert kit.ledger.listings.counts()["mails"] == {"parsed": 1}


@pytest.fixture
def full(tmp_path):
    with small_disk(tmp_path / "disk", 4) as made:
        yield made


@on_sqlite
def test_on_a_full_disk_what_was_sent_is_written_into_the_room_of_the_reserve(kit, full):
    path = full.folder / "l.db"
    kit.ledger.close()
    kit.url = f"sqlite:///{path}"
    kit.ledger = Ledger(kit.url, new=True, lease_s=60, clock=kit.clock, min_free_bytes=100_000, reserve_bytes=500_000)
    kit.ledger.accounts.add("crm")
    key = kit.deliver(1)
    other = kit.deliver(2)
    claim = kit.claim(1)
    steps = kit.steps(claim)
    steps.writing("lead", [key])
    reserve = path.with_name("l.db.reserve")
    assert reserve.exists()

    full.fill()
    with pytest.raises(LedgerFull), kit.ledger.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO meta VALUES ('x', hex(zeroblob(100000)))")
    steps.finished("lead", {key: "L1" + "x" * 50_000})
    steps.keep()
    assert not reserve.exists(), "the result did not fit without it"
    kit.finish(claim, Delivered(Receipt("L1")))
    assert kit.row(key)["state"] == "delivered"
    with pytest.raises(LedgerFull, match="nothing new is taken"):
        kit.claim()

    full.clear()
    assert [one.delivery.key for one in kit.claim().items] == [other], "it goes on by itself"
    assert reserve.exists()
