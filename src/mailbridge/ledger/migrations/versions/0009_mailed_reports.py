"""Reports that were mailed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "mailed_report",
        sa.Column("period", sa.String(), nullable=False, comment="such as month 2026-11-01"),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False, comment="sending, sent, waiting, doubt"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False, comment="the node that sends or sent it"),
        sa.Column("due", sa.Double(), nullable=False, comment="of what waits: when it is tried again"),
        sa.Column("why", sa.Text(), comment="what the server said last"),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("period", "recipient", name=op.f("pk_mailed_report")),
        comment="each recipient gets the report of a period once",
    )
