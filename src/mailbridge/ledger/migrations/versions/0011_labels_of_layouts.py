"""Labels of layouts: a template that calls a field otherwise is another one, though nothing else of it changed."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Count labels from now on; what was counted before stays."""
    why = "hash of a label → how often it stood there, as JSON"
    op.add_column("layout", sa.Column("labels", sa.Text(), comment=why))
