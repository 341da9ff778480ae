"""The tables of what is wrong; see `schema`."""

from sqlalchemy import Boolean, Column, Double, Index, Integer, String, Table, Text

from mailbridge.ledger.schema import Counter, Words, metadata, partial

alert = Table(
    "alert",
    metadata,
    Column("id", Counter, primary_key=True),
    Column("key", Words, nullable=False, unique=True, comment="what is told only once"),
    Column("kind", String, nullable=False),
    Column("subject", Words, nullable=False),
    Column("about", Words, nullable=False),
    Column("since", Double, nullable=False),
    Column("over_at", Double, comment="NULL: it lasts, or it is an event"),
    Column("event", Boolean, nullable=False, comment="it has no end"),
    Column("told", Text, nullable=False, comment="targets that know of it, as JSON"),
    Column("told_over", Text, nullable=False, comment="targets that know that it is over, as JSON"),
    Column("open", Boolean, nullable=False, comment="it lasts, or somebody has to be told"),
    Index(None, "since"),
    partial("ix_alert_open", "id", where="open"),
    comment="what was wrong, and who was told of it",
)

vital = Table(
    "vital",
    metadata,
    Column("node", String, primary_key=True),
    Column("body", Words, nullable=False, comment="what only the process itself can measure, as JSON"),
    Column("at", Double, nullable=False),
)

canary = Table(
    "canary",
    metadata,
    Column("id", String, primary_key=True, comment="its random number"),
    Column("sent_at", Double, nullable=False),
    Column("read_at", Double, comment="NULL: nobody has read it"),
    Column("failure", Words, comment="why it could not be sent"),
    Index(None, "sent_at"),
    comment="mails that we sent to ourselves",
)

mailed_report = Table(
    "mailed_report",
    metadata,
    Column("period", String, primary_key=True, comment="such as month 2026-11-01"),
    Column("recipient", Words, primary_key=True),
    Column("state", String, nullable=False, comment="sending, sent, waiting, doubt"),
    Column("tries", Integer, nullable=False),
    Column("owner", String, nullable=False, comment="the node that sends or sent it"),
    Column("due", Double, nullable=False, comment="of what waits: when it is tried again"),
    Column("why", Words, comment="what the server said last"),
    Column("at", Double, nullable=False),
    comment="each recipient gets the report of a period once",
)
