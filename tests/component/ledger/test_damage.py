import time

import pytest

from mailbridge.ledger.damage import require_sound
from mailbridge.ledger.engine import look_at, open_database
from mailbridge.ledger.errors import LedgerDamaged
from mailbridge.ledger.ledger import Ledger

pytestmark = pytest.mark.parametrize("make_kit", ["sqlite"], indirect=True)

PAGE = 4096


@pytest.fixture
def path(kit):
    """A closed ledger of many pages."""
    for number in range(1, 40):
        kit.deliver(number)
    kit.ledger.close()
    return kit.path


def spoil(path, *, first_page, count):
    with path.open("r+b") as file:
        file.seek(first_page * PAGE)
        file.write(b"\xff" * PAGE * count)


def assert_says_what_to_do(error):
    assert error.exit_code == 65
    assert "is damaged" in str(error)
    assert "mailbridge restore FILE --force" in str(error)
    assert "found there by its key" in str(error)
    assert "\n" not in str(error)


def test_damaged_pages_are_found_before_anything_is_sent(kit, path):
    spoil(path, first_page=20, count=15)
    with pytest.raises(LedgerDamaged) as caught:
        kit.open()
    assert_says_what_to_do(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("broken", [b"not a database at all " * 500, b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_file_that_is_no_database(kit, path, broken):
    path.write_bytes(broken)
    for look in (lambda: Ledger(kit.url, works=False), lambda: look_at(kit.url)):
        with pytest.raises(LedgerDamaged) as caught:
            look()
        assert_says_what_to_do(caught.value)


def test_a_file_that_was_cut(kit, path):
    path.write_bytes(path.read_bytes()[: 30 * PAGE])
    with pytest.raises(LedgerDamaged):
        kit.open()


def test_damage_during_the_work_is_no_passing_trouble(kit, path):
    kit.ledger = kit.open()
    spoil(path, first_page=1, count=path.stat().st_size // PAGE - 1)
    kit.ledger.database.close()  # new connections, which know no pages
    with pytest.raises(LedgerDamaged) as caught:
        kit.ledger.claims.take("crm", 10, quiet_s=1)
    assert_says_what_to_do(caught.value)


def test_a_sound_ledger_passes_and_the_look_is_bounded(kit, path):
    database = open_database(kit.url)
    require_sound(database)
    began = time.monotonic()
    require_sound(database, seconds=0)
    assert time.monotonic() - began < 1
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = value")
    database.close()
