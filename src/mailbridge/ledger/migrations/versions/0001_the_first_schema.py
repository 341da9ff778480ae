"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables; those that others refer to come first."""
    _account()
    _cursor()
    _lease()
    _mail()
    _mailbox()
    _meta()
    _node()
    _token()
    _tombstone()
    _transition()
    _interest()
    _place()
    _raw()
    _announced()
    _delivery()
    _attempt()
    _step()
    _suspect()


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tat", sa.Double(), server_default=sa.text("0"), nullable=False, comment="GCRA: next free rate slot"),
        sa.Column("paused_until", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("unusable", sa.Boolean(), server_default=sa.false(), nullable=False, comment="a person has to act"),
        sa.Column(
            "pauses",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="pauses in a row, for the backoff",
        ),
        sa.Column(
            "prior_found",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="an earlier ledger wrote here",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )


def _cursor() -> None:
    op.create_table(
        "cursor",
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("first_uid", sa.BigInteger(), nullable=False, comment="lower UIDs are older than this ledger"),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "uidvalidity", name=op.f("pk_cursor")),
    )


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("fence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_until", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
        comment="work that one node does at a time: reading",
    )


def _mail() -> None:
    op.create_table(
        "mail",
        sa.Column("id", sa.String(length=64), nullable=False, comment="SHA-256 of the raw bytes"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=True),
        sa.Column("stored_at", sa.Double(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=True, comment="where it was seen first"),
        sa.Column("state", sa.String(), nullable=False, comment="stored, parsed, ignored, quarantined"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("parser", sa.String(), nullable=True),
        sa.Column("parser_version", sa.String(), nullable=True),
        sa.Column("content_id", sa.String(length=64), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("trust", sa.String(), nullable=True),
        sa.Column("trust_reason", sa.Text(), nullable=True),
        sa.Column(
            "tries",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="times a worker began to parse it",
        ),
        sa.Column("backlog", sa.Boolean(), nullable=False, comment="waited while nobody looked"),
        sa.Column("before_ledger", sa.Boolean(), nullable=False, comment="an earlier ledger may have delivered it"),
        sa.Column("settled_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
    )
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_content_id"), ["content_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mail_state_stored_at"), ["state", "stored_at"], unique=False)
    _partial("ix_mail_unread", "mail", ["backlog", "stored_at", "id"], "state = 'stored'")


def _mailbox() -> None:
    op.create_table(
        "mailbox",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("fence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_until", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "synced_at",
            sa.Double(),
            nullable=True,
            comment="when it was last proven that nothing visible is missing here",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mailbox")),
    )


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
        comment="created_at, epoch, searches_first",
    )


def _node() -> None:
    op.create_table(
        "node",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_node")),
        comment="processes that work on this ledger; for display and for leases of dead neighbours",
    )


def _token() -> None:
    op.create_table(
        "token",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("lease_until", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_token")),
    )


def _tombstone() -> None:
    op.create_table(
        "tombstone",
        sa.Column("mail_id", sa.String(length=64), nullable=False),
        sa.Column("content_id", sa.String(length=64), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_tombstone")),
        comment="erased mails: never delivered again by a new scan",
    )


def _transition() -> None:
    op.create_table(
        "transition",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mail_id", sa.String(), nullable=True),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("old", sa.String(), nullable=True),
        sa.Column("new", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False, comment="node, or person for what was done by hand"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transition")),
        comment="append-only",
    )
    with op.batch_alter_table("transition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transition_delivery_id"), ["delivery_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_transition_mail_id"), ["mail_id"], unique=False)


def _interest() -> None:
    op.create_table(
        "interest",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("mail_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("occurred_at", sa.Double(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="the interest as JSON"),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"], name=op.f("fk_interest_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interest")),
    )
    with op.batch_alter_table("interest", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_interest_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_interest_mail_id"), ["mail_id"], unique=False)


def _place() -> None:
    op.create_table(
        "place",
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mail_id", sa.String(length=64), nullable=True, comment="NULL: it vanished before it was fetched"),
        sa.Column("stored_at", sa.Double(), nullable=False),
        sa.Column(
            "marked_at", sa.Double(), nullable=True, comment="when people could see on the server that it is done"
        ),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"], name=op.f("fk_place_mail_id")),
        sa.PrimaryKeyConstraint("mailbox", "uidvalidity", "uid", name=op.f("pk_place")),
    )
    with op.batch_alter_table("place", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_place_mail_id"), ["mail_id"], unique=False)
    _partial("ix_place_unmarked", "place", ["mailbox", "stored_at"], "marked_at IS NULL")


def _raw() -> None:
    op.create_table(
        "raw",
        sa.Column("mail_id", sa.String(length=64), nullable=False),
        sa.Column("codec", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"], name=op.f("fk_raw_mail_id")),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_raw")),
    )


def _announced() -> None:
    op.create_table(
        "announced",
        sa.Column("interest_id", sa.String(), nullable=False),
        sa.Column("mail_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["interest_id"], ["interest.id"], name=op.f("fk_announced_interest_id")),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"], name=op.f("fk_announced_mail_id")),
        sa.PrimaryKeyConstraint("interest_id", "mail_id", name=op.f("pk_announced")),
        comment="which mails told of an interest; more than one when author and moderator were both told",
    )


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("interest_id", sa.String(), nullable=False),
        sa.Column("sink", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=True),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("searches", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("lease_until", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("sent_at", sa.Double(), nullable=True, comment="when the intent of the last open step was committed"),
        sa.Column("responsible", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("remote_url", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_delivery_account_id")),
        sa.ForeignKeyConstraint(["interest_id"], ["interest.id"], name=op.f("fk_delivery_interest_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_delivery_account_id_key")),
        sa.UniqueConstraint("interest_id", "sink", name=op.f("uq_delivery_interest_id_sink")),
    )
    _partial("ix_delivery_ready", "delivery", ["account_id", "fresh", "id"], "state = 'ready'")
    _partial("ix_delivery_waiting", "delivery", ["account_id", "due"], "state = 'waiting'")
    _partial("ix_delivery_doubt", "delivery", ["account_id", "fresh", "due"], "state = 'doubt'")
    _partial("ix_delivery_sending", "delivery", ["account_id", "lease_until"], "state = 'sending'")
    open_ones = "state in ('ready','sending','waiting','doubt')"
    _partial("ix_delivery_open_lane", "delivery", ["account_id", "lane", "id"], open_ones)


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False, comment="deliver, search"),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_attempt_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        comment="append-only",
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempt_delivery_id_fence"), ["delivery_id", "fence"], unique=False)


def _step() -> None:
    op.create_table(
        "step",
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False, comment="writing, done"),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.Double(), nullable=True),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_step_delivery_id")),
        sa.PrimaryKeyConstraint("delivery_id", "name", name=op.f("pk_step")),
    )


def _suspect() -> None:
    op.create_table(
        "suspect",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.Column("resolved_at", sa.Double(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_suspect_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspect")),
        comment="results that came back after their lease",
    )
