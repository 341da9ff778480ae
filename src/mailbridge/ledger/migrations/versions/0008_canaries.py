"""Canary mails: when each was sent and read."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "canary",
        sa.Column("id", sa.String(), nullable=False, comment="its random number"),
        sa.Column("sent_at", sa.Double(), nullable=False),
        sa.Column("read_at", sa.Double(), comment="NULL: nobody has read it"),
        sa.Column("failure", sa.Text(), comment="why it could not be sent"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canary")),
        comment="mails that we sent to ourselves",
    )
    op.create_index(op.f("ix_canary_sent_at"), "canary", ["sent_at"])
