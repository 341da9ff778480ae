import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import mailbridge.ledger
from mailbridge.ledger import migrate
from mailbridge.ledger.errors import LedgerError
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.on_sqlite import make_engine
from mailbridge.ledger.schema import metadata

SCRIPTS = Config()
SCRIPTS.set_main_option("script_location", str(Path(mailbridge.ledger.__file__).parent / "migrations"))
OLDER = [one.revision for one in ScriptDirectory.from_config(SCRIPTS).walk_revisions()][1:]


def _by_name(found):
    return {one["name"]: one for one in found}


def _index(found):
    return found | {"dialect_options": {name: str(option) for name, option in found["dialect_options"].items()}}


def _described(connection):
    """Return all of a schema that a statement can depend on; where a column stands is nothing of it."""
    seen = sa.inspect(connection)
    return {
        table: {
            "columns": {
                name: one | {"type": str(one["type"])} for name, one in _by_name(seen.get_columns(table)).items()
            },
            "primary key": seen.get_pk_constraint(table),
            "references": _by_name(seen.get_foreign_keys(table)),
            "unique": _by_name(seen.get_unique_constraints(table)),
            "indexes": {name: _index(one) for name, one in _by_name(seen.get_indexes(table)).items()},
        }
        for table in sorted(seen.get_table_names())
    }


def test_a_new_ledger_is_what_all_upgrades_together_make(kit, monkeypatch):
    with kit.ledger.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": False})
        assert compare_metadata(context, metadata) == []
        created = _described(connection)
    with kit.ledger.database.write() as connection:
        metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
    monkeypatch.setattr(migrate, "_create", lambda _: False)
    migrate.migrate(kit.ledger.database.engine)
    with kit.ledger.database.read() as connection:
        upgraded = _described(connection)
    assert list(upgraded) == list(created)
    for table, facts in upgraded.items():
        assert facts == created[table], table


def test_tables_of_another_program_are_left_alone(tmp_path):
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mail (id)")
    with pytest.raises(Exception, match="mail"):
        Ledger(f"sqlite:///{path}", works=False)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("mail",)]


@pytest.mark.parametrize("revision", OLDER)
def test_a_ledger_of_every_earlier_schema_is_brought_up_with_all_that_it_holds(tmp_path, revision):
    path = tmp_path / "ledger.db"
    held = _fill(path, revision)
    assert {"mail", "interest", "delivery"} <= held
    ledger = Ledger(f"sqlite:///{path}", works=False)
    try:
        with ledger.database.read() as connection:
            assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) != revision
            for table in held:
                assert connection.scalar(sa.text(f"SELECT count(*) FROM {table}")), table
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1, "references are watched again"
            context = MigrationContext.configure(connection, opts={"compare_server_default": False})
            assert compare_metadata(context, metadata) == []
    finally:
        ledger.close()
    copy = tmp_path / f"ledger.db.schema-{revision}"
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)
        assert connection.execute("SELECT count(*) FROM mail").fetchone() == (1,)
    assert copy.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("host", "pid", "silent_s", "refused"), [
    ("", 1, 5, True),  # a process of this machine that runs, and is not this one
    ("", 1, 500, False),
    ("", 4_194_305, 5, False),  # no process has this number: it was killed
    ("another-machine", 4_194_305, 5, True),
    ("", 0, 5, False),  # our own predecessor in a container
])  # fmt: skip
def test_a_ledger_is_not_changed_under_a_daemon_that_works_on_it(tmp_path, host, pid, silent_s, refused):
    path = tmp_path / "ledger.db"
    _fill(path, OLDER[0])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM node")
        row = ("n1", host or socket.gethostname(), pid or os.getpid(), "0.0.9", time.time() - silent_s)
        connection.execute(
            "INSERT INTO node (id, host, pid, version, started_at, seen_at) VALUES (?, ?, ?, ?, 0, ?)", row
        )
    if refused:
        with pytest.raises(migrate.OlderAtWork, match=r"node n1 of mailbridge 0\.0\.9 works.*restart"):
            Ledger(f"sqlite:///{path}", works=False)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (OLDER[0],)
    else:
        Ledger(f"sqlite:///{path}", works=False).close()


def test_without_room_for_a_copy_nothing_is_changed(tmp_path, monkeypatch):
    path = tmp_path / "ledger.db"
    _fill(path, OLDER[-1])

    def full(*_, **__):
        raise LedgerError("no room")

    monkeypatch.setattr(migrate, "back_up", full)
    with pytest.raises(LedgerError):
        Ledger(f"sqlite:///{path}", works=False)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (OLDER[-1],)


def test_the_newest_revision_is_known_without_alembic():
    config = Config()
    config.set_main_option("script_location", str(Path(mailbridge.ledger.__file__).parent / "migrations"))
    assert migrate.newest() == ScriptDirectory.from_config(config).get_current_head()


def test_a_new_ledger_needs_no_copy(tmp_path):
    Ledger(f"sqlite:///{tmp_path}/ledger.db", works=False).close()
    assert list(tmp_path.glob("*.schema-*")) == []


def _fill(path, revision):
    """Make a ledger as an earlier mailbridge did, with a row in every table; return the tables."""
    engine = make_engine(sa.make_url(f"sqlite:///{path}"), lambda: 1.0)
    with engine.begin() as connection:
        SCRIPTS.attributes["connection"] = connection
        command.upgrade(SCRIPTS, revision)
    with engine.begin() as connection:
        found = sa.MetaData()
        found.reflect(connection)
        tables = [table for table in found.sorted_tables if table.name != "alembic_version"]
        for table in tables:
            if not connection.scalar(sa.select(sa.func.count()).select_from(table)):
                connection.execute(table.insert().values({column.name: _filler(column) for column in table.c}))
    engine.dispose()
    return {table.name for table in tables}


def _filler(column):
    if isinstance(column.type, sa.LargeBinary):
        return b"x"
    if isinstance(column.type, sa.Boolean):
        return False
    return 1 if isinstance(column.type, (sa.Integer, sa.Float)) else "x"


UPGRADE_AND_DIE = """
import os, sys
from alembic import command
from mailbridge.ledger import migrate
from mailbridge.ledger.ledger import Ledger
if sys.argv[2] == "before":
    command.upgrade = lambda *_: os.kill(os.getpid(), 9)
else:
    migrate.prove_references = lambda _: os.kill(os.getpid(), 9)
Ledger(f"sqlite:///{sys.argv[1]}", works=False)
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_kill_9_in_the_midst_of_an_upgrade_leaves_the_old_ledger_which_the_next_start_upgrades(tmp_path, moment):
    """The process dies with all statements of the upgrade done, or none of them, and nothing committed."""
    path = tmp_path / "ledger.db"
    held = _fill(path, OLDER[-1])
    died = subprocess.run(
        [sys.executable, "-c", UPGRADE_AND_DIE, str(path), moment], capture_output=True, check=False, timeout=60
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (OLDER[-1],)
    ledger = Ledger(f"sqlite:///{path}", works=False)
    try:
        with ledger.database.read() as connection:
            assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) > OLDER[0]
            assert all(connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) for table in held)
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    finally:
        ledger.close()
