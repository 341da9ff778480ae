"""Brings a ledger to this program's schema by Alembic; refuses one that is newer."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from mailbridge.sdk import MailbridgeError


class LedgerNewer(MailbridgeError):  # noqa: N818 - says what is known
    """The ledger was written by a newer mailbridge."""

    exit_code = 78


def migrate(engine: Engine) -> None:
    """Upgrade the schema in one transaction; nothing is done when it is current."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head()
    with engine.connect().execution_options(mailbridge_read=True) as connection, connection.begin():
        present = MigrationContext.configure(connection).get_current_revision()
    if present == head:
        return
    if present is not None and present not in {script.revision for script in scripts.walk_revisions()}:
        raise LedgerNewer(
            f"the ledger has schema {present}, this mailbridge knows up to {head}: use the newer mailbridge again, "
            "or restore the backup that the upgrade made"
        )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
