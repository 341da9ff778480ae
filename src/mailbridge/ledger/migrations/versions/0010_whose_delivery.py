"""Whose delivery it is: the last one of a person is found without a look at all of theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Repeat the person of an interest in its deliveries."""
    why = "as in interest; here for the index that finds a person's last delivery"
    op.add_column("delivery", sa.Column("person_id", _COUNTER, comment=why))
    op.execute(
        "UPDATE delivery SET person_id = (SELECT interest.person_id FROM interest"
        " WHERE interest.id = delivery.interest_id)"
    )
    where = sa.text("state = 'delivered' and person_id is not null")
    columns = ["account_id", "person_id", "id"]
    op.create_index("ix_delivery_of_person", "delivery", columns, sqlite_where=where, postgresql_where=where)
