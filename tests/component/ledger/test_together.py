"""Several threads share one commit of a ledger in a file, and nothing else."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from mailbridge.ledger.engine import Database, LedgerUnavailable, open_database
from mailbridge.ledger.schema import account

THREADS = 6


@pytest.fixture
def database(tmp_path):
    found = open_database(f"sqlite:///{tmp_path}/ledger.db")
    yield found
    found.close()


def add(name):
    return lambda connection: connection.execute(account.insert().values(id=name)).rowcount


def names(database):
    with database.read() as connection:
        return set(connection.scalars(select(account.c.id)))


def all_at_once(database: Database, works):
    """Run the works in a thread each, all of which wait for one transaction to end; return futures."""
    holds, go = threading.Event(), threading.Event()

    def hold(_connection):
        holds.set()
        go.wait(10)

    with ThreadPoolExecutor(len(works) + 1) as pool:
        first = pool.submit(database.together, hold)
        assert holds.wait(10)
        futures = [pool.submit(database.together, work) for work in works]
        while len(database._together._waiting) < len(works):
            go.wait(0.01)
        go.set()
        first.result()
    return futures


def test_what_waits_for_a_commit_shares_the_next_one(database):
    commits = []
    event.listen(database.engine, "commit", lambda _connection: commits.append(1))
    futures = all_at_once(database, [add(f"a{number}") for number in range(THREADS)])
    assert [future.result() for future in futures] == [1] * THREADS
    assert len(commits) == 2
    assert names(database) == {f"a{number}" for number in range(THREADS)}


def test_what_fails_undoes_only_itself(database):
    def fail(connection):
        add("half")(connection)
        raise KeyError("mine")

    good, bad, last = all_at_once(database, [add("a"), fail, add("b")])
    assert (good.result(), last.result()) == (1, 1)
    with pytest.raises(KeyError, match="mine"):
        bad.result()
    assert names(database) == {"a", "b"}


def test_when_the_commit_fails_nobody_is_told_otherwise(database):
    commits = []

    def fail_the_second(_connection):
        commits.append(1)
        if len(commits) == 2:
            raise LedgerUnavailable("the disk is gone")

    event.listen(database.engine, "commit", fail_the_second)
    for future in all_at_once(database, [add("a"), add("b"), add("c")]):
        with pytest.raises(LedgerUnavailable, match="the disk is gone"):
            future.result()
    assert names(database) == set()
    assert database.together(add("after")) == 1
    assert names(database) == {"after"}


def test_who_writes_has_one_connection_and_another_one_after_a_failure(database):
    used = []
    event.listen(database.engine, "begin", used.append)
    for number in range(3):
        database.together(add(f"a{number}"))
    assert len(set(used)) == 1
    with pytest.raises(IntegrityError), database.write() as connection:
        add("a0")(connection)
    database.together(add("b"))
    assert len(set(used)) == 2
    assert names(database) == {"a0", "a1", "a2", "b"}


def test_a_ledger_is_closed_though_a_transaction_does_not_end(database, monkeypatch):
    monkeypatch.setattr("mailbridge.ledger.writer.PATIENCE_S", 0.05)
    with database.write() as connection:
        add("a")(connection)
        closing = threading.Thread(target=database.close)
        closing.start()
        closing.join(20)
        assert not closing.is_alive()
    assert names(database) == {"a"}
