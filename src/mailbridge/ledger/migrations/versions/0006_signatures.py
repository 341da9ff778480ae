"""What was found of the signatures of a mail, while their keys could be had."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column."""
    op.add_column("mail", sa.Column("signatures", sa.Text(), comment="results and keys, as JSON: keys change"))
