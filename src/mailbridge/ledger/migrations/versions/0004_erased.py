"""When mails and interests were erased."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the moments, and the way from the content of a mail to its tombstone."""
    op.add_column("mail", sa.Column("erased_at", sa.Double(), comment="when bytes and names were taken out"))
    op.add_column("interest", sa.Column("erased_at", sa.Double(), comment="when the person was taken out"))
    op.create_index("ix_tombstone_content_id", "tombstone", ["content_id"])
