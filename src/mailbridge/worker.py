"""What a parse process runs: bytes → outcome. Also used in process by commands that read few mails."""

import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailbridge.mailbox.decode import Undecodable, decode
from mailbridge.pipeline.parsing import Reading, TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers
from mailbridge.sdk import Mail, cut
from mailbridge.sdk.mail import mail_id_of

MEMORY_BYTES = 1024 * 1024 * 1024
"""Address space of a parse process: a bomb meets a MemoryError there, not in the daemon."""


@dataclass(frozen=True, slots=True)
class Job:
    """One mail to read; see `decode` for the fields."""

    mail_id: str
    raw: bytes
    received_at: datetime | None = None
    mailbox: str | None = None
    receiver: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """How one mail was read, with what decoding found for listings."""

    mail_id: str
    reading: Reading
    facts: tuple[tuple[str, str | None], ...] = ()


def read_raw(job: Job, router: Router, rules: TrustRules) -> Read:
    """Read one mail; never raises."""
    try:
        mail = decode(job.raw, received_at=job.received_at, mailbox=job.mailbox, receiver=job.receiver, size=job.size)
    except Undecodable as error:
        return Read(job.mail_id, Reading("quarantined", error.reason, detail=error.detail))
    return Read(job.mail_id, read_mail(mail, router, rules), _facts(mail))


def job_of(raw: bytes, *, size: int | None = None, **more: Any) -> Job:
    """Return the job of a mail that is in no ledger."""
    return Job(mail_id_of(raw, size), raw, size=size, **more)


def _facts(mail: Mail) -> tuple[tuple[str, str | None], ...]:
    return (
        ("content_id", mail.content_id),
        ("message_id", cut(mail.message_id, 500) if mail.message_id else None),
        ("sender", cut(mail.sender.email, 320) or None),
        ("subject", cut(mail.subject, 500) or None),
        ("trust", mail.trust.verdict),
        ("trust_reason", mail.trust.reason),
    )


_router: Router
_rules: TrustRules


def begin(tables: Mapping[str, Mapping[str, Any]], rules: TrustRules) -> None:
    """Prepare a parse process: parsers, limits."""
    global _router, _rules  # noqa: PLW0603 - a worker process has one set of parsers for its life
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    _router = Router(make_parsers(tables))
    _rules = rules


def work(jobs: Sequence[Job]) -> list[Read]:
    """Read a chunk of mails in a parse process that `begin` prepared."""
    return [read_raw(job, _router, _rules) for job in jobs]
