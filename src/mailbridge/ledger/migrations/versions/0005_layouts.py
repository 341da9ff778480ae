"""Which layouts of mails are known."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "layout",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False, comment="parser and domain"),
        sa.Column("signs", sa.Text(), nullable=False, comment="hashes of what the template consists of, as JSON"),
        sa.Column("state", sa.String(), nullable=False, comment="known, new, held, accepted"),
        sa.Column("mails", sa.BigInteger(), nullable=False),
        sa.Column("fills", sa.Text(), nullable=False, comment="kind → field → how often it had a value, as JSON"),
        sa.Column("missing", sa.Text(), nullable=False, comment="required fields its first mail had not, as JSON"),
        sa.Column("first_mail", sa.String(length=64), nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_layout")),
        comment="what templates look like apart from their words, so that a change is noticed",
    )
    op.create_index(op.f("ix_layout_source"), "layout", ["source"])
