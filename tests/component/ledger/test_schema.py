from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from mailbridge.ledger.schema import metadata


def test_the_migrations_make_the_schema_of_the_models(kit):
    with kit.ledger.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": False})
        assert compare_metadata(context, metadata) == []
