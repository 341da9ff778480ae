"""Makes a new ledger, brings an older one to this program's schema by Alembic, refuses one that is newer."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, Engine, MetaData, PrimaryKeyConstraint, String, Table, inspect, text

from mailbridge.ledger import schema_alerts  # noqa: F401 - its tables belong to the schema
from mailbridge.ledger.backup import back_up
from mailbridge.ledger.on_postgres import begin_migration, prepare_schema
from mailbridge.ledger.on_sqlite import prove_references, references_unchecked
from mailbridge.ledger.processes import SIGN_OF_LIFE_S, is_running
from mailbridge.ledger.schema import metadata
from mailbridge.observe.events import log
from mailbridge.sdk import MailbridgeError

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

_SCRIPTS = Path(__file__).parent / "migrations"
_VERSION = Table(  # as Alembic makes it
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


class LedgerNewer(MailbridgeError):  # noqa: N818 - says what is known
    """The ledger was written by a newer mailbridge."""

    exit_code = 78


class OlderAtWork(MailbridgeError):  # noqa: N818 - says what is known
    """A daemon of an older mailbridge works on the ledger, which has to be brought to another schema."""

    exit_code = 75


def migrate(engine: Engine) -> None:
    """Make or upgrade the schema in one transaction; nothing is done when it is current.

    Of several nodes that start at the same time one upgrades, the others wait and find it done. A ledger in a file is
    copied before, checked, to PATH.schema-OLD; on PostgreSQL that is `pg_dump`'s work.

    Raises:
        LedgerNewer: A newer program has upgraded it.
        OlderAtWork: A daemon works on a ledger in a file; the schema would change under it.
        LedgerError: The copy could not be made; nothing was changed.
    """
    with engine.connect().execution_options(mailbridge_read=True) as connection, connection.begin():
        if _present(connection) == newest():
            return
        is_new = not inspect(connection).get_table_names()
    if not (is_new and _create(engine)):
        _upgrade(engine)


def newest() -> str:
    """Return the revision that this program's schema has, by the names of its scripts: NNNN_what_it_does.py."""
    return max(script.name.partition("_")[0] for script in (_SCRIPTS / "versions").glob("[0-9]*.py"))


def _present(connection: Connection) -> str | None:
    """Return the revision of a ledger without Alembic, which takes a tenth of a start to load; None of a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _create(engine: Engine) -> bool:
    """Make a new ledger's tables at once, without the steps that led to them; False when another node was faster."""
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            begin_migration(connection)
            prepare_schema()
        if inspect(connection).get_table_names():
            return False
        metadata.create_all(connection, checkfirst=False)
        _VERSION.create(connection)
        connection.execute(_VERSION.insert().values(version_num=newest()))
    return True


def _upgrade(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    scripts = ScriptDirectory.from_config(config)
    with engine.connect().execution_options(mailbridge_read=True) as connection, connection.begin():
        if _is_current(connection, scripts):
            return
        present = _present(connection)
        if present is not None and engine.dialect.name == "sqlite":
            _require_nobody_at_work(connection)  # in the same transaction: who upgraded it meanwhile is no older one
    if present is not None:
        _keep_copy(engine, present, scripts.get_current_head())
    with _rebuilding(engine) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            begin_migration(connection)
        if not _is_current(connection, scripts):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if connection.dialect.name == "sqlite":
                prove_references(connection)


def _require_nobody_at_work(connection: Connection) -> None:
    """Prove that no daemon works on a ledger in a file: any command of a newer program would upgrade it."""
    columns = "id, host, pid, version, mailbridge_now() - seen_at AS silent_s"
    nodes = connection.execute(text(f"SELECT {columns} FROM node")).all()  # noqa: S608 - no value in it
    for row in nodes:
        # A row with our own pid is our predecessor: in a container every process is number 1.
        is_dead = row.host == socket.gethostname() and (row.pid == os.getpid() or not is_running(row.pid))
        if not is_dead and row.silent_s < SIGN_OF_LIFE_S:
            raise OlderAtWork(
                f"node {row.id} of mailbridge {row.version} works on the ledger, and this mailbridge has another "
                f"schema: restart that one (systemctl restart mailbridge); after a crash wait {SIGN_OF_LIFE_S:.0f} s"
            )


def _keep_copy(engine: Engine, present: str, head: str | None) -> None:
    """Copy a ledger in a file before it is changed: the way back to the program of yesterday."""
    copy = None
    if engine.dialect.name == "sqlite":
        file = Path(engine.url.database or "")
        copy = file.with_name(f"{file.name}.schema-{present}")
        back_up(str(engine.url), copy, force=True)
    log.info("ledger_upgraded", old=present, new=head, backup=None if copy is None else str(copy))


@contextmanager
def _rebuilding(engine: Engine) -> Iterator[Connection]:
    """Yield a connection that may replace a table which others refer to, as SQLite changes tables."""
    with engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            yield connection
            return
        with references_unchecked(connection):
            yield connection


def _is_current(connection: Connection, scripts: "ScriptDirectory") -> bool:
    head = scripts.get_current_head()
    present = _present(connection)
    if present is not None and present not in {script.revision for script in scripts.walk_revisions()}:
        raise LedgerNewer(
            f"the ledger has schema {present}, this mailbridge knows up to {head}: use the newer mailbridge again, "
            "or restore the backup that the upgrade made"
        )
    return present == head
