"""Opening a ledger on PostgreSQL: what is refused, with which words, and what a restart of the server does."""

import re
import signal
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from mailbridge.ledger.engine import LedgerRefused, LedgerUnavailable, kept, look_at, open_database
from mailbridge.ledger.errors import LedgerDenied, LedgerUnreachable
from mailbridge.ledger.ledger import Ledger


@pytest.fixture
def empty(postgres):
    """Name of a database without anything."""
    name = postgres.new_database()
    yield name
    postgres.drop(name)


def test_the_guide_makes_a_database_that_can_be_used(postgres):
    guide = (Path(__file__).parents[3] / "docs" / "postgresql.md").read_text(encoding="utf-8")
    (made,) = re.findall(r"^```sql\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    try:
        for statement in re.sub(r"\bmailbridge\b", "documented", made).split(";\n"):
            if statement.strip():
                postgres.execute(statement)
        ledger = Ledger(postgres.url("documented", user="documented"), new=True)
        known = ledger.listings.nodes()
        ledger.close()
        assert len(known) == 1
    finally:
        postgres.execute("DROP DATABASE IF EXISTS documented")
        postgres.execute("DROP ROLE IF EXISTS documented")


def test_many_nodes_that_start_at_once_make_one_schema(postgres, empty):
    failures = []

    def start():
        try:
            Ledger(postgres.url(empty), new=True).close()
        except Exception as error:  # noqa: BLE001 - collected for the assertion
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    ledger = Ledger(postgres.url(empty))
    assert not ledger.searches_first
    assert len(ledger.listings.nodes()) == 1
    ledger.close()


def test_look_at_changes_nothing(postgres, empty):
    assert "will be made" in look_at(postgres.url(empty))
    open_database(postgres.url(empty)).close()
    assert look_at(postgres.url(empty)).endswith(": 0 mails")


@pytest.mark.parametrize("level", ["DATABASE", "ROLE"])
def test_synchronous_commit_off_is_refused(postgres, empty, level):
    name = empty if level == "DATABASE" else "hasty"
    if level == "ROLE":
        postgres.execute("CREATE ROLE hasty LOGIN SUPERUSER")
    postgres.execute(f"ALTER {level} {name} SET synchronous_commit = off")
    user = "mailbridge" if level == "DATABASE" else "hasty"
    with pytest.raises(LedgerRefused, match="synchronous_commit = off"):
        open_database(postgres.url(empty, user=user))


def test_a_database_that_can_not_hold_every_letter_is_refused(postgres):
    postgres.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'")
    with pytest.raises(LedgerRefused, match="LATIN1"):
        open_database(postgres.url("latin"))


@pytest.mark.parametrize("look", [open_database, look_at])
def test_each_way_not_to_get_in_has_its_words_and_exit_code(postgres, look):
    with pytest.raises(LedgerRefused, match=r"nowhere.*does not exist") as refused:
        look(postgres.url("nowhere"))
    assert refused.value.exit_code == 78
    with pytest.raises(LedgerDenied, match="authentication failed") as denied:
        look(postgres.url("postgres", user="stranger:guessed"))
    assert denied.value.exit_code == 77
    assert "guessed" not in str(denied.value)
    with pytest.raises(LedgerDenied, match="does not exist"):
        look(postgres.url("postgres", user="nobody"))
    with pytest.raises(LedgerUnreachable) as unreachable:
        look(postgres.url("postgres", port=1))
    assert unreachable.value.exit_code == 69


def test_other_drivers_and_databases_are_refused():
    for url in ("postgresql+asyncpg://x/y", "mysql://x/y", "no address at all"):
        with pytest.raises(LedgerRefused, match="url"):
            open_database(url)
    with pytest.raises(LedgerUnreachable):
        open_database("postgresql+psycopg://127.0.0.1:1/y")


def test_no_pooler_means_that_other_nodes_are_heard(postgres, empty):
    ledger = Ledger(postgres.url(empty))
    stop = threading.Event()
    heard = []
    listener = threading.Thread(target=lambda: heard.extend(_until(ledger.listen(stop), stop)))
    listener.start()
    deadline = time.monotonic() + 10
    while not heard and time.monotonic() < deadline:
        with ledger.database.write() as connection:
            ledger.database.notify(connection, "work")
        time.sleep(0.05)
    stop.set()
    listener.join()
    ledger.close()
    assert set(heard) == {"work"}


def _until(words, stop):
    for word in words:
        stop.set()
        yield word


def test_behind_a_pooler_nobody_listens(pooler, empty):
    ledger = Ledger(pooler.pooled_url(empty))
    assert list(ledger.listen(threading.Event())) == []
    ledger.close()


def test_a_deadlock_is_known_to_be_rolled_back(postgres, empty):
    database = open_database(postgres.url(empty))
    with database.write() as connection:
        connection.execute(text("INSERT INTO account (id) VALUES ('a'), ('b')"))
    both = threading.Barrier(2, timeout=10)
    failures = []

    def cross(first, second):
        update = text("UPDATE account SET pauses = pauses + 1 WHERE id = :id")
        try:
            with database.write() as connection:
                connection.execute(update, {"id": first})
                both.wait()
                connection.execute(update, {"id": second})
        except LedgerUnavailable as error:
            failures.append(error)

    threads = [threading.Thread(target=cross, args=ids) for ids in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    assert [error.rolled_back for error in failures] == [True]


@pytest.mark.slow
def test_results_outlive_a_restart_of_the_server(own_postgres):
    database = open_database(own_postgres.url("postgres"))

    class Results:
        _database = database

        @kept
        def write(self):
            with database.write() as connection:
                connection.execute(text("INSERT INTO account (id) VALUES ('a')"))

    with database.read() as connection:
        connection.execute(text("SELECT 1"))
    own_postgres.halt(signal.SIGQUIT)
    with pytest.raises(LedgerUnavailable), database.read() as connection:
        connection.execute(text("SELECT 1"))
    threading.Timer(1.5, own_postgres.start).start()
    Results().write()
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM account")) == 1
    database.close()
