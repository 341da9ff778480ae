"""What is wrong and who was told; how long an account has been failing."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add tables, a column and indexes."""
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="what is told only once"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("over_at", sa.Double(), comment="NULL: it lasts, or it is an event"),
        sa.Column("event", sa.Boolean(), nullable=False, comment="it has no end"),
        sa.Column("told", sa.Text(), nullable=False, comment="targets that know of it, as JSON"),
        sa.Column("told_over", sa.Text(), nullable=False, comment="targets that know that it is over, as JSON"),
        sa.Column("open", sa.Boolean(), nullable=False, comment="it lasts, or somebody has to be told"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("key", name=op.f("uq_alert_key")),
        comment="what was wrong, and who was told of it",
    )
    op.create_index(op.f("ix_alert_since"), "alert", ["since"])
    op.create_index("ix_alert_open", "alert", ["id"], sqlite_where=sa.text("open"), postgresql_where=sa.text("open"))
    op.create_table(
        "vital",
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="what only the process itself can measure, as JSON"),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("node", name=op.f("pk_vital")),
    )
    op.add_column("account", sa.Column("failing_since", sa.Double(), comment="first failure since its last success"))
    for name, table, columns, where in (
        ("ix_delivery_dead", "delivery", ["account_id"], sa.text("state = 'dead'")),
        ("ix_remote_unanswered", "remote", ["delivery_id"], sa.text("first_answer_at IS NULL")),
    ):
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
