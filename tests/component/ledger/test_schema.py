from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import mailbridge.ledger
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.on_sqlite import make_engine
from mailbridge.ledger.schema import metadata

SCRIPTS = Config()
SCRIPTS.set_main_option("script_location", str(Path(mailbridge.ledger.__file__).parent / "migrations"))
OLDER = [one.revision for one in ScriptDirectory.from_config(SCRIPTS).walk_revisions()][1:]


def test_the_migrations_make_the_schema_of_the_models(kit):
    with kit.ledger.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": False})
        assert compare_metadata(context, metadata) == []


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
