"""The tables. Times are unix seconds by the database's clock; ids of mails and interests are text."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    text,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

OPEN = ("ready", "sending", "waiting", "doubt")
"""States in which a delivery keeps its lane."""


class Words(TypeDecorator[str]):
    """Text out of mails and of other programs: PostgreSQL knows no NUL, UTF-8 no half of a surrogate pair."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: object) -> str | None:
        """Return what both databases can hold, each impossible character replaced."""
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def is_in(column: ColumnElement[str], *states: str) -> ColumnElement[bool]:
    """Return a condition with the states written out: only then a partial index can serve it on both databases."""
    words: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in states]
    return column == words[0] if len(words) == 1 else column.in_(words)


def partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), info={"where": where})


# SQLite counts up only an INTEGER primary key.
Counter = BigInteger().with_variant(Integer, "sqlite")

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
    comment="created_at, epoch, searches_first",
)

node = Table(
    "node",
    metadata,
    Column("id", String, primary_key=True),
    Column("host", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", String, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    comment="processes that work on this ledger; for display and for leases of dead neighbours",
)

mailbox = Table(
    "mailbox",
    metadata,
    Column("name", String, primary_key=True),
    Column("owner", String),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("lease_until", Double, nullable=False, server_default=text("0")),
    Column("synced_at", Double, comment="when it was last proven that nothing visible is missing here"),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String, primary_key=True),
    Column("owner", String),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("lease_until", Double, nullable=False, server_default=text("0")),
    comment="work that one node does at a time: reading",
)

cursor = Table(
    "cursor",
    metadata,
    Column("mailbox", String, primary_key=True),
    Column("uidvalidity", BigInteger, primary_key=True, autoincrement=False),
    Column("last_uid", BigInteger, nullable=False),
    Column("first_uid", BigInteger, nullable=False, comment="lower UIDs are older than this ledger"),
    Column("updated_at", Double, nullable=False),
)

mail = Table(
    "mail",
    metadata,
    Column("id", String(64), primary_key=True, comment="SHA-256 of the raw bytes"),
    Column("size", BigInteger, nullable=False),
    Column("received_at", Double),
    Column("stored_at", Double, nullable=False),
    Column("mailbox", String, comment="where it was seen first"),
    Column("state", String, nullable=False, comment="stored, parsed, ignored, quarantined"),
    Column("reason", Words),
    Column("detail", Words),
    Column("parser", String),
    Column("parser_version", String),
    Column("content_id", String(64)),
    Column("message_id", Words),
    Column("sender", Words),
    Column("subject", Words),
    Column("trust", String),
    Column("trust_reason", Words),
    Column("signatures", Text, comment="results and keys, as JSON: keys change"),
    Column("tries", Integer, nullable=False, server_default=text("0"), comment="times a worker began to parse it"),
    Column("backlog", Boolean, nullable=False, comment="waited while nobody looked"),
    Column("before_ledger", Boolean, nullable=False, comment="an earlier ledger may have delivered it"),
    Column("settled_at", Double),
    Column("erased_at", Double, comment="when bytes and names were taken out"),
    Index(None, "state", "stored_at"),
    Index(None, "content_id"),
    partial("ix_mail_unread", "backlog", "stored_at", "id", where="state = 'stored'"),
)

