"""Persons over several networks, and the people who get interests."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables, and who an interest is of, who decided on a delivery, whose contact it made."""
    _persons()
    _members()
    with op.batch_alter_table("interest") as batch:
        batch.add_column(
            sa.Column(
                "person_id",
                _COUNTER,
                sa.ForeignKey("person.id", name=op.f("fk_interest_person_id")),
                comment="NULL: nothing to recognise the author by",
            )
        )
    where = sa.text("person_id IS NOT NULL")
    op.create_index("ix_interest_person_id", "interest", ["person_id"], sqlite_where=where, postgresql_where=where)
    decided = "when responsible was decided; NULL: not yet, or nobody decides"
    op.add_column("delivery", sa.Column("assigned_at", sa.Double(), comment=decided))
    op.add_column("delivery", sa.Column("contact_id", sa.Text(), comment="the author's object in the CRM"))


def _persons() -> None:
    op.create_table(
        "person",
        sa.Column("id", _COUNTER, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        comment="somebody who was seen over one or several networks",
    )
    op.create_table(
        "person_key",
        sa.Column("key", sa.Text(), nullable=False, comment="email:…, phone:+… or url:…"),
        sa.Column("person_id", _COUNTER, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_key_person_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_person_key")),
        comment="what a person is recognised by",
    )
    op.create_index(op.f("ix_person_key_person_id"), "person_key", ["person_id"])


def _members() -> None:
    op.create_table(
        "member",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("last_turn", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "open",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="objects, counted and given since",
        ),
        sa.Column("counted_at", sa.Double(), nullable=True),
        sa.Column("gone_at", sa.Double(), nullable=True, comment="when the CRM said that nothing can be given to them"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_member_account_id")),
        sa.PrimaryKeyConstraint("account_id", "user_id", name=op.f("pk_member")),
        comment="people who get interests",
    )
