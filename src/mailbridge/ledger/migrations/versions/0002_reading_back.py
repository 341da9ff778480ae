"""What was read back from the CRMs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table, when each delivery is read back, and how far each account is."""
    op.add_column(
        "account",
        sa.Column("read_cursor", sa.Text(), comment="how far changes in the CRM were read back; the sink's own words"),
    )
    op.add_column("delivery", sa.Column("read_due", sa.Double(), comment="when it is read back next; NULL: it is not"))
    _partial("ix_delivery_read_due", ["account_id", "read_due"], "read_due IS NOT NULL")
    _partial("ix_delivery_remote_id", ["account_id", "remote_id"], "remote_id IS NOT NULL")
    op.execute("UPDATE delivery SET read_due = updated_at WHERE state = 'delivered'")
    _remote()


def _partial(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "delivery", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _remote() -> None:
    op.create_table(
        "remote",
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("read_at", sa.Double(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False, comment="false: somebody deleted it in the CRM"),
        sa.Column("open", sa.Boolean(), nullable=True, comment="NULL: the CRM can't tell"),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("responsible", sa.Text(), nullable=True),
        sa.Column("responsible_id", sa.Text(), nullable=True),
        sa.Column("processed", sa.Boolean(), nullable=False),
        sa.Column("processed_at", sa.Double(), nullable=True),
        sa.Column("first_answer_at", sa.Double(), nullable=True),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_remote_delivery_id")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_remote")),
        comment="how the object of a delivery stood in the CRM when it was last read back",
    )