raw = Table(
    "raw",
    metadata,
    Column("mail_id", ForeignKey("mail.id"), primary_key=True),
    Column("codec", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

place = Table(
    "place",
    metadata,
    Column("mailbox", String, primary_key=True),
    Column("uidvalidity", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", BigInteger, primary_key=True, autoincrement=False),
    Column("mail_id", ForeignKey("mail.id"), comment="NULL: it vanished before it was fetched"),
    Column("stored_at", Double, nullable=False),
    Column("marked_at", Double, comment="when people could see on the server that it is done"),
    Index(None, "mail_id"),
    partial("ix_place_unmarked", "mailbox", "stored_at", where="marked_at IS NULL"),
)

person = Table(
    "person",
    metadata,
    Column("id", Counter, primary_key=True),
    Column("created_at", Double, nullable=False),
    comment="somebody who was seen over one or several networks",
)

person_key = Table(
    "person_key",
    metadata,
    Column("key", Words, primary_key=True, comment="email:…, phone:+… or url:…"),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Index(None, "person_id"),
    comment="what a person is recognised by",
)

interest = Table(
    "interest",
    metadata,
    Column("id", String, primary_key=True),
    Column("mail_id", ForeignKey("mail.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("network", String, nullable=False),
    Column("author", Words),
    Column("occurred_at", Double, nullable=False),
    Column("body", Words, nullable=False, comment="the interest as JSON"),
    Column("created_at", Double, nullable=False),
    Column("person_id", ForeignKey("person.id"), comment="NULL: nothing to recognise the author by"),
    Column("erased_at", Double, comment="when the person was taken out"),
    Index(None, "mail_id"),
    Index(None, "created_at"),
    partial("ix_interest_person_id", "person_id", where="person_id IS NOT NULL"),
)

announced = Table(
    "announced",
    metadata,
    Column("interest_id", ForeignKey("interest.id"), primary_key=True),
    Column("mail_id", ForeignKey("mail.id"), primary_key=True),
    comment="which mails told of an interest; more than one when author and moderator were both told",
)

account = Table(
    "account",
    metadata,
    Column("id", String, primary_key=True),
    Column("tat", Double, nullable=False, server_default=text("0"), comment="GCRA: next free rate slot"),
    Column("paused_until", Double, nullable=False, server_default=text("0")),
    Column("pause_reason", Words),
    Column("unusable", Boolean, nullable=False, server_default=false(), comment="a person has to act"),
    Column("pauses", Integer, nullable=False, server_default=text("0"), comment="pauses in a row, for the backoff"),
    Column("prior_found", Boolean, nullable=False, server_default=false(), comment="an earlier ledger wrote here"),
    Column("failing_since", Double, comment="first failure since its last success"),
    Column("read_cursor", Words, comment="how far changes in the CRM were read back; the sink's own words"),
)

member = Table(
    "member",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("user_id", String, primary_key=True),
    Column("last_turn", BigInteger, nullable=False, server_default=text("0")),
    Column("open", Integer, nullable=False, server_default=text("0"), comment="objects, counted and given since"),
    Column("counted_at", Double),
    Column("gone_at", Double, comment="when the CRM said that nothing can be given to them"),
    comment="people who get interests",
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Counter, primary_key=True),
    Column("key", String, nullable=False),
    Column("interest_id", ForeignKey("interest.id"), nullable=False),
    Column("person_id", Counter, comment="as in interest; here for the index that finds a person's last delivery"),
    Column("sink", String, nullable=False),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("lane", Words),
    Column("fresh", Boolean, nullable=False),
    Column("state", String, nullable=False),
    Column("due", Double, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("searches", Integer, nullable=False, server_default=text("0")),
    Column("owner", String),
    Column("lease_until", Double, nullable=False, server_default=text("0")),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("sent_at", Double, comment="when the intent of the last open step was committed"),
    Column("responsible", Words),
    Column("assigned_at", Double, comment="when responsible was decided; NULL: not yet, or nobody decides"),
    Column("remote_id", Words),
    Column("remote_url", Words),
    Column("contact_id", Words, comment="the author's object in the CRM"),
    Column("read_due", Double, comment="when it is read back next; NULL: it is not"),
    Column("reason", Words),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    UniqueConstraint("account_id", "key"),
    UniqueConstraint("interest_id", "sink"),
    # One index for each question of a claim, of open rows only: what is delivered costs nothing.
    partial("ix_delivery_ready", "account_id", "fresh", "id", where="state = 'ready'"),
    partial("ix_delivery_waiting", "account_id", "due", where="state = 'waiting'"),
    partial("ix_delivery_doubt", "account_id", "fresh", "due", where="state = 'doubt'"),
    partial("ix_delivery_sending", "account_id", "lease_until", where="state = 'sending'"),
    partial("ix_delivery_open_lane", "account_id", "lane", "id",
             where="state in ('ready','sending','waiting','doubt')"),
    # Reading back asks for what is due, and for whose an object of the CRM is.
    partial("ix_delivery_read_due", "account_id", "read_due", where="read_due IS NOT NULL"),
    partial("ix_delivery_remote_id", "account_id", "remote_id", where="remote_id IS NOT NULL"),
    partial("ix_delivery_of_person", "account_id", "person_id", "id",
            where="state = 'delivered' and person_id is not null"),
    partial("ix_delivery_dead", "account_id", where="state = 'dead'"),
)  # fmt: skip

remote = Table(
    "remote",
    metadata,
    Column("delivery_id", ForeignKey("delivery.id"), primary_key=True, autoincrement=False),
    Column("read_at", Double, nullable=False),
    Column("found", Boolean, nullable=False, comment="false: somebody deleted it in the CRM"),
    Column("open", Boolean, comment="NULL: the CRM can't tell"),
    Column("stage", Words),
    Column("responsible", Words),
    Column("responsible_id", Words),
    Column("processed", Boolean, nullable=False),
    Column("processed_at", Double),
    Column("first_answer_at", Double),
    Column("proof", Words),
    Column("url", Words),
    partial("ix_remote_unanswered", "delivery_id", where="first_answer_at IS NULL"),
    comment="how the object of a delivery stood in the CRM when it was last read back",
)

step = Table(
    "step",
    metadata,
    Column("delivery_id", ForeignKey("delivery.id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("state", String, nullable=False, comment="writing, done"),
    Column("fence", BigInteger, nullable=False),
    Column("remote_id", Words),
    Column("sent_at", Double),
    Column("finished_at", Double),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Counter, primary_key=True),
    Column("delivery_id", ForeignKey("delivery.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", String, nullable=False, comment="deliver, search"),
    Column("fence", BigInteger, nullable=False),
    Column("node", String, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("outcome", String),
    Column("detail", Words),
    Index(None, "delivery_id", "fence"),
    comment="append-only",
)

transition = Table(
    "transition",
    metadata,
    Column("id", Counter, primary_key=True),
    Column("mail_id", String),
    Column("delivery_id", BigInteger),
    Column("at", Double, nullable=False),
    Column("old", String),
    Column("new", String, nullable=False),
    Column("why", Words),
    Column("actor", String, nullable=False, comment="node, or person for what was done by hand"),
    Index(None, "delivery_id"),
    Index(None, "mail_id"),
    comment="append-only",
)

suspect = Table(
    "suspect",
    metadata,
    Column("id", Counter, primary_key=True),
    Column("delivery_id", ForeignKey("delivery.id"), nullable=False),
    Column("step", String, nullable=False),
    Column("remote_id", Words, nullable=False),
    Column("node", String, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("resolved_at", Double),
    Column("verdict", String),
    comment="results that came back after their lease",
)

token = Table(
    "token",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("body", Words, nullable=False),
    Column("owner", String),
    Column("lease_until", Double, nullable=False, server_default=text("0")),
    Column("updated_at", Double, nullable=False),
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("mail_id", String(64), primary_key=True),
    Column("content_id", String(64)),
    Column("at", Double, nullable=False),
    Column("why", String, nullable=False),
    Index(None, "content_id"),
    comment="erased mails: never delivered again by a new scan",
)

layout = Table(
    "layout",
    metadata,
    Column("id", String, primary_key=True),
    Column("source", String, nullable=False, comment="parser and domain"),
    Column("signs", Text, nullable=False, comment="hashes of what the template consists of, as JSON"),
    Column("state", String, nullable=False, comment="known, new, held, accepted"),
    Column("mails", BigInteger, nullable=False),
    Column("fills", Text, nullable=False, comment="kind → field → how often it had a value, as JSON"),
    Column("missing", Text, nullable=False, comment="required fields its first mail had not, as JSON"),
    Column("first_mail", String(64), nullable=False),
    Column("first_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
    Column("labels", Text, comment="hash of a label → how often it stood there, as JSON"),
    Index(None, "source"),
    comment="what templates look like apart from their words, so that a change is noticed",
)
